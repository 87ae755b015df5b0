use std::fs;
use std::path::Path;

use tidemill::{plugin, sink, source};

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// The rows of the README's table below this heading row.
fn table(heading: &str) -> Vec<String> {
    let readme = read("README.md");
    let below = readme.lines().skip_while(|line| *line != heading).skip(2);
    below.take_while(|line| line.starts_with('|')).map(str::to_owned).collect()
}

#[test]
fn the_tables_are_those_of_the_code() {
    let row = |kind, summary| format!("| `{kind}` | {summary} |");
    let sources: Vec<String> = source::TABLE.iter().map(|r| row(r.kind, r.summary)).collect();
    assert_eq!(table("| source | what it reads |"), sources);
    let sinks: Vec<String> = sink::TABLE.iter().map(|r| row(r.kind, r.summary)).collect();
    assert_eq!(table("| sink | where changes go |"), sinks);
    let plugins: Vec<String> = plugin::STOCK.iter().map(stock).collect();
    assert_eq!(table("| stock plugin | exports | what it does |"), plugins);
}

fn stock(stock: &plugin::Stock) -> String {
    let exports = [
        (stock.exports.planner, "planner"),
        (stock.exports.transform, "transform"),
        (stock.exports.serializer, "serializer"),
    ];
    let exports: Vec<&str> =
        exports.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect();
    format!("| `{}` | {} | {} |", stock.name, exports.join(", "), stock.summary)
}

#[test]
fn the_pipeline_and_the_plugin_are_those_of_the_quickstart() {
    let readme = read("README.md");
    let pipeline = read("examples/quickstart/pipeline.yaml");
    let settings: Vec<&str> = pipeline.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(readme.contains(&settings.join("\n")), "the README shows another pipeline");
    let shown = readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    let plugin = read("examples/quickstart/vip/src/lib.rs");
    assert!(plugin.contains(shown.unwrap()), "the README shows another plugin");
}

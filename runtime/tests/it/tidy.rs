//! What the house rules say of the tree, as far as a program can see it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_COLUMNS_MAX: usize = 100;

/// Names that say nothing, and names that say that something is there twice.
const BANNED_NAMES: [&str; 16] = [
    "base", "common", "core", "handler", "helper", "helpers", "legacy", "manager", "misc", "new",
    "poc", "types", "util", "utils", "v2", "v1",
];

/// For each room of the runtime: the rooms it may use. `main` and `lib` stand outside.
const LAYERS: [(&str, &[&str]); 18] = [
    ("error", &[]),
    ("position", &[]),
    ("policy", &["error"]),
    ("metrics", &["error", "position"]),
    ("section", &["error"]),
    ("tls", &["error"]),
    ("source", GROUND),
    ("plugin", GROUND),
    ("sink", BEHIND_ROUTE),
    ("state", GROUND),
    ("registry", GROUND),
    ("route", GROUND),
    ("pipeline", STAGES),
    ("config", ALL_BUT_EDGE),
    ("api", EDGE),
    ("cli", EDGE),
    ("main", EDGE),
    ("lib", &[]),
];
const GROUND: &[&str] = &["error", "policy", "position", "metrics", "section", "tls"];
/// Only a sink knows how many partitions there are.
const BEHIND_ROUTE: &[&str] =
    &["error", "policy", "position", "metrics", "section", "tls", "route"];
const STAGES: &[&str] = &[
    "error", "policy", "position", "metrics", "section", "tls", "source", "plugin", "route",
    "sink", "state", "registry",
];
const ALL_BUT_EDGE: &[&str] = &[
    "error", "policy", "position", "metrics", "section", "tls", "source", "plugin", "route",
    "sink", "state", "registry", "pipeline",
];
const EDGE: &[&str] = &[
    "error", "policy", "position", "metrics", "section", "tls", "source", "plugin", "route",
    "sink", "state", "registry", "pipeline", "config", "api", "cli",
];

/// Crates that others bring in two versions of, and why nothing here can change it.
const TWO_VERSIONS: [(&str, &str); 13] = [
    ("base64", "mysql_common has the older one"),
    ("cpufeatures", "sha1 and sha2, as mysql_common takes them, have the older one"),
    ("embedded-io", "postcard, in wasmtime, names both"),
    ("getrandom", "ring and mysql_common each lag behind tempfile's"),
    ("hashbrown", "dashmap and gimli each lag behind wasmtime's"),
    ("miniz_oxide", "apache-avro has the older one"),
    ("prettyplease", "the macros of apache-avro have the newer one"),
    ("r-efi", "with getrandom, and not built here"),
    ("rand", "apache-avro has the older one"),
    ("rand_core", "with rand"),
    ("syn", "the macros of wasmtime and tracing have the older one, those of serde the newer"),
    ("windows-sys", "ring has the older one, and it is not built here"),
    ("wit-bindgen", "getrandom names the older one for WASI, where it is not built"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every file of the project with this ending, by its path from the root.
fn files(ending: &str) -> BTreeMap<String, String> {
    fn walk(folder: &Path, ending: &str, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir()
                && !matches!(name, "target" | ".git" | "corpus" | "artifacts" | "state")
            {
                walk(&path, ending, found);
            } else if name.ends_with(ending) {
                let from_root = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                found.insert(from_root, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&root(), ending, &mut found);
    assert!(!found.is_empty(), "no file ends in {ending}");
    found
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn files_and_lines_are_short() {
    let mut faults = Vec::new();
    for (path, text) in files(".rs") {
        let lines = text.lines().count();
        if lines > FILE_LINES_MAX {
            faults.push(format!("{path}: {lines} lines; break it by idea"));
        }
        for (index, line) in text.lines().enumerate() {
            if line.chars().count() > LINE_COLUMNS_MAX {
                faults.push(format!("{path}:{}: longer than {LINE_COLUMNS_MAX}", index + 1));
            }
        }
    }
    report(&faults);
}

/// Functions as rustfmt leaves them: the closing brace stands below the line that opens it.
#[test]
fn functions_are_short() {
    let mut faults = Vec::new();
    for (path, text) in files(".rs") {
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            if !is_function(line.trim_start()) {
                continue;
            }
            let end = lines[start..].iter().position(|end| {
                let end_indent = end.len() - end.trim_start().len();
                end_indent == indent && (end.trim_start() == "}" || end.trim_end().ends_with(';'))
            });
            if let Some(length) = end.filter(|&length| length >= FUNCTION_LINES_MAX) {
                faults.push(format!("{path}:{}: a function of {} lines", start + 1, length + 1));
            }
        }
    }
    report(&faults);
}

fn is_function(line: &str) -> bool {
    let words = ["pub(crate) ", "pub(super) ", "pub ", "const ", "async ", "unsafe "];
    let mut rest = line;
    while let Some(cut) = words.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = cut;
    }
    rest.starts_with("fn ")
}

#[test]
fn names_say_what_is_inside() {
    let mut faults = Vec::new();
    for path in files(".rs").keys() {
        for part in Path::new(path).with_extension("").iter() {
            let part = part.to_str().unwrap();
            if BANNED_NAMES.contains(&part) {
                faults.push(format!("{path}: a file or folder called {part} says nothing"));
            }
        }
    }
    report(&faults);
}

#[test]
fn each_room_uses_only_the_rooms_below_it() {
    let allowed: BTreeMap<_, BTreeSet<_>> =
        LAYERS.iter().map(|(room, below)| (*room, below.iter().copied().collect())).collect();
    let mut faults = Vec::new();
    for (path, text) in files(".rs") {
        let Some(inside) = path.strip_prefix("runtime/src/") else { continue };
        let room = inside.split(['/', '.']).next().unwrap();
        let Some(below) = allowed.get(room) else {
            faults.push(format!("{path}: the layers do not name the room {room}"));
            continue;
        };
        for (index, line) in text.lines().enumerate() {
            for used in rooms_used(line) {
                if used != room && allowed.contains_key(used) && !below.contains(used) {
                    faults.push(format!("{path}:{}: {room} may not use {used}", index + 1));
                }
            }
        }
    }
    report(&faults);
}

/// What stands behind `crate::` (or, in `main.rs`, `tidemill::`) in a line of code.
fn rooms_used(line: &str) -> impl Iterator<Item = &str> {
    let code = if line.trim_start().starts_with("//") { "" } else { line };
    code.match_indices("crate::")
        .map(|(at, word)| at + word.len())
        .chain(code.match_indices("tidemill::").map(|(at, word)| at + word.len()))
        .map(move |at| code[at..].split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap())
}

#[test]
fn unsafe_stands_in_one_module() {
    let allowed = "runtime/src/plugin/cache.rs";
    let mut faults = Vec::new();
    for (path, text) in files(".rs") {
        // A guest that lies to the host does so below the SDK, which would not let it.
        let here = path == allowed
            || path == "runtime/tests/it/tidy.rs"
            || path.starts_with("runtime/tests/guests/");
        if !here && text.lines().any(|line| line.contains("unsafe {") || line.contains("unsafe fn"))
        {
            faults.push(format!("{path}: unsafe code belongs to {allowed} alone"));
        }
    }
    report(&faults);
}

#[test]
fn nothing_is_left_undone_or_hidden() {
    let marks = ["todo!(", "unimplemented!(", "#[ignore", "dbg!(", "FIXME", "XXX"];
    let mut faults = Vec::new();
    for (path, text) in files(".rs") {
        if path.ends_with("tidy.rs") {
            continue;
        }
        for mark in marks.iter().filter(|mark| text.contains(**mark)) {
            faults.push(format!("{path}: {mark}"));
        }
    }
    report(&faults);
}

#[test]
fn tests_do_not_wait_by_the_clock() {
    let mut faults = Vec::new();
    for (path, text) in files(".rs") {
        if path.contains("/tests/") && !path.ends_with("tidy.rs") && text.contains("thread::sleep")
        {
            faults.push(format!("{path}: sleeps; wait for what is to happen"));
        }
    }
    report(&faults);
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let marks = ["/root/", "/home/", "/work/main", "/work/wt"];
    let mut faults = Vec::new();
    for ending in [".rs", ".md", ".toml", ".sh", ".yaml", ".wit", ".lock", ".sql"] {
        for (path, text) in files(ending) {
            if path.ends_with("tidy.rs") {
                continue;
            }
            for mark in marks.iter().filter(|mark| text.contains(**mark)) {
                faults.push(format!("{path}: {mark}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn the_lock_file_has_one_version_of_each_crate() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut name = "";
    for line in lock.lines() {
        if let Some(found) = line.strip_prefix("name = ") {
            name = found.trim_matches('"');
        } else if let Some(version) = line.strip_prefix("version = ") {
            versions.entry(name).or_default().push(version.trim_matches('"'));
        }
    }
    let known: BTreeMap<_, _> = TWO_VERSIONS.into_iter().collect();
    let mut faults: Vec<String> = versions
        .iter()
        .filter(|(name, versions)| versions.len() > 1 && !known.contains_key(*name))
        .map(|(name, versions)| format!("{name}: {}", versions.join(" and ")))
        .collect();
    let once = |name: &&&str| versions.get(**name).is_none_or(|versions| versions.len() < 2);
    faults.extend(known.keys().filter(once).map(|name| format!("{name}: no longer twice")));
    report(&faults);
}

#[test]
fn the_checks_run_what_the_readme_says() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let checks = fs::read_to_string(root().join(".ci/run")).unwrap();
    for command in
        ["cargo run --release -- run examples/quickstart/pipeline.yaml", "cargo test --release"]
    {
        assert!(readme.contains(command), "README.md does not show: {command}");
        assert!(checks.contains(command), ".ci/run does not run: {command}");
    }
}

/// DESIGN's invariants are cited where they are upheld.
#[test]
fn every_invariant_is_cited_where_it_is_upheld() {
    let sources: String = files(".rs")
        .into_iter()
        .filter(|(path, _)| path.starts_with("runtime/src/"))
        .map(|(_, text)| text)
        .collect();
    let faults: Vec<String> = (1..=9)
        .filter(|number| !sources.contains(&format!("Invariant {number}")))
        .map(|number| format!("Invariant {number} is cited nowhere"))
        .collect();
    report(&faults);
}

//! Whatever kinds a plugin exports, wit-component makes a component of its core module.

use std::path::PathBuf;
use std::process::Command;

use wit_component::{ComponentEncoder, DecodedWasm};

const COMBINATIONS: [&str; 7] = [
    "planner",
    "transform",
    "serializer",
    "planner transform",
    "planner serializer",
    "transform serializer",
    "planner transform serializer",
];

#[test]
fn every_combination_of_kinds_becomes_a_component_with_just_these_exports() {
    for kinds in COMBINATIONS {
        let core = std::fs::read(build(kinds)).unwrap();
        let encoder = ComponentEncoder::default().module(&core).unwrap();
        let component =
            encoder.validate(true).encode().unwrap_or_else(|error| panic!("{kinds}: {error:?}"));
        let mut expected = vec!["lifecycle"];
        expected.extend(kinds.split(' '));
        expected.sort_unstable();
        assert_eq!(exports(&component), expected, "of {kinds}");
    }
}

/// Compiles this crate for WebAssembly and answers where the core module is.
fn build(kinds: &str) -> PathBuf {
    let status = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["rustc", "--quiet", "--lib", "--profile", "plugin"])
        .args(["--target", "wasm32-unknown-unknown", "--", "--cfg"])
        .arg(format!("kinds={kinds:?}"))
        .status()
        .unwrap();
    assert!(status.success(), "building for {kinds} failed");
    // The build folder is the one that this test was built in: target/release/deps/kinds-*.
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    target.join("wasm32-unknown-unknown/plugin/kinds.wasm")
}

/// The names of the interfaces that a component exports, in order.
fn exports(component: &[u8]) -> Vec<String> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component).unwrap() else {
        panic!("not a component");
    };
    let keys = resolve.worlds[world].exports.keys();
    let mut names: Vec<String> = keys
        .map(|key| {
            let name = resolve.name_world_key(key);
            let name = name.strip_prefix("tidemill:plugin/").unwrap();
            name.strip_suffix("@0.1.0").unwrap().to_owned()
        })
        .collect();
    names.sort_unstable();
    names
}

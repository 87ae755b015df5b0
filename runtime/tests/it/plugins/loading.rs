//! What is not a plugin is refused with the reason and the cure.

use std::path::{Path, PathBuf};

use tidemill::error::Error;
use tidemill::plugin::{Limits, STOCK, Spec, load, load_in};

use super::guests;

fn refused(spec: &Spec) -> Error {
    load_in(guests::sandbox(), spec).err().unwrap()
}

#[track_caller]
fn says(error: &Error, code: &str, parts: &[&str]) {
    let text = format!("{error:#}");
    assert_eq!(error.code(), code, "{text}");
    assert!(error.hint_text().is_some(), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

fn from_bytes(bytes: &[u8]) -> Error {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.wasm"), bytes).unwrap();
    let spec = Spec { folder: folder.path().to_owned(), ..Spec::new("./mine.wasm") };
    refused(&spec)
}

#[test]
fn a_name_that_is_not_stock_lists_those_that_are() {
    let error = refused(&Spec::new("cannal"));
    says(&error, "plugin-unknown", &["`cannal`", "did you mean `canal`?", "./cannal.wasm"]);
}

#[test]
fn a_missing_stock_component_names_the_command_and_the_folders() {
    let stock = vec![PathBuf::from("/nowhere/a"), PathBuf::from("/nowhere/b")];
    let error = refused(&Spec { sandbox: true, stock, ..Spec::new("rename") });
    let parts = ["rename", "tidemill plugin build", "/nowhere/a and /nowhere/b"];
    says(&error, "plugin-not-built", &parts);
}

#[test]
fn a_path_is_relative_to_the_pipeline_file() {
    let spec = Spec { folder: "/nowhere/here".into(), ..Spec::new("sub/mine.wasm") };
    let parts = ["no such plugin file", "/nowhere/here/sub/mine.wasm", "sub/mine.wasm"];
    says(&refused(&spec), "plugin-unreadable", &parts);
    let folder = Spec::new(&std::env::temp_dir().display().to_string());
    says(&refused(&folder), "plugin-unreadable", &["not a file"]);
}

#[test]
fn a_file_that_is_not_webassembly_is_shown() {
    says(&from_bytes(b""), "plugin-not-wasm", &["it is empty", "mine.wasm"]);
    let parts = ["begins with \"#!/bin/s\""];
    says(&from_bytes(b"#!/bin/sh\n"), "plugin-not-wasm", &parts);
    let mut damaged = std::fs::read(guests::file("abuse")).unwrap();
    damaged.truncate(damaged.len() / 2);
    says(&from_bytes(&damaged), "plugin-not-component", &["mine.wasm"]);
}

#[test]
fn a_module_or_a_component_that_is_no_plugin_is_named() {
    let empty_module = b"\0asm\x01\0\0\0";
    let parts = ["does not export tidemill:plugin/lifecycle", "it exports nothing", "SDK"];
    says(&from_bytes(empty_module), "plugin-exports", &parts);
    let empty_component = b"\0asm\x0d\0\x01\0";
    says(&from_bytes(empty_component), "plugin-exports", &parts);
}

/// A core module of one function that does nothing, or of one import, with the name at the end.
const EXPORTS: (&[u8], &[u8]) = (b"\x03\x02\x01\0\x07", b"\0\0\x0a\x04\x01\x02\0\x0b");
const IMPORTS: (&[u8], &[u8]) = (b"\x02", b"\0\0");

fn module((before, after): (&[u8], &[u8]), names: &[&str]) -> Vec<u8> {
    let mut entry = vec![1];
    for name in names {
        entry.push(name.len() as u8);
        entry.extend_from_slice(name.as_bytes());
    }
    let (kind, rest) = after.split_at(2);
    entry.extend_from_slice(kind);
    let one_type = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0";
    [one_type, before, &[entry.len() as u8], &entry, rest].concat()
}

#[test]
fn an_import_that_tidemill_does_not_offer_is_named() {
    let wit = "package test:other; interface clock { tick: func(); } world test { import clock; }";
    let module = guests::describe(module(IMPORTS, &["test:other/clock", "tick"]), wit);
    let parts = ["imports test:other/clock", "offers only its log", "without WASI"];
    says(&from_bytes(&module), "plugin-imports", &parts);
}

#[test]
fn the_exports_of_a_component_that_is_no_plugin_are_listed() {
    let wit = "package test:other; interface clock { tick: func(); } world test { export clock; }";
    let module = guests::describe(module(EXPORTS, &["test:other/clock#tick"]), wit);
    let parts = ["does not export tidemill:plugin/lifecycle", "it exports test:other/clock"];
    says(&from_bytes(&module), "plugin-exports", &parts);
}

#[test]
fn a_module_for_wasi_is_refused() {
    let module = module(IMPORTS, &["wasi_snapshot_preview1", "proc_exit"]);
    let parts = ["wasi_snapshot_preview1", "wasm32-unknown-unknown"];
    says(&from_bytes(&module), "plugin-not-component", &parts);
}

#[test]
fn a_limit_of_nothing_is_refused() {
    let limits = Limits { call_ms: 0, ..Limits::default() };
    let error = refused(&Spec { limits, ..Spec::new("rename") });
    says(&error, "plugin-limits", &["call_ms is 0"]);
}

#[test]
fn settings_that_a_plugin_does_not_know_are_refused_alike() {
    for stock in STOCK {
        let texts = [false, true].map(|sandbox| {
            let spec = Spec {
                settings: "{\"misspelt\":1}".into(),
                sandbox,
                stock: vec![guests::folder().to_owned()],
                ..Spec::new(stock.name)
            };
            let error = load_in(guests::sandbox(), &spec).unwrap().instance().err().unwrap();
            assert_eq!(error.code(), "plugin-settings");
            error.to_string()
        });
        assert!(texts[0].contains("misspelt"), "{}", texts[0]);
        assert_eq!(texts[0], texts[1]);
    }
}

#[test]
fn both_engines_say_what_they_loaded() {
    for stock in STOCK {
        let native = load(&Spec::new(stock.name)).unwrap();
        assert_eq!((native.name(), native.exports()), (stock.name, stock.exports));
        assert!(native.about().is_none() && native.memory_bytes() == 0);
        let folders = vec![guests::folder().to_owned()];
        let spec = Spec { sandbox: true, stock: folders, ..Spec::new(stock.name) };
        let component = guests::load(&spec);
        assert_eq!((component.name(), component.exports()), (stock.name, stock.exports));
        assert_eq!(component.version().len(), 64);
        assert!(component.about().unwrap().lifted);
    }
    assert!(!Path::new("/nowhere").exists());
}

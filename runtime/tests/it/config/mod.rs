//! A broken pipeline file gets one clear error that names the place and the cure.

use std::fs;
use std::path::Path;

use tidemill::config::{self, Overrides};
use tidemill::error::{Error, Kind};
use tidemill::metrics::Metrics;
use tidemill::source::Opening;

use crate::support::golden;

/// What is wrong with a pipeline file, the opening of its source included.
fn refusal(file: &Path) -> Option<Error> {
    let meters = Metrics::new().pipeline("test");
    let opened = config::load(file, &Overrides::default()).and_then(|pipeline| {
        let opening = Opening { folder: &pipeline.folder, from: None, meters: &meters };
        pipeline.source.open(&opening).map(drop)
    });
    opened.err()
}

#[test]
fn each_broken_file_gets_its_own_error() {
    let mut files = 0;
    for entry in fs::read_dir("tests/golden/config").unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let error = refusal(&file).unwrap_or_else(|| panic!("{} is accepted", file.display()));
        assert_eq!(error.kind(), Kind::Config, "{}: {error:#}", file.display());
        let begin = format!("{}:", file.display());
        let place = error.context().iter().find_map(|(_, value)| value.strip_prefix(&begin));
        let numbers = place.and_then(|place| place.split_once(':'));
        let (line, column) = numbers.unwrap_or_else(|| panic!("{error:#}: names no place"));
        assert!(line.parse::<u32>().is_ok_and(|line| line > 0), "{error:#}");
        assert!(column.parse::<u32>().is_ok_and(|column| column > 0), "{error:#}");
        assert!(error.hint_text().is_some(), "{error:#}: says no cure");
        golden::check(&file.with_extension("err"), &format!("{error:#}\n"));
        files += 1;
    }
    assert!(files > 30, "only {files} broken files were found");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = refusal(Path::new("tests/golden/config/none.yaml")).unwrap();
    assert_eq!(error.code(), "config-file");
    assert!(error.to_string().contains("tests/golden/config/none.yaml"), "{error}");
}

#[test]
fn a_byte_that_is_not_utf8_is_named_by_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.yaml");
    fs::write(&file, b"name: shop\nsource: {path: caf\xe9}\n").unwrap();
    let error = refusal(&file).unwrap();
    assert_eq!(error.code(), "config-yaml");
    assert!(error.to_string().contains("not UTF-8"), "{error}");
    assert!(error.to_string().contains("shop.yaml:2:19"), "{error}");
}

#[test]
fn rows_share_messages_where_they_share_partitions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.yaml");
    for (mode, rows, is_refused) in
        [("ONE", 9, false), ("TABLE", 9, false), ("HASH", 1, false), ("HASH", 2, true)]
    {
        let text = format!(
            "name: shop\nsource: {{kind: mysql, url: \"mysql://a@localhost\"}}\n\
             format: {{use: canal, with: {{rows_per_message: {rows}}}}}\n\
             sink: {{kind: kafka, brokers: [\"b:9092\"], partition: {{mode: {mode}}}}}\n"
        );
        fs::write(&file, text).unwrap();
        let refused = config::load(&file, &Overrides::default()).err();
        let code = refused.as_ref().map(Error::code);
        assert_eq!(code, is_refused.then_some("config-rows-per-message"), "{mode}: {refused:?}");
    }
}

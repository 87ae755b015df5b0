//! Canal's own client reads our messages: what it finds in them is what they say.

use std::fs::File;
use std::process::{Command, Stdio};

use serde_json::{Map, Value};
use tidemill::plugin::{Spec, load};
use tidemill_plugin::testing::specimens;
use tidemill_rows::{Frame, Messages};

use crate::support::broker::recipes;

/// The messages of the specimens with this setting, one behind the other.
fn messages(settings: &str) -> Vec<Vec<u8>> {
    let spec = Spec { settings: settings.to_owned(), ..Spec::new("canal") };
    let mut plugin = load(&spec).unwrap().instance().unwrap();
    let (mut out, mut all) = (Vec::new(), Vec::new());
    for frame in [specimens::types(), specimens::changes(), specimens::statements()] {
        let changes = Frame::validate(&frame).unwrap().change_count() as u32;
        plugin.serialize(&frame, changes, &mut out).unwrap();
        let messages = Messages::validate(&out, changes).unwrap();
        all.extend(messages.iter().map(|message| message.value.unwrap().to_vec()));
    }
    all
}

/// What the client reads in messages of a form.
fn read(form: &str, messages: &[Vec<u8>]) -> Vec<Value> {
    const RUN: &str = r#". "$0/canal.sh" && canal_fetch && canal_java "$0/canal/Witness.java""#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("messages");
    let line = |bytes: &Vec<u8>| {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{form} {hex}\n")
    };
    std::fs::write(&path, messages.iter().map(line).collect::<String>()).unwrap();
    let ran = Command::new("bash")
        .args(["-c", RUN])
        .arg(recipes())
        .stdin(File::open(&path).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(ran.status.success(), "Canal's client fails, and why stands above");
    let said = String::from_utf8(ran.stdout).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn said(messages: &[Vec<u8>]) -> Vec<Value> {
    messages.iter().map(|message| serde_json::from_slice(message).unwrap()).collect()
}

#[test]
fn canals_client_reads_what_our_json_says() {
    for rows in [1, 100] {
        let messages = messages(&format!(r#"{{"rows_per_message": {rows}}}"#));
        assert_eq!(read("json", &messages), said(&messages), "up to {rows} rows a message");
    }
}

#[test]
fn canals_client_reads_from_protocol_buffers_what_our_json_says() {
    for rows in [1, 100] {
        let settings = |form| format!(r#"{{"form": "{form}", "rows_per_message": {rows}}}"#);
        let mut read = read("protobuf", &messages(&settings("protobuf")));
        let mut said = said(&messages(&settings("json")));
        assert_eq!(read.len(), said.len());
        for (read, said) in read.iter_mut().zip(&mut said) {
            check_types(read, said);
            assert_eq!(read, said, "up to {rows} rows a message");
        }
    }
}

/// Types stand at the columns of each row: those of cells that the log lacks are not there, and
/// each is as wide as its own value needs.
fn check_types(read: &mut Value, said: &mut Value) {
    let is_one = said["data"].as_array().is_some_and(|rows| rows.len() == 1);
    for (name, exact) in [("sqlType", is_one), ("mysqlType", true)] {
        let types = |of: &mut Value| match of[name].take() {
            Value::Object(types) => types,
            _ => Map::new(),
        };
        let (read, said) = (types(read), types(said));
        for (column, of_column) in &read {
            assert!(said.contains_key(column), "{column} in {name}");
            assert!(!exact || said[column] == *of_column, "{column} in {name}");
        }
    }
}

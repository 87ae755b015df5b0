//! The worked examples of LAYOUT.md are what the builders write.

use tidemill_rows::{
    ChangeRecord, Column, Frame, FrameBuilder, Invalid, KeyKind, LogicalType, MessageBuilder,
    Messages, Operation, Schema, Value, edit,
};

const PAGE: &str = include_str!("../../LAYOUT.md");

/// The bytes of the page's n-th block of `hex`: lines of an offset, bytes and, behind a `|`, what
/// they are.
fn example(number: usize) -> Vec<u8> {
    let block = PAGE.split("```hex\n").nth(number + 1).expect("a block of hex");
    let mut bytes = Vec::new();
    for line in block.lines().take_while(|line| *line != "```") {
        let mut words = line.split('|').next().unwrap_or("").split_whitespace();
        let offset = words.next().map(|offset| usize::from_str_radix(offset, 16));
        assert_eq!(offset, Some(Ok(bytes.len())), "the offset of the line: {line}");
        bytes.extend(words.map(|byte| u8::from_str_radix(byte, 16).expect("two hex digits")));
    }
    bytes
}

#[test]
fn the_row_frame_of_the_page_is_what_the_builder_writes() {
    let schema = Schema {
        database: "shop".into(),
        table: "t".into(),
        key: KeyKind::Primary,
        slots: 2,
        columns: vec![
            Column {
                sql_type: 4,
                key_ordinal: 1,
                nullable: false,
                ..Column::new("id", LogicalType::Int, "int", 0)
            },
            Column {
                sql_type: 12,
                charset: "utf8".into(),
                length: 9,
                ..Column::new("note", LogicalType::Text, "varchar(9)", 1)
            },
        ],
        ..Schema::default()
    };
    let mut frames = FrameBuilder::new();
    let table = frames.schema(&schema.encode()).expect("room");
    let transaction = frames.transaction(b"0-1-42", 1_700_000_000_000_000).expect("room");
    let mut row = frames.row(2);
    row.int(0, 7);
    row.bytes(1, b"hi");
    let insert = ChangeRecord {
        after: row.finish().ok(),
        transaction,
        time_us: 1_700_000_000_000_000,
        ..ChangeRecord::new(Operation::Insert, table)
    };
    frames.change(&insert).expect("room");
    let mut built = Vec::new();
    frames.finish(&mut built).expect("room");

    let bytes = example(0);
    assert!(bytes == built, "the builder writes:\n{}", dump(&built));
    let frame = Frame::validate(&bytes).expect("the page's frame is valid");
    let note = frame.schema(0).and_then(|schema| schema.column_named("note")).expect("note");
    let row = frame.change(0).and_then(|change| change.after()).expect("the row");
    assert_eq!(row.value(&note), Value::Text(b"hi"));
}

#[test]
fn the_message_frame_of_the_page_is_what_the_builder_writes() {
    let mut messages = MessageBuilder::new();
    messages.begin(0);
    messages.body().extend_from_slice(b"7");
    messages.key();
    messages.body().extend_from_slice(b"{\"id\":7}");
    messages.value();
    messages.header("op", b"c");
    messages.end();
    let mut built = Vec::new();
    messages.finish(&mut built).expect("room");

    let bytes = example(1);
    assert!(bytes == built, "the builder writes:\n{}", dump(&built));
    let frame = Messages::validate(&bytes, 1).expect("the page's frame is valid");
    assert_eq!(frame.iter().next().and_then(|message| message.key), Some(&b"7"[..]));
}

#[test]
fn the_message_frame_with_a_definition_is_what_the_builder_writes() {
    let mut messages = MessageBuilder::new();
    let long = messages.definition("n", "\"long\"");
    messages.begin(0);
    messages.refer(long);
    messages.body().push(14);
    messages.value();
    messages.end();
    let mut built = Vec::new();
    messages.finish(&mut built).expect("room");

    let bytes = example(2);
    assert!(bytes == built, "the builder writes:\n{}", dump(&built));
    let frame = Messages::validate(&bytes, 1).expect("the page's frame is valid");
    assert_eq!(frame.definitions().next().map(|found| found.text), Some("\"long\""));
    assert_eq!(frame.iter().next().and_then(|message| message.defined()), Some((0, &[14][..])));
    edit::resolve::<Invalid>(&mut built, |_| Ok(0)).expect("it is valid");
    let resolved = Messages::parse(&built).expect("it is valid");
    assert_eq!(resolved.iter().next().and_then(|message| message.defined()), None, "it has an id");
}

fn dump(bytes: &[u8]) -> String {
    let line = |(index, line): (usize, &[u8])| {
        let bytes: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{:04x}  {}\n", index * 8, bytes.join(" "))
    };
    bytes.chunks(8).enumerate().map(line).collect()
}

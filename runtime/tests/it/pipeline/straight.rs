//! What goes in comes out.

use tidemill::metrics::Metrics;
use tidemill::pipeline::{End, Shutdown, run};
use tidemill::plugin::Fault;
use tidemill::route::Tables;
use tidemill_plugin::Outcome;
use tidemill_rows::{Frame, FrameBuilder, Messages};

use super::log::{Log, ids};
use super::parts::{memory_pipeline, text, transform, workers};

#[tokio::test]
async fn every_change_arrives_once_and_in_order() {
    let log = Log::of(40, 25).transaction(&[3, 0, 4]).transaction(&[0]);
    for count in [1, 4] {
        let (mut pipeline, arrived) = memory_pipeline(&log);
        pipeline.limits = workers(count);
        let summary = run(pipeline, &Shutdown::new()).await.unwrap();
        let got: Vec<i64> = arrived.batches().iter().flat_map(|b| ids(&b.frame)).collect();
        assert_eq!(got, (0..log.len()).collect::<Vec<_>>());
        assert_eq!((summary.end, summary.rows), (End::OfInput, log.len() as u64));
        assert_eq!(summary.position.unwrap().as_str(), log.len().to_string());
    }
}

#[tokio::test]
async fn batches_without_changes_move_the_position_and_reach_neither_plugin_nor_sink() {
    let (mut pipeline, arrived) = memory_pipeline(&Log::of(5, 3));
    pipeline.tables = Tables::new(&["other.*"], &[]).unwrap();
    pipeline.plugins = vec![transform(|_, _| Err(Fault::Fatal("called".into())))];
    pipeline.format = Some(text());
    let summary = run(pipeline, &Shutdown::new()).await.unwrap();
    assert_eq!(arrived.batches(), []);
    assert_eq!(summary.position.unwrap().as_str(), "15");
}

#[tokio::test]
async fn a_transform_filters_and_the_format_sees_what_is_left() {
    let odd = |frame: &[u8], mask: &mut Vec<u8>| {
        let kept = ids(frame)
            .iter()
            .enumerate()
            .fold(0_u8, |kept, (at, id)| if id % 2 == 1 { kept | 1 << at } else { kept });
        *mask = vec![kept];
        Ok(Outcome::Keep)
    };
    let (mut pipeline, arrived) = memory_pipeline(&Log::of(1, 4));
    pipeline.plugins = vec![transform(odd)];
    pipeline.format = Some(text());
    let summary = run(pipeline, &Shutdown::new()).await.unwrap();
    let messages = arrived.batches()[0].messages.clone().unwrap();
    let lines: Vec<String> = Messages::validate(&messages, 4)
        .unwrap()
        .iter()
        .map(|message| String::from_utf8(message.value.unwrap().to_vec()).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("id=Int(1)") && lines[1].contains("id=Int(3)"), "{lines:?}");
    assert_eq!((summary.rows, summary.messages), (4, 2));
}

#[tokio::test]
async fn a_replaced_frame_keeps_the_flags_of_its_transaction() {
    let copy = |frame: &[u8], out: &mut Vec<u8>| {
        let (frame, mut copy) = (Frame::validate(frame).unwrap(), FrameBuilder::new());
        for schema in frame.schemas() {
            copy.schema(schema.bytes()).unwrap();
        }
        for change in frame.changes() {
            let after = copy.copy_row(&change.after().unwrap()).unwrap();
            let record = tidemill_rows::ChangeRecord {
                after: Some(after),
                src: change.src(),
                ..tidemill_rows::ChangeRecord::new(change.operation(), change.schema_index())
            };
            copy.change(&record).unwrap();
        }
        copy.finish(out).unwrap();
        Ok(Outcome::Replaced)
    };
    let (mut pipeline, arrived) = memory_pipeline(&Log::default().transaction(&[1, 1, 1]));
    pipeline.plugins = vec![transform(copy)];
    run(pipeline, &Shutdown::new()).await.unwrap();
    let batches = arrived.batches();
    let flags: Vec<u16> =
        batches.iter().map(|batch| Frame::validate(&batch.frame).unwrap().flags()).collect();
    assert_eq!(flags, [2, 3, 1]);
}

#[tokio::test]
async fn metrics_count_what_went_through() {
    let metrics = Metrics::new();
    let (mut pipeline, _arrived) = memory_pipeline(&Log::of(3, 5));
    pipeline.meters = metrics.pipeline("test");
    pipeline.format = Some(text());
    run(pipeline, &Shutdown::new()).await.unwrap();
    let text = metrics.render();
    for line in [
        r#"tidemill_changes_total{operation="insert",pipeline="test",table="shop.orders"} 15"#,
        r#"tidemill_chunks_total{pipeline="test"} 3"#,
        r#"tidemill_messages_total{pipeline="test"} 15"#,
        r#"tidemill_sink_batches_total{pipeline="test"} 3"#,
        r#"tidemill_plugin_calls_total{pipeline="test",plugin="text",version="1"} 3"#,
        r#"tidemill_plugin_rows_total{pipeline="test",plugin="text",version="1"} 15"#,
        r#"tidemill_queue{pipeline="test",unit="chunks"} 0"#,
        r#"tidemill_queue{pipeline="test",unit="bytes"} 0"#,
        r#"tidemill_unsettled_commit_age_seconds{pipeline="test"} 0"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

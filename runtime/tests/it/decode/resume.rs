//! Reading on: from every position, across files, in chunks of every size, behind a writer.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidemill::position::Position;
use tidemill::source::file::{BinlogFiles, Settings};
use tidemill::source::mysql::{Decoder, Definitions, Framer};
use tidemill::source::{Chunk, Source};
use tidemill_rows::{Frame, layout};

use super::reading::{
    block_on, chunks, definitions, frame, frames, golden, in_chunks_of, schema_file, settings,
};
use super::text::Text;

fn shop() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart/binlog");
    vec![folder.join("mbin.000001"), folder.join("mbin.000002")]
}

/// The changes of some frames, without the schemas, which stand only where they come first.
fn changes(frames: &[Vec<u8>]) -> Vec<String> {
    let mut text = Text::default();
    frames.iter().for_each(|frame| text.frame(frame));
    let lines = text.out.lines();
    lines
        .filter(|line| !line.starts_with("schema") && !line.starts_with("    "))
        .map(String::from)
        .collect()
}

#[test]
fn from_every_position_the_rest_is_read() {
    let files = shop();
    let settings = settings(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    let (whole, end) = frames(&settings, None);
    end.unwrap();
    let whole = changes(&whole);
    let mut positions = 0;
    for file in &files {
        for place in borders(file) {
            let name = file.file_name().unwrap().to_str().unwrap();
            let position = Position::new(format!("{name}:{place}"));
            let (rest, end) = frames(&settings, Some(&position));
            end.unwrap();
            let rest = changes(&rest);
            assert!(whole.ends_with(&rest), "from {position}");
            positions += 1;
            if place == 4 && file == &files[0] {
                assert_eq!(rest, whole);
            }
        }
    }
    assert!(positions > 40, "{positions} positions");
}

/// What tables are is remembered with each position of a log that does not name columns, also of
/// one in a later file: of the schema file only its beginning is of use.
#[test]
fn a_log_with_a_schema_file_is_read_from_every_position() {
    let servers = ["", "mariadb-11.4/", "mysql-8.0/", "mysql-9.7/"];
    // Of these two, `ddl` has two-phase transactions.
    for log in
        servers.iter().flat_map(|server| ["bare", "ddl"].map(|name| (*server).to_owned() + name))
    {
        let file = golden(&format!("binlog/{log}.000001"));
        let folder = tempfile::tempdir().unwrap();
        let files = halves(&file, folder.path());
        let paths: Vec<_> = files.iter().map(PathBuf::as_path).collect();
        let schema = schema_file(&file).map(|file| file.display().to_string());
        let (whole, end) = frames(&Settings { schema, ..settings(&paths) }, None);
        end.unwrap();
        let whole = changes(&whole);
        let positions = positions(&files, definitions(&file).unwrap_or_default());
        assert!(positions.len() > 20, "{log}: {} positions", positions.len());
        for position in positions {
            let (rest, end) = frames(&settings(&paths), Some(&position));
            end.unwrap_or_else(|error| panic!("{log} {position}: {error:#}"));
            assert!(whole.ends_with(&changes(&rest)), "{log} {position}");
        }
    }
}

/// The positions between transactions, as they are remembered.
fn positions(files: &[PathBuf], definitions: Arc<Definitions>) -> Vec<Position> {
    let mut positions = Vec::new();
    let mut before: Option<Framer> = None;
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let framer = Framer::new(name, 4, &[]).unwrap().chunks_of(1);
        let mut framer = match &mut before {
            None => framer.defined(Some(definitions.clone())),
            Some(before) => framer.defined(before.definitions().cloned()).behind(before),
        };
        framer.fill(std::fs::read(file).unwrap()[4..].to_vec());
        while let Some(chunk) = framer.next_chunk().unwrap().or_else(|| framer.flush()) {
            let remembered = |position: Position| {
                let notes = position.notes().unwrap().texts();
                Position::new(position.as_str()).noting(Some(Arc::new(notes)))
            };
            positions.extend(chunk.position.map(remembered));
        }
        before = Some(framer);
    }
    positions
}

/// A log in two files, cut in its middle.
fn halves(log: &Path, folder: &Path) -> [PathBuf; 2] {
    let places = borders(log);
    // Behind the magic number comes the format description, alone.
    let (format_end, middle) = (places[1] as usize, places[places.len() / 2] as usize);
    let bytes = std::fs::read(log).unwrap();
    let files = ["half.000001", "half.000002"].map(|name| folder.join(name));
    std::fs::write(&files[0], &bytes[..middle]).unwrap();
    std::fs::write(&files[1], [&bytes[..format_end], &bytes[middle..]].concat()).unwrap();
    files
}

/// The places between a file's transactions.
fn borders(file: &Path) -> Vec<u64> {
    let log = std::fs::read(file).unwrap();
    let mut framer = Framer::new("log", 4, &[]).unwrap();
    let (mut places, mut end) = (vec![4], 4);
    while end < log.len() {
        let more = &log[end..log.len().min(end + framer.missing())];
        end += more.len();
        framer.fill([framer.rest(), more].concat());
        places.extend(framer.next_chunk().unwrap().map(|chunk| chunk.log_bytes));
        places.extend(framer.flush().map(|chunk| chunk.log_bytes));
    }
    places
}

#[test]
fn a_pattern_reads_its_files_in_order_of_name() {
    let folder = shop()[0].parent().unwrap().to_owned();
    let pattern = folder.join("mbin.0*");
    let files = shop();
    let listed: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let (by_pattern, end) = chunks(&settings(&[&pattern]), None);
    end.unwrap();
    let (by_list, _) = chunks(&settings(&listed), None);
    let starts = |chunks: &[Chunk]| chunks.iter().map(|c| c.start.to_string()).collect::<Vec<_>>();
    assert_eq!(starts(&by_pattern), ["mbin.000001:4", "mbin.000002:4"]);
    assert_eq!(starts(&by_pattern), starts(&by_list));
    let last = by_pattern.last().unwrap();
    assert_eq!(Some(last.log_bytes), last.log_bytes_total);
}

/// Small chunks cut transactions; but for the cuts, the changes are the same.
#[test]
fn chunks_of_every_size_hold_the_same_changes() {
    same_in_chunks_of_every_size(&golden("binlog/types.000001"), 10);
}

/// Also where statements between them change the tables.
#[test]
fn chunks_of_every_size_know_the_same_tables() {
    same_in_chunks_of_every_size(&golden("binlog/bare.000001"), 2);
}

fn same_in_chunks_of_every_size(log: &Path, least: usize) {
    let plain = |frames: &[Vec<u8>]| {
        let orderless = |line: String| match line.strip_prefix("  ") {
            Some(row) => row.split_once(' ').unwrap().1.to_owned(),
            None => line.split(" committed").next().unwrap().to_owned(),
        };
        let lines = changes(frames).into_iter().filter(|line| !line.starts_with("--"));
        lines.map(orderless).collect::<Vec<_>>()
    };
    let (whole, end) = in_chunks_of(log, usize::MAX);
    end.unwrap();
    let whole = plain(&whole);
    let mut cut = 0;
    for bytes in [1, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000] {
        let (pieces, end) = in_chunks_of(log, bytes);
        end.unwrap();
        assert_eq!(plain(&pieces), whole, "in chunks of {bytes}");
        cut += pieces.iter().filter(|piece| is_cut(piece)).count();
        orders_ascend(&pieces);
    }
    assert!(cut > least, "only {cut} chunks were cut inside a transaction");
}

fn is_cut(frame: &[u8]) -> bool {
    Frame::parse(frame).unwrap().flags() & layout::FLAG_CONTINUED != 0
}

fn orders_ascend(frames: &[Vec<u8>]) {
    let mut last: Option<(Vec<u8>, u64)> = None;
    for bytes in frames {
        for change in Frame::parse(bytes).unwrap().changes().filter(|c| c.operation().is_row()) {
            let next = (change.transaction().unwrap().id.to_vec(), change.order());
            if let Some(last) = last.replace(next.clone()).filter(|last| last.0 == next.0) {
                assert!(last.1 < next.1, "{} then {}", last.1, next.1);
            }
        }
    }
}

/// The writer waits for what it wrote to come out, so every step is one that a reader can see.
#[test]
fn a_file_that_grows_is_followed_into_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let logs: Vec<_> = shop().iter().map(|file| std::fs::read(file).unwrap()).collect();
    let paths = ["mbin.000001", "mbin.000002"].map(|name| folder.path().join(name));
    // The file is there and empty when reading begins.
    std::fs::write(&paths[0], b"").unwrap();
    let pattern = folder.path().join("mbin.0*");
    let settings = Settings { follow: true, ..settings(&[&pattern]) };
    let mut decoder = Decoder::default();
    let mut followed = Vec::new();
    block_on(async {
        let mut source = BinlogFiles::open(&settings, Path::new("/"), None).unwrap();
        for (log, path) in logs.iter().zip(&paths) {
            let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
            let mut written = 0;
            let borders = borders_of(log);
            // In steps of five transactions; each begins with half an event.
            for border in borders.iter().step_by(5).chain(borders.last()).copied() {
                if border <= written {
                    continue;
                }
                let half = written + (border - written) / 2;
                file.write_all(&log[written..half]).unwrap();
                file.flush().unwrap();
                file.write_all(&log[half..border]).unwrap();
                written = border;
                let name = path.file_name().unwrap().to_str().unwrap();
                let wanted = format!("{name}:{border}");
                loop {
                    let chunk = source.next().await.unwrap().unwrap();
                    followed.push(frame(&mut decoder, &chunk).unwrap());
                    if chunk.position.unwrap().as_str() == wanted {
                        break;
                    }
                }
            }
        }
    });
    let files = shop();
    let listed: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let (whole, _) = frames(&super::reading::settings(&listed), None);
    assert_eq!(changes(&followed), changes(&whole));
}

fn borders_of(log: &[u8]) -> Vec<usize> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), log).unwrap();
    borders(file.path()).into_iter().skip(1).map(|place| place as usize).collect()
}

/// A call that is dropped before it is ready loses nothing.
#[test]
fn a_call_that_is_dropped_loses_nothing() {
    let files = shop();
    let listed: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let settings = settings(&listed);
    let (whole, _) = chunks(&settings, None);
    let read = block_on(async {
        let mut source = BinlogFiles::open(&settings, Path::new("/"), None).unwrap();
        let mut read = Vec::new();
        loop {
            // Polled once and dropped, then asked again.
            tokio::select! {
                biased;
                next = source.next() => match next.unwrap() {
                    Some(chunk) => read.push(chunk),
                    None => return read,
                },
                () = tokio::task::yield_now() => {}
            }
        }
    });
    let events = |chunks: &[Chunk]| {
        chunks.iter().map(|chunk| (chunk.start.clone(), chunk.events.clone())).collect::<Vec<_>>()
    };
    assert_eq!(events(&read), events(&whole));
}

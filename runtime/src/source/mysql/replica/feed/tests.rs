use std::path::{Path, PathBuf};

use super::*;
use crate::source::mysql::event::MAGIC;
use crate::source::mysql::gtid::{GtidSet, Name};

/// A log that a real server wrote, as a server sends it.
struct Log {
    /// The name of each file, and its events.
    files: Vec<(String, Vec<Vec<u8>>)>,
}

impl Log {
    fn read(paths: &[PathBuf]) -> Self {
        let files = paths.iter().map(|path| {
            let bytes = std::fs::read(path).unwrap();
            let mut rest = bytes.strip_prefix(&MAGIC).unwrap();
            let mut events = Vec::new();
            while !rest.is_empty() {
                let (event, behind) = rest.split_at(Header::read(rest).unwrap().length as usize);
                events.push(event.to_vec());
                rest = behind;
            }
            (path.file_name().unwrap().to_str().unwrap().to_owned(), events)
        });
        Self { files: files.collect() }
    }

    /// What comes, from the first file on.
    fn sent(&self) -> Vec<Vec<u8>> {
        let file = |(name, events): &(String, Vec<Vec<u8>>)| {
            let mut sent = vec![rotate(name)];
            sent.extend_from_slice(events);
            sent
        };
        self.files.iter().flat_map(file).collect()
    }

    /// What comes when these transactions are known to have been read: as MariaDB does it, which
    /// passes over the rest of a file up to the first that is new.
    fn sent_behind(&self, read: &GtidSet) -> Vec<Vec<u8>> {
        let mut read = read.clone();
        let mut sent = Vec::new();
        for (name, events) in &self.files {
            let mut format = None;
            let mut new = false;
            let mut file = vec![rotate(name), as_no_part_of_the_file(&events[0])];
            for bytes in events {
                let (event, _) = Event::checked(bytes, &mut format).unwrap();
                if let Some(Role::Gtid(gtid)) = event.header.role()
                    && let Some(transaction) = Name::read(gtid, &event).unwrap().0
                {
                    let mut with = read.clone();
                    with.add(transaction);
                    new = !read.includes(&with);
                    read = if new { with } else { read };
                }
                if new {
                    file.push(bytes.clone());
                }
            }
            if file.len() > 2 {
                sent.append(&mut file);
            }
        }
        sent
    }
}

/// The event by which a server says which file comes.
fn rotate(name: &str) -> Vec<u8> {
    let mut event = vec![0; 4];
    event.push(ROTATE);
    event.extend(1_u32.to_le_bytes());
    event.extend((19 + 8 + name.len() as u32 + 4).to_le_bytes());
    event.extend(0_u32.to_le_bytes());
    event.extend(FLAG_ARTIFICIAL.to_le_bytes());
    event.extend(FIRST_EVENT.to_le_bytes());
    event.extend(name.as_bytes());
    let checksum = crc32fast::hash(&event);
    event.extend(checksum.to_le_bytes());
    event
}

fn as_no_part_of_the_file(format: &[u8]) -> Vec<u8> {
    let mut event = format[..format.len() - 4].to_vec();
    event[13..17].fill(0);
    let checksum = crc32fast::hash(&event);
    event.extend(checksum.to_le_bytes());
    event
}

fn recorded(folder: &str, names: &[&str]) -> Log {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/binlog").join(folder);
    Log::read(&names.iter().map(|name| golden.join(name)).collect::<Vec<_>>())
}

fn logs() -> Vec<Log> {
    vec![
        recorded("", &["rotated.000001", "rotated.000002", "rotated.000003"]),
        recorded("mariadb-11.4", &["types.000001"]),
        recorded("mysql-9.7", &["tagged.000001"]),
    ]
}

/// Logs with two-phase transactions, which come with their ends.
fn logs_with_xa() -> Vec<Log> {
    vec![recorded("", &["ddl.000001"]), recorded("mysql-8.0", &["ddl.000001"])]
}

fn feed(history: History, chunk_bytes: usize) -> Feed {
    Feed { chunk_bytes, ..Feed::new(history, Until::Now, None) }
}

const UNKNOWN: History = History::Named { read: None, next: None };

/// The chunks of what is sent, when it comes event by event.
fn chunks(feed: &mut Feed, sent: &[Vec<u8>]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    for event in sent {
        feed.event(event).unwrap();
        feed.fill().unwrap();
        chunks.extend(std::iter::from_fn(|| feed.chunk()));
    }
    chunks
}

/// The events of chunks that change something, back to back.
fn changes(chunks: &[Chunk]) -> Vec<u8> {
    let mut changes = Vec::new();
    for chunk in chunks {
        let mut rest = &chunk.events[..];
        while !rest.is_empty() {
            let header = Header::read(rest).unwrap();
            let (event, behind) = rest.split_at(header.length as usize);
            let role = header.role().unwrap();
            if !matches!(role, Role::Format | Role::GtidsBefore | Role::End | Role::Passive) {
                changes.extend_from_slice(event);
            }
            rest = behind;
        }
    }
    changes
}

#[test]
fn chunks_are_those_of_the_files() {
    for log in logs() {
        let mut feed = feed(UNKNOWN, CHUNK_BYTES);
        let chunks = chunks(&mut feed, &log.sent());
        let sent: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.events.to_vec()).collect();
        let files: Vec<u8> = log.files.iter().flat_map(|(_, events)| events.concat()).collect();
        assert!(sent == files, "{} is another log", log.files[0].0);
        for chunk in &chunks {
            let place = Place::read(&chunk.start).unwrap();
            let file = &log.files.iter().find(|(name, _)| **name == *place.file).unwrap().1;
            let file = file.concat();
            let at = (place.offset - FIRST_EVENT) as usize;
            assert!(file[at..].starts_with(&chunk.events), "{place} is another place");
        }
        let last = chunks.last().unwrap().position.as_ref().unwrap();
        assert_eq!(feed.resume().unwrap().to_string(), last.to_string());
    }
}

#[test]
fn a_connection_lost_behind_any_event_neither_loses_nor_repeats() {
    for log in logs().into_iter().chain(logs_with_xa()) {
        let sent = log.sent();
        for chunk_bytes in [CHUNK_BYTES, 200] {
            let expected = changes(&chunks(&mut feed(UNKNOWN, chunk_bytes), &sent));
            for lost in (3..sent.len()).step_by(1 + sent.len() / 100) {
                let mut feed = feed(UNKNOWN, chunk_bytes);
                let mut all = chunks(&mut feed, &sent[..lost]);
                let Some(Resume { history: History::Named { read: Some(read), .. }, .. }) =
                    feed.resume()
                else {
                    panic!("nothing to resume behind event {lost}");
                };
                let mut feed = feed.again(None);
                all.extend(chunks(&mut feed, &log.sent_behind(&read)));
                let name = &log.files[0].0;
                assert!(changes(&all) == expected, "{name}, {chunk_bytes}, lost behind {lost}");
            }
        }
    }
}

#[test]
fn reading_begins_at_a_place_or_a_time() {
    let log = recorded("", &["rotated.000001", "rotated.000002", "rotated.000003"]);
    let whole = chunks(&mut feed(UNKNOWN, 1), &log.sent());
    let second = whole.iter().filter(|chunk| chunk.start.as_str().starts_with("rotated.000001"));
    let Chunk { start, .. } = second.clone().nth(2).unwrap();
    let place = Place::read(start).unwrap();
    let at_place = |offset| Feed::new(UNKNOWN, Until::Offset(offset), None);
    let first = chunks(&mut at_place(place.offset), &log.sent()).remove(0);
    assert_eq!(first.start, *start);
    let mut inside = at_place(place.offset + 1);
    let error = log.sent().iter().find_map(|event| inside.event(event).err()).unwrap();
    assert_eq!(error.code(), "position-inside");
    let mut never = Feed::new(UNKNOWN, Until::Time(u32::MAX), None);
    assert!(chunks(&mut never, &log.sent()).is_empty());
    let mut at_once = Feed::new(UNKNOWN, Until::Time(1), None);
    let chunks = chunks(&mut at_once, &log.sent());
    assert_eq!(changes(&chunks), changes(&whole));
    assert_eq!(chunks.last().unwrap().position, whole.last().unwrap().position);
}

#[test]
fn whole_transactions_that_no_chunk_holds_when_the_connection_is_lost_are_not_lost() {
    for log in logs() {
        let sent = log.sent();
        let expected = changes(&chunks(&mut feed(UNKNOWN, CHUNK_BYTES), &sent));
        for lost in (3..sent.len()).step_by(1 + sent.len() / 100) {
            let mut feed = feed(UNKNOWN, CHUNK_BYTES);
            for event in &sent[..lost] {
                feed.event(event).unwrap();
                // As it does when a block is full, which says nothing of the server.
                feed.fill().unwrap();
            }
            let mut all: Vec<_> = std::iter::from_fn(|| feed.chunk()).collect();
            let Some(Resume { history: History::Named { read: Some(read), .. }, .. }) =
                feed.resume()
            else {
                panic!("nothing to resume behind event {lost}");
            };
            all.extend(chunks(&mut feed.again(None), &log.sent_behind(&read)));
            assert!(changes(&all) == expected, "{}, lost behind {lost}", log.files[0].0);
        }
    }
}

/// The event by which a server says that it has nothing more, here.
fn heartbeat(name: &str, offset: u32) -> Vec<u8> {
    let mut event = vec![0; 4];
    event.push(HEARTBEAT);
    event.extend(1_u32.to_le_bytes());
    event.extend((19 + name.len() as u32 + 4).to_le_bytes());
    event.extend(offset.to_le_bytes());
    event.extend(0_u16.to_le_bytes());
    event.extend(name.as_bytes());
    let checksum = crc32fast::hash(&event);
    event.extend(checksum.to_le_bytes());
    event
}

#[test]
fn a_heartbeat_is_a_chunk_between_transactions_and_nothing_inside() {
    for log in logs() {
        // The event that says which file comes stands in none.
        let (mut feed, mut offset) = (feed(UNKNOWN, CHUNK_BYTES), FIRST_EVENT as usize);
        let name = log.files[0].0.as_str();
        feed.event(&rotate(name)).unwrap();
        let mut between = 0;
        for event in &log.files[0].1 {
            let last = chunks(&mut feed, std::slice::from_ref(event)).pop();
            offset += event.len();
            let beat = chunks(&mut feed, &[heartbeat(name, offset as u32)]);
            // What ends a transaction makes a chunk; a heartbeat behind it says the same place.
            match (last.and_then(|last| last.position), beat.as_slice()) {
                (Some(_), [beat]) => {
                    assert!(beat.heartbeat_us.is_some() && beat.events.is_empty());
                    let position = beat.position.as_ref().unwrap().as_str();
                    assert!(position.ends_with(&format!("@{name}:{offset}")), "{position}");
                    between += 1;
                }
                (None, []) => {}
                other => panic!("{name} {offset}: {other:?}"),
            }
        }
        assert!(between > 3, "{name} has only {between} transactions");
        // What comes behind a heartbeat is what would have come without.
        assert_eq!(feed.place().offset, offset as u64);
    }
}

//! Writes the first corpus: the recorded logs, without checksums and in pieces.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const HEADER_LEN: usize = 19;
const CHECKSUM_LEN: usize = 4;
const FORMAT: u8 = 15;
const TABLE_MAP: u8 = 19;
const TABLE_LEN: usize = 6;
const ROWS: [u8; 13] = [23, 24, 25, 30, 31, 32, 39, 166, 167, 168, 169, 170, 171];
/// Small seeds are tried more often.
const SEED_BYTES_MAX: usize = 4_000;

/// A recorded log.
struct Recorded {
    /// 1 for MySQL, as in the targets.
    mode: u8,
    /// Type and body of each event.
    events: Vec<(u8, Vec<u8>)>,
}

fn main() -> io::Result<()> {
    let mut corpus = Corpus { number: 0 };
    let mut folders = vec![PathBuf::from("../tests/golden/binlog")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|number| number == "000001") {
                corpus.add(&read(&path)?)?;
            }
        }
    }
    println!("{} seeds", corpus.number);
    Ok(())
}

fn read(path: &Path) -> io::Result<Recorded> {
    let log = fs::read(path)?;
    let mode = u8::from(path.to_string_lossy().contains("mysql"));
    let (mut events, mut rest, mut checksum) = (Vec::new(), &log[4..], 0);
    while rest.len() >= HEADER_LEN {
        let length = u32::from_le_bytes(rest[9..13].try_into().expect("four bytes")) as usize;
        // Encrypted logs have no such lengths.
        if length < HEADER_LEN + checksum || length > rest.len() {
            break;
        }
        let (event, behind) = rest.split_at(length);
        if event[4] == FORMAT {
            checksum = CHECKSUM_LEN * usize::from(event[length - CHECKSUM_LEN - 1]);
        } else {
            events.push((event[4], event[HEADER_LEN..length - checksum].to_vec()));
        }
        rest = behind;
    }
    Ok(Recorded { mode, events })
}

/// Counts the seeds, which gives them their names.
struct Corpus {
    number: usize,
}

impl Corpus {
    fn add(&mut self, log: &Recorded) -> io::Result<()> {
        // Some events at a time; stretches overlap, so that some hold whole transactions.
        for start in (0..log.events.len()).step_by(7) {
            let stretch = &log.events[start..log.events.len().min(start + 14)];
            let (mut file, mut events) = (vec![log.mode], vec![log.mode]);
            for (number, body) in stretch {
                file.extend([0, 0, 0, 0, *number, 1, 0, 0, 0]);
                file.extend(((HEADER_LEN + body.len()) as u32).to_le_bytes());
                file.extend([0; 6]);
                file.extend(body);
                events.push(*number);
                events.extend(with_length(body));
            }
            self.write("file", &file)?;
            self.write("events", &events)?;
        }
        let mut table: &[u8] = &[];
        for (number, body) in &log.events {
            match ROWS.iter().position(|known| known == number) {
                None if *number == TABLE_MAP => table = &body[TABLE_LEN..],
                Some(nth) if !table.is_empty() => {
                    let mut seed = vec![log.mode];
                    seed.extend(with_length(table));
                    seed.push(nth as u8);
                    seed.extend(with_length(&body[TABLE_LEN..]));
                    self.write("rows", &seed)?;
                    self.documents(body)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// All that looks like a document: a length of four bytes, and a type that there is.
    fn documents(&mut self, body: &[u8]) -> io::Result<()> {
        for at in 0..body.len().saturating_sub(5) {
            let length = u32::from_le_bytes(body[at..at + 4].try_into().expect("four bytes"));
            let end = at + 4 + length as usize;
            if (2..1_000).contains(&length) && end <= body.len() && body[at + 4] <= 15 {
                let mut seed = with_length(&body[at + 4..end]);
                // An update by differences has them behind the document, after image and options.
                if let Some(differences) = body.get(end + 7..) {
                    seed.extend(differences);
                }
                self.write("json", &seed)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, target: &str, seed: &[u8]) -> io::Result<()> {
        if seed.len() > SEED_BYTES_MAX {
            return Ok(());
        }
        let folder = Path::new("corpus").join(target);
        fs::create_dir_all(&folder)?;
        self.number += 1;
        fs::write(folder.join(format!("seed{}", self.number)), seed)
    }
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let mut out = (bytes.len().min(0xffff) as u16).to_le_bytes().to_vec();
    out.extend(bytes);
    out
}

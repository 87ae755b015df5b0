//! Avro object container files: the messages of one schema, in blocks, behind that schema.
//! <https://avro.apache.org/docs/1.12.0/specification/#object-container-files>
//!
//! Each record has a file of its own, by its full name: `out.avro` becomes
//! `out.shop.orders.Envelope.avro`. When its schema changes, or it grows beyond `rotate_mb`, the
//! file is finished as one of lines is: it gets the next number, and a new one begins. A batch is
//! one block. A crash can leave a block that has no end; its batch was not settled and comes
//! again, so opening cuts it off. Keys are not written, and neither are tombstones.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{broken, create, finished_name, lost};
use crate::BoxFuture;
use crate::error::{Error, Kind, Result};
use crate::position::Position;
use crate::sink::{Batch, Sink, lines};

const MAGIC: &[u8; 4] = b"Obj\x01";
const SYNC_LEN: usize = 16;
/// So many files are open at most; beyond, all are closed.
const OPEN_MAX: usize = 256;

/// Writes container files.
#[derive(Debug)]
pub(super) struct Containers {
    path: PathBuf,
    /// Travels to the thread that writes, and back.
    files: Files,
}

#[derive(Debug, Default)]
struct Files {
    /// Finish a file before it grows beyond this.
    bytes_max: Option<u64>,
    /// By the name of the record.
    open: HashMap<String, Container>,
    /// Those that were written to since the last flush.
    dirty: BTreeMap<PathBuf, Arc<fs::File>>,
}

#[derive(Debug)]
struct Container {
    path: PathBuf,
    file: Arc<fs::File>,
    header: Header,
    bytes: u64,
}

#[derive(Debug)]
struct Header {
    schema: String,
    /// Stands behind each block, and in no other file.
    sync: [u8; SYNC_LEN],
    bytes: u64,
}

/// The messages of a batch that one schema has.
#[derive(Debug)]
struct Block {
    record: String,
    schema: String,
    messages: i64,
    data: Vec<u8>,
}

impl Containers {
    pub(super) fn new(path: PathBuf, bytes_max: Option<u64>) -> Self {
        Self { path, files: Files { bytes_max, ..Files::default() } }
    }
}

impl Sink for Containers {
    fn write<'a>(&'a mut self, batch: &'a Batch) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let (blocks, path) = (blocks(batch)?, self.path.clone());
            let mut files = std::mem::take(&mut self.files);
            let write = move || {
                let written = blocks.iter().try_for_each(|block| files.write(&path, block));
                (files, written)
            };
            let (files, written) = tokio::task::spawn_blocking(write).await.map_err(lost)?;
            self.files = files;
            written
        })
    }

    fn flush(&mut self, _position: &Position) -> BoxFuture<'static, Result<()>> {
        let dirty = std::mem::take(&mut self.files.dirty);
        Box::pin(
            async move { tokio::task::spawn_blocking(move || sync(&dirty)).await.map_err(lost)? },
        )
    }
}

fn sync(files: &BTreeMap<PathBuf, Arc<fs::File>>) -> Result<()> {
    files.iter().try_for_each(|(path, file)| file.sync_data().map_err(|e| broken(path, e)))
}

/// The blocks that a batch becomes.
fn blocks(batch: &Batch) -> Result<Vec<Block>> {
    let messages = lines::messages(batch)?;
    let block = |definition: tidemill_rows::Definition<'_>| Block {
        record: definition.name.to_owned(),
        schema: definition.text.to_owned(),
        messages: 0,
        data: Vec::new(),
    };
    let mut blocks: Vec<Block> = messages.definitions().map(block).collect();
    for message in messages.iter().filter(|message| message.value.is_some()) {
        let defined = message.defined();
        let place = defined.and_then(|(place, _)| blocks.get_mut(place as usize));
        let (Some((_, datum)), Some(block)) = (defined, place) else {
            let what = "the format's messages have no schema, which container files begin with";
            return Err(Error::new(Kind::Config, "file-no-schema", what)
                .with("change of the batch", message.src)
                .hint("choose `format: {use: avro}`, or leave out `container` of the sink"));
        };
        block.messages += 1;
        block.data.extend_from_slice(datum);
    }
    blocks.retain(|block| block.messages > 0);
    Ok(blocks)
}

impl Files {
    fn write(&mut self, path: &Path, block: &Block) -> Result<()> {
        let mut container = match self.open.remove(&block.record) {
            Some(open) => open,
            None => {
                if self.open.len() == OPEN_MAX {
                    self.close()?;
                }
                Container::open(named(path, &block.record), &block.schema)?
            }
        };
        let mut bytes = Vec::with_capacity(block.data.len() + 2 * SYNC_LEN);
        append_long(block.messages, &mut bytes);
        append_long(block.data.len() as i64, &mut bytes);
        bytes.extend_from_slice(&block.data);
        let is_full = |container: &Container| {
            let grown = container.bytes + bytes.len() as u64;
            container.bytes > container.header.bytes && self.bytes_max.is_some_and(|m| grown > m)
        };
        if container.header.schema != block.schema || is_full(&container) {
            container = container.finish(&block.schema)?;
        }
        bytes.extend_from_slice(&container.header.sync);
        let written = (&*container.file).write_all(&bytes);
        written.map_err(|e| broken(&container.path, e))?;
        container.bytes += bytes.len() as u64;
        self.dirty.insert(container.path.clone(), container.file.clone());
        self.open.insert(block.record.clone(), container);
        Ok(())
    }

    /// Closes all.
    fn close(&mut self) -> Result<()> {
        sync(&std::mem::take(&mut self.dirty))?;
        for (_, container) in self.open.drain() {
            // A flush that is under way has it open, too, and is not to keep it from this.
            container.file.unlock().map_err(|e| broken(&container.path, e))?;
        }
        Ok(())
    }
}

impl Container {
    /// Opens the file and cuts a torn last block off; a new one begins with this schema.
    fn open(path: PathBuf, schema: &str) -> Result<Self> {
        let file = create(&path)?;
        let broken = |e| broken(&path, e);
        let bytes = file.metadata().map_err(broken)?.len();
        let mut reader = BufReader::new(&file);
        reader.rewind().map_err(broken)?;
        let (header, whole) = match Header::read(&mut reader) {
            Ok(header) => match header.whole(&mut reader, bytes) {
                Ok(whole) => (header, whole),
                Err(e) if e.kind() == io::ErrorKind::InvalidData => return Err(damaged(&path)),
                Err(e) => return Err(broken(e)),
            },
            // It never had one, or its end.
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                file.set_len(0).map_err(broken)?;
                let header = Header::write(schema, &file).map_err(broken)?;
                let bytes = header.bytes;
                return Ok(Self { file: Arc::new(file), path, header, bytes });
            }
            Err(e) if e.kind() == io::ErrorKind::InvalidData => return Err(foreign(&path)),
            Err(e) => return Err(broken(e)),
        };
        if whole < bytes {
            tracing::warn!(bytes = bytes - whole, "cut a torn last block off; it comes again");
            file.set_len(whole).and_then(|()| file.sync_all()).map_err(broken)?;
        }
        Ok(Self { file: Arc::new(file), path, header, bytes: whole })
    }

    /// Gives the file the next number, and begins a new one with this schema.
    fn finish(self, schema: &str) -> Result<Self> {
        let broken = |e| broken(&self.path, e);
        self.file.sync_data().map_err(broken)?;
        let finished = finished_name(&self.path).map_err(broken)?;
        fs::rename(&self.path, finished).map_err(broken)?;
        Self::open(self.path, schema)
    }
}

impl Header {
    fn write(schema: &str, mut file: &fs::File) -> io::Result<Self> {
        let random = || RandomState::new().hash_one(std::process::id()).to_le_bytes();
        let mut sync = [0; SYNC_LEN];
        sync.as_chunks_mut::<8>().0.iter_mut().for_each(|half| *half = random());
        let mut header = MAGIC.to_vec();
        append_long(2, &mut header);
        for text in ["avro.schema", schema, "avro.codec", "null"] {
            append_long(text.len() as i64, &mut header);
            header.extend_from_slice(text.as_bytes());
        }
        append_long(0, &mut header);
        header.extend_from_slice(&sync);
        file.write_all(&header)?;
        Ok(Self { schema: schema.to_owned(), sync, bytes: header.len() as u64 })
    }

    /// Reads it from the start of a file: `UnexpectedEof` where it is cut off, `InvalidData` where
    /// there is something else, as a file that this did not write.
    fn read(file: &mut (impl Read + Seek)) -> io::Result<Self> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidData);
        let mut magic = Vec::new();
        file.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic)?;
        if !MAGIC.starts_with(&magic) {
            return Err(invalid());
        }
        if long(file)? != 2 {
            return Err(invalid());
        }
        let [schema_name, schema, codec_name, codec] =
            [text(file)?, text(file)?, text(file)?, text(file)?];
        let is_ours = [&*schema_name, &codec_name, &codec] == ["avro.schema", "avro.codec", "null"];
        if !is_ours || long(file)? != 0 {
            return Err(invalid());
        }
        let mut sync = [0; SYNC_LEN];
        file.read_exact(&mut sync)?;
        Ok(Self { schema, sync, bytes: file.stream_position()? })
    }

    /// Where the last whole block ends in a file of so many bytes. `InvalidData` where something
    /// else follows than the beginning of a block.
    fn whole(&self, file: &mut (impl Read + Seek), bytes: u64) -> io::Result<u64> {
        let mut end = self.bytes;
        while end < bytes {
            match self.block(file, bytes) {
                Ok(behind) => end = behind,
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(e) => return Err(e),
            }
        }
        Ok(end)
    }

    /// Goes past a block; answers where it ends.
    fn block(&self, file: &mut (impl Read + Seek), bytes: u64) -> io::Result<u64> {
        long(file)?;
        let length = u64::try_from(long(file)?).map_err(|_| io::ErrorKind::InvalidData)?;
        let sync_at = file.stream_position()?.saturating_add(length);
        if sync_at.saturating_add(SYNC_LEN as u64) > bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.seek(SeekFrom::Start(sync_at))?;
        let mut sync = [0; SYNC_LEN];
        file.read_exact(&mut sync)?;
        match sync == self.sync {
            true => Ok(sync_at + SYNC_LEN as u64),
            false => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// The file of a record. What no name of a file can hold becomes `_`; names of Avro have none.
fn named(path: &Path, record: &str) -> PathBuf {
    let record: String =
        record.chars().map(|c| if c.is_alphanumeric() || c == '.' { c } else { '_' }).collect();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match path.extension() {
        Some(extension) => {
            path.with_file_name(format!("{stem}.{record}.{}", extension.to_string_lossy()))
        }
        None => path.with_file_name(format!("{stem}.{record}")),
    }
}

/// Appends a number as Avro writes it: small ones, of either sign, in few bytes.
fn append_long(number: i64, out: &mut Vec<u8>) {
    let mut rest = (number << 1 ^ number >> 63).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn long(file: &mut impl Read) -> io::Result<i64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        file.read_exact(&mut byte)?;
        number |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] < 0x80 {
            return Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn text(file: &mut impl Read) -> io::Result<String> {
    let length = u64::try_from(long(file)?).map_err(|_| io::ErrorKind::InvalidData)?;
    let mut text = String::new();
    file.by_ref().take(length).read_to_string(&mut text)?;
    match text.len() as u64 == length {
        true => Ok(text),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn damaged(path: &Path) -> Error {
    Error::new(Kind::Sink, "file-damaged", "a block of the file is damaged")
        .with("file", path.display())
        .hint("readers would stop there, too: move the file away, and a new one begins")
}

fn foreign(path: &Path) -> Error {
    let what = "there is a file that this sink did not write";
    Error::new(Kind::Sink, "file-foreign", what)
        .with("file", path.display())
        .hint("move it away, or give another path")
}

#[cfg(test)]
mod tests {
    use apache_avro::Reader;
    use apache_avro::types::Value;
    use tidemill_rows::MessageBuilder;

    use super::*;

    const SCHEMA: &str =
        r#"{"type":"record","name":"orders","fields":[{"name":"id","type":"long"}]}"#;
    const OTHER: &str =
        r#"{"type":"record","name":"orders","fields":[{"name":"n","type":"long"}]}"#;

    /// A message for each number, by this schema, and a tombstone behind it.
    fn batch(schema: &str, numbers: &[i64]) -> Batch {
        let mut messages = MessageBuilder::new();
        let definition = messages.definition("shop.orders", schema);
        for (src, number) in numbers.iter().enumerate() {
            messages.begin(src as u32);
            messages.refer(definition);
            append_long(*number, messages.body());
            messages.value();
            messages.end();
            messages.begin(src as u32);
            messages.end();
        }
        let mut bytes = Vec::new();
        messages.finish(&mut bytes).unwrap();
        Batch { messages: Some(bytes), ..Batch::default() }
    }

    fn write(path: &Path, bytes_max: Option<u64>, batches: &[Batch]) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut sink = Containers::new(path.to_owned(), bytes_max);
        runtime.block_on(async {
            for batch in batches {
                sink.write(batch).await?;
            }
            sink.flush(&Position::new("1")).await
        })
    }

    /// What `apache-avro` reads of a file.
    fn numbers(path: &Path) -> Vec<i64> {
        let file = fs::File::open(path).unwrap();
        let number = |value: apache_avro::AvroResult<Value>| match value.unwrap() {
            Value::Record(fields) => match fields[0].1 {
                Value::Long(number) => number,
                ref other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        };
        Reader::new(file).unwrap().map(number).collect()
    }

    #[test]
    fn what_is_written_is_read_by_others_and_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let (path, file) = (folder.path().join("out.avro"), "out.shop.orders.avro");
        let mut expected = vec![0, -1, i64::MAX, i64::MIN];
        write(&path, None, &[batch(SCHEMA, &expected), batch(SCHEMA, &[])]).unwrap();
        expected.extend(0..1000);
        write(&path, None, &[batch(SCHEMA, &expected[4..])]).unwrap();
        assert_eq!(numbers(&folder.path().join(file)), expected);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn wherever_a_file_is_torn_whole_blocks_stay_and_the_next_one_follows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let file = folder.path().join("out.shop.orders");
        let mut borders = Vec::new();
        for number in 0..3 {
            write(&path, None, &[batch(SCHEMA, &[number; 30])]).unwrap();
            borders.push(fs::metadata(&file).unwrap().len() as usize);
        }
        let whole = fs::read(&file).unwrap();
        for len in 0..whole.len() {
            fs::write(&file, &whole[..len]).unwrap();
            write(&path, None, &[batch(SCHEMA, &[7])]).unwrap();
            let blocks = borders.iter().filter(|border| **border <= len).count() as i64;
            let expected = (0..blocks).flat_map(|number| [number; 30]).chain([7]);
            assert_eq!(numbers(&file), expected.collect::<Vec<_>>(), "{len} bytes were left");
        }
    }

    #[test]
    fn another_schema_or_too_many_bytes_begin_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.avro");
        let file = |name: &str| numbers(&folder.path().join(name));
        write(&path, None, &[batch(SCHEMA, &[1]), batch(OTHER, &[2]), batch(OTHER, &[3])]).unwrap();
        write(&path, None, &[batch(SCHEMA, &[4])]).unwrap();
        assert_eq!(file("out.shop.orders.1.avro"), [1]);
        assert_eq!(file("out.shop.orders.2.avro"), [2, 3]);
        assert_eq!(file("out.shop.orders.avro"), [4]);
        let large: Vec<i64> = (1 << 40..).take(100).collect();
        write(&path, Some(500), &[batch(SCHEMA, &large), batch(SCHEMA, &[5])]).unwrap();
        assert_eq!(file("out.shop.orders.3.avro"), [4]);
        assert_eq!(file("out.shop.orders.4.avro"), large);
        assert_eq!(file("out.shop.orders.avro"), [5]);
    }

    #[test]
    fn there_may_be_more_records_than_files_are_open() {
        let folder = tempfile::tempdir().unwrap();
        let record = |number: usize| format!("r{number}");
        let mut messages = MessageBuilder::new();
        for number in 0..OPEN_MAX + 50 {
            let definition = messages.definition(&record(number), SCHEMA);
            messages.begin(number as u32);
            messages.refer(definition);
            append_long(number as i64, messages.body());
            messages.value();
            messages.end();
        }
        let mut bytes = Vec::new();
        messages.finish(&mut bytes).unwrap();
        let batch = || Batch { messages: Some(bytes.clone()), ..Batch::default() };
        write(&folder.path().join("out"), None, &[batch(), batch()]).unwrap();
        for number in 0..OPEN_MAX + 50 {
            let file = folder.path().join(format!("out.{}", record(number)));
            assert_eq!(numbers(&file), [number as i64; 2]);
        }
    }

    #[test]
    fn what_cannot_be_gone_on_with_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, file) = (folder.path().join("out"), folder.path().join("out.shop.orders"));
        let code = || write(&path, None, &[batch(SCHEMA, &[1])]).unwrap_err().code();
        for foreign in ["a line\n", "Obj\x01\x04\x04id\x021\x04no\x022\0"] {
            fs::write(&file, foreign).unwrap();
            assert_eq!(code(), "file-foreign");
            assert_eq!(fs::read_to_string(&file).unwrap(), foreign);
        }
        fs::remove_file(&file).unwrap();
        write(&path, None, &[batch(SCHEMA, &[1]), batch(SCHEMA, &[2])]).unwrap();
        let mut damaged = fs::read(&file).unwrap();
        let at = damaged.len() - 2 * SYNC_LEN;
        damaged[at] ^= 1;
        fs::write(&file, &damaged).unwrap();
        assert_eq!(code(), "file-damaged");
        assert_eq!(fs::read(&file).unwrap(), damaged);
    }

    #[test]
    fn messages_without_a_schema_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let text = lines::batch_of(&["{}"]);
        let error = write(&folder.path().join("out"), None, &[text]).unwrap_err();
        assert_eq!(error.code(), "file-no-schema");
    }
}

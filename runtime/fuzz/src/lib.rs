//! What the fuzz targets share: the decoder, logs made around their bytes, and what must hold.

use std::pin::Pin;
use std::sync::Arc;

use tidemill_rows::{Frame, FrameBuilder, Schema};

// These rooms of the runtime use no others, so they stand without the rest of it.
#[path = "../../src/error.rs"]
pub mod error;
#[path = "../../src/position.rs"]
pub mod position;
#[path = "../../src/section/mod.rs"]
pub mod section;
#[path = "../../src/source/mod.rs"]
pub mod source;

#[path = "../../../sdk/rows/tests/it/walk.rs"]
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
mod walk;

use source::mysql::{Decoder, Framer};
use source::{Chunk, Decode, Projection, Tables};

/// As in the runtime.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

const HEADER_LEN: usize = 19;
const FORMAT: u8 = 15;

/// Which server's log it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    MariaDb,
    MySql,
}

/// Wants all columns of all tables.
struct Everything;

impl Tables for Everything {
    fn projection(&mut self, schema: &Schema) -> error::Result<Option<Arc<Projection>>> {
        Ok(Some(Arc::new(Projection::all(schema))))
    }
}

/// A log without its magic number: the description of its format, which says that there are no
/// checksums, and the events that are appended.
pub struct Log(Vec<u8>);

impl Log {
    #[must_use]
    pub fn new(family: Family) -> Self {
        let mut body = vec![4, 0];
        body.extend(match family {
            Family::MariaDb => *b"10.11.19-MariaDB-log",
            Family::MySql => *b"9.7.4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        });
        body.extend([0; 34]);
        body.push(HEADER_LEN as u8);
        // The lengths of post-headers, which nobody reads; no checksums; the event's own one.
        body.extend([0; 45]);
        let mut log = Self(Vec::new());
        log.event(FORMAT, &body);
        log
    }

    /// Appends an event with a right header.
    pub fn event(&mut self, number: u8, body: &[u8]) {
        let time = 1_772_323_200_u32;
        self.0.extend(time.to_le_bytes());
        self.0.push(number);
        self.0.extend(1_u32.to_le_bytes());
        self.0.extend(((HEADER_LEN + body.len()) as u32).to_le_bytes());
        self.0.extend([0; 6]);
        self.0.extend(body);
    }

    /// Appends bytes that may be no events.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend(bytes);
    }

    /// Decodes the log and checks every frame. Calls `each` with them.
    pub fn decode(self, chunk_bytes: usize, each: impl FnMut(&Frame<'_>)) {
        decode(self.0, chunk_bytes, each);
    }
}

/// Decodes what stands behind a log's magic number.
pub fn decode(log: Vec<u8>, chunk_bytes: usize, mut each: impl FnMut(&Frame<'_>)) {
    if let Err(error) = frames(log, chunk_bytes, &mut each) {
        assert!(error.kind() != error::Kind::Bug, "{error:#}");
        assert!(error.hint_text().is_some(), "no hint: {error:#}");
    }
}

fn frames(
    log: Vec<u8>,
    chunk_bytes: usize,
    each: &mut impl FnMut(&Frame<'_>),
) -> error::Result<()> {
    let mut framer = Framer::new("log.000001", 4, &[])?.chunks_of(chunk_bytes);
    framer.fill(log);
    let mut decoder = Decoder::default();
    while let Some(chunk) = framer.next_chunk()? {
        frame(&mut decoder, &chunk, each)?;
    }
    if let Some(chunk) = framer.flush() {
        frame(&mut decoder, &chunk, each)?;
    }
    framer.end()
}

fn frame(
    decoder: &mut Decoder,
    chunk: &Chunk,
    each: &mut impl FnMut(&Frame<'_>),
) -> error::Result<()> {
    let (mut builder, mut bytes) = (FrameBuilder::new(), Vec::new());
    decoder.decode(chunk, &mut Everything, &mut builder)?;
    builder.finish(&mut bytes).expect("the log is small");
    let frame = Frame::validate(&bytes).expect("the decoder writes valid frames");
    walk::frame(&frame, usize::MAX);
    each(&frame);
    Ok(())
}

/// Takes a length of two bytes and what it says from the front, or all that is left.
pub fn take<'a>(bytes: &mut &'a [u8]) -> &'a [u8] {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
        return std::mem::take(bytes);
    };
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (taken, rest) = rest.split_at(length);
    *bytes = rest;
    taken
}

/// The family that a byte stands for.
#[must_use]
pub fn family(byte: u8) -> Family {
    if byte & 1 == 0 { Family::MariaDb } else { Family::MySql }
}

//! The wire format of protocol buffers, as far as it takes to write it.

/// Two of the types that the low bits of a tag name.
const VARINT: u32 = 0;
const LEN: u32 = 2;

/// Writes a field with a number; none where it is what a reader takes for granted.
#[inline]
pub(crate) fn number(out: &mut Vec<u8>, field: u32, value: i64) {
    if value != 0 {
        varint(out, (field << 3 | VARINT).into());
        // A negative number has ten bytes, whatever its type.
        varint(out, value as u64);
    }
}

/// Writes a field with text; none where it is empty.
#[inline]
pub(crate) fn text(out: &mut Vec<u8>, field: u32, text: &[u8]) {
    value(out, field, |out| out.extend_from_slice(text));
}

/// Writes a field with the text that `write` writes; none where that is nothing.
#[inline(always)]
pub(crate) fn value(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    let mut empty = false;
    nested(out, field, |out| {
        let start = out.len();
        write(out);
        empty = out.len() == start;
    });
    if empty {
        out.truncate(start);
    }
}

/// Writes a field with whatever `write` writes, and its length before it.
///
/// The length takes a byte as a rule: what was written makes way only where it takes more.
#[inline(always)]
pub(crate) fn nested(out: &mut Vec<u8>, field: u32, write: impl FnOnce(&mut Vec<u8>)) {
    varint(out, (field << 3 | LEN).into());
    out.push(0);
    let start = out.len();
    write(out);
    let len = out.len() - start;
    match u8::try_from(len) {
        Ok(len @ 0..0x80) => {
            if let Some(place) = out.get_mut(start - 1) {
                *place = len;
            }
        }
        _ => make_way(out, start, len),
    }
}

/// Puts a length of several bytes before what begins at `start`, where it has one.
fn make_way(out: &mut Vec<u8>, start: usize, len: usize) {
    varint(out, len as u64);
    let end = start + len;
    let bytes = out.len() - end;
    // The length stands behind; all but its last byte come in front of what was written, and the
    // first of them into the place that it has.
    let mut length = [0; VARINT_BYTES_MAX];
    length[..bytes].copy_from_slice(&out[end..]);
    out.truncate(end + bytes - 1);
    out.copy_within(start..end, start + bytes - 1);
    out[start - 1..start - 1 + bytes].copy_from_slice(&length[..bytes]);
}

const VARINT_BYTES_MAX: usize = 10;

#[inline]
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

//! Bounds-checked little-endian reads. Reading past the end answers zero or nothing, never panics:
//! a view over a frame that nobody validated is wrong, but safe.

#[inline]
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}

/// The same without a copy.
#[inline]
pub(crate) fn array_ref<const N: usize>(bytes: &[u8], at: usize) -> &[u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).unwrap_or(const { &[0; N] })
}

#[inline]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

#[inline]
pub(crate) fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(array(bytes, at))
}

/// The bytes that an `(u32 offset, u32 length)` pair stored at `at` points to.
#[inline]
pub(crate) fn slice_at(bytes: &[u8], at: usize) -> &[u8] {
    let off = u32_at(bytes, at) as usize;
    let len = u32_at(bytes, at.saturating_add(4)) as usize;
    range(bytes, off, len)
}

#[inline]
pub(crate) fn range(bytes: &[u8], off: usize, len: usize) -> &[u8] {
    off.checked_add(len).and_then(|end| bytes.get(off..end)).unwrap_or(&[])
}

/// Text that a validated frame guarantees to be UTF-8; anything else reads as empty.
#[inline]
pub(crate) fn str_at(bytes: &[u8], at: usize) -> &str {
    core::str::from_utf8(slice_at(bytes, at)).unwrap_or("")
}

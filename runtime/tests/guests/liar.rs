//! Answers each call with the bytes that its settings hold, whatever they are.
//!
//! It speaks the canonical ABI by hand, so that a test can lie in every place: in the frame, in
//! the words that point to it, in the pointer to those words, and in what `cabi_realloc` answers.
//! The settings are four hexadecimal texts in quotes: the words of the answer (`b17e0000` stands
//! for the address of the bytes), the bytes, the address of the answer (or nothing), and what
//! `cabi_realloc` answers after `configure` (or nothing).

use std::cell::RefCell;

#[derive(Default)]
struct Lie {
    answer: Vec<u8>,
    bytes: Vec<u8>,
    answer_at: Option<usize>,
    realloc: Option<usize>,
}

const BYTES_HERE: u32 = 0xb17e_0000;

thread_local! {
    static LIE: RefCell<Lie> = RefCell::default();
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).map_or(0, |digit| digit as u8);
    text.as_bytes().chunks_exact(2).map(|two| digit(two[0]) << 4 | digit(two[1])).collect()
}

fn number(text: &str) -> Option<usize> {
    usize::from_str_radix(text, 16).ok()
}

fn leak(bytes: Vec<u8>) -> *const u8 {
    // Words, so that the answer is aligned.
    let mut words = vec![0_u32; bytes.len().div_ceil(4) + 1];
    for (word, part) in words.iter_mut().zip(bytes.chunks(4)) {
        let mut four = [0; 4];
        four[..part.len()].copy_from_slice(part);
        *word = u32::from_le_bytes(four);
    }
    words.leak().as_ptr().cast()
}

/// # Safety
/// As the canonical ABI has it: `len` bytes at `at`, which `cabi_realloc` answered.
#[cfg_attr(
    target_arch = "wasm32",
    unsafe(export_name = "tidemill:plugin/lifecycle@0.1.0#configure")
)]
pub unsafe extern "C" fn configure(at: *const u8, len: usize) -> *const u8 {
    // SAFETY: see above.
    let settings = unsafe { std::slice::from_raw_parts(at, len) };
    let settings = String::from_utf8_lossy(settings);
    let mut texts = settings.split('"').skip(1).step_by(2);
    let mut next = || texts.next().unwrap_or("");
    let (mut answer, bytes) = (unhex(next()), unhex(next()));
    let here = bytes.as_ptr() as usize as u32;
    for word in answer.chunks_exact_mut(4) {
        if word == BYTES_HERE.to_le_bytes() {
            word.copy_from_slice(&here.to_le_bytes());
        }
    }
    let lie = Lie { answer, bytes, answer_at: number(next()), realloc: number(next()) };
    LIE.set(lie);
    leak(vec![0; 16])
}

fn lie() -> *const u8 {
    LIE.with_borrow(|lie| match lie.answer_at {
        Some(at) => at as *const u8,
        None => {
            std::hint::black_box(&lie.bytes);
            leak(lie.answer.clone())
        }
    })
}

#[cfg_attr(
    target_arch = "wasm32",
    unsafe(export_name = "tidemill:plugin/transform@0.1.0#transform")
)]
pub extern "C" fn transform(_at: *const u8, _len: usize) -> *const u8 {
    lie()
}

#[cfg_attr(
    target_arch = "wasm32",
    unsafe(export_name = "tidemill:plugin/serializer@0.1.0#serialize")
)]
pub extern "C" fn serialize(_at: *const u8, _len: usize) -> *const u8 {
    lie()
}

/// Never frees: a test calls a liar a few times.
#[cfg_attr(target_arch = "wasm32", unsafe(export_name = "cabi_realloc"))]
pub extern "C" fn realloc(_old: *mut u8, _old_len: usize, _align: usize, len: usize) -> *mut u8 {
    match LIE.with_borrow(|lie| lie.realloc) {
        Some(at) => at as *mut u8,
        None => leak(vec![0; len]) as *mut u8,
    }
}

//! What must hold of every text and every request, asked of one input at a time.
//!
//! Each function here is a fuzz target: the fuzzer calls it with what it makes up, and
//! `tests/fuzz_corpus.rs` with the inputs that are kept, so that every change is tried on them with
//! any Rust. Whoever includes this module has `folder`, `naive` and `translate` of the tests beside
//! it.

#![allow(dead_code, reason = "each fuzz target uses a part of it")]

mod answers;
mod cookies;
mod decide;
mod load;
mod overlays;
mod reload;
mod reports;

pub(crate) use cookies::cookies;
pub(crate) use decide::decide;
pub(crate) use load::{load_json, load_yaml};
pub(crate) use overlays::overlays;
pub(crate) use reload::reload;

/// A line of this stands between the parts of an input that has several.
const BETWEEN_PARTS: &[u8] = b"=====";

/// The parts of an input. A part keeps the line break before the line that ends it: a text may end
/// without one only as the last.
fn parts(input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        if line.trim_ascii_end() == BETWEEN_PARTS {
            parts.push(&input[start..at]);
            start = end;
        }
        at = end;
    }
    parts.push(&input[start..]);
    parts
}

/// An input as text, whatever it is.
fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

//! Typed literals: numbers, versions, instants, addresses and patterns; stretches of what has
//! an order; short texts, and many of them.
//!
//! The same parsers read the operands of a toggle file and the texts of a context, so that both
//! sides of a test mean the same thing. None of them allocates for a text that comes with a
//! request, and each takes a text in full or not at all.

pub(crate) mod address;
pub(crate) mod arena;
pub(crate) mod instant;
pub(crate) mod interval;
pub(crate) mod number;
pub(crate) mod pattern;
pub(crate) mod version;
pub(crate) mod words;

//! A second evaluator of toggle files, written from the text of the format alone: it interprets
//! the parsed YAML anew for every question, allocates as it likes and computes every condition in
//! three-valued logic, without short cuts. Beside it, a source of random documents and contexts to
//! compare the engine with it.
//!
//! It takes *valid* documents only, without overlays, list files and strategies, and panics on
//! what the format refuses.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a panic is a finding"
)]

mod bucket;
mod condition;
mod context;
mod eval;
mod formats;
mod generate;
mod generate_condition;
mod generate_context;
mod generate_rule;
mod mutate;
mod pools;
mod random;
mod render;
mod truth;
mod written;

pub use bucket::{Purpose, bucket, fmix64};
pub use context::{Ctx, CtxValue};
pub use eval::{Answer, Trace, decide, decide_traced};
pub use formats::{instant, instant_text};
pub use generate::document;
pub use generate_context::context;
pub use mutate::mutate;
pub use random::Random;
pub use truth::Truth;

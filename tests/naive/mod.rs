//! A second evaluator of toggle files, written from the text of the format alone: it interprets
//! the parsed YAML anew for every question, allocates as it likes and computes every condition in
//! three-valued logic, without short cuts. Beside it, a source of random documents and contexts to
//! compare the engine with it.
//!
//! It takes *valid* documents only, without overlays, list files and strategies, and panics on
//! what the format refuses.

#![allow(dead_code, unused_imports, reason = "each test binary uses a part of it")]

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

pub(crate) use bucket::{Purpose, bucket, fmix64};
pub(crate) use context::{Ctx, CtxValue};
pub(crate) use eval::{Answer, Trace, decide, decide_traced};
pub(crate) use formats::{instant, instant_text};
pub(crate) use generate::document;
pub(crate) use generate_context::context;
pub(crate) use mutate::mutate;
pub(crate) use random::Random;
pub(crate) use truth::Truth;

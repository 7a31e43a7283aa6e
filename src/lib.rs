//! wip
#![forbid(unsafe_code)]

pub mod bucket;
mod compile;
mod context;
mod decision;
mod dialect;
mod error;
mod eval;
mod explain;
mod flags;
mod ir;
mod key;
mod literal;
mod load;
mod program;
mod reason;
mod reload;
mod report;
mod snapshot;
mod source;
mod strategy;
mod tree;
mod value;

pub use context::{Address, Attribute, AttributeBuf, Context, ContextBuf, Headers, Unit};
pub use decision::Decision;
pub use error::Error;
pub use explain::{Explanation, RenderedExplanation};
pub use flags::{Builder, Flags, check};
pub use key::{FlagKey, FlagValue, Key};
pub use reason::Reason;
pub use reload::{
    ReloadCounts, ReloadEvent, ReloadFailure, ReloadOutcome, Status, Subscription, WatchMode,
};
pub use report::{Code, Colour, Diagnostic, Rendered, Report, Severity};
pub use snapshot::Snapshot;
pub use strategy::{Condition, Strategies, Strategy};
pub use value::{Value, ValueType};

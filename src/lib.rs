//! Feature flags from a toggle file: decisions in nanoseconds, an edit live in every thread within
//! half a second, and no network at all.
//!
//! A service opens a YAML (or JSON) file and asks. The file says who sees what: staff, a header, a
//! region, 5 % of users. Edit it, and the answers change without a restart; a broken edit changes
//! nothing. The format is in the README by example, and a JSON Schema for editors comes along.
//!
//! ```
//! use hoist::{Context, Snapshot};
//!
//! let snap = Snapshot::from_yaml("
//! version: 1
//! flags:
//!   new-checkout:
//!     rules:
//!       - name: qa
//!         when: { header.x-new-checkout: \"1\" }
//!         request_targeting: allow
//!       - name: canary
//!         when: { region: [nz, au] }
//!         rollout: 5%
//! ")?;
//! let ctx = Context::new().user("ada").region("nz").header("x-new-checkout", "1");
//! assert!(snap.is_enabled("new-checkout", &ctx));
//! println!("{}", snap.explain("new-checkout", &ctx));
//! # Ok::<(), hoist::Error>(())
//! ```
//!
//! # Where to start
//!
//! - [`Flags`] is the live handle: [`Flags::open`] loads a file and follows it.
//! - [`Snapshot`] is one consistent view for one unit of work; everything can be asked of it.
//! - [`Context`] is what is known of a request, borrowed; [`ContextBuf`] owns it.
//! - [`Decision`] is an answer with its [`Reason`]; [`Explanation`] is all that led to it.
//! - [`flags!`] declares typed keys, which cost an index where a name costs a look-up;
//!   [`variants!`] declares enums for them.
//! - [`Strategy`] is a condition written in Rust.
//! - [`check`] and [`Report`] say what is wrong with a file, and where.
//! - [`codegen`] writes the module of keys from the files.
//! - [`bucket`] is the frozen algorithm that puts units into buckets.
//!
//! # Typed flags
//!
//! A name is text, and text can be misspelt. [`flags!`] gives each flag a static with its type and
//! the code's own default, [`variants!`] makes an enum of a flag's variants, [`Json`] reads a map or
//! a list as a type of the service's own, and [`Builder::keys`] holds the files to all of them, at
//! the start and at each reload.
//!
//! ```
//! use hoist::{Context, Snapshot};
//!
//! hoist::variants! {
//!     pub enum Migration { Old = "old", DualWrite = "dual-write", New = "new" }
//! }
//! hoist::flags! {
//!     pub static KEYS;
//!     /// Which table is the truth.
//!     pub MIGRATION: Migration = "migration", default Migration::Old;
//!     pub RETRIES: u32 = "retries", default 3;
//! }
//!
//! let snap = Snapshot::from_yaml_with_keys("
//! version: 1
//! flags:
//!   migration: { variants: [old, dual-write, new], default: dual-write }
//!   retries: { default: { value: 5 } }
//! ", KEYS)?;
//! assert_eq!(snap.value(&MIGRATION, &Context::new()), Migration::DualWrite);
//! assert_eq!(snap.value(&RETRIES, &Context::new()), 5);
//! # Ok::<(), hoist::Error>(())
//! ```
//!
//! # In a service
//!
//! - Requests: contexts of the `http` crate's own types, a `tower` layer that gives each request one
//!   snapshot, flags as an argument of `axum` handlers: the features `http`, `tower` and `axum`, each
//!   with a module that says how.
//! - Telemetry: [`telemetry`] for counts, metrics, events and spans, and [`Recorder`] for anything
//!   else.
//! - Tests: the feature `testing`, with flags from code, forces, clocks and a log of what was asked.
//! - [`Builder::context`] is what the service knows of every request, under each request's own.
//! - [`Snapshot::public_json`] is what a front end may know.
//!
//! # What always holds
//!
//! Nothing but a loaded file turns a feature on: an unknown flag, a wrong type, a missing
//! attribute or a bad edit never does. A decision allocates nothing, locks nothing, makes no system
//! call and cannot fail or panic; it reads the clock at most once, and only for a flag that speaks
//! of time, if the context brings none. Equal inputs have equal answers, in every process and for
//! ever.
//!
//! # Cargo features
//!
//! - `regex` (default): `matches:` tests.
//! - `http`: contexts from the requests of the `http` crate, and the address of the client behind
//!   proxies.
//! - `tower`: a layer that gives each request one snapshot and one context, and a gate for routes.
//! - `axum`: the flags of a request as an argument of a handler.
//! - `openfeature`: a provider for the OpenFeature SDK.
//! - `tracing`: a log line for each reload and each distinct failure, and events of decisions for
//!   those who want them.
//! - `metrics`: what is counted, for the exporter that the `metrics` crate was given.
//! - `testing`: the test kit.
//! - `cli`: the `hoist` command.
//!
//! Features add API and change no answer.
//!
//! # Where there are no files
//!
//! A [`Snapshot`] of a text needs no file, thread or clock, and runs on `wasm32-unknown-unknown`.
//! There the time is the context's to say, by [`Context::at`]: without it the clock stands at 1970.
//! [`Flags`] follows files, and is refused.

#![forbid(unsafe_code)]
#![warn(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used
)]

#[cfg(feature = "axum")]
pub mod axum;
pub mod bucket;
mod checksum;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod codegen;
mod compile;
mod context;
mod counts;
mod decision;
mod declared;
mod dialect;
mod disk;
mod error;
mod eval;
mod explain;
#[cfg(any(feature = "cli", feature = "testing"))]
mod file_tests;
mod flags;
#[cfg(feature = "http")]
pub mod http;
mod ir;
mod key;
mod limits;
mod literal;
mod load;
mod observer;
#[cfg(feature = "openfeature")]
pub mod openfeature;
mod program;
mod reason;
mod recorder;
mod reload;
mod report;
mod request;
mod schema;
mod snapshot;
mod source;
mod strategy;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tower")]
pub mod tower;
mod tree;
mod value;

pub use checksum::seal;
pub use context::{
    Address, Attribute, AttributeBuf, Context, ContextBuf, HeaderKey, Headers, Unit,
};
pub use counts::{DecisionCounts, ServedCount};
pub use decision::Decision;
pub use declared::{DeclaredKey, OnMissingFlag};
pub use error::Error;
pub use explain::{Explanation, RenderedExplanation};
pub use flags::{Builder, Flags, check};
pub use key::{BooleanKey, FlagKey, FlagValue, Json, Key, OwnedValue};
pub use limits::Limits;
pub use load::OnBadFlag;
pub use reason::Reason;
pub use recorder::Recorder;
pub use reload::{
    Change, Held, Origin, ReloadCounts, ReloadEvent, ReloadFailure, ReloadOutcome, Status,
    Subscription, Watch, WatchMode,
};
pub use report::{Code, Colour, Diagnostic, Rendered, Report, Severity};
pub use schema::SCHEMA;
pub use snapshot::Snapshot;
pub use strategy::{Condition, Strategies, Strategy};
pub use value::{Value, ValueType};

/// What `variants!` needs to be public.
#[doc(hidden)]
pub mod __key {
    pub use crate::declared::{Fit, fit_variant};
    pub use crate::key::{OfVariants, Served};
}

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! Decisions and reloads in the telemetry that a service already has.
//!
//! Nothing of it is on by default, and a handle without it pays one test of a byte for each
//! decision. What a service adds up is its own to say, by a [`Recorder`](crate::Recorder); what
//! nearly all want is here.
//!
//! # Counts
//!
//! [`Builder::count_decisions`](crate::Builder::count_decisions) counts what each flag serves.
//! [`Flags::decision_counts`](crate::Flags::decision_counts) gives the numbers,
//! [`Flags::prometheus_text`](crate::Flags::prometheus_text) the whole as text for a `/metrics` of
//! the service's own, and with the feature `metrics`
#![cfg_attr(
    feature = "metrics",
    doc = "[`Builder::publish_metrics`](crate::Builder::publish_metrics)"
)]
#![cfg_attr(not(feature = "metrics"), doc = "`Builder::publish_metrics`")]
//! hands it to whichever exporter the `metrics` crate was given. The names are the same:
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `hoist_decisions_total` | counter | `flag`, `variant` |
//! | `hoist_decision_errors_total` | counter | `error`: `flag_not_found`, `type_mismatch` |
//! | `hoist_reloads_total` | counter | `result`: `ok`, `failed`, `unchanged`, `held` |
//! | `hoist_last_reload_successful` | gauge: 1, or 0 while the files are refused | |
//! | `hoist_last_success_timestamp_seconds` | gauge: when the live state was loaded | |
//! | `hoist_generation` | gauge: rises with each live state | |
//! | `hoist_hash` | gauge: the first 48 bits of the hash of the live contents | |
//! | `hoist_origin` | gauge: 1 for where the live state came from, else 0 | `origin`: `files`, `last-good`, `fallback` |
//! | `hoist_held` | gauge: 1 while a change waits because it drops most flags | |
//! | `hoist_flags`, `hoist_broken_flags`, `hoist_killed_flags` | gauge | |
//!
//! Where [`Builder::set_id`](crate::Builder::set_id) names the flags of the handle, all have the
//! label `set` as well.
//!
//! # Events and spans
//!
//! With the feature `tracing`,
#![cfg_attr(feature = "tracing", doc = "[`Events`]")]
#![cfg_attr(not(feature = "tracing"), doc = "`Events`")]
//! writes an event for each decision with the names of OpenTelemetry's semantic conventions for
//! feature flags, and
#![cfg_attr(feature = "tracing", doc = "[`record_on_span`]")]
#![cfg_attr(not(feature = "tracing"), doc = "`record_on_span`")]
//! puts a decision on the span that is current.

#[cfg(feature = "tracing")]
mod events;
#[cfg(feature = "metrics")]
pub(crate) mod facade;
mod families;
pub(crate) mod prometheus;

#[cfg(feature = "tracing")]
pub use events::{Events, record_on_span};
pub(crate) use families::families;

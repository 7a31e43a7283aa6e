//! The test kit: flags from code, flags that a test forces, clocks that it sets, and a log of what
//! was asked.
//!
//! Behind the feature `testing`, for `[dev-dependencies]`. Every force is bound to one handle, never
//! to a thread or to the process: tests that run side by side, each with a handle of its own, do not
//! see each other's.
//!
//! # A service under test
//!
//! ```
//! use hoist::{Context, Flags, testing};
//!
//! hoist::flags! { NEW_PRICING: bool = "new-pricing", default false; }
//!
//! fn price(flags: &Flags, user: &str) -> u32 {
//!     if flags.is_enabled(&NEW_PRICING, &Context::new().user(user)) { 90 } else { 100 }
//! }
//!
//! let flags = testing::flags().off("new-pricing").build();
//! assert_eq!(price(&flags, "ada"), 100);
//! {
//!     let _forced = flags.force(&NEW_PRICING, true);
//!     assert_eq!(price(&flags, "ada"), 90);
//! }
//! assert_eq!(price(&flags, "ada"), 100);
//! ```
//!
//! # Every combination
//!
//! ```
//! use hoist::{Context, Snapshot, testing};
//!
//! let snap = Snapshot::from_yaml("version: 1\nflags: { a: on, b: { variants: [x, y, z], default: x } }")?;
//! let all: Vec<String> = testing::combinations(&snap, ["a", "b"])
//!     .map(|snap| ["a", "b"].map(|flag| snap.decide(flag, &Context::new()).variant().to_owned()).concat())
//!     .collect();
//! assert_eq!(all, ["offx", "offy", "offz", "onx", "ony", "onz"]);
//! # Ok::<(), hoist::Error>(())
//! ```
//!
//! # What was asked
//!
//! ```
//! use hoist::{Context, testing};
//!
//! let log = testing::log();
//! let flags = testing::flags().on("new-search").recorder(log.clone()).build();
//! assert!(flags.is_enabled("new-search", &Context::new().user("ada")));
//! log.assert_served("new-search", "on");
//! log.assert_not_asked("new-cart");
//! ```
//!
//! # A time of the test's own
//!
//! ```
//! use std::time::Duration;
//! use hoist::{Context, testing};
//!
//! let clock = testing::Clock::at("2026-12-01T08:59:59Z");
//! let flags = testing::flags()
//!     .yaml("version: 1
//! flags: { sale: { rules: [{ when: everyone, from: 2026-12-01T09:00:00Z }] } }")
//!     .clock(&clock)
//!     .build();
//! assert!(!flags.is_enabled("sale", &Context::new()));
//! clock.advance(Duration::from_secs(1));
//! assert!(flags.is_enabled("sale", &Context::new()));
//! ```

mod clock;
mod file;
mod force;
mod log;
mod made;

pub use clock::Clock;
pub use file::run_file_tests;
pub use force::{Forced, Served, combinations};
pub use log::{DecisionLog, LoggedDecision, log};
pub use made::{Made, flags};

/// Ends a test that asks for what cannot be.
#[track_caller]
#[expect(clippy::panic, reason = "this is how a test is told that it is wrong")]
fn refuse(why: &str) -> ! {
    panic!("{why}")
}

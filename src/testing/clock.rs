//! A clock that stands until it is set.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::refuse;
use crate::literal::instant;

/// A clock that stands until it is set. All clones are one.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use hoist::{Context, Flags, testing::Clock};
///
/// # let path = std::env::temp_dir().join(format!("hoist-doc-clock-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1
/// flags: { sale: { rules: [{ when: everyone, until: 2026-12-01T09:00:00Z }] } }").unwrap();
/// let clock = Clock::at("2026-12-01T08:00:00Z");
/// let flags = Flags::builder().file(&path).clock(clock.source()).open()?;
/// assert!(flags.is_enabled("sale", &Context::new()));
/// clock.set("2026-12-01T09:00:00Z");
/// assert!(!flags.is_enabled("sale", &Context::new()));
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<SystemTime>>);

impl Clock {
    /// A clock that stands at an instant, as `2026-12-01T09:00:00Z`.
    ///
    /// # Panics
    ///
    /// If the text is not an instant with seconds and an offset.
    #[track_caller]
    pub fn at(instant: &str) -> Clock {
        Clock(Arc::new(Mutex::new(parsed(instant))))
    }

    /// Sets it to another instant, before or after.
    ///
    /// # Panics
    ///
    /// If the text is not an instant with seconds and an offset.
    #[track_caller]
    pub fn set(&self, instant: &str) {
        let instant = parsed(instant);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = instant;
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(by).unwrap_or(*now);
    }

    /// The instant that it stands at.
    pub fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock for [`Builder::clock`](crate::Builder::clock).
    pub fn source(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let clock = self.clone();
        move || clock.now()
    }
}

#[track_caller]
fn parsed(text: &str) -> SystemTime {
    match instant::parse_instant(text) {
        Some(instant) => SystemTime::from(instant),
        None => refuse(&format!("`{text}` is no instant: write it as 2026-12-01T09:00:00Z")),
    }
}

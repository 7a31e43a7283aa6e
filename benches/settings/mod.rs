//! How benches of what takes nanoseconds are run.

use std::time::Duration;

use criterion::Criterion;

/// A second for each, which is millions of turns, and no plots.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_000))
        .without_plots()
        .configure_from_args()
}

//! What is measured, by its names.

use std::time::UNIX_EPOCH;

use crate::reason::Reason;
use crate::reload::{Core, Origin};

/// What has one name.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) samples: Samples,
}

#[derive(Debug)]
pub(crate) enum Samples {
    /// They only ever rise.
    Counters(Vec<(Labels, u64)>),
    Gauges(Vec<(Labels, f64)>),
}

pub(crate) type Labels = Vec<(&'static str, String)>;

/// All that is measured of a handle. What has a value once has one at any time: an exporter keeps
/// what it was told.
pub(crate) fn families(core: &Core) -> Vec<Family> {
    let (status, counts) = (core.status(), core.decision_counts());
    let set = status.set_id.iter().map(|id| ("set", id.clone()));
    let labels = |more: &[(&'static str, &str)]| -> Labels {
        set.clone().chain(more.iter().map(|(name, value)| (*name, (*value).to_owned()))).collect()
    };
    let counters = |name, help, samples: Vec<(Labels, u64)>| Family {
        name,
        help,
        samples: Samples::Counters(samples),
    };
    let gauges = |name, help, samples: Vec<(Labels, f64)>| Family {
        name,
        help,
        samples: Samples::Gauges(samples),
    };
    let gauge = |name, help, value: f64| gauges(name, help, vec![(labels(&[]), value)]);
    let served = counts.served.iter().map(|served| {
        (labels(&[("flag", &served.flag), ("variant", &served.variant)]), served.count)
    });
    let errors = [
        (Reason::FlagNotFound, counts.flag_not_found),
        (Reason::TypeMismatch, counts.type_mismatch),
    ];
    let errors = errors.map(|(reason, count)| {
        (labels(&[("error", reason.open_telemetry_error().unwrap_or_default())]), count)
    });
    let reloads = status.reloads;
    let reloads = [
        (labels(&[("result", "ok")]), reloads.ok),
        (labels(&[("result", "failed")]), reloads.failed),
        (labels(&[("result", "unchanged")]), reloads.unchanged),
        (labels(&[("result", "held")]), reloads.held),
    ];
    let origins =
        [("files", Origin::Files), ("last-good", Origin::LastGood), ("fallback", Origin::Fallback)];
    let origins =
        origins.map(|(name, origin)| (labels(&[("origin", name)]), is(status.origin == origin)));
    let since_1970 = status.loaded_at.duration_since(UNIX_EPOCH).unwrap_or_default();
    vec![
        counters("hoist_decisions_total", "Decisions, by what they served.", served.collect()),
        counters(
            "hoist_decision_errors_total",
            "Questions for flags that are not there or of another type.",
            errors.into(),
        ),
        counters("hoist_reloads_total", "Looks at the toggle files.", reloads.into()),
        gauge(
            "hoist_last_reload_successful",
            "Whether the toggle files could be loaded the last time they were read.",
            is(!status.refused),
        ),
        gauge(
            "hoist_last_success_timestamp_seconds",
            "When the live flags were loaded.",
            since_1970.as_secs_f64(),
        ),
        gauge("hoist_generation", "The number of the live state.", status.generation.into()),
        gauge(
            "hoist_hash",
            "The first 48 bits of the hash of the live contents, as a number.",
            (status.hash >> 16) as f64,
        ),
        gauges("hoist_origin", "Where the live flags came from.", origins.into()),
        gauge(
            "hoist_held",
            "Whether a change waits because it drops most flags.",
            is(status.held.is_some()),
        ),
        gauge("hoist_flags", "The flags that there are.", number(status.flags)),
        gauge(
            "hoist_broken_flags",
            "The flags that are wrong in the files, and were kept or left out.",
            number(status.kept.len() + status.left_out.len()),
        ),
        gauge(
            "hoist_killed_flags",
            "The flags that the kill file names.",
            number(status.killed.len()),
        ),
    ]
}

fn is(so: bool) -> f64 {
    f64::from(u8::from(so))
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

//! One line in the log for each reload, and one for each distinct failure: under the feature
//! `tracing`, and nothing without it.

#[cfg(feature = "tracing")]
use tracing::field::{DebugValue, debug};

use super::status::{ReloadEvent, Status};

/// Writes what listeners are told.
#[cfg(feature = "tracing")]
pub(super) fn write(event: &ReloadEvent) {
    match event {
        ReloadEvent::Reloaded(change) => {
            tracing::info!(
                target: "hoist",
                generation = change.generation,
                hash = format_args!("{:016x}", change.hash),
                added = ?change.added,
                removed = ?change.removed,
                changed = ?change.changed,
                mended = if_any(&change.mended),
                killed = if_any(&change.killed),
                lifted = if_any(&change.lifted),
                "toggle files reloaded"
            );
            if !change.broken.is_empty() {
                tracing::error!(
                    target: "hoist",
                    broken = ?change.broken,
                    problems = ?change.problems,
                    "flags are broken; they are as they were, or left out"
                );
            }
        }
        ReloadEvent::Failed { error } => {
            let error = error.in_one_line();
            tracing::error!(target: "hoist", %error, "toggle files refused; the last good ones stay");
        }
        ReloadEvent::Held(held) => tracing::warn!(
            target: "hoist",
            lost = held.lost,
            left = held.left,
            "toggle files lose most flags; they wait to be believed"
        ),
        ReloadEvent::Recovered => {
            tracing::info!(target: "hoist", "toggle files say again what is live");
        }
        ReloadEvent::Warned { warning } => tracing::warn!(target: "hoist", "{warning}"),
    }
}

/// Names, where there are any: what is seldom there is not told each time.
#[cfg(feature = "tracing")]
fn if_any(names: &Vec<String>) -> Option<DebugValue<&Vec<String>>> {
    (!names.is_empty()).then(|| debug(names))
}

/// Writes what a handle starts with.
#[cfg(feature = "tracing")]
pub(super) fn write_start(status: &Status) {
    tracing::info!(
        target: "hoist",
        generation = status.generation,
        hash = format_args!("{:016x}", status.hash),
        flags = status.flags,
        origin = ?status.origin,
        "toggle files loaded"
    );
}

#[cfg(not(feature = "tracing"))]
pub(super) fn write_start(_: &Status) {}

#[cfg(not(feature = "tracing"))]
pub(super) fn write(_: &ReloadEvent) {}

//! One line in the log for each reload, and one for each distinct failure: under the feature
//! `tracing`, and nothing without it.

use super::status::ReloadEvent;

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
        ReloadEvent::Warned { warning } => tracing::warn!(target: "hoist", "{warning}"),
    }
}

#[cfg(not(feature = "tracing"))]
pub(super) fn write(_: &ReloadEvent) {}

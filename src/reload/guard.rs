//! The shrink guard: files that lose most of the flags are not believed at once.
//!
//! A YAML file that was cut is usually a toggle file still, with fewer flags.

use std::time::{Duration, Instant};

use super::kill::LIFTS_AFTER;
use super::status::{Held, Origin, ReloadEvent};
use super::{Core, locked};
use crate::load::Loaded;

/// How long contents that lose most flags must stay the same to be believed.
const BELIEVED_AFTER: Duration = Duration::from_secs(5);

impl Core {
    /// Whether a new state loses so many flags that it must wait, and what is told of it.
    pub(super) fn hold_back(&self, current: &Loaded, new: &Loaded) -> Option<Held> {
        let (before, after) = (&current.document.flags, &new.document.flags);
        let lost = before.names().iter().filter(|name| !after.contains_key(name)).count();
        let mut facts = locked(&self.facts);
        // Files that are gone are none that are whole.
        let is_whole = new.is_sealed && new.texts >= current.texts;
        let is_exempt = !self.plan.guards_shrinks || is_whole;
        let is_stand_in = facts.origin == Origin::Fallback;
        if is_exempt || is_stand_in || lost * 2 <= before.len() {
            return None;
        }
        if let Some((held, since)) = &facts.held {
            if held.hash == new.hash {
                let is_believed = since.elapsed() >= BELIEVED_AFTER;
                return (!is_believed).then(|| held.clone());
            }
        }
        let since = new.loaded_at;
        let held = Held { hash: new.hash, since, lost, left: after.len() };
        facts.held = Some((held.clone(), Instant::now()));
        facts.counts.held += 1;
        drop(facts);
        self.tell(&ReloadEvent::Held(held.clone()));
        Some(held)
    }

    /// How long until contents that are held, or a kill file that lifts, may be believed.
    pub(super) fn believed_in(&self) -> Option<Duration> {
        let facts = locked(&self.facts);
        let held = facts.held.as_ref().map(|(_, since)| (*since, BELIEVED_AFTER));
        let lifting = facts.lifting.as_ref().map(|(_, since)| (*since, LIFTS_AFTER));
        let waits = held.into_iter().chain(lifting);
        waits.map(|(since, wait)| wait.saturating_sub(since.elapsed())).min()
    }
}

//! What tests have flags of a handle serve, until their guards are dropped.
//!
//! What is forced is a state beside the one that is published: files are followed as ever, and a
//! reload is forced anew.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwapOption;

use super::read::Layers;
use super::{Core, Facts, Origin, Plan, locked};
use crate::ir::Flag;
use crate::load::Loaded;

/// Makes a flag of a state serve what a test wants; says why where that cannot be.
pub(crate) type Force = Arc<dyn Fn(&Loaded) -> Result<Flag, String> + Send + Sync>;

/// The forces on a handle.
#[derive(Default)]
pub(super) struct Forcing {
    /// Whether there are any: a handle without pays one load for asking.
    is_on: AtomicBool,
    state: ArcSwapOption<Loaded>,
    /// In their order: a later one of the same flag counts before.
    forces: Mutex<Vec<(u64, Force)>>,
}

impl Forcing {
    #[inline]
    pub(super) fn state(&self) -> Option<Arc<Loaded>> {
        match self.is_on.load(Ordering::Acquire) {
            true => self.state.load_full(),
            false => None,
        }
    }
}

impl Core {
    /// A handle's part without files: there is nothing to follow, and nothing that it reloads.
    pub(crate) fn in_memory(loaded: Loaded) -> Core {
        let plan = Plan {
            layers: Layers(Vec::new()),
            directory: None,
            kill_file: None,
            last_good: None,
            fallback: None,
            guards_shrinks: false,
            caches_per_thread: false,
            after_looks: None,
            settings: loaded.settings.clone(),
        };
        Core::new(loaded, plan, Facts::new(Origin::Fallback, Vec::new()))
    }

    /// Adds a force; gives what it is dropped by.
    ///
    /// # Errors
    ///
    /// Why the flag cannot serve that.
    pub(crate) fn force(&self, force: Force) -> Result<u64, String> {
        force(&self.load_full())?;
        let number = {
            let mut forces = locked(&self.forcing.forces);
            let number = forces.last().map_or(0, |(last, _)| last + 1);
            forces.push((number, force));
            number
        };
        self.force_anew();
        Ok(number)
    }

    pub(crate) fn drop_force(&self, number: u64) {
        locked(&self.forcing.forces).retain(|(known, _)| *known != number);
        self.force_anew();
    }

    /// Forces the state that is published now: another one, or under other forces.
    pub(super) fn force_anew(&self) {
        let forces = locked(&self.forcing.forces);
        let published = self.load_full();
        // A reload may take from a flag what is forced: it is then as the files say.
        let forced = forces.iter().filter_map(|(_, force)| force(&published).ok()).collect();
        let state = (!forces.is_empty()).then(|| Arc::new(published.with_forced(forced)));
        self.forcing.is_on.store(state.is_some(), Ordering::Release);
        self.forcing.state.store(state);
    }
}

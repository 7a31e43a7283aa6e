//! What a kill file kills: the flags that it names, whatever the toggle files say of them.
//!
//! A kill changes what a few flags of a program come to. The rest of it is copied as it is, and not
//! compiled again, unless the kill file names other flags than before that the toggle files lack.

use std::collections::BTreeMap;

use super::{Loaded, next_generation, stand_in};
use crate::ir::{Flag, Name, Variant};
use crate::program::Id;
use crate::source::Place;
use crate::value::ValueType;

/// The flags that a kill file names, each with where.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Kills(pub(crate) BTreeMap<Name, Place>);

impl Kills {
    /// The flags that are named and not there. Callers whose default is on must hear of the kill of one
    /// that the files have lost, too.
    pub(super) fn strangers(&self, is_there: impl Fn(&str) -> bool) -> impl Iterator<Item = &Name> {
        self.0.keys().filter(move |name| !is_there(name))
    }
}

impl Loaded {
    /// A new state of the same texts under other kills.
    pub(crate) fn with_kills(&self, kills: Kills) -> Loaded {
        let said = &self.document.flags;
        let strangers = |kills: &Kills| -> Vec<Name> {
            kills.strangers(|name| said.contains_key(name)).cloned().collect()
        };
        let new = strangers(&kills);
        if new != strangers(&self.kills) {
            let mut flags = said.unpacked();
            new.iter().for_each(|name| flags.insert(killed_flag(name)));
            return Loaded::new(self.read(flags), Some(said.clone()), kills, &self.settings);
        }
        let mut loaded = self.clone();
        loaded.kill(kills);
        loaded.generation = next_generation();
        loaded.loaded_at = (self.settings.clock)();
        let tallies = self.settings.tallies.as_ref();
        loaded.tally = tallies.map(|tallies| tallies.begin(&loaded.flags, &loaded.program));
        loaded
    }

    /// Kills flags, all of which are there. What was killed besides is lifted.
    pub(super) fn kill(&mut self, kills: Kills) {
        let killed: Vec<_> = kills.0.keys().filter_map(|name| self.program.find(name)).collect();
        self.unkilled = self.program.kill(&killed, std::mem::take(&mut self.unkilled));
        self.flags.kill(killed.iter().map(|flag| flag.index()));
        self.kills = kills;
    }
}

/// A flag of which nothing is readable but that it is killed.
pub(super) fn killed_flag(name: &Name) -> Flag {
    Flag { kill: true, ..stand_in(name, ValueType::Boolean, Variant::switch()) }
}

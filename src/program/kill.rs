//! Flags that are killed where a program is made already.

use super::{Asks, Flag, FlagId, FlagTest, Program};
use crate::reason::Reason;

/// The flags that kills changed, as they were, each before what changed it again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unkilled(Vec<(FlagId, Flag)>);

impl Program {
    /// Kills flags, which are given in their order: they serve everyone their off variant. What was
    /// killed before is lifted.
    pub(crate) fn kill(&mut self, killed: &[FlagId], before: Unkilled) -> Unkilled {
        for (id, flag) in before.0.into_iter().rev() {
            if let Some(slot) = self.flags.get_mut(id) {
                *slot = flag;
            }
        }
        let mut unkilled = Unkilled::default();
        for id in killed {
            self.change(*id, &mut unkilled, |flag| match flag.asks {
                // What a test wants counts before.
                Asks::Nothing(Reason::Forced) => {}
                _ => {
                    flag.asks = Asks::Nothing(Reason::Killed);
                    flag.default = flag.off;
                }
            });
        }
        let is_killed =
            |test: &FlagTest| test.flag.is_some_and(|flag| killed.binary_search(&flag).is_ok());
        let lacks = |flag: &Flag| {
            !flag.can_lack && flag.requires.iter().any(|test| is_killed(self.flag_tests.get(*test)))
        };
        let lacking: Vec<FlagId> =
            self.flags.iter().filter(|(_, flag)| lacks(flag)).map(|(id, _)| id).collect();
        for id in lacking {
            self.change(id, &mut unkilled, |flag| flag.can_lack = true);
        }
        unkilled
    }

    fn change(&mut self, id: FlagId, unkilled: &mut Unkilled, change: impl FnOnce(&mut Flag)) {
        if let Some(flag) = self.flags.get_mut(id) {
            unkilled.0.push((id, flag.clone()));
            change(flag);
        }
    }
}

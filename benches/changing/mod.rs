//! A live handle on a file that changes again and again, and what can go on beside its readers.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use hoist::{Context, Flags, ReloadOutcome, Snapshot, Watch};

use crate::workloads;

/// A file of many flags, and one that says `on` and `off` in turn.
pub(crate) struct Changing {
    pub(crate) flags: Flags,
    path: PathBuf,
    documents: [String; 2],
}

impl Changing {
    pub(crate) fn yaml(flags: usize) -> Changing {
        let document = workloads::load_yaml(flags);
        let documents = ["off", "on"].map(|state| format!("{document}  state: {state}\n"));
        Changing::open("yaml", flags, documents)
    }

    pub(crate) fn json(flags: usize) -> Changing {
        let document = workloads::load_json(flags);
        let open = document.strip_suffix("}}").unwrap();
        let documents =
            ["off", "on"].map(|state| format!("{open},\"state\":{{\"default\":\"{state}\"}}}}}}"));
        Changing::open("json", flags, documents)
    }

    fn open(syntax: &str, flags: usize, documents: [String; 2]) -> Changing {
        let name = format!("hoist-bench-{}-{flags}.{syntax}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, &documents[0]).unwrap();
        let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open().unwrap();
        let changing = Changing { flags, path, documents };
        // What follows times and counts on this.
        for _ in 0..2 {
            changing.reload(changing.write());
        }
        assert!(matches!(changing.flags.reload(), Ok(ReloadOutcome::Unchanged)));
        changing
    }

    /// Writes what is not live; gives what it says.
    pub(crate) fn write(&self) -> bool {
        let is_on = !self.is_on();
        std::fs::write(&self.path, &self.documents[usize::from(is_on)]).unwrap();
        is_on
    }

    fn is_on(&self) -> bool {
        self.flags.is_enabled("state", &Context::new())
    }

    /// Loads what says so, and publishes it nowhere.
    fn load(&self, is_on: bool) -> Snapshot {
        Snapshot::from_json(&self.documents[usize::from(is_on)]).unwrap()
    }

    /// Has the handle look, and checks that what was written is live when it says so.
    pub(crate) fn reload(&self, is_on: bool) {
        let outcome = self.flags.reload().unwrap();
        assert!(matches!(outcome, ReloadOutcome::Reloaded(_)) && self.is_on() == is_on);
    }
}

impl Drop for Changing {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).unwrap();
    }
}

/// What another thread does meanwhile.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Beside {
    Nothing,
    /// It loads the same documents and publishes none: what the processor is kept busy with.
    Loads,
    /// It changes the file and reloads.
    Reloads,
}

impl Beside {
    pub(crate) const ALL: [(&str, Beside); 3] =
        [("alone", Beside::Nothing), ("loads", Beside::Loads), ("reloads", Beside::Reloads)];

    /// Does it while the work goes on; gives how often, and what the work gives.
    pub(crate) fn during<T>(self, changing: &Changing, work: impl FnOnce() -> T) -> (u64, T) {
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let mut times = 0;
                while self != Beside::Nothing && !is_over.load(Ordering::Relaxed) {
                    times += 1;
                    let is_on = changing.write();
                    match self {
                        Beside::Nothing => {}
                        Beside::Loads => drop(changing.load(is_on)),
                        Beside::Reloads => changing.reload(is_on),
                    }
                }
                times
            });
            // Also where the work panics.
            let ends = Ends(&is_over);
            let done = work();
            drop(ends);
            (other.join().unwrap(), done)
        })
    }
}

struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

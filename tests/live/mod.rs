//! A handle that follows nothing, and hears what is told of its reloads.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::{Arc, Mutex};

use hoist::{Context, Error, Flags, Reason, ReloadEvent, ReloadOutcome, Subscription};

use crate::folder::Folder;

/// A handle on `flags.yaml` in a folder of its own.
pub(crate) struct Live {
    pub(crate) folder: Folder,
    pub(crate) flags: Flags,
    heard: Arc<Mutex<Vec<ReloadEvent>>>,
    _listener: Subscription,
}

impl Live {
    /// The handle of a text of which nothing is wrong.
    #[track_caller]
    pub(crate) fn of(text: &str) -> Live {
        Live::with(Folder::new(), text)
    }

    /// The same, with what is in the folder already.
    #[track_caller]
    pub(crate) fn with(folder: Folder, text: &str) -> Live {
        folder.write("flags.yaml", text);
        let flags = folder.opened(&["flags.yaml"]);
        Live::on(folder, flags)
    }

    pub(crate) fn on(folder: Folder, flags: Flags) -> Live {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        let listener = flags.subscribe(move |event| notes.lock().unwrap().push(event.clone()));
        Live { folder, flags, heard, _listener: listener }
    }

    /// Puts a text in the place of the file, and reloads.
    pub(crate) fn reload(&self, text: impl AsRef<[u8]>) -> Result<ReloadOutcome, Error> {
        self.folder.write("flags.yaml", text);
        self.flags.reload()
    }

    /// Reloads a text that must be taken, as a whole or in part.
    #[track_caller]
    pub(crate) fn becomes(&self, text: impl AsRef<[u8]>) {
        match self.reload(text) {
            Ok(outcome) => assert!(matches!(outcome, ReloadOutcome::Reloaded(_)), "{outcome:?}"),
            Err(error) => panic!("{error}"),
        }
    }

    /// What was told since this was asked last.
    pub(crate) fn heard(&self) -> Vec<ReloadEvent> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    /// The names that the last told reload calls changed and broken.
    #[track_caller]
    pub(crate) fn announced(&self) -> (Vec<String>, Vec<String>) {
        match self.heard().as_slice() {
            [ReloadEvent::Reloaded(change)] => {
                let changed = change.flags().into_iter().map(str::to_owned).collect();
                (changed, change.broken.clone())
            }
            other => panic!("one reload was to be told: {other:?}"),
        }
    }

    pub(crate) fn on_in(&self, flag: &str, region: &str) -> bool {
        self.flags.is_enabled(flag, &Context::new().user("ada").region(region))
    }

    pub(crate) fn is_on(&self, flag: &str) -> bool {
        self.on_in(flag, "nowhere")
    }

    pub(crate) fn reason(&self, flag: &str) -> Reason {
        let snap = self.flags.snapshot();
        snap.decide(flag, &Context::new().user("ada").region("nowhere")).reason()
    }

    /// The flags that are kept, and those that are left out.
    pub(crate) fn broken(&self) -> (Vec<String>, Vec<String>) {
        let status = self.flags.status();
        (status.kept, status.left_out)
    }

    /// That just these flags keep their last good version.
    #[track_caller]
    pub(crate) fn keeps(&self, names: &[&str]) {
        let (kept, left_out) = self.broken();
        assert_eq!((kept, left_out), (names.iter().map(ToString::to_string).collect(), vec![]));
    }

    /// The errors of the last look, as `line:column`.
    #[track_caller]
    pub(crate) fn places(&self) -> Vec<String> {
        let failure = self.flags.status().last_error.expect("something is wrong");
        let report = failure.error.report().expect("it is wrong, not unreadable").clone();
        report.diagnostics().iter().map(|p| format!("{}:{}", p.line(), p.column())).collect()
    }
}

//! A folder of toggle files for one test, and what tests ask of the files in it.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hoist::{Builder, Diagnostic, Error, Flags};

/// How long a test waits for what must come at last.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A new, empty folder, which goes with the value.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(crate) fn new() -> Folder {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        // Under miri one process runs several seeds at once.
        let seed = if cfg!(miri) { RandomState::new().hash_one(number) } else { 0 };
        let name = format!("hoist-test-{}-{number}-{seed:x}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // What a test of another day left behind under the same number.
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Folder { path }
    }

    /// The path of a file in the folder.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, with the directories on the way to it.
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.at(name)).unwrap();
    }

    /// A base and overlays by their names, the base first.
    pub(crate) fn layers(&self, names: &[&str]) -> Builder {
        let (base, overlays) = names.split_first().unwrap();
        let builder = Flags::builder().file(self.at(base)).watch(hoist::Watch::OnDemand);
        // What is tested drops flags as it likes.
        let builder = builder.without_shrink_guard();
        overlays.iter().fold(builder, |builder, name| builder.overlay(self.at(name)))
    }

    pub(crate) fn open(&self, names: &[&str]) -> Result<Flags, Error> {
        self.layers(names).open()
    }

    /// The handle of layers of which nothing is wrong.
    #[track_caller]
    pub(crate) fn opened(&self, names: &[&str]) -> Flags {
        match self.open(names) {
            Ok(flags) => flags,
            Err(error) => panic!("{error}"),
        }
    }

    /// The places of all errors of layers that are refused, as `file:line:column` from the folder
    /// on, and that the tool's check finds the same.
    #[track_caller]
    pub(crate) fn places(&self, names: &[&str]) -> Vec<String> {
        let error = self.open(names).expect_err("something is wrong with it");
        let report = error.report().expect("it is wrong, not unreadable");
        let checked = hoist::check(names.iter().map(|name| self.at(name)));
        assert_eq!(checked.errors(), report.errors(), "{checked}\n{report}");
        report.diagnostics().iter().map(|problem| self.place(problem)).collect()
    }

    /// The only error of layers that are refused: its place, and what it says with its help.
    #[track_caller]
    pub(crate) fn refusal(&self, names: &[&str]) -> (String, String) {
        let places = self.places(names);
        assert_eq!(places.len(), 1, "{:?}", self.open(names));
        let error = self.open(names).unwrap_err();
        let problem = &error.report().unwrap().diagnostics()[0];
        (places[0].clone(), format!("{} {}", problem.message(), problem.help().unwrap_or("")))
    }

    pub(crate) fn place(&self, problem: &Diagnostic) -> String {
        let file = self.within(problem.file());
        format!("{file}:{}:{}", problem.line(), problem.column())
    }

    /// A path as it is called in the folder.
    pub(crate) fn within<'p>(&self, path: &'p str) -> &'p str {
        let start = self.path.to_str().unwrap();
        path.strip_prefix(start).map_or(path, |rest| rest.trim_start_matches('/'))
    }

    /// Where the decision of a flag comes from, as `file:line` from the folder on.
    #[track_caller]
    pub(crate) fn origin(&self, flags: &Flags, flag: &str, ctx: &hoist::Context<'_>) -> String {
        let snap = flags.snapshot();
        let (file, line) = snap.decide(flag, ctx).place().expect("the flag is there");
        format!("{}:{line}", self.within(file))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Waits until something holds, for as long as a test has patience.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

//! Texts that are published over one another.

use hoist::{Context, Error, Flags, ReloadOutcome, Snapshot, Watch};

use super::{answers, parts, reports};
use crate::folder::Folder;

/// A flag that every text of a script turns off.
const NEVER_ON: &str = "zz-never-on";

/// The most texts of one script.
const MOST_TEXTS: usize = 8;

/// A series of texts in the place of one file: whatever they are, nothing comes on that none of
/// them turns on, what is refused changes nothing, and the next good text counts. A part that begins
/// with the mark of a kill file takes the place of that.
pub(crate) fn reload(input: &[u8]) {
    let scripted = parts(input);
    // A script that speaks of the flag could turn it on.
    if scripted.iter().any(|text| text.windows(5).any(|part| part == b"never")) {
        return;
    }
    let folder = Folder::new();
    let path = folder.write("flags.yaml", with_never_on(b"version: 1\nflags: {}\n", "off"));
    past(&path);
    let builder = Flags::builder().file(path).kill_file(folder.at("kill.txt"));
    let flags = builder.watch(Watch::OnDemand).open().unwrap();
    let oldest = Held::of(flags.snapshot());
    let mut text = Vec::new();
    for (part, off) in scripted.iter().take(MOST_TEXTS).zip(WAYS_OFF.iter().cycle()) {
        if part.starts_with(KILLS) {
            folder.write("kill.txt", part);
        } else {
            text = with_never_on(part, off);
            folder.write("flags.yaml", &text);
        }
        reload_one(&flags, &text);
    }
    oldest.is_as_it_was();
    folder.write("kill.txt", "");
    folder.write("flags.yaml", "version: 1\nflags: { last: on }\n");
    assert!(matches!(flags.force_reload(), Ok(ReloadOutcome::Reloaded(_))), "a good text counts");
    assert!(flags.is_enabled("last", &Context::new()));
    assert!(flags.status().last_error.is_none());
}

/// What a part begins with that is a kill file.
const KILLS: &[u8] = b"# kills";

/// Makes a file old: beside one that was written just now the first load waits.
fn past(path: &std::path::Path) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000))
        .unwrap();
}

/// Each says that the flag is off to every request.
const WAYS_OFF: [&str; 4] = [
    "off",
    "{ kill: true, rules: [{ when: everyone }], default: on }",
    "{ rules: [{ when: everyone, serve: off }], default: on }",
    "0%",
];

/// The text with the flag among its flags, where it has some.
fn with_never_on(text: &[u8], off: &str) -> Vec<u8> {
    let mut whole = Vec::new();
    let mut is_in = false;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        whole.extend_from_slice(line);
        if is_in {
            continue;
        }
        if line.trim_ascii_end() == b"flags:" {
            whole.extend_from_slice(format!("  {NEVER_ON}: {off}\n").as_bytes());
            is_in = true;
        } else if line.starts_with(b"flags: {") {
            let inside = whole.len() - line.len() + "flags: {".len();
            let flag = format!(" {NEVER_ON}: {off}, ");
            whole.splice(inside..inside, flag.bytes());
            is_in = true;
        }
    }
    whole
}

fn ctx() -> Context<'static> {
    Context::new().user("ada").region("nz").env("production").attr("plan", "pro").attr("age", 36)
}

fn reload_one(flags: &Flags, text: &[u8]) {
    let before = Held::of(flags.snapshot());
    let killed_before = flags.status().killed;
    let mut outcome = flags.reload();
    if let Ok(ReloadOutcome::Held(held)) = &outcome {
        assert!(held.lost * 2 > before.snap.flags().count(), "{held:?}");
        let kills = [&*killed_before, &*flags.status().killed].concat();
        before.is_but_for(&Held::of(flags.snapshot()), &kills);
        outcome = flags.force_reload();
        assert!(matches!(outcome, Ok(ReloadOutcome::Reloaded(_))), "{outcome:?}");
    }
    let after = Held::of(flags.snapshot());
    let status = flags.status();
    assert_eq!(status.generation, after.snap.generation());
    assert!(!flags.is_enabled(NEVER_ON, &ctx()), "{NEVER_ON} is on");
    match &outcome {
        Ok(ReloadOutcome::Reloaded(change)) => {
            assert_eq!(change.generation, after.snap.generation());
            assert!(change.generation > before.snap.generation());
        }
        Ok(ReloadOutcome::Unchanged) => before.is(&after, "the text is the same"),
        Ok(other) => panic!("{other:?}"),
        Err(error) => {
            before.is_but_for(&after, &[killed_before, status.killed.clone()].concat());
            is_true(error, text);
        }
    }
    if let Some(failure) = &status.last_error {
        is_true(&failure.error, text);
    }
    for flag in status.left_out.iter().chain(&status.killed) {
        assert!(!flags.is_enabled(flag, &ctx()), "{flag} is left out or killed, and on");
    }
    let had = |flag: &String| before.snap.flags().any(|known| known == flag);
    assert!(status.kept.iter().all(had), "{:?} are kept", status.kept);
    // A text of which nothing is wrong is what it says, whatever was there before.
    if outcome.is_ok() && status.last_error.is_none() && status.killed.is_empty() {
        let text = String::from_utf8_lossy(text);
        if let Ok(alone) = Snapshot::from_yaml(&text) {
            assert_eq!(asked(&alone), asked(&after.snap), "a whole text is what it says");
        }
    }
}

fn is_true(error: &Error, text: &[u8]) {
    assert!(error.is_unreadable() || error.is_invalid(), "{error}");
    reports::is_true(error, &[("flags.yaml", text)]);
}

/// The answers without the place, which names the file.
fn asked(snap: &Snapshot) -> Vec<(String, bool)> {
    let ctx = ctx();
    let ask = |flag: &str| {
        let decision = snap.decide(flag, &ctx);
        (format!("{flag} is {}, {}", decision.variant(), decision.reason()), decision.is_enabled())
    };
    snap.flags().map(ask).collect()
}

/// A state that someone holds, and what it answered.
struct Held {
    snap: Snapshot,
    answers: Vec<String>,
}

impl Held {
    fn of(snap: Snapshot) -> Held {
        let answers = answers::all(&snap, &ctx());
        Held { snap, answers }
    }

    fn is_as_it_was(&self) {
        assert_eq!(answers::all(&self.snap, &ctx()), self.answers, "what is held changes");
    }

    fn is(&self, other: &Held, why: &str) {
        assert_eq!(self.snap.generation(), other.snap.generation(), "{why}");
        assert_eq!(self.answers, other.answers, "{why}");
    }

    /// Only kills that landed or were lifted changed anything.
    fn is_but_for(&self, other: &Held, kills: &[String]) {
        let answers = |held: &Held, flag: &str| held.snap.decide(flag, &ctx()).to_string();
        for flag in self.snap.flags().chain(other.snap.flags()) {
            let is_same = answers(self, flag) == answers(other, flag);
            assert!(is_same || !kills.is_empty(), "{flag} changes");
        }
    }
}

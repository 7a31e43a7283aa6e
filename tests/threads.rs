//! What threads keep of the state that they asked last: where a reload can take it back, as is usual,
//! and where it is their own.

mod folder;

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, OnceLock, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use folder::{Folder, wait_until};
use hoist::{Builder, Condition, Context, Flags, Strategy, Watch};

const KINDS: [fn(Builder) -> Builder; 2] = [|usual| usual, Builder::cache_per_thread];

fn document(size: i64) -> String {
    format!("version: 1\nflags: {{ size: {{ default: {{ value: {size} }} }} }}\n")
}

fn size(flags: &Flags) -> i64 {
    flags.value_or("size", &Context::new(), -1)
}

#[test]
fn every_thread_sees_a_reload_at_its_next_question() {
    KINDS.into_iter().for_each(every_thread_sees_a_reload);
}

fn every_thread_sees_a_reload(kind: fn(Builder) -> Builder) {
    const EDITS: i64 = 50;
    const THREADS: usize = 4;
    let folder = Folder::new();
    folder.write("flags.yaml", document(0));
    let flags = kind(folder.layers(&["flags.yaml"])).open().unwrap();
    let (published, asked) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for edit in 0..EDITS {
                    published.wait();
                    assert_eq!([size(&flags), size(&flags)], [edit; 2]);
                    asked.wait();
                }
            });
        }
        for edit in 0..EDITS {
            folder.write("flags.yaml", document(edit));
            flags.reload().unwrap();
            published.wait();
            asked.wait();
        }
    });
}

#[test]
fn a_thread_that_saw_a_state_in_a_snapshot_never_goes_back_from_it() {
    KINDS.into_iter().for_each(threads_never_go_back);
}

fn threads_never_go_back(kind: fn(Builder) -> Builder) {
    const EDITS: i64 = 300;
    let folder = Folder::new();
    folder.write("flags.yaml", document(0));
    let flags = kind(folder.layers(&["flags.yaml"])).open().unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while size(&flags) < EDITS {
                    let seen = flags.snapshot().value_or("size", &Context::new(), -1_i64);
                    let asked = size(&flags);
                    assert!(asked >= seen, "{seen} in a snapshot, and {asked} after it");
                }
            });
        }
        for edit in 1..=EDITS {
            folder.write("flags.yaml", document(edit));
            flags.reload().unwrap();
        }
    });
}

#[test]
fn more_handles_than_a_thread_has_places_do_not_mix() {
    let folder = Folder::new();
    let handles: Vec<Flags> = (0..18)
        .zip(KINDS.iter().cycle())
        .map(|(n, kind)| {
            let name = format!("{n}.yaml");
            folder.write(&name, document(n));
            kind(folder.layers(&[&*name])).open().unwrap()
        })
        .collect();
    for _ in 0..3 {
        for (n, flags) in (0..).zip(&handles) {
            assert_eq!([size(flags), size(flags)], [n; 2]);
        }
    }
}

/// A handle whose files are looked at often, so that what is replaced is soon freed.
fn looked_at_often(folder: &Folder, kind: fn(Builder) -> Builder) -> Flags {
    let watch = Watch::Polling(Duration::from_millis(50));
    kind(folder.layers(&["flags.yaml"]).watch(watch)).open().unwrap()
}

#[test]
fn what_a_thread_has_for_its_own_is_counted_and_freed_once_it_asks_again() {
    let folder = Folder::new();
    folder.write("flags.yaml", document(0));
    let flags = looked_at_often(&folder, Builder::cache_per_thread);
    assert_eq!(size(&flags), 0);
    folder.write("flags.yaml", document(1));
    flags.reload().unwrap();
    assert_eq!(flags.status().retired, 1);
    assert_eq!(size(&flags), 1);
    wait_until("the replaced state is freed", || flags.status().retired == 0);
    assert_eq!(size(&flags), 1);
}

#[test]
fn a_thread_that_does_not_ask_again_holds_up_nothing() {
    let folder = Folder::new();
    folder.write("flags.yaml", document(0));
    let flags = looked_at_often(&folder, |usual| usual);
    let idle = Asked::once(&flags, |flags| assert_eq!(size(flags), 0));
    folder.write("flags.yaml", document(1));
    flags.reload().unwrap();
    wait_until("the replaced state is freed", || flags.status().retired == 0);
    drop(idle);
}

/// A thread that asked a handle once and is there until this is dropped, the handle being dropped
/// before.
struct Asked {
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Asked {
    fn once(flags: &Flags, question: fn(&Flags)) -> Asked {
        let flags = flags.clone();
        let (end, ended) = channel::<()>();
        let (has_asked, asked) = channel();
        let thread = thread::spawn(move || {
            question(&flags);
            drop(flags);
            has_asked.send(()).unwrap();
            assert!(ended.recv().is_err(), "its end is all that it is told");
        });
        asked.recv().unwrap();
        Asked { end: Some(end), thread: Some(thread) }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        drop(self.end.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(ended.is_some_and(|ended| ended.is_ok()) || thread::panicking());
    }
}

/// A strategy by which a test sees how long a state lives.
struct Traced(Arc<()>);

impl Strategy for Traced {
    fn compile(&self, _: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
        Ok(Box::new(Traced(Arc::clone(&self.0))))
    }
}

impl Condition for Traced {
    fn holds(&self, _: &Context<'_>, _: SystemTime) -> Option<bool> {
        Some(true)
    }

    fn describe(&self) -> String {
        "always".to_owned()
    }
}

#[test]
fn no_thread_holds_what_a_dropped_handle_had() {
    let folder = Folder::new();
    let text =
        "version: 1\nstrategies: [t]\nflags: { a: { rules: [{ when: { strategy.t: {} } }] } }";
    folder.write("flags.yaml", text);
    let traced = Arc::new(());
    let state: Weak<()> = Arc::downgrade(&traced);
    let flags = folder.layers(&["flags.yaml"]).strategy("t", Traced(traced)).open().unwrap();
    let idle = Asked::once(&flags, |flags| assert!(flags.is_enabled("a", &Context::new())));
    assert!(flags.is_enabled("a", &Context::new()));
    assert!(state.strong_count() > 0);
    drop(flags);
    assert_eq!(state.strong_count(), 0);
    drop(idle);
}

type Handle = OnceLock<(Folder, Flags)>;

/// A strategy that asks the handle whose flag asks it, in the middle of which the files change.
struct Nested(&'static Handle);

impl Strategy for Nested {
    fn compile(&self, _: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
        Ok(Box::new(Nested(self.0)))
    }
}

impl Condition for Nested {
    fn holds(&self, _: &Context<'_>, _: SystemTime) -> Option<bool> {
        let (folder, flags) = self.0.get()?;
        let before = size(flags);
        folder.write("size.yaml", document(before + 1));
        flags.reload().ok()?;
        Some(size(flags) == before + 1)
    }

    fn describe(&self) -> String {
        "the next size is one more".to_owned()
    }
}

#[test]
fn a_question_inside_a_question_sees_what_is_new() {
    static HANDLES: [Handle; 2] = [Handle::new(), Handle::new()];
    for (handle, kind) in HANDLES.iter().zip(KINDS) {
        let folder = Folder::new();
        folder.write(
            "flags.yaml",
            "version: 1\nstrategies: [nested]\nflags: { a: { rules: [{ when: { strategy.nested: {} } }] } }",
        );
        folder.write("size.yaml", document(0));
        let builder = kind(folder.layers(&["flags.yaml", "size.yaml"]));
        let flags = builder.strategy("nested", Nested(handle)).open().unwrap();
        assert!(handle.set((folder, flags.clone())).is_ok());
        for edit in 1..4 {
            assert!(flags.is_enabled("a", &Context::new()));
            assert_eq!(size(&flags), edit);
        }
    }
}

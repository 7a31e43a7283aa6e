//! What threads keep of the state that they asked last: where a reload can take it back, as is usual,
//! and where it is their own.

mod folder;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex, OnceLock, Weak};
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

/// A strategy whose conditions say which thread frees them, and which can be made to wait.
#[derive(Clone)]
struct Freed {
    by: Sender<Option<String>>,
    pause: Arc<Mutex<Option<Pause>>>,
}

/// Where a question says that it has begun, and where it is told to go on.
type Pause = (Sender<()>, Receiver<()>);

impl Freed {
    const TEXT: &str =
        "version: 1\nstrategies: [t]\nflags: { a: { rules: [{ when: { strategy.t: {} } }] } }";

    fn new() -> (Freed, Receiver<Option<String>>) {
        let (by, freed) = channel();
        (Freed { by, pause: Arc::default() }, freed)
    }
}

impl Strategy for Freed {
    fn compile(&self, _: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
        Ok(Box::new(FreedCondition(self.clone())))
    }
}

struct FreedCondition(Freed);

impl Condition for FreedCondition {
    fn holds(&self, _: &Context<'_>, _: SystemTime) -> Option<bool> {
        let pause = self.0.pause.lock().unwrap().take();
        if let Some((begins, goes_on)) = pause {
            begins.send(()).unwrap();
            goes_on.recv().unwrap();
        }
        Some(true)
    }

    fn describe(&self) -> String {
        "always".to_owned()
    }
}

impl Drop for FreedCondition {
    fn drop(&mut self) {
        drop(self.0.by.send(thread::current().name().map(str::to_owned)));
    }
}

/// Runs as a thread of the name by which a test knows a reader.
fn reader<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::Builder::new().name("reader".to_owned()).spawn(work).unwrap()
}

#[test]
fn no_reader_frees_what_a_handle_had_that_goes_meanwhile() {
    const IDLE: usize = 100;
    const ROUNDS: usize = 300;
    let folder = Folder::new();
    folder.write("flags.yaml", Freed::TEXT);
    folder.write("size.yaml", document(1));
    let lives = folder.layers(&["size.yaml"]).open().unwrap();
    // Places to look into, so that to take back takes a while.
    let idle: Vec<Asked> =
        (0..IDLE).map(|_| Asked::once(&lives, |flags| assert_eq!(size(flags), 1))).collect();
    let (strategy, freed) = Freed::new();
    let rounds = Arc::new(Barrier::new(2));
    let asked: Arc<Mutex<Vec<Flags>>> = Arc::default();
    let reads = reader({
        let (lives, rounds, asked) = (lives.clone(), Arc::clone(&rounds), Arc::clone(&asked));
        move || {
            for round in 0..ROUNDS {
                rounds.wait();
                for flags in asked.lock().unwrap().drain(..) {
                    assert!(flags.is_enabled("a", &Context::new()));
                }
                rounds.wait();
                for _ in 0..round % 30 * 50 {
                    std::hint::spin_loop();
                }
                assert_eq!(size(&lives), 1);
            }
        }
    });
    let open = || {
        let builder = folder.layers(&["flags.yaml"]).strategy("t", strategy.clone());
        builder.open().unwrap()
    };
    for _ in 0..ROUNDS {
        // More than a thread has places: one shares that of the handle that lives.
        let handles: Vec<Flags> = (0..8).map(|_| open()).collect();
        asked.lock().unwrap().extend(handles.iter().cloned());
        rounds.wait();
        rounds.wait();
        drop(handles);
    }
    reads.join().unwrap();
    // What a handle left in a place that was in use goes with the next that has the same.
    let (mut opened, mut by) = (8 * ROUNDS, Vec::new());
    wait_until("all states are freed", || {
        drop(open());
        opened += 1;
        by.extend(freed.try_iter());
        by.len() == opened
    });
    assert!(!by.contains(&Some("reader".to_owned())));
    drop(idle);
}

#[test]
fn no_reader_frees_what_was_replaced_in_the_middle_of_its_last_question() {
    let folder = Folder::new();
    folder.write("flags.yaml", Freed::TEXT);
    folder.write("size.yaml", document(1));
    let (strategy, freed) = Freed::new();
    let pause = Arc::clone(&strategy.pause);
    let watch = Watch::Polling(Duration::from_secs(3_600));
    let builder = folder.layers(&["flags.yaml"]).watch(watch).strategy("t", strategy);
    let flags = builder.open().unwrap();
    let others: Vec<Flags> =
        (0..4).map(|_| folder.layers(&["size.yaml"]).open().unwrap()).collect();
    // What the handle was is still there when the handle is gone.
    let subscription = flags.subscribe(|_| ());
    let (begins, begun) = channel();
    let (goes_on, told) = channel();
    let (asks_others, told_others) = channel();
    let asks = reader({
        let flags = flags.clone();
        move || {
            assert!(flags.is_enabled("a", &Context::new()));
            *pause.lock().unwrap() = Some((begins, told));
            assert!(flags.is_enabled("a", &Context::new()));
            drop(flags);
            told_others.recv().unwrap();
            others.iter().for_each(|other| assert_eq!(size(other), 1));
        }
    });
    begun.recv_timeout(folder::PATIENCE).unwrap();
    folder.write("flags.yaml", document(2));
    flags.reload().unwrap();
    drop(flags);
    goes_on.send(()).unwrap();
    let by = freed.recv_timeout(folder::PATIENCE);
    asks_others.send(()).unwrap();
    asks.join().unwrap();
    assert_eq!(by.as_ref().map(Option::as_deref), Ok(Some("hoist-reload")));
    drop(subscription);
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

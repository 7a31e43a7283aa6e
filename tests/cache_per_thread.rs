//! Handles whose threads keep the state that they asked last.

mod folder;

use std::sync::{Barrier, OnceLock};
use std::thread;
use std::time::SystemTime;

use folder::{Folder, wait_until};
use hoist::{Condition, Context, Flags, Strategy, Watch};

fn document(size: i64) -> String {
    format!("version: 1\nflags: {{ size: {{ default: {{ value: {size} }} }} }}\n")
}

fn size(flags: &Flags) -> i64 {
    flags.value_or("size", &Context::new(), -1)
}

#[test]
fn every_thread_sees_a_reload_at_its_next_question() {
    const EDITS: i64 = 50;
    const THREADS: usize = 4;
    let folder = Folder::new();
    folder.write("flags.yaml", document(0));
    let flags = folder.layers(&["flags.yaml"]).cache_per_thread().open().unwrap();
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
    const EDITS: i64 = 300;
    let folder = Folder::new();
    folder.write("flags.yaml", document(0));
    let flags = folder.layers(&["flags.yaml"]).cache_per_thread().open().unwrap();
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
    let handles: Vec<Flags> = (0..9)
        .map(|n| {
            let name = format!("{n}.yaml");
            folder.write(&name, document(n));
            folder.layers(&[&*name]).cache_per_thread().open().unwrap()
        })
        .collect();
    for _ in 0..3 {
        for (n, flags) in (0..).zip(&handles) {
            assert_eq!([size(flags), size(flags)], [n; 2]);
        }
    }
}

#[test]
fn what_a_thread_keeps_is_counted_and_freed_once_it_asks_again() {
    let folder = Folder::new();
    folder.write("flags.yaml", document(0));
    let watch = Watch::Polling(std::time::Duration::from_millis(50));
    let builder = folder.layers(&["flags.yaml"]).watch(watch).cache_per_thread();
    let flags = builder.open().unwrap();
    assert_eq!(size(&flags), 0);
    folder.write("flags.yaml", document(1));
    flags.reload().unwrap();
    assert_eq!(flags.status().retired, 1);
    assert_eq!(size(&flags), 1);
    wait_until("the replaced state is freed", || flags.status().retired == 0);
    assert_eq!(size(&flags), 1);
}

/// A strategy that asks the handle whose flag asks it, in the middle of which the files change.
struct Nested(&'static OnceLock<(Folder, Flags)>);

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
    static HANDLE: OnceLock<(Folder, Flags)> = OnceLock::new();
    let folder = Folder::new();
    folder.write(
        "flags.yaml",
        "version: 1\nstrategies: [nested]\nflags: { a: { rules: [{ when: { strategy.nested: {} } }] } }",
    );
    folder.write("size.yaml", document(0));
    let builder = folder.layers(&["flags.yaml", "size.yaml"]).cache_per_thread();
    let flags = builder.strategy("nested", Nested(&HANDLE)).open().unwrap();
    assert!(HANDLE.set((folder, flags.clone())).is_ok());
    for edit in 1..4 {
        assert!(flags.is_enabled("a", &Context::new()));
        assert_eq!(size(&flags), edit);
    }
}

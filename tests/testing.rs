//! The test kit: what is forced is forced for one handle, and for no other.
#![cfg(feature = "testing")]

mod folder;

use std::collections::HashSet;
use std::thread::{self, ThreadId};
use std::time::Duration;

use folder::{Folder, wait_until};
use hoist::{Context, Flags, Reason, Snapshot, Watch, testing};
use tokio::runtime::Builder;

hoist::flags! {
    A: bool = "a", default false;
    LACKING: bool = "lacking", default false;
    SIZE: i64 = "size", default 1;
}

const DOCUMENT: &str = "
version: 1
flags:
  a: off
  size: { rules: [{ name: acme, when: { tenant: acme }, value: 500 }], default: { value: 20 } }
  button: { variants: { control: grey, green: \"#0a0\" }, default: control }
  killed: { kill: true, default: on }
";

fn ctx() -> Context<'static> {
    Context::new()
}

#[test]
fn a_hundred_contradicting_tests_do_not_see_each_other() {
    let folder = Folder::new();
    folder.write("flags.yaml", DOCUMENT);
    thread::scope(|scope| {
        for test in 0..100_i64 {
            let folder = &folder;
            scope.spawn(move || {
                let builder = folder.layers(&["flags.yaml"]);
                let builder = if test % 2 == 0 { builder.cache_per_thread() } else { builder };
                let flags = builder.open().unwrap();
                for round in 0..20 {
                    let size = test * 100 + round;
                    let (_a, _size) = (flags.force(&A, test % 2 == 0), flags.force(&SIZE, size));
                    thread::yield_now();
                    assert_eq!(flags.is_enabled(&A, &ctx()), test % 2 == 0);
                    assert_eq!(flags.value(&SIZE, &ctx()), size);
                    assert_eq!(flags.snapshot().value(&SIZE, &ctx().tenant("acme")), size);
                }
                assert!(!flags.is_enabled(&A, &ctx()));
                assert_eq!(flags.value(&SIZE, &ctx()), 20);
            });
        }
    });
}

/// Forces that are held while the task waits and wakes up on another thread, among tasks that force
/// the contrary. Gives the threads that it ran on.
async fn force_across_awaits(task: i64) -> HashSet<ThreadId> {
    let flags = testing::flags().yaml(DOCUMENT).build();
    let is_on = task % 2 == 0;
    let mut threads = HashSet::new();
    let outer = flags.force(&A, is_on);
    for round in 0..10 {
        let size = task * 100 + round;
        let (below, above) = (flags.force(&SIZE, -size), flags.force(&SIZE, size));
        let contrary = flags.force(&A, !is_on);
        tokio::time::sleep(Duration::from_millis(1)).await;
        threads.insert(thread::current().id());
        assert_eq!((flags.is_enabled(&A, &ctx()), flags.value(&SIZE, &ctx())), (!is_on, size));

        // Not where it was made, and not the last that was made.
        let elsewhere = tokio::spawn(async move {
            drop(below);
            thread::spawn(move || drop(contrary)).join()
        });
        assert!(elsewhere.await.is_ok_and(|dropped| dropped.is_ok()));
        assert_eq!((flags.is_enabled(&A, &ctx()), flags.value(&SIZE, &ctx())), (is_on, size));
        drop(above);
        tokio::task::yield_now().await;
        assert_eq!((flags.is_enabled(&A, &ctx()), flags.value(&SIZE, &ctx())), (is_on, 20));
    }
    tokio::spawn(async move { drop(outer) }).await.unwrap();
    assert!(!flags.is_enabled(&A, &ctx()));
    threads
}

#[test]
fn contradicting_tasks_that_change_threads_do_not_see_each_other() {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    let tasks: Vec<_> = (0..100).map(|task| runtime.spawn(force_across_awaits(task))).collect();
    let ran_on: Vec<_> =
        tasks.into_iter().map(|task| runtime.block_on(task).unwrap().len()).collect();
    // Or nothing was shown.
    assert!(ran_on.iter().any(|threads| *threads > 1), "no task changed its thread");
}

#[test]
fn a_force_counts_for_the_clones_of_its_handle_in_every_thread() {
    let flags = testing::flags().yaml(DOCUMENT).build();
    let forced = flags.force("a", true);
    let clone = flags.clone();
    thread::scope(|scope| {
        scope.spawn(|| assert!(clone.is_enabled("a", &ctx())));
    });
    drop(flags);
    assert!(clone.is_enabled("a", &ctx()));
    drop(forced);
    assert!(!clone.is_enabled("a", &ctx()));
}

#[test]
fn forces_nest_and_may_end_in_any_order() {
    let flags = testing::flags().yaml(DOCUMENT).build();
    let sizes = || flags.value(&SIZE, &ctx());
    let (first, second, third) =
        (flags.force(&SIZE, 1), flags.force(&SIZE, 2), flags.force(&SIZE, 3));
    assert_eq!(sizes(), 3);
    drop(second);
    assert_eq!(sizes(), 3);
    drop(third);
    assert_eq!(sizes(), 1);
    drop(first);
    assert_eq!(sizes(), 20);
}

#[test]
fn a_force_outlives_reloads_and_ends_with_what_the_files_say_then() {
    let folder = Folder::new();
    folder.write("flags.yaml", "version: 1\nflags: { a: off, b: off }\n");
    let watch = Watch::Polling(Duration::from_millis(20));
    let flags = folder.layers(&["flags.yaml"]).watch(watch).open().unwrap();
    let forced = flags.force(&A, true);
    folder.write("flags.yaml", "version: 1\nflags: { b: on }\n");
    wait_until("the edit is live", || flags.is_enabled("b", &ctx()));
    assert!(flags.is_enabled(&A, &ctx()), "also where the file has lost the flag");
    folder.write("flags.yaml", "version: 1\nflags: { a: { rules: [{ when: { region: nz } }] } }\n");
    flags.force_reload().unwrap();
    assert!(flags.is_enabled(&A, &ctx()));
    drop(forced);
    assert!(!flags.is_enabled(&A, &ctx()));
    assert!(flags.is_enabled(&A, &ctx().region("nz")));
}

#[test]
fn a_force_comes_before_everything_else() {
    let snap = Snapshot::from_yaml(DOCUMENT).unwrap();
    let forced = snap.with("killed", true).with("button", "green").with("size", 7);
    let reasons = ["killed", "button", "size"].map(|flag| forced.decide(flag, &ctx()).reason());
    assert_eq!(reasons, [Reason::Forced; 3]);
    assert!(forced.is_enabled("killed", &ctx()));
    assert_eq!(forced.value_or("button", &ctx(), ""), "#0a0");
    assert_eq!(forced.value_or("size", &ctx().tenant("acme"), 0), 7);
    assert_eq!(forced.explain("killed", &ctx()).decision().reason(), Reason::Forced);
    // By its value, too; and the snapshot that it came from is as it was.
    assert_eq!(snap.with("button", "#0a0").decide("button", &ctx()).variant(), "green");
    assert_eq!(snap.decide("killed", &ctx()).reason(), Reason::Killed);
    let lacking = snap.with(&LACKING, true);
    assert!(lacking.is_enabled(&LACKING, &ctx()) && !snap.is_enabled(&LACKING, &ctx()));
}

#[test]
#[should_panic(expected = "`a` cannot serve Integer(3): it is boolean, and has off, on")]
fn a_force_of_another_type_is_refused() {
    let _forced = testing::flags().yaml(DOCUMENT).build().force("a", 3);
}

#[test]
#[should_panic(expected = "`gone` cannot serve Text(\"20\"): its key asks for integer")]
fn a_force_that_the_key_of_an_absent_flag_cannot_read_is_refused() {
    hoist::flags! { GONE: u32 = "gone", default 20 }
    let flags = testing::flags().build();
    let forced = flags.force(&GONE, 50_u32);
    assert_eq!(flags.value(&GONE, &ctx()), 50);
    drop(forced);
    let _forced = flags.force(&GONE, "20");
}

#[test]
#[should_panic(expected = "no-such-key")]
fn a_text_that_is_wrong_is_refused_with_its_report() {
    let _ = testing::flags().yaml("version: 1\nflags: { a: { no-such-key: 1 } }").build();
}

#[test]
fn all_combinations_come_once() {
    let snap = Snapshot::from_yaml(DOCUMENT).unwrap();
    let said = |snap: &Snapshot| {
        ["a", "button"].map(|flag| snap.decide(flag, &ctx()).variant().to_owned()).join(" ")
    };
    let all: Vec<String> =
        testing::combinations(&snap, ["a", "button"]).map(|snap| said(&snap)).collect();
    assert_eq!(all, ["off control", "off green", "on control", "on green"]);
    assert_eq!(testing::combinations(&snap, []).count(), 1);
}

#[test]
fn a_handle_without_files_has_nothing_to_reload() {
    let flags: Flags = testing::flags().on("a").build();
    let outcome = flags.reload().unwrap();
    assert!(matches!(outcome, hoist::ReloadOutcome::Unchanged), "{outcome:?}");
    assert!(flags.is_enabled(&A, &ctx()));
    assert!(flags.status().last_error.is_none());
}

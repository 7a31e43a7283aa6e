//! The life of a handle: its thread, its listeners, and the states that it lets go.

mod folder;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use folder::{Folder, PATIENCE, wait_until};
use hoist::{Condition, Context, Flags, ReloadEvent, Snapshot, Strategy, Subscription};

const OFF: &str = "version: 1\nflags: { a: off }\n";
const ON: &str = "version: 1\nflags: { a: on }\n";

/// A handle with a token that lives as long as anything of it.
fn with_token(folder: &Folder, follows: bool) -> (Flags, Arc<()>) {
    folder.write("flags.yaml", OFF);
    let token = Arc::new(());
    let held = Arc::clone(&token);
    let builder = Flags::builder().file(folder.at("flags.yaml")).clock(move || {
        let _held = &held;
        SystemTime::now()
    });
    let builder = match follows {
        true => builder.watch(hoist::Watch::EventsAndPolling(Duration::from_millis(20))),
        false => builder.watch(hoist::Watch::OnDemand),
    };
    (builder.open().unwrap(), token)
}

/// That some work comes to its end.
#[track_caller]
fn ends<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, is_done) = channel();
    std::thread::spawn(move || done.send(work()));
    is_done.recv_timeout(PATIENCE).expect("it comes to its end")
}

#[test]
fn the_last_handle_ends_the_thread_and_frees_all() {
    for follows in [true, false] {
        let folder = Folder::new();
        let (flags, token) = with_token(&folder, follows);
        let other = flags.clone();
        drop(flags);
        folder.write("flags.yaml", ON);
        other.reload().unwrap();
        assert!(other.is_enabled("a", &Context::new()), "the thread lives as long as one handle");
        assert!(Arc::strong_count(&token) > 1);
        drop(other);
        wait_until("all is freed", || Arc::strong_count(&token) == 1);
    }
}

#[test]
fn a_snapshot_outlives_its_handle_and_stays_as_it_was() {
    let folder = Folder::new();
    let (flags, token) = with_token(&folder, true);
    let before = flags.snapshot();
    let generation = before.generation();
    folder.write("flags.yaml", ON);
    flags.reload().unwrap();
    let after = flags.snapshot();
    folder.write("flags.yaml", "version: 1\nflags: {}\n");
    flags.reload().unwrap();
    drop(flags);
    assert!(!before.is_enabled("a", &Context::new()));
    assert!(after.is_enabled("a", &Context::new()));
    assert_eq!(before.generation(), generation);
    assert_eq!(before.flags().collect::<Vec<_>>(), ["a"]);
    drop((before, after));
    wait_until("all is freed", || Arc::strong_count(&token) == 1);
}

#[test]
fn states_that_no_one_holds_are_freed() {
    let folder = Folder::new();
    let (flags, _token) = with_token(&folder, true);
    let held = flags.snapshot();
    for n in 0..5 {
        folder.write("flags.yaml", format!("{ON}# {n}\n"));
        flags.reload().unwrap();
    }
    assert_eq!(flags.status().retired, 5, "each is kept for a while, that no request frees it");
    wait_until("all but the held one are freed", || flags.status().retired == 1);
    assert!(!held.is_enabled("a", &Context::new()));
    drop(held);
    wait_until("all are freed", || flags.status().retired == 0);
}

#[test]
fn the_last_handle_may_be_dropped_by_a_listener() {
    for follows in [true, false] {
        let folder = Folder::new();
        let (flags, token) = with_token(&folder, follows);
        let slot = Arc::new(Mutex::new(None));
        let taken = Arc::clone(&slot);
        let (tell, told) = channel();
        let subscription = flags.subscribe(move |_| {
            drop(taken.lock().unwrap().take());
            tell.send(()).unwrap();
        });
        folder.write("flags.yaml", ON);
        if follows {
            *slot.lock().unwrap() = Some(flags);
        } else {
            let asking = flags.clone();
            *slot.lock().unwrap() = Some(flags);
            // The answer comes, or the thread is gone: both are an end.
            ends(move || drop(asking.reload()));
        }
        told.recv_timeout(PATIENCE).expect("the listener comes to its end");
        drop(subscription);
        drop(slot);
        wait_until("all is freed", || Arc::strong_count(&token) == 1);
    }
}

#[test]
fn a_listener_that_asks_for_a_reload_is_refused_and_does_not_wait_for_itself() {
    let folder = Folder::new();
    let (flags, _token) = with_token(&folder, false);
    let asking = flags.clone();
    let (tell, told) = channel();
    let subscription = flags.subscribe(move |_| tell.send(asking.reload().is_err()).unwrap());
    folder.write("flags.yaml", ON);
    let asked = flags.clone();
    ends(move || asked.reload().unwrap());
    assert!(told.recv_timeout(PATIENCE).unwrap());
    // And the thread lives on.
    folder.write("flags.yaml", OFF);
    ends(move || flags.reload().unwrap());
    assert!(told.recv_timeout(PATIENCE).unwrap());
    drop(subscription);
}

#[test]
fn a_listener_may_read_the_new_state_and_the_status() {
    let folder = Folder::new();
    let (flags, _token) = with_token(&folder, false);
    let asking = flags.clone();
    let (tell, told) = channel();
    let subscription = flags.subscribe(move |event| {
        if let ReloadEvent::Reloaded(hoist::Change { generation, .. }) = event {
            let status = asking.status();
            assert_eq!(*generation, status.generation);
            let is_on = asking.is_enabled("a", &Context::new());
            tell.send((is_on, status.reloads.ok)).unwrap();
        }
    });
    folder.write("flags.yaml", ON);
    let asked = flags.clone();
    ends(move || asked.reload().unwrap());
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), (true, 1));
    drop(subscription);
}

#[test]
fn a_listener_may_subscribe_and_unsubscribe() {
    let folder = Folder::new();
    let (flags, _token) = with_token(&folder, false);
    let (count, subscribing) = (Arc::new(AtomicUsize::new(0)), flags.clone());
    let (counted, mine) = (Arc::clone(&count), Arc::new(Mutex::new(None::<Subscription>)));
    let kept = Arc::clone(&mine);
    let first = flags.subscribe(move |_| {
        let counted = Arc::clone(&counted);
        let second = subscribing.subscribe(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        // The one before is dropped here, inside a listener.
        *kept.lock().unwrap() = Some(second);
    });
    for n in 0..3 {
        folder.write("flags.yaml", format!("{ON}# {n}\n"));
        let asked = flags.clone();
        ends(move || asked.reload().unwrap());
    }
    assert!(count.load(Ordering::Relaxed) <= 3);
    drop((first, mine));
}

/// A listener that owns another subscription, as a part of a service that is torn down at once.
#[test]
fn a_listener_may_own_a_subscription() {
    let folder = Folder::new();
    let (flags, _token) = with_token(&folder, false);
    let inner = flags.subscribe(|_| {});
    let outer = flags.subscribe(move |_| {
        let _owned = &inner;
    });
    ends(move || drop(outer));
    // The handle is as it was.
    folder.write("flags.yaml", ON);
    ends(move || flags.reload().unwrap());
}

/// A strategy that says when it is compiled, and waits until it may go on.
struct Slow {
    begun: Mutex<std::sync::mpsc::SyncSender<()>>,
    go_on: Mutex<std::sync::mpsc::Receiver<()>>,
}

struct Never;

impl Condition for Never {
    fn holds(&self, _: &Context<'_>, _: SystemTime) -> Option<bool> {
        None
    }
    fn describe(&self) -> String {
        "never".to_owned()
    }
}

impl Strategy for Slow {
    fn compile(&self, _: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
        self.begun.lock().unwrap().send(()).map_err(|error| error.to_string())?;
        self.go_on.lock().unwrap().recv().map_err(|error| error.to_string())?;
        Ok(Box::new(Never))
    }
}

/// What a listener owns goes with its subscription: the last handle, too, and while a reload is
/// under way that has yet to tell the listeners.
#[test]
fn a_listener_may_own_the_last_handle() {
    struct OnDrop<F: FnMut()>(F);
    impl<F: FnMut()> Drop for OnDrop<F> {
        fn drop(&mut self) {
            (self.0)();
        }
    }
    let folder = Folder::new();
    folder.write("flags.yaml", "version: 1\nstrategies: [slow]\nflags: { a: off }\n");
    let (begun, has_begun) = sync_channel(8);
    let (let_go, go_on) = channel();
    let flags = Flags::builder()
        .file(folder.at("flags.yaml"))
        .strategy("slow", Slow { begun: Mutex::new(begun), go_on: Mutex::new(go_on) })
        .watch(hoist::Watch::EventsAndPolling(Duration::from_millis(20)))
        .open()
        .unwrap();
    let subscription = {
        let keeper = flags.clone();
        let first = OnDrop(move || {
            let _ = let_go.send(());
        });
        flags.subscribe(move |_| {
            let (_first, _keeper) = (&first, &keeper);
        })
    };
    drop(flags);
    folder.write(
        "flags.yaml",
        "version: 1\nstrategies: [slow]\nflags: { a: { rules: [{ when: { strategy.slow: {} } }] } }\n",
    );
    has_begun.recv_timeout(PATIENCE).expect("the change is seen");
    ends(move || drop(subscription));
}

#[test]
fn many_threads_read_while_it_changes() {
    let folder = Folder::new();
    folder.write("flags.yaml", "version: 1\nflags: { a: off, b: off }\n");
    let flags = folder.opened(&["flags.yaml"]);
    let stop = Arc::new(OnceLock::<()>::new());
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (flags, stop) = (flags.clone(), Arc::clone(&stop));
            std::thread::spawn(move || {
                let mut newest = 0;
                while stop.get().is_none() {
                    let snap: Snapshot = flags.snapshot();
                    let ctx = Context::new();
                    assert_eq!(snap.is_enabled("a", &ctx), snap.is_enabled("b", &ctx));
                    assert!(snap.generation() >= newest, "generations never go back");
                    newest = snap.generation();
                }
            })
        })
        .collect();
    for n in 0..300 {
        let word = if n % 2 == 0 { "on" } else { "off" };
        folder.write("flags.yaml", format!("version: 1\nflags: {{ a: {word}, b: {word} }}\n"));
        flags.reload().unwrap();
        assert_eq!(flags.is_enabled("a", &Context::new()), word == "on");
    }
    stop.set(()).unwrap();
    for reader in readers {
        reader.join().unwrap();
    }
}

#[test]
fn a_reload_that_many_ask_for_answers_all() {
    let folder = Folder::new();
    let (flags, _token) = with_token(&folder, false);
    folder.write("flags.yaml", ON);
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let flags = flags.clone();
            std::thread::spawn(move || flags.reload().unwrap())
        })
        .collect();
    let outcomes: Vec<_> = asking.into_iter().map(|thread| thread.join().unwrap()).collect();
    let reloaded = outcomes.iter().filter(|o| matches!(o, hoist::ReloadOutcome::Reloaded(_)));
    assert_eq!(reloaded.count(), 1);
}

/// A handle that follows nothing looks when it is asked, and at no other time.
#[test]
fn a_handle_that_follows_nothing_looks_when_it_is_asked_only() {
    for _ in 0..50 {
        let folder = Folder::new();
        let (flags, _token) = with_token(&folder, false);
        folder.write("flags.yaml", ON);
        assert!(!flags.is_enabled("a", &Context::new()));
        let outcome = flags.reload().unwrap();
        assert!(matches!(outcome, hoist::ReloadOutcome::Reloaded(_)), "{outcome:?}");
        assert_eq!(flags.status().reloads.unchanged, 0);
    }
}

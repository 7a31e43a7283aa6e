//! What the feature `tracing` writes: one line for each reload, one for each distinct failure.
#![cfg(feature = "tracing")]

mod folder;

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use folder::Folder;
use hoist::{Context, Flags, Watch};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Hands each event to a function.
struct Told<F>(F);

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl<F: Fn(&Event<'_>) + 'static> Subscriber for Told<F> {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        (self.0)(event);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn each_reload_and_each_distinct_failure_is_a_line() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", "version: 1\nflags: { a: on, b: on, c: on }\n");
    let kills = folder.at("kill.txt");
    let lines = Arc::new(Mutex::new(Vec::new()));
    let written = || std::mem::take(&mut *lines.lock().unwrap());
    let kept = Arc::clone(&lines);
    let keep = move |event: &Event<'_>| {
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        kept.lock().unwrap().push(fields.0);
    };
    // On demand everything happens on this thread, which alone has this subscriber.
    tracing::subscriber::with_default(Told(keep), || {
        let builder = Flags::builder().file(&path).kill_file(&kills).watch(Watch::OnDemand);
        let flags = builder.open().unwrap();
        let said = written();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("INFO message=toggle files loaded generation="), "{said:?}");
        assert!(said[0].ends_with("flags=3 origin=Files"), "{said:?}");
        // That there is no kill file yet.
        assert!(said[1].starts_with("WARN "), "{said:?}");

        folder.write("flags.yaml", "version: 1\nflags: { a: off, c: on, d: on }\n");
        flags.reload().unwrap();
        let said = written();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("INFO message=toggle files reloaded generation="), "{said:?}");
        assert!(said[0].ends_with(r#"added=["d"] removed=["b"] changed=["a"]"#), "{said:?}");

        folder.write("flags.yaml", "version: 1\nflags: {");
        for _ in 0..5 {
            assert!(flags.reload().is_err());
        }
        let said = written();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("ERROR message=toggle files refused"), "{said:?}");
        assert!(said[0].contains("flags.yaml:2:9: syntax: the text ends"), "{said:?}");
        assert!(!said[0].contains('\n'), "{said:?}");
        folder.write("flags.yaml", "version: 1\nflags: { a: off, c: on, d: on }\n");
        for _ in 0..5 {
            flags.reload().unwrap();
        }
        assert_eq!(written(), ["INFO message=toggle files say again what is live"]);

        folder.write("flags.yaml", "version: 1\nflags: { z: on }\n");
        folder.write("kill.txt", "aa\n");
        for _ in 0..3 {
            flags.reload().unwrap();
        }
        let said = written();
        let levels: Vec<&str> = said.iter().filter_map(|line| line.split(' ').next()).collect();
        // The name that no flag has, the kill, and the flags that would go.
        assert_eq!(levels, ["WARN", "INFO", "WARN"], "{said:?}");
        assert!(said[0].contains("there is no flag `aa`"), "{said:?}");
        assert!(said[2].ends_with("lost=3 left=1"), "{said:?}");
        flags.reload().unwrap();
        assert_eq!(written(), [""; 0]);
    });
}

#[test]
fn a_log_that_panics_ends_nothing() {
    let folder = Folder::new();
    let path = folder.write("flags.yaml", "version: 1\nflags: { a: off }\n");
    let events = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&events);
    let panic = move |_: &Event<'_>| {
        counted.fetch_add(1, Ordering::Relaxed);
        panic!("a bad day");
    };
    tracing::subscriber::with_default(Told(panic), || {
        let flags = Flags::builder().file(&path).watch(Watch::OnDemand).open().unwrap();
        folder.write("flags.yaml", "version: 1\nflags: { a: on }\n");
        flags.reload().unwrap();
        assert!(flags.is_enabled("a", &Context::new()));
    });
    assert_eq!(events.load(Ordering::Relaxed), 2, "the start and the reload");
}

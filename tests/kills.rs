//! A readable `kill: true` kills, however broken the rest of its flag is. FORMAT.md 27.

mod folder;
mod live;

use folder::Folder;
use hoist::{Context, Reason};
use live::Live;

const ON: &str = "version: 1\nflags: { a: on, b: on }\n";

/// Reloads a text in which flag `a` is broken and killed.
#[track_caller]
fn is_killed(text: &str) {
    let live = Live::of(ON);
    live.becomes(text);
    assert!(!live.is_on("a"), "{text}");
    assert_eq!(live.reason("a"), Reason::Killed, "{text}");
    live.keeps(&["a"]);
    assert!(live.is_on("b"), "{text}");

    let live = Live::of("version: 1\nflags: { b: on }\n");
    live.becomes(text);
    assert!(!live.is_on("a"), "without a last good version: {text}");
    assert_eq!(live.reason("a"), Reason::Killed, "without a last good version: {text}");
    assert!(!live.flags.value_or("a", &Context::new(), true), "{text}");
    assert_eq!(live.broken(), (vec![], vec!["a".to_owned()]), "{text}");
}

#[test]
fn a_broken_flag_that_is_killed_is_off() {
    for body in [
        "{ kill: true, typo: 1 }",
        "{ typo: 1, default: on, kill: true }",
        "{ kill: on, typo: 1 }",
        "{ rules: 5, kill: true }",
        "{ kill: true, rules: [{ when: { segment: nobody } }] }",
        "{ kill: true, requires: nobody }",
        "{ kill: true, requires: a }",
        "{ kill: true, default: 12 }",
        "{ kill: true, variants: [x, y] }",
        "{ kill: true, ~: 1 }",
        "{ kill: true, <<: {} }",
        "{ kill: true, owner: !!str x }",
        "{ kill: true, kill: true }",
        "{ kill: true, kill: false }",
        "{ kill: false, kill: true }",
        "{ kill: maybe, kill: true }",
        "{ kill: , kill: true }",
    ] {
        is_killed(&format!("version: 1\nflags:\n  a: {body}\n  b: on\n"));
    }
}

#[test]
fn a_flag_that_is_given_twice_and_killed_in_either_is_off() {
    for (one, other) in [
        ("{ kill: true }", "on"),
        ("on", "{ kill: true }"),
        ("{ kill: false }", "{ kill: true }"),
        ("{ default: on }", "{ kill: true, typo: 1 }"),
        ("{ kill: true, typo: 1 }", "{ default: on }"),
        ("25%", "{ kill: on }"),
        // The first is not even a flag.
        ("", "{ kill: true }"),
        ("yes", "{ kill: true }"),
        ("5", "{ kill: true }"),
        ("[]", "{ kill: true }"),
        ("{ kill: true }", ""),
        ("{ kill: true }", "yes"),
        ("{ kill: true }", "[]"),
    ] {
        is_killed(&format!("version: 1\nflags:\n  a: {one}\n  b: on\n  a: {other}\n"));
    }
    is_killed("version: 1\nflags:\n  a: on\n  b: on\n  a: off\n  a: { kill: true }\n");
}

#[test]
fn a_kill_in_a_ring_counts() {
    let live = Live::of(ON);
    live.becomes("version: 1\nflags: { a: { requires: b, kill: true }, b: { requires: a } }\n");
    assert_eq!(live.reason("a"), Reason::Killed);
    assert!(live.is_on("b"));
    live.keeps(&["a", "b"]);
}

#[test]
fn a_kill_counts_where_a_segment_or_a_list_is_broken() {
    let folder = Folder::new();
    folder.write("list.txt", "ada\n");
    let flag = |kill: &str, segment: &str| {
        format!(
            "version: 1\nsegments: {{ s: {segment} }}\nflags:\n  \
             a: {{ {kill} rules: [{{ when: {{ segment: s }} }}] }}\n"
        )
    };
    let list = "{ user: { in_file: list.txt } }";
    let live = Live::with(folder, &flag("", list));
    assert!(live.is_on("a"));
    live.becomes(flag("kill: true,", "{ usr: ada }"));
    assert_eq!(live.reason("a"), Reason::Killed);
    live.becomes(flag("", list));
    assert!(live.is_on("a"));
    live.folder.remove("list.txt");
    live.becomes(flag("kill: true,", list));
    assert_eq!(live.reason("a"), Reason::Killed);
}

#[test]
fn a_kill_in_any_layer_counts_however_broken_the_flag_is() {
    let kill = "version: 1\nflags: { a: { kill: true, typo: 1 } }\n";
    let whole = "version: 1\nflags: { a: { kill: true } }\n";
    let broken = "version: 1\nflags: { a: { typo: 1 } }\n";
    let null = "version: 1\nflags: { a: }\n";
    let word = "version: 1\nflags: { a: yes }\n";
    let plain = "version: 1\nflags: { a: { default: on, kill: false } }\n";
    for (base, overlay) in [
        (kill, plain),
        (plain, kill),
        (whole, broken),
        (broken, whole),
        (whole, null),
        (null, whole),
        (word, whole),
        (whole, word),
    ] {
        let folder = Folder::new();
        folder.write("base.yaml", "version: 1\nflags: { a: on }\n");
        folder.write("prod.yaml", "version: 1\n");
        let flags = folder.opened(&["base.yaml", "prod.yaml"]);
        assert!(flags.is_enabled("a", &Context::new()));
        folder.write("base.yaml", base);
        folder.write("prod.yaml", overlay);
        flags.reload().unwrap();
        let snap = flags.snapshot();
        let reason = snap.decide("a", &Context::new()).reason();
        assert_eq!(reason, Reason::Killed, "{base}{overlay}");
        assert_eq!(flags.status().kept, ["a"]);
    }
}

#[test]
fn a_killed_flag_with_variants_serves_its_off_variant() {
    let good = "version: 1\nflags:\n  a: { variants: [x, y, z], default: x, off_variant: z }\n";
    let live = Live::of(good);
    live.becomes("version: 1\nflags: { a: { kill: true, typo: 1 } }\n");
    let snap = live.flags.snapshot();
    let decision = snap.decide("a", &Context::new());
    assert_eq!((decision.variant(), decision.reason()), ("z", Reason::Killed));
    assert_eq!(live.flags.snapshot().value_or("a", &Context::new(), "default").to_owned(), "z");
}

#[test]
fn what_is_no_readable_kill_kills_nothing() {
    for body in [
        "{ kill: false, typo: 1 }",
        "{ kill: maybe, typo: 1 }",
        "{ kill: yes }",
        "{ kill: 1 }",
        "{ kill: [true] }",
        "{ kill: }",
        "{ Kill: true }",
        "{ rules: [{ when: everyone, kill: true }] }",
        "{ x-kill: true, typo: 1 }",
    ] {
        let live = Live::of(ON);
        live.becomes(format!("version: 1\nflags:\n  a: {body}\n  b: on\n"));
        assert!(live.is_on("a"), "{body}");
        live.keeps(&["a"]);
    }
}

#[test]
fn a_killed_flag_that_is_repaired_is_what_the_file_says() {
    let live = Live::of("version: 1\nflags: { b: on }\n");
    live.becomes("version: 1\nflags: { a: { kill: true, typo: 1 }, b: on }\n");
    assert_eq!(live.reason("a"), Reason::Killed);
    live.becomes("version: 1\nflags: { a: { variants: [x, y], default: y }, b: on }\n");
    assert_eq!(live.flags.snapshot().decide("a", &Context::new()).variant(), "y");
    live.keeps(&[]);
}

#[test]
fn a_killed_flag_without_a_last_good_version_never_gets_one_from_being_killed() {
    let live = Live::of("version: 1\nflags: { b: on }\n");
    live.becomes("version: 1\nflags: { a: { kill: true, typo: 1 }, b: on }\n");
    live.becomes("version: 1\nflags: { a: { kill: true, typo: 2 }, b: on }\n");
    assert_eq!(live.reason("a"), Reason::Killed);
    assert_eq!(live.broken(), (vec![], vec!["a".to_owned()]), "it never was good");
    live.becomes("version: 1\nflags: { a: { typo: 2 }, b: on }\n");
    assert_eq!(live.reason("a"), Reason::FlagNotFound);
    assert_eq!(live.broken(), (vec![], vec!["a".to_owned()]));
}

#[test]
fn a_whole_kill_needs_no_last_good_version() {
    let live = Live::of("version: 1\nflags: { b: { requires: a, default: on }, a: on }\n");
    assert!(live.is_on("b"));
    live.becomes(
        "version: 1\nflags: { b: { requires: a, default: on }, a: { kill: true, typo: 1 } }\n",
    );
    assert_eq!(live.reason("b"), Reason::Prerequisite);
}

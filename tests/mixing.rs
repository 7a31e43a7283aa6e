//! Old versions of some flags beside new ones of others: references, rings, segments and lists.
//! FORMAT.md 13, 27 and 28.

mod folder;
mod live;

use std::fmt::Write as _;
use std::sync::mpsc::channel;

use folder::{Folder, PATIENCE};
use hoist::{Context, Reason};
use live::Live;

#[test]
fn the_members_of_a_ring_are_kept_and_no_one_else() {
    let live = Live::of("version: 1\nflags: { a: on, b: on, c: on, d: on }\n");
    live.becomes(
        "version: 1\nflags:\n  a: { requires: b }\n  b: { requires: c }\n  \
         c: { rules: [{ when: { flag.a: on } }] }\n  d: { requires: a, default: off }\n  e: on\n",
    );
    live.keeps(&["a", "b", "c"]);
    assert!(live.is_on("a") && live.is_on("b") && live.is_on("c") && live.is_on("e"));
    assert!(!live.is_on("d"), "it requires one and is not in the ring: it moves on");
    assert_eq!(live.places().len(), 1, "a ring is told once");
}

#[test]
fn a_flag_in_a_ring_of_itself_is_kept() {
    for body in ["{ requires: a }", "{ rules: [{ when: { flag.a: on } }] }"] {
        let live = Live::of("version: 1\nflags: { a: on, b: on }\n");
        live.becomes(format!("version: 1\nflags:\n  a: {body}\n  b: off\n"));
        live.keeps(&["a"]);
        assert!(live.is_on("a") && !live.is_on("b"));
    }
    let live = Live::of("version: 1\nflags: { b: on }\n");
    live.becomes("version: 1\nflags: { a: { requires: a, default: on }, b: on }\n");
    assert_eq!(live.reason("a"), Reason::FlagNotFound);
    assert_eq!(live.broken(), (vec![], vec!["a".to_owned()]));
}

#[test]
fn a_ring_of_segments_breaks_the_flags_that_use_them() {
    let live = Live::of(
        "version: 1\nsegments: { s: { region: nz }, t: { region: nz } }\nflags:\n  \
         a: { rules: [{ when: { segment: s } }] }\n  b: on\n",
    );
    live.becomes(
        "version: 1\nsegments: { s: { segment: t }, t: { segment: s } }\nflags:\n  \
         a: { rules: [{ when: { segment: s } }] }\n  b: off\n",
    );
    live.keeps(&["a"]);
    assert!(live.on_in("a", "nz") && !live.on_in("a", "au") && !live.is_on("b"));
}

/// A ring through a segment, in both orders of the sections: the order of a file means nothing.
#[test]
fn a_ring_through_a_segment_breaks_the_same_flags_in_any_order_of_the_file() {
    let good = "version: 1\nsegments: { s: { region: nz } }\nflags: { a: on, b: on }\n";
    let segments = "segments: { s: { flag.a: on } }\n";
    let flags = "flags:\n  a: { rules: [{ when: { segment: s } }] }\n  b: { rules: [{ when: { segment: s } }] }\n";
    let mut outcomes = Vec::new();
    for text in [format!("{segments}{flags}"), format!("{flags}{segments}")] {
        let live = Live::of(good);
        live.becomes(format!("version: 1\n{text}"));
        assert!(live.is_on("a"));
        assert!(live.broken().0.contains(&"a".to_owned()));
        outcomes.push((live.broken(), live.is_on("b"), live.on_in("b", "nz")));
    }
    assert_eq!(outcomes[0], outcomes[1]);
}

#[test]
fn a_ring_that_mixing_makes_keeps_its_last_good_version_whole() {
    let live = Live::of("version: 1\nflags: { a: { requires: b, default: on }, b: on, c: on }\n");
    // The old `a` requires `b`; the new `b` requires `a`.
    live.becomes(
        "version: 1\nflags:\n  a: { typo: 1 }\n  b: { requires: a, default: on }\n  c: off\n",
    );
    live.keeps(&["a", "b"]);
    assert!(live.is_on("a") && live.is_on("b") && !live.is_on("c"));
    // With `a` repaired, both are new.
    live.becomes("version: 1\nflags:\n  a: off\n  b: { requires: a, default: on }\n  c: off\n");
    live.keeps(&[]);
    assert!(!live.is_on("a") && !live.is_on("b"));
}

#[test]
fn a_ring_that_mixing_makes_through_an_old_segment_breaks_no_flag_of_the_new_one() {
    let live = Live::of(
        "version: 1\nsegments: { s: { flag.b: on } }\nflags:\n  \
         a: { rules: [{ when: { segment: s } }] }\n  b: on\n  c: off\n",
    );
    assert!(live.is_on("a"));
    // Old `a` → old `s` → new `b` → `a`. The new `s` is sound, and `c` uses it.
    for order in [
        "c: { rules: [{ when: { segment: s } }] }\n  b: { requires: a, default: on }",
        "b: { requires: a, default: on }\n  c: { rules: [{ when: { segment: s } }] }",
    ] {
        live.becomes(format!("version: 1\n# {order:?}\nsegments: {{ s: {{ region: nz }} }}\nflags:\n  {order}\n  a: {{ typo: 1 }}\n"));
        live.keeps(&["a", "b"]);
        assert!(live.is_on("a") && live.is_on("b"));
        assert!(live.on_in("c", "nz") && !live.on_in("c", "au"));
    }
}

#[test]
fn every_problem_of_a_mixed_set_is_placed_in_the_text_that_is_there() {
    let old = format!(
        "version: 1\n{}flags:\n  a: {{ requires: b, default: on }}\n  b: on\n",
        "# a long way down\n".repeat(50)
    );
    let live = Live::of(&old);
    live.becomes("version: 1\nflags:\n  a: { typo: 1 }\n  b: { requires: a, default: on }\n");
    live.keeps(&["a", "b"]);
    let failure = live.flags.status().last_error.unwrap();
    let report = failure.error.report().unwrap();
    let placed: Vec<_> = report.diagnostics().iter().map(|p| (p.flag(), p.line())).collect();
    assert!(placed.contains(&(Some("a"), 3)), "{report}");
    assert!(
        placed.contains(&(Some("b"), 4)),
        "a ring is told where the new text closes it: {report}"
    );
    assert!(placed.iter().all(|(_, line)| (3..=4).contains(line)), "{report}");
}

#[test]
fn a_prerequisite_that_is_gone_does_not_hold() {
    let live = Live::of(
        "version: 1\nflags:\n  a: { requires: b, default: on }\n  \
         c: { rules: [{ when: { flag.b: on } }] }\n  b: on\n",
    );
    assert!(live.is_on("a") && live.is_on("c"));
    live.becomes("version: 1\nflags: { a: { typo: 1 }, c: { typo: 1 } }\n");
    live.keeps(&["a", "c"]);
    assert_eq!(live.reason("a"), Reason::Prerequisite);
    assert!(!live.is_on("a") && !live.is_on("c"));
    assert_eq!(live.reason("c"), Reason::Default);
    // It comes back.
    live.becomes("version: 1\nflags: { a: { typo: 1 }, c: { typo: 1 }, b: on }\n");
    assert!(live.is_on("a") && live.is_on("c"));
}

#[test]
fn a_flag_that_names_one_that_is_gone_keeps_its_last_good_version() {
    let live = Live::of("version: 1\nflags: { a: { requires: b, default: on }, b: on }\n");
    live.becomes("version: 1\nflags: { a: { requires: b, default: on } }\n");
    live.keeps(&["a"]);
    assert_eq!(live.reason("a"), Reason::Prerequisite);
}

#[test]
fn an_old_version_meets_new_variants() {
    let live = Live::of(
        "version: 1\nflags:\n  a: { requires: b, default: on }\n  \
         c: { requires: { v: x }, default: on }\n  b: on\n  v: { variants: [x, y], default: x }\n",
    );
    assert!(live.is_on("a") && live.is_on("c"));
    live.becomes(
        "version: 1\nflags:\n  a: { typo: 1 }\n  c: { typo: 1 }\n  \
         b: { variants: [on-1, x], default: x }\n  v: { variants: [y, z], default: y }\n",
    );
    live.keeps(&["a", "c"]);
    assert_eq!(live.reason("a"), Reason::Prerequisite);
    assert_eq!(live.reason("c"), Reason::Prerequisite);
}

#[test]
fn an_error_in_a_segment_breaks_the_flags_that_use_it_directly_or_through_another() {
    let flags = "  a: { rules: [{ when: { segment: s } }] }
  b: { rules: [{ when: everyone, unless: { segment: t } }] }
  c: { unless: { segment: t }, default: on }
  d: { rules: [{ when: { segment: sound } }] }
";
    let good = format!(
        "version: 1\nsegments:\n  s: {{ region: nz }}\n  t: {{ not: {{ segment: s }} }}\n  \
         sound: {{ region: nz }}\nflags:\n{flags}  e: on\n"
    );
    for broken in [
        "{ regoin: nz }",
        "",
        "{}",
        "{ region: }",
        "{ segment: nobody }",
        "{ user: { in_file: nobody } }",
    ] {
        let live = Live::of(&good);
        live.becomes(format!(
            "version: 1\nsegments:\n  s: {broken}\n  t: {{ not: {{ segment: s }} }}\n  \
             sound: {{ region: au }}\nflags:\n{flags}  e: off\n"
        ));
        live.keeps(&["a", "b", "c"]);
        for flag in ["a", "b", "c"] {
            assert!(live.on_in(flag, "nz") && !live.on_in(flag, "au"), "{broken} {flag}");
        }
        assert!(live.on_in("d", "au") && !live.on_in("d", "nz"), "{broken}");
        assert!(!live.is_on("e"), "{broken}");
        assert_eq!(live.places().len(), 1, "the segment's own error is told once: {broken}");
        assert_eq!(live.announced().1, ["a", "b", "c"]);
    }
}

#[test]
fn a_segment_that_is_given_twice_breaks_the_flags_that_use_it() {
    let flags = "flags: { a: { rules: [{ when: { segment: s } }] }, b: on }\n";
    let live = Live::of(&format!("version: 1\nsegments: {{ s: {{ region: nz }} }}\n{flags}"));
    live.becomes(format!(
        "version: 1\nsegments:\n  s: {{ region: au }}\n  s: {{ region: au }}\n{}",
        flags.replace("b: on", "b: off")
    ));
    live.keeps(&["a"]);
    assert!(live.on_in("a", "nz") && !live.on_in("a", "au") && !live.is_on("b"));
}

#[test]
fn a_broken_segment_that_no_flag_uses_breaks_none() {
    let live = Live::of("version: 1\nsegments: { s: { region: nz } }\nflags: { a: on }\n");
    live.becomes("version: 1\nsegments: { s: { regoin: nz } }\nflags: { a: off }\n");
    live.keeps(&[]);
    assert!(!live.is_on("a"));
    assert_eq!(live.places(), ["2:18"], "it is told all the same");
}

#[test]
fn the_last_good_version_includes_the_segments_as_they_were() {
    let flag = "rules: [{ when: { segment: s } }]";
    let text = |region: &str, typo: &str| {
        format!(
            "version: 1\nsegments: {{ t: {{ region: {region} }}, s: {{ segment: t }} }}\nflags:\n  \
             a: {{ {typo} {flag} }}\n  b: {{ {flag} }}\n"
        )
    };
    let live = Live::of(&text("nz", ""));
    live.becomes(text("au", "typo: 1,"));
    assert!(live.on_in("a", "nz") && !live.on_in("a", "au"), "the old one");
    assert!(live.on_in("b", "au") && !live.on_in("b", "nz"), "the new one");
    // Again, with yet another, and without the segments at all.
    live.becomes(text("fr", "typo: 1,"));
    assert!(live.on_in("a", "nz") && live.on_in("b", "fr"));
    live.becomes("version: 1\nflags: { a: { typo: 1 }, b: on }\n");
    assert!(live.on_in("a", "nz") && !live.on_in("a", "fr") && live.is_on("b"));
    live.becomes(text("fr", ""));
    assert!(live.on_in("a", "fr") && !live.on_in("a", "nz"));
}

#[test]
fn a_broken_list_breaks_the_flags_that_use_it_which_keep_it_as_it_was() {
    let text = |typo: &str| {
        format!(
            "version: 1\nsegments: {{ s: {{ user: {{ in_file: list.txt }} }} }}\nflags:\n  \
             a: {{ {typo} rules: [{{ when: {{ user: {{ in_file: list.txt }} }} }}] }}\n  \
             b: {{ rules: [{{ when: {{ segment: s }} }}] }}\n  \
             c: {{ rules: [{{ when: {{ user: {{ in_file: other.txt }} }} }}] }}\n"
        )
    };
    let folder = Folder::new();
    folder.write("list.txt", "ada\n");
    folder.write("other.txt", "ada\n");
    let live = Live::with(folder, &text(""));
    let on = |flag: &str, user: &str| live.flags.is_enabled(flag, &Context::new().user(user));

    live.folder.remove("list.txt");
    live.folder.write("other.txt", "bob\n");
    live.flags.reload().unwrap();
    live.keeps(&["a", "b"]);
    assert!(on("a", "ada") && on("b", "ada") && on("c", "bob") && !on("c", "ada"));

    live.folder.write("list.txt", "# nobody\n");
    live.flags.reload().unwrap();
    live.keeps(&["a", "b"]);
    assert!(on("a", "ada") && on("b", "ada"));

    // The list is whole again, but one flag is broken for another reason: it keeps the old list.
    live.folder.write("list.txt", "eve\n");
    live.becomes(text("typo: 1,"));
    live.keeps(&["a"]);
    assert!(on("a", "ada") && !on("a", "eve") && on("b", "eve") && !on("b", "ada"));

    live.becomes(text(""));
    assert!(on("a", "eve") && !on("a", "ada"));
    assert!(live.flags.status().last_error.is_none());
}

#[test]
fn a_list_that_takes_the_place_of_another_is_seen() {
    let text = "version: 1\nflags:\n  a: { rules: [{ when: { user: { in_file: a.txt } } }] }\n  \
                b: { rules: [{ when: { user: { in_file: b.txt } } }] }\n";
    let folder = Folder::new();
    folder.write("a.txt", "ada\n");
    folder.write("b.txt", "ada\n");
    let live = Live::with(folder, text);
    live.folder.remove("b.txt");
    live.flags.reload().unwrap();
    live.keeps(&["b"]);
    std::fs::rename(live.folder.at("a.txt"), live.folder.at("b.txt")).unwrap();
    live.flags.reload().unwrap();
    live.keeps(&["a"]);
}

/// Runs on a thread with little room, and within a test's patience.
#[track_caller]
fn in_little_room<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, is_done) = channel();
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    thread.spawn(move || done.send(work())).unwrap();
    is_done.recv_timeout(PATIENCE).expect("an answer comes at last")
}

/// Every second flag keeps an old version, so that old and new versions in turn make a chain that
/// neither text has: its depth is limited as that of a text.
#[test]
fn what_mixing_makes_nests_no_deeper_than_a_text_may() {
    let (mut old, mut new) =
        (String::from("version: 1\nflags:\n"), String::from("version: 1\nflags:\n"));
    let links = 3_000;
    for i in (0..links).step_by(2) {
        let nested =
            "{ all: [".repeat(20) + &format!("{{ flag.f{}: on }}", i + 2) + &"] }".repeat(20);
        writeln!(old, "  f{i}: on\n  f{}: {{ rules: [{{ when: {nested} }}] }}", i + 1).unwrap();
        writeln!(new, "  f{i}: {{ requires: f{0}, default: on }}\n  f{0}: {{ typo: 1 }}", i + 1)
            .unwrap();
    }
    for text in [&mut old, &mut new] {
        writeln!(text, "  f{links}: on").unwrap();
    }
    let live = Live::of(&old);
    live.becomes(&new);
    let snap = live.flags.snapshot();
    assert!(in_little_room(move || snap.is_enabled("f0", &Context::new())));
}

/// The same with breadth: each asks the next fifty times.
#[test]
fn what_mixing_makes_costs_no_more_than_a_text_may() {
    let (mut old, mut new) =
        (String::from("version: 1\nflags:\n"), String::from("version: 1\nflags:\n"));
    for i in (0..24).step_by(2) {
        let asking = |next| {
            let asked = vec![format!("{{ flag.f{next}: off }}"); 50].join(", ");
            format!("{{ rules: [{{ when: {{ any: [{asked}] }} }}], default: on }}")
        };
        writeln!(old, "  f{i}: on\n  f{}: {}", i + 1, asking(i + 2)).unwrap();
        writeln!(new, "  f{i}: {}\n  f{}: {{ typo: 1 }}", asking(i + 1), i + 1).unwrap();
    }
    for text in [&mut old, &mut new] {
        writeln!(text, "  f24: on").unwrap();
    }
    let live = Live::of(&old);
    live.becomes(&new);
    let snap = live.flags.snapshot();
    assert!(in_little_room(move || snap.is_enabled("f0", &Context::new())));
}

//! What a bad change may change at a reload, and what not. FORMAT.md 27.

mod folder;
mod live;

use folder::Folder;
use hoist::{Context, Reason, ReloadEvent, ReloadOutcome};
use live::Live;

const GOOD: &str = "\
version: 1
segments:
  s: { region: nz }
flags:
  a: { rules: [{ name: r, when: { segment: s } }] }
  b: on
";

#[test]
fn what_is_wrong_at_the_top_rejects_the_file() {
    let deep =
        format!("version: 1\nflags: {{ a: off }}\nx-deep: {}{}\n", "[".repeat(70), "]".repeat(70));
    let mut bomb =
        String::from("version: 1\nflags: { a: off }\nx-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..9 {
        let item = format!("*a{}", i - 1);
        bomb.push_str(&format!("x-{i}: &a{i} [{}]\n", vec![item; 10].join(", ")));
    }
    let refused: &[&str] = &[
        "",
        "# nothing\n",
        "flags",
        "[]",
        "version: 1\nflags: { a: off",
        "version: 1\nflags: { a: off }\n  b: on\n",
        "version: 1\nflags:\n\ta: off\n",
        "flags: { a: off }\n",
        "version: 2\nflags: { a: off }\n",
        "version: '1'\nflags: { a: off }\n",
        "version:\nflags: { a: off }\n",
        "version: 1.0\nflags: { a: off }\n",
        "version: 1\n",
        "version: 1\nflags:\n",
        "version: 1\nflags: []\n",
        "version: 1\nflags: on\n",
        "version: 1\nflag: { a: off }\nflags: { a: off }\n",
        "version: 1\nflags: { a: off }\nflags: { b: off }\n",
        "version: 1\nversion: 1\nflags: { a: off }\n",
        "version: 1\nflags: { a: off }\n<<: {}\n",
        "version: 1\nflags: { a: off }\n~: 1\n",
        "version: 1\nflags: { a: off }\nlayers: {}\n",
        "version: 1\nflags: { a: off }\nattributes: []\n",
        "version: 1\nflags: { a: off }\nattributes: { plan: txt }\n",
        "version: 1\nflags: { a: off }\nattributes: { plan: }\n",
        "version: 1\nflags: { a: off }\nattributes: { plan: text, plan: text }\n",
        "version: 1\nflags: { a: off }\nattributes: { 'no name': text }\n",
        "version: 1\nflags: { a: off }\nstrategies: { s: 1 }\n",
        "version: 1\nflags: { a: off }\nstrategies: [not-registered]\n",
        "version: 1\nflags: { a: off }\nsegments: []\n",
        "version: 1\nflags: { a: off }\n---\nversion: 1\nflags: { a: off }\n",
        "%YAML 1.2\n---\nversion: 1\nflags: { a: off }\n",
        "version: 1\nflags: { a: off }\nx: \u{1}\n",
        &deep,
        &bomb,
    ];
    let live = Live::of(GOOD);
    let before = live.flags.status();
    for (n, text) in (1..).zip(refused) {
        let error = live.reload(text).expect_err(text);
        assert!(error.is_invalid(), "{text}");
        assert!(error.report().unwrap().has_errors(), "{text}");
        assert!(live.on_in("a", "nz") && !live.on_in("a", "au") && live.is_on("b"), "{text}");
        let status = live.flags.status();
        assert_eq!((status.generation, status.hash), (before.generation, before.hash), "{text}");
        assert_eq!(status.loaded_at, before.loaded_at);
        assert_eq!(status.reloads.failed, n);
        assert_eq!(status.last_error.unwrap().error.to_string(), error.to_string());
        assert!(status.kept.is_empty() && status.left_out.is_empty());
        let heard = live.heard();
        assert!(matches!(heard.as_slice(), [ReloadEvent::Failed { .. }]), "{text} {heard:?}");
    }
    live.becomes("version: 1\nflags: { a: on }\n");
    assert!(live.is_on("a"));
    assert!(live.flags.status().last_error.is_none());
}

#[test]
fn what_cannot_be_read_rejects_all() {
    let live = Live::of(GOOD);
    assert!(live.reload(b"version: 1\nflags: { a: \xff }\n").unwrap_err().is_invalid());
    live.folder.remove("flags.yaml");
    assert!(live.flags.reload().unwrap_err().is_unreadable());
    live.folder.write("flags.yaml/inside", "");
    assert!(live.flags.reload().unwrap_err().is_unreadable());
    assert!(live.is_on("b") && live.on_in("a", "nz"));
    assert_eq!(live.flags.status().reloads.failed, 3);
    assert_eq!(live.heard().len(), 3);
}

#[test]
fn mistakes_in_tests_are_warnings_for_a_service() {
    let live = Live::of(GOOD);
    live.becomes(
        "version: 1\nflags: { a: on, b: on }\ntests:\n- { expect: { nobody: on } }\n- 5\n",
    );
    assert!(live.is_on("a"));
    live.keeps(&[]);
    assert!(live.flags.status().last_error.is_none());
    let snap = live.flags.snapshot();
    assert!(snap.report().warnings() > 0 && !snap.report().has_errors());
}

#[test]
fn an_error_inside_a_flag_breaks_that_flag_alone() {
    let bodies = [
        "5",
        "yes",
        "null",
        "",
        "[]",
        "{ rolout: 5% }",
        "{ enabled: true }",
        "{ default: on, default: on }",
        "{ default: 25% }",
        "{ <<: {} }",
        "{ ~: 1 }",
        "{ default: !!str on }",
        "{ owner: .nan }",
        "{ rules: {} }",
        "{ rules: [{ name: r }] }",
        "{ rules: [{ when: }] }",
        "{ rules: [{ when: {} }] }",
        "{ rules: [{ when: { any: [] } }] }",
        "{ rules: [{ when: { region: [] } }] }",
        "{ rules: [{ when: { region: 1.5 } }] }",
        "{ rules: [{ when: { country: nz } }] }",
        "{ rules: [{ when: { segment: nobody } }] }",
        "{ rules: [{ when: { strategy.nobody: {} } }] }",
        "{ rules: [{ when: { flag.nobody: on } }] }",
        "{ rules: [{ when: { flag.b: blue } }] }",
        "{ rules: [{ when: { user: { matches: '(' } } }] }",
        "{ rules: [{ when: { user: { in_file: nobody.txt } } }] }",
        "{ rules: [{ when: { ip: 10.0.0.1/8 } }] }",
        "{ rules: [{ when: everyone, rollout: 101% }] }",
        "{ rules: [{ when: everyone, else: on }] }",
        "{ rules: [{ when: everyone, serve: { on: 0, off: 0 } }] }",
        "{ rules: [{ name: r, when: everyone }, { name: r, when: everyone }] }",
        "{ requires: nobody }",
        "{ requires: { b: blue } }",
        "{ variants: [x, y] }",
        "{ variants: { x: 1, y: 1.5 }, default: x }",
        "{ unless: { region: nz, user: ada } }",
        "{ by: header.x, default: on }",
        "{ created: tomorrow }",
        "{ kill: maybe }",
    ];
    for body in bodies {
        let live = Live::of(GOOD);
        let before = live.flags.status();
        live.becomes(format!("version: 1\nflags:\n  b: off\n  a: {body}\n  c: on\n"));
        assert!(live.on_in("a", "nz"), "{body}: its last good version stays");
        assert!(!live.on_in("a", "au"), "{body}");
        assert!(!live.is_on("b") && live.is_on("c"), "{body}: the others move on");
        live.keeps(&["a"]);
        let status = live.flags.status();
        assert!(status.generation > before.generation && status.hash != before.hash);
        assert_eq!((status.flags, status.reloads.ok, status.reloads.failed), (3, 1, 0));
        let failure = status.last_error.expect(body);
        let report = failure.error.report().unwrap();
        assert!(report.has_errors());
        assert!(report.diagnostics().iter().all(|p| p.flag() == Some("a")), "{report}");
        assert!(report.diagnostics().iter().all(|p| p.line() == 4), "{report}");
        let (changed, broken) = live.announced();
        assert_eq!((changed, broken), (vec!["b".into(), "c".into()], vec!["a".into()]), "{body}");
    }
}

#[test]
fn a_broken_flag_keeps_its_last_good_version_however_often_the_file_changes() {
    let live = Live::of("version: 1\nflags: { a: on, b: on }\n");
    for n in 0..5 {
        let word = if n % 2 == 0 { "off" } else { "on" };
        live.becomes(format!("version: 1\nflags: {{ a: {{ typo: {n} }}, b: {word} }}\n"));
        assert!(live.is_on("a"));
        assert_eq!(live.is_on("b"), word == "on");
        live.keeps(&["a"]);
    }
    live.becomes("version: 1\nflags: { a: off, b: on }\n");
    assert!(!live.is_on("a"));
    live.keeps(&[]);
    assert!(live.flags.status().last_error.is_none());
}

#[test]
fn a_flag_that_is_given_twice_keeps_its_last_good_version() {
    let live = Live::of("version: 1\nflags: { a: on, b: on }\n");
    live.becomes("version: 1\nflags:\n  a: off\n  b: off\n  a: off\n");
    assert!(live.is_on("a") && !live.is_on("b"));
    live.keeps(&["a"]);
    assert_eq!(live.places(), ["5:3"]);

    // In two files of a directory, too.
    let folder = Folder::new();
    folder.write("base/1.yaml", "version: 1\nflags: { a: on }\n");
    folder.write("base/2.yaml", "version: 1\nflags: { b: on }\n");
    let flags = folder.opened(&["base"]);
    folder.write("base/2.yaml", "version: 1\nflags: { b: off, a: off }\n");
    flags.reload().unwrap();
    assert!(flags.is_enabled("a", &Context::new()) && !flags.is_enabled("b", &Context::new()));
    assert_eq!(flags.status().kept, ["a"]);
}

#[test]
fn a_file_of_a_directory_that_is_wrong_at_the_top_rejects_the_set() {
    let folder = Folder::new();
    folder.write("base/1.yaml", "version: 1\nflags: { a: on }\n");
    folder.write("base/2.yaml", "version: 1\nflags: { b: on }\n");
    let flags = folder.opened(&["base"]);
    folder.write("base/1.yaml", "version: 1\nflags: { a: off }\n");
    folder.write("base/2.yaml", "version: 1\nflags: { b: off\n");
    assert!(flags.reload().is_err());
    assert!(flags.is_enabled("a", &Context::new()) && flags.is_enabled("b", &Context::new()));
    folder.remove("base/2.yaml");
    flags.reload().unwrap();
    assert!(!flags.is_enabled("a", &Context::new()));
    assert_eq!(flags.snapshot().flags().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn what_is_wrong_in_an_overlay_breaks_the_flag_that_it_speaks_of() {
    let folder = Folder::new();
    folder.write(
        "base.yaml",
        "version: 1\nflags: { a: { rules: [{ name: r, when: { region: nz } }] }, b: off }\n",
    );
    folder.write("prod.yaml", "version: 1\n");
    let flags = folder.opened(&["base.yaml", "prod.yaml"]);
    folder.write("prod.yaml", "version: 1\nflags: { a: { rules: { s: null } }, b: on }\n");
    flags.reload().unwrap();
    assert!(flags.is_enabled("a", &Context::new().region("nz")));
    assert!(flags.is_enabled("b", &Context::new()));
    assert_eq!(flags.status().kept, ["a"]);
    folder.write("prod.yaml", "version: 1\nflags: { b: off }\nby: tenant\n");
    assert!(flags.reload().is_err());
    assert!(flags.is_enabled("b", &Context::new()));
}

#[test]
fn a_new_flag_that_is_broken_is_left_out() {
    let live = Live::of("version: 1\nflags: { a: on }\n");
    live.becomes("version: 1\nflags: { a: off, new: { default: on, typo: 1 } }\n");
    assert!(!live.is_on("a") && !live.is_on("new"));
    assert_eq!(live.reason("new"), Reason::FlagNotFound);
    assert!(live.flags.value_or("new", &Context::new(), true), "the code default answers");
    assert_eq!(live.broken(), (vec![], vec!["new".to_owned()]));
    assert_eq!(live.flags.status().flags, 1);
    assert_eq!(live.flags.snapshot().flags().collect::<Vec<_>>(), ["a"]);
    assert_eq!(live.announced().1, ["new"]);
    // Whoever requires it does not hold, and is not broken for it.
    live.becomes("version: 1\nflags: { a: { requires: new, default: on }, new: { typo: 1 } }\n");
    assert_eq!(live.reason("a"), Reason::Prerequisite);
    assert_eq!(live.broken(), (vec![], vec!["new".to_owned()]));
    live.becomes("version: 1\nflags: { a: { requires: new, default: on }, new: on }\n");
    assert!(live.is_on("a"));
    live.keeps(&[]);
}

#[test]
fn a_flag_that_is_gone_is_gone_and_comes_back_new() {
    let live = Live::of("version: 1\nflags: { a: on, b: on }\n");
    live.becomes("version: 1\nflags: { b: on }\n");
    assert_eq!(live.reason("a"), Reason::FlagNotFound);
    assert_eq!(live.announced().0, ["a"]);
    // A broken one has no last good version any more: it was taken out on purpose.
    live.becomes("version: 1\nflags: { a: { typo: 1 }, b: on }\n");
    assert_eq!(live.reason("a"), Reason::FlagNotFound);
    assert_eq!(live.broken(), (vec![], vec!["a".to_owned()]));
    live.becomes("version: 1\nflags: { a: on, b: on }\n");
    assert!(live.is_on("a"));
}

#[test]
fn the_same_contents_are_no_reload() {
    let live = Live::of(GOOD);
    assert_eq!(live.flags.reload().unwrap(), ReloadOutcome::Unchanged);
    assert_eq!(live.reload(GOOD).unwrap(), ReloadOutcome::Unchanged);
    let status = live.flags.status();
    assert_eq!((status.reloads.ok, status.reloads.failed, status.reloads.unchanged), (0, 0, 2));
    assert!(live.heard().is_empty());
}

#[test]
fn all_problems_are_reported_at_once() {
    let live = Live::of("version: 1\nflags: { a: on, b: on }\n");
    live.becomes("version: 1\nflags:\n  a: 5\n  b: { typo: 1, rules: 7 }\n  c: yes\n  d: on\n");
    assert_eq!(live.places(), ["3:6", "4:8", "4:24", "5:6"]);
    assert_eq!(live.broken(), (vec!["a".into(), "b".into()], vec!["c".into()]));
}

#[test]
fn a_decision_of_a_last_good_version_says_so() {
    let live = Live::of(GOOD);
    live.becomes(
        "version: 1\n\n\nflags:\n  a: { rules: [{ when: { segment: gone } }] }\n  b: on\n",
    );
    let snap = live.flags.snapshot();
    let ctx = Context::new().region("nz");
    let decision = snap.decide("a", &ctx);
    assert!(decision.is_kept() && !snap.decide("b", &ctx).is_kept());
    let place = live.folder.at("flags.yaml").display().to_string();
    assert_eq!(decision.to_string(), format!("a = on (rule r, last good at {place}:5)"));
    live.becomes(GOOD);
    assert!(!live.flags.snapshot().decide("a", &ctx).is_kept());
}

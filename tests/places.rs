//! Which file and line a decision and its explanation name when layers were merged.

mod folder;

use folder::Folder;
use hoist::{Context, Flags};

const BASE: &str = "\
version: 1
flags:
  a:
    rules:
      - name: first
        when: { region: nz }
      - when: { region: au }
        name: second
    default: off
";

fn with(overlay: &str) -> (Folder, Flags) {
    let folder = Folder::new();
    folder.write("base.yaml", BASE);
    folder.write("prod.yaml", overlay);
    let flags = folder.opened(&["base.yaml", "prod.yaml"]);
    (folder, flags)
}

#[test]
fn a_rule_is_placed_at_its_first_key() {
    let (folder, flags) = with("version: 1\n");
    assert_eq!(folder.origin(&flags, "a", &Context::new().region("nz")), "base.yaml:5");
    assert_eq!(folder.origin(&flags, "a", &Context::new().region("au")), "base.yaml:7");
    assert_eq!(folder.origin(&flags, "a", &Context::new().region("fr")), "base.yaml:3");
}

#[test]
fn what_an_overlay_says_is_placed_there() {
    // A list of rules.
    let (folder, flags) =
        with("version: 1\nflags:\n  a:\n    rules:\n\n    - { name: r, when: { region: nz } }\n");
    assert_eq!(folder.origin(&flags, "a", &Context::new().region("nz")), "prod.yaml:6");
    // A shorthand.
    let (folder, flags) = with("version: 1\nflags:\n\n  a: on\n");
    assert_eq!(folder.origin(&flags, "a", &Context::new()), "prod.yaml:4");
    let (folder, flags) = with("version: 1\nflags:\n\n  a: 100%\n");
    assert_eq!(folder.origin(&flags, "a", &Context::new()), "prod.yaml:4");
    // A default, by the flag's own place.
    let (folder, flags) = with("version: 1\nflags:\n\n\n  a:\n    default: on\n");
    assert_eq!(folder.origin(&flags, "a", &Context::new()), "prod.yaml:5");
    // A kill.
    let (folder, flags) = with("version: 1\nflags:\n  a: { kill: true }\n");
    assert_eq!(folder.origin(&flags, "a", &Context::new().region("nz")), "prod.yaml:3");
    // A flag of its own.
    let (folder, flags) = with("version: 1\nflags:\n  b: on\n");
    assert_eq!(folder.origin(&flags, "b", &Context::new()), "prod.yaml:3");
}

#[test]
fn a_patched_rule_names_the_file_that_patched_it_and_the_others_their_own() {
    let (folder, flags) =
        with("version: 1\nflags:\n  a:\n    rules:\n      second:\n        when: { region: fr }\n");
    let patched = folder.origin(&flags, "a", &Context::new().region("fr"));
    assert!(patched.starts_with("prod.yaml:"), "{patched}");
    assert_eq!(folder.origin(&flags, "a", &Context::new().region("nz")), "base.yaml:5");
}

#[test]
fn the_last_layer_that_speaks_wins_the_place() {
    let folder = Folder::new();
    folder.write("base.yaml", BASE);
    folder.write("one.yaml", "version: 1\nflags:\n  a: on\n");
    folder.write("two.yaml", "version: 1\nflags:\n\n\n  a: off\n");
    let flags = folder.opened(&["base.yaml", "one.yaml", "two.yaml"]);
    assert_eq!(folder.origin(&flags, "a", &Context::new()), "two.yaml:5");
    let flags = folder.opened(&["base.yaml", "two.yaml", "one.yaml"]);
    assert_eq!(folder.origin(&flags, "a", &Context::new()), "one.yaml:3");
}

#[test]
fn json_overlays_have_places_too() {
    let folder = Folder::new();
    folder.write("base.yaml", BASE);
    folder.write("prod.json", "{\n  \"version\": 1,\n  \"flags\": {\n    \"a\": \"on\"\n  }\n}\n");
    let flags = folder.opened(&["base.yaml", "prod.json"]);
    assert_eq!(folder.origin(&flags, "a", &Context::new()), "prod.json:4");
}

#[test]
fn the_explanation_and_the_printed_decision_name_the_place() {
    let overlay =
        "version: 1\nflags:\n  a:\n    rules:\n\n    - { name: r, when: { region: nz } }\n";
    let (folder, flags) = with(overlay);
    let snap = flags.snapshot();
    let ctx = Context::new().region("nz");
    let place = format!("{}:6", folder.at("prod.yaml").display());
    let decision = snap.decide("a", &ctx).to_string();
    assert!(decision.contains(&place), "{decision}");
    let explanation = snap.explain("a", &ctx).to_string();
    assert!(explanation.contains(&place), "{explanation}");
    assert!(!explanation.contains("base.yaml"), "{explanation}");
}

#[test]
fn a_byte_order_mark_and_crlf_move_no_place() {
    let folder = Folder::new();
    folder.write("base.yaml", BASE);
    folder
        .write("prod.yaml", "\u{feff}version: 1\r\n# ünï\r\nflags:\r\n  a:\r\n    default: on\r\n");
    let flags = folder.opened(&["base.yaml", "prod.yaml"]);
    assert_eq!(folder.origin(&flags, "a", &Context::new()), "prod.yaml:4");
    folder.write("prod.yaml", "\u{feff}version: 1\r\n# ünï\r\nflags:\r\n  a: { default: yes }\r\n");
    assert_eq!(folder.refusal(&["base.yaml", "prod.yaml"]).0, "prod.yaml:4:17");
}

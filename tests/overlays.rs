//! Overlays: whose words count, key by key. FORMAT.md 19, 20, 21 and 22.

mod folder;

use folder::Folder;
use hoist::{Context, Flags, Reason};

fn on(flags: &Flags, flag: &str) -> bool {
    flags.is_enabled(flag, &Context::new())
}

fn on_in(flags: &Flags, flag: &str, region: &str) -> bool {
    flags.is_enabled(flag, &Context::new().user("ada").region(region))
}

/// The handle of a base with one overlay.
#[track_caller]
fn laid_over(base: &str, overlay: &str) -> (Folder, Flags) {
    let folder = Folder::new();
    folder.write("base.yaml", base);
    folder.write("prod.yaml", overlay);
    let flags = folder.opened(&["base.yaml", "prod.yaml"]);
    (folder, flags)
}

/// Where and why an overlay is refused.
#[track_caller]
fn refusal(base: &str, overlay: &str) -> (String, String) {
    let folder = Folder::new();
    folder.write("base.yaml", base);
    folder.write("prod.yaml", overlay);
    folder.refusal(&["base.yaml", "prod.yaml"])
}

const RULES: &str = "\
version: 1
flags:
  a:
    owner: payments
    rules:
      - name: first
        when: { region: [nz, au] }
        until: 2020-01-01T00:00:00Z
        serve: off
      - name: second
        when: { region: nz }
      - name: third
        when: { region: au }
        rollout: 0%
    default: off
";

#[test]
fn a_key_replaces_the_key_of_the_base_and_leaves_the_others() {
    let (_folder, flags) = laid_over(RULES, "version: 1\nflags: { a: { default: on } }\n");
    assert!(on_in(&flags, "a", "fr"));
    let snap = flags.snapshot();
    let ctx = Context::new().user("ada").region("nz");
    assert_eq!(snap.decide("a", &ctx).rule(), Some("second"));

    // `variants` is one key: it is replaced whole, and what the base's default names is gone.
    let (place, said) = refusal(
        "version: 1\nflags:\n  a:\n    variants: [red, green]\n    default: red\n",
        "version: 1\nflags: { a: { variants: [green, blue] } }\n",
    );
    assert_eq!(place, "base.yaml:5:14");
    assert!(said.contains("red"), "{said}");
}

#[test]
fn null_takes_a_key_away() {
    let base = "\
version: 1
flags:
  gate: off
  a: { requires: gate, unless: { region: fr }, default: on }
  b: { rules: [{ name: all, when: everyone, serve: off }], default: on }
";
    let (_folder, flags) =
        laid_over(base, "version: 1\nflags: { a: { requires: null }, b: { rules: ~ } }\n");
    assert!(on_in(&flags, "a", "nz"));
    assert!(!on_in(&flags, "a", "fr"));
    assert!(on(&flags, "b"));
    assert_eq!(flags.snapshot().decide("b", &Context::new()).reason(), Reason::Static);
}

#[test]
fn rules_as_a_list_replace_all_rules() {
    let overlay = "version: 1\nflags: { a: { rules: [{ name: only, when: { region: fr } }] } }\n";
    let (_folder, flags) = laid_over(RULES, overlay);
    assert!(on_in(&flags, "a", "fr"));
    assert!(!on_in(&flags, "a", "nz"));
}

#[test]
fn rules_as_a_map_patch_key_by_key_and_keep_the_order() {
    // The patches stand in another order than the rules; the first rule opens again, and wins.
    let overlay = "\
version: 1
flags:
  a:
    rules:
      third: { rollout: 100% }
      second: { when: { region: fr } }
      first: { until: null }
";
    let (_folder, flags) = laid_over(RULES, overlay);
    let snap = flags.snapshot();
    let rule = |region| {
        let decision = snap.decide("a", &Context::new().user("ada").region(region));
        (decision.rule().map(str::to_owned), decision.variant().to_owned())
    };
    assert_eq!(rule("nz"), (Some("first".to_owned()), "off".to_owned()));
    assert_eq!(rule("au"), (Some("first".to_owned()), "off".to_owned()));
    assert_eq!(rule("fr"), (Some("second".to_owned()), "on".to_owned()));
}

#[test]
fn a_patch_may_add_a_key_and_replaces_one_whole() {
    let base = "\
version: 1
flags:
  a: { rules: [{ name: r, when: { region: nz, user: ada } }] }
";
    let overlay = "\
version: 1
flags: { a: { rules: { r: { when: { region: nz }, unless: { user: bob } } } } }
";
    let (_folder, flags) = laid_over(base, overlay);
    let asked = |user| flags.is_enabled("a", &Context::new().user(user).region("nz"));
    assert!(asked("eve"), "the old `when` is gone, its `user` too");
    assert!(!asked("bob"));
}

#[test]
fn null_takes_a_patched_rule_away() {
    let (_folder, flags) =
        laid_over(RULES, "version: 1\nflags: { a: { rules: { second: null } } }\n");
    assert!(!on_in(&flags, "a", "nz"));
    let snap = flags.snapshot();
    assert_eq!(snap.decide("a", &Context::new().region("nz")).reason(), Reason::Default);

    // The last one too: a flag without rules is left.
    let base = "version: 1\nflags: { a: { rules: [{ name: r, when: everyone }] } }\n";
    let (_folder, flags) = laid_over(base, "version: 1\nflags: { a: { rules: { r: ~ } } }\n");
    assert!(!on(&flags, "a"));
}

#[test]
fn an_unknown_rule_cannot_be_patched() {
    let overlay = "version: 1\nflags:\n  a:\n    rules:\n      secnod: { rollout: 5% }\n";
    let (place, said) = refusal(RULES, overlay);
    assert_eq!(place, "prod.yaml:5:7");
    assert!(said.contains("secnod") && said.contains("second"), "{said}");

    // Nor taken away.
    let overlay = "version: 1\nflags:\n  a:\n    rules: { nobody: null }\n";
    assert_eq!(refusal(RULES, overlay).0, "prod.yaml:4:14");

    // Nor where the flag below has none, or is a shorthand, or is not there at all.
    let base = "version: 1\nflags: { a: 25%, b: on }\n";
    for flag in ["a", "b"] {
        let overlay =
            format!("version: 1\nflags:\n  {flag}: {{ rules: {{ r: {{ rollout: 5% }} }} }}\n");
        assert!(refusal(base, &overlay).0.starts_with("prod.yaml:3:"), "{flag}");
    }
    let overlay = "version: 1\nflags:\n  new: { rules: { r: { rollout: 5% } } }\n";
    assert!(refusal(base, overlay).0.starts_with("prod.yaml:3:"));
}

#[test]
fn what_a_patch_says_wrongly_is_an_error_in_the_overlay() {
    let overlay = "version: 1\nflags: { a: { rules: { third: { rollout: 5 } } } }\n";
    assert_eq!(refusal(RULES, overlay).0, "prod.yaml:2:42");
    let overlay = "version: 1\nflags: { a: { rules: { third: { rolout: 5% } } } }\n";
    assert_eq!(refusal(RULES, overlay).0, "prod.yaml:2:33");
    let overlay = "version: 1\nflags: { a: { rules: { third: 5% } } }\n";
    assert_eq!(refusal(RULES, overlay).0, "prod.yaml:2:31");
    let overlay = "version: 1\nflags: { a: { rules: {} } }\n";
    assert!(refusal(RULES, overlay).0.starts_with("prod.yaml:2:"));
}

#[test]
fn the_same_rule_patched_twice_in_one_map_is_an_error() {
    let overlay = "\
version: 1
flags:
  a:
    rules:
      third: { rollout: 5% }
      third: { rollout: 100% }
";
    assert_eq!(refusal(RULES, overlay).0, "prod.yaml:6:7");
}

#[test]
fn a_shorthand_replaces_rules_and_default_and_keeps_the_rest() {
    let base = "\
version: 1
flags:
  gate: off
  a: { requires: gate, rules: [{ when: everyone, serve: off }] }
  b: { unless: { region: fr }, rules: [{ when: everyone, serve: off }] }
  c: { default: on, rules: [{ when: { region: nz } }] }
  d: { by: session, default: on, rules: [{ when: { region: nz } }] }
  e: { kill: true, default: off }
";
    let overlay = "version: 1\nflags: { a: on, b: true, c: off, d: 100%, e: on }\n";
    let (_folder, flags) = laid_over(base, overlay);
    let snap = flags.snapshot();
    let ctx = Context::new().region("nz");
    assert_eq!(snap.decide("a", &ctx).reason(), Reason::Prerequisite);
    assert!(on_in(&flags, "b", "nz"));
    assert!(!on_in(&flags, "b", "fr"), "its `unless` stays");
    assert_eq!(snap.decide("c", &ctx).reason(), Reason::Static);
    assert!(!on_in(&flags, "c", "nz"));
    assert!(on(&flags, "d"));
    assert_eq!(snap.decide("d", &ctx).rule(), Some("rules[0]"));
    assert_eq!(snap.decide("e", &ctx).reason(), Reason::Killed);
}

#[test]
fn a_shorthand_that_is_a_share_keeps_the_seed_and_the_unit() {
    let base = "version: 1\nflags:\n  a: { by: session, seed: words, default: on }\n  b: 30%\n";
    let (_folder, flags) = laid_over(base, "version: 1\nflags: { a: 30% }\n");
    let alone = hoist::Snapshot::from_yaml(
        "version: 1\nflags: { a: { by: session, seed: words, rules: [{ rollout: 30% }] } }\n",
    )
    .unwrap();
    for n in 0..200 {
        let session = n.to_string();
        let ctx = Context::new().session(&session);
        assert_eq!(flags.is_enabled("a", &ctx), alone.is_enabled("a", &ctx), "{n}");
    }
}

#[test]
fn a_flag_with_variants_has_no_shorthand() {
    let base = "version: 1\nflags: { a: { variants: [x, y], default: x } }\n";
    for word in ["on", "off", "true", "25%"] {
        let folder = Folder::new();
        folder.write("base.yaml", base);
        folder.write("prod.yaml", format!("version: 1\nflags:\n  a: {word}\n"));
        let places = folder.places(&["base.yaml", "prod.yaml"]);
        assert!(places.iter().any(|place| place.starts_with("prod.yaml:3:")), "{word} {places:?}");
    }
}

#[test]
fn a_null_flag_and_a_null_segment_are_errors() {
    let base = "version: 1\nsegments: { s: { region: nz } }\nflags: { a: on }\n";
    assert_eq!(refusal(base, "version: 1\nflags:\n  a: null\n").0, "prod.yaml:3:3");
    assert_eq!(refusal(base, "version: 1\nflags:\n  b:\n").0, "prod.yaml:3:3");
    assert_eq!(refusal(base, "version: 1\nsegments:\n  s: ~\n").0, "prod.yaml:3:3");
}

#[test]
fn a_flag_that_the_base_lacks_is_added_whole() {
    let base = "version: 1\nsegments: { kiwis: { region: nz } }\nflags: { a: on }\n";
    let overlay = "\
version: 1
flags:
  b: { requires: a, rules: [{ when: { segment: kiwis } }] }
  c: on
";
    let (_folder, flags) = laid_over(base, overlay);
    assert!(on_in(&flags, "b", "nz"));
    assert!(!on_in(&flags, "b", "au"));
    assert!(on(&flags, "a") && on(&flags, "c"));
    // And by the rules of a base: with variants it needs its default.
    let overlay = "version: 1\nflags:\n  d:\n    variants: [x, y]\n";
    assert_eq!(refusal(base, overlay).0, "prod.yaml:4:5");
}

#[test]
fn kill_holds_if_any_layer_says_so() {
    let folder = Folder::new();
    let kill = "version: 1\nflags: { a: { kill: true } }\n";
    let live = "version: 1\nflags: { a: { kill: false, default: on } }\n";
    let word = "version: 1\nflags: { a: { kill: on, default: on } }\n";
    let short = "version: 1\nflags: { a: on }\n";
    folder.write("kill.yaml", kill);
    folder.write("live.yaml", live);
    folder.write("word.yaml", word);
    folder.write("short.yaml", short);
    for names in [
        ["kill.yaml", "live.yaml", "short.yaml"],
        ["live.yaml", "kill.yaml", "short.yaml"],
        ["short.yaml", "live.yaml", "kill.yaml"],
        ["kill.yaml", "short.yaml", "live.yaml"],
        ["word.yaml", "live.yaml", "live.yaml"],
        ["live.yaml", "word.yaml", "live.yaml"],
    ] {
        let flags = folder.opened(&names);
        let snap = flags.snapshot();
        let decision = snap.decide("a", &Context::new());
        assert_eq!(decision.reason(), Reason::Killed, "{names:?}");
        assert_eq!(decision.variant(), "off", "{names:?}");
    }
    assert!(on(&folder.opened(&["live.yaml", "short.yaml", "live.yaml"]), "a"));
}

#[test]
fn a_segment_is_replaced_whole() {
    let base = "\
version: 1
segments: { s: { region: nz, user: ada }, t: { segment: s } }
flags: { a: { rules: [{ when: { segment: t } }] } }
";
    let (_folder, flags) = laid_over(base, "version: 1\nsegments: { s: { region: au } }\n");
    assert!(flags.is_enabled("a", &Context::new().user("eve").region("au")));
    assert!(!flags.is_enabled("a", &Context::new().user("ada").region("nz")));
    // Nothing of the old one is left, so that a list or `any` may take its place.
    let overlay = "version: 1\nsegments: { s: { any: [{ region: fr }, { user: bob }] } }\n";
    let (_folder, flags) = laid_over(base, overlay);
    assert!(flags.is_enabled("a", &Context::new().user("bob").region("nz")));
    assert!(!flags.is_enabled("a", &Context::new().user("ada").region("nz")));
}

#[test]
fn an_overlay_adds_attributes_and_changes_none() {
    let base = "\
version: 1
attributes: { plan: [free, pro] }
flags: { a: { rules: [{ name: r, when: { attr.plan: pro } }] } }
";
    let overlay = "\
version: 1
attributes: { plan: [free, pro], app: version }
flags: { a: { rules: { r: { when: { attr.app: { version: '>=2' } } } } } }
";
    let (_folder, flags) = laid_over(base, overlay);
    assert!(flags.is_enabled("a", &Context::new().attr("app", "2.1")));

    let (place, said) = refusal(base, "version: 1\nattributes:\n  plan: text\n");
    assert!(place.starts_with("prod.yaml:3:"), "{place}");
    assert!(said.contains("plan"), "{said}");
    assert!(
        refusal(base, "version: 1\nattributes: { plan: [free] }\n").0.starts_with("prod.yaml:2:")
    );

    // What an overlay declares makes every other name unknown, in the base too.
    let base = "version: 1\nflags:\n  a: { rules: [{ when: { attr.plam: pro } }] }\n";
    let (place, _) = refusal(base, "version: 1\nattributes: { plan: text }\n");
    assert_eq!(place, "base.yaml:3:26");
}

#[test]
fn the_top_unit_belongs_to_the_base_and_reaches_everything() {
    let base = "\
version: 1
by: tenant
segments: { half: { rollout: 50% } }
flags: { a: 50% }
";
    let overlay = "\
version: 1
segments: { half: { rollout: 30% } }
flags:
  b: 50%
  c: { rules: [{ when: { segment: half } }] }
  d: { by: user, rules: [{ rollout: 50% }] }
";
    let (_folder, flags) = laid_over(base, overlay);
    let counted = |flag: &str, of: &dyn for<'a> Fn(Context<'a>, &'a str) -> Context<'a>| {
        let names: Vec<String> = (0..400).map(|n| n.to_string()).collect();
        names.iter().filter(|name| flags.is_enabled(flag, &of(Context::new(), name))).count()
    };
    for (flag, expected) in [("a", 200), ("b", 200), ("c", 120)] {
        assert_eq!(counted(flag, &|ctx, name| ctx.user(name)), 0, "{flag}");
        let of_tenants = counted(flag, &|ctx, name| ctx.tenant(name));
        assert!(of_tenants.abs_diff(expected) < 60, "{flag} {of_tenants}");
    }
    assert!(counted("d", &|ctx, name| ctx.user(name)) > 100);
    assert_eq!(counted("d", &|ctx, name| ctx.tenant(name)), 0);

    let (place, said) = refusal("version: 1\nflags: {}\n", "version: 1\nby: tenant\n");
    assert!(place.starts_with("prod.yaml:2:"), "{place}");
    assert!(said.contains("by"), "{said}");
}

#[test]
fn every_layer_says_its_version_and_the_base_its_flags() {
    let base = "version: 1\nflags: { a: on }\n";
    let (_folder, flags) = laid_over(base, "version: 1\n");
    assert!(on(&flags, "a"));
    assert_eq!(refusal(base, "flags: { a: off }\n").0, "prod.yaml:1:1");
    assert_eq!(refusal(base, "version: 2\nflags: { a: off }\n").0, "prod.yaml:1:10");
    assert_eq!(refusal("version: 1\n", "version: 1\nflags: { a: on }\n").0, "base.yaml:1:1");
    assert!(refusal(base, "").0.starts_with("prod.yaml:1:1"));
}

#[test]
fn a_flag_twice_in_an_overlay_is_an_error() {
    let base = "version: 1\nflags: { a: on }\n";
    let (place, said) = refusal(base, "version: 1\nflags:\n  a: off\n  a: on\n");
    assert_eq!(place, "prod.yaml:4:3");
    assert!(said.contains('a'), "{said}");
}

#[test]
fn a_later_overlay_counts_before_an_earlier_one() {
    let folder = Folder::new();
    folder.write("base.yaml", RULES);
    folder.write("one.yaml", "version: 1\nflags: { a: { rules: [{ name: r, rollout: 0% }] } }\n");
    folder.write("two.yaml", "version: 1\nflags: { a: { rules: { r: { rollout: 100% } } } }\n");
    assert!(on(&folder.opened(&["base.yaml", "one.yaml", "two.yaml"]), "a"));
    // The other way round there is no such rule to patch yet.
    assert!(folder.open(&["base.yaml", "two.yaml", "one.yaml"]).is_err());
}

#[test]
fn json_lies_over_yaml_and_yaml_over_json() {
    let folder = Folder::new();
    folder.write("base.yaml", RULES);
    let json =
        r#"{ "version": 1, "flags": { "a": { "rules": { "third": { "rollout": "100%" } } } } }"#;
    folder.write("prod.json", json);
    let flags = folder.opened(&["base.yaml", "prod.json"]);
    assert!(on_in(&flags, "a", "au"));
    let json = "{ \"version\": 1,\n  \"flags\": { \"a\": { \"rules\": { \"third\": { \"rollout\": 5 } } } } }";
    folder.write("prod.json", json);
    assert_eq!(folder.refusal(&["base.yaml", "prod.json"]).0, "prod.json:2:54");

    folder.write("base.json", r#"{ "version": 1, "flags": { "a": "off", "b": false } }"#);
    folder.write("prod.yaml", "version: 1\nflags: { a: on }\n");
    let flags = folder.opened(&["base.json", "prod.yaml"]);
    assert!(on(&flags, "a") && !on(&flags, "b"));
}

#[test]
fn free_keys_stand_in_overlays_too() {
    let overlay =
        "version: 1\nx-team: us\nflags: { a: { x-note: {}, rules: { third: { x-y: 1 } } } }\n";
    let (_folder, flags) = laid_over(RULES, overlay);
    assert!(on_in(&flags, "a", "nz"));
}

#[test]
fn a_missing_overlay_is_an_error_and_no_silence() {
    let folder = Folder::new();
    folder.write("base.yaml", RULES);
    let error = folder.open(&["base.yaml", "prod.yaml"]).unwrap_err();
    assert!(error.is_unreadable());
    assert!(error.to_string().contains("prod.yaml"), "{error}");
    assert!(Flags::builder().overlay(folder.at("base.yaml")).open().is_err());
}

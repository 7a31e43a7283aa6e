//! Documents and requests that want to stall, crash or trick: each is answered, and soon.
//! RELIABILITY.md, "Hostile documents".

mod folder;
mod live;

use std::fmt::Write as _;

use folder::Folder;
use hoist::{Attribute, Code, Context, Limits, Report, Snapshot};
use live::Live;

/// A text made of a head, of as many lines or items as are wanted, and of a tail.
fn text(head: &str, count: usize, item: impl Fn(usize) -> String, tail: &str) -> String {
    let mut text = String::from(head);
    for n in 0..count {
        text.push_str(&item(n));
    }
    text + tail
}

#[track_caller]
fn refused(text: &str) -> Report {
    let error = Snapshot::from_yaml(text).expect_err("it is refused");
    // To print it is a part of refusing it.
    assert!(!error.to_string().is_empty());
    error.report().expect("it is a text, and wrong").clone()
}

#[track_caller]
fn refused_for(text: &str, code: Code) {
    let report = refused(text);
    assert!(report.diagnostics().iter().any(|problem| problem.code() == code), "{report}");
}

#[test]
fn ten_thousand_errors_are_reported_each_in_its_place() {
    let lines =
        text("version: 1\nflags:\n", 10_000, |n| format!("  f{n}: {{ nothing-known: 1 }}\n"), "");
    let report = refused(&lines);
    assert_eq!(report.errors(), 10_000);
    let last = report.diagnostics().last().unwrap();
    assert_eq!((last.line(), last.column(), last.flag()), (10_002, 12, Some("f9999")));
}

/// A JSON file is often one line: what is kept of it for each problem is a part.
#[test]
fn ten_thousand_errors_in_one_line_are_reported_each_in_its_place() {
    let item = |n: usize| {
        format!("{}\"é{n:04}\": {{\"nothing-known\": 1}}", if n == 0 { "" } else { ", " })
    };
    let json = text("{\"version\": 1, \"flags\": {", 10_000, item, "}}");
    let error = Snapshot::from_json(&json).unwrap_err();
    let report = error.report().unwrap();
    let unknown: Vec<_> =
        report.diagnostics().iter().filter(|p| p.code() == Code::UnknownKey).collect();
    assert_eq!(unknown.len(), 10_000);
    // In characters: 25 stand before the first flag, 31 for each, and 10 up to the key inside.
    for (n, problem) in unknown.iter().enumerate() {
        assert_eq!((problem.line(), problem.column() as usize), (1, 26 + 31 * n + 10), "{n}");
    }
    let shown = error.to_string();
    assert!(shown.lines().all(|line| line.chars().count() <= 80));
    assert_eq!(shown.matches("^^^^^^^^^^^^^^^").count(), 10_000, "each key is marked");
}

#[test]
fn errors_whose_place_must_be_looked_for_are_reported() {
    let shares = text("version: 1\nflags:\n", 5_000, |n| format!("  f{n}: 5\n"), "");
    let report = refused(&shares);
    assert_eq!(report.errors(), 5_000);
    // Where the exact place costs too much, its line is near.
    for (n, problem) in report.diagnostics().iter().enumerate() {
        assert!(problem.line() as usize == n + 3, "{problem}");
    }
}

#[test]
fn many_unknown_names_among_many_known_ones_are_reported() {
    let count = 10_000;
    let flags = text(
        "version: 1\nflags:\n",
        count,
        |n| format!("  feature-{n}: {{ requires: featur3-{n} }}\n"),
        "",
    );
    let report = refused(&flags);
    assert_eq!(report.errors(), count);
    assert_eq!(report.diagnostics()[0].help(), Some("did you mean `feature-0`?"));

    let segments =
        text("segments:\n", count, |n| format!("  part-{n}: {{ region: nz }}\n"), "flags:\n");
    let item = |n: usize| format!("  f{n}: {{ rules: [{{ when: {{ segment: prt-{n} }} }}] }}\n");
    assert_eq!(refused(&text(&format!("version: 1\n{segments}"), count, item, "")).errors(), count);

    let declared = text("attributes:\n", count, |n| format!("  a{n}: text\n"), "flags:\n");
    let item = |n: usize| format!("  f{n}: {{ rules: [{{ when: {{ attr.b{n}: x }} }}] }}\n");
    assert_eq!(refused(&text(&format!("version: 1\n{declared}"), count, item, "")).errors(), count);
}

#[test]
fn the_names_that_there_are_instead_are_shown_in_part() {
    let variants = text(
        "version: 1\nflags:\n  v:\n    default: v0\n    variants:\n",
        3_000,
        |n| format!("      v{n}: {n}\n"),
        "",
    );
    let item = |n: usize| format!("  f{n}: {{ requires: {{ v: another-name-{n} }} }}\n");
    let report = refused(&text(&variants, 3_000, item, ""));
    assert_eq!(report.errors(), 3_000);
    assert!(report.to_string().len() < 5_000_000);
}

#[test]
fn rings_are_told_in_short_where_there_are_many() {
    let names = (0..200).map(|n| format!("f{n}")).collect::<Vec<_>>().join(", ");
    let all =
        text("version: 1\nflags:\n", 200, |n| format!("  f{n}: {{ requires: [{names}] }}\n"), "");
    let report = refused(&all);
    assert!(report.diagnostics().iter().any(|problem| problem.code() == Code::Cycle));
    assert!(report.to_string().len() < 10_000_000);
    // One long ring is told whole, or found to be too deep.
    let ring = text(
        "version: 1\nflags:\n",
        60,
        |n| format!("  f{n}: {{ requires: f{} }}\n", (n + 1) % 60),
        "",
    );
    let report = refused(&ring);
    assert_eq!(report.errors(), 1);
    assert!(report.diagnostics()[0].message().contains("f58 → f59 → f0"));
}

#[test]
fn long_chains_and_what_grows_by_powers_is_refused() {
    let chain = |n: usize| match n {
        0 => "  f0: on\n".to_owned(),
        n => format!("  f{n}: {{ requires: f{}, default: on }}\n", n - 1),
    };
    refused_for(&text("version: 1\nflags:\n", 10_000, chain, ""), Code::TooDeep);
    let chain = |n: usize| match n {
        0 => "  s0: { region: nz }\n".to_owned(),
        n => format!("  s{n}: {{ segment: s{} }}\n", n - 1),
    };
    let flag = "flags: { a: { rules: [{ when: { segment: s9999 } }] } }\n";
    refused_for(&text("version: 1\nsegments:\n", 10_000, chain, flag), Code::TooDeep);
    let powers = |n: usize| match n {
        0 => "  s0: { region: nz }\n".to_owned(),
        n => format!("  s{n}: {{ all: [{{ segment: s{0} }}, {{ segment: s{0} }}] }}\n", n - 1),
    };
    let flag = "flags: { a: { rules: [{ when: { segment: s29 } }] } }\n";
    refused_for(&text("version: 1\nsegments:\n", 30, powers, flag), Code::TooComplex);
}

#[test]
fn aliases_grow_no_text_beyond_its_budget() {
    // A long text, quoted with an escape so that each alias is a copy.
    for long in ["\"\\t".to_owned() + &"x".repeat(100_000) + "\"", "x".repeat(100_000)] {
        let head = format!("version: 1\nx-long: &a {long}\nx-many: [");
        refused_for(&text(&head, 20_000, |_| "*a, ".to_owned(), "]\nflags: {}\n"), Code::TooLarge);
        // As a key, too, and where it would be an operand.
        let head = format!("version: 1\nx-long: &a {long}\nx-many: [");
        let keys = text(&head, 20_000, |_| "{ *a : 1 }, ".to_owned(), "]\nflags: {}\n");
        refused_for(&keys, Code::TooLarge);
    }
    // What is written once and used now and then is no bomb.
    let shared = text(
        "version: 1\nx-regions: &r [nz, au, fj]\nflags:\n",
        500,
        |n| format!("  f{n}: {{ rules: [{{ when: {{ region: *r }} }}] }}\n"),
        "",
    );
    assert_eq!(Snapshot::from_yaml(&shared).unwrap().flags().count(), 500);
}

#[test]
fn brackets_stall_no_parser() {
    let nested = |open: usize, items: usize| {
        format!(
            "version: 1\nx-a: {}{}{}\nflags: {{}}\n",
            "[".repeat(open),
            "a,".repeat(items),
            "]".repeat(open)
        )
    };
    refused_for(&nested(999, 1_000_000), Code::TooDeep);
    refused_for(&nested(200_000, 1), Code::TooDeep);
    refused_for(&format!("version: 1\nx-a: {}", "{a: ".repeat(100_000)), Code::TooDeep);
    refused_for(
        &format!("version: 1\nx-a:\n{}a\nflags: {{}}\n", "- ".repeat(100_000)),
        Code::TooDeep,
    );
    refused(&format!("version: 1\n{}a\nflags: {{}}\n", "? ".repeat(100_000)));
    // A text that leaves some open in comments and patterns is read.
    let comments =
        text("version: 1\nflags:\n", 400, |n| format!("  f{n}: on # from 0 up to [, or {{\n"), "");
    assert!(Snapshot::from_yaml(&comments).is_ok());
    let wide = text("version: 1\nx-a: ", 1, |_| "[".repeat(60), "")
        + &"a,".repeat(200_000)
        + &"]".repeat(60)
        + "\nflags: {}\n";
    assert!(Snapshot::from_yaml(&wide).is_ok());
}

#[cfg(feature = "regex")]
#[test]
fn patterns_have_a_limit_all_together() {
    let item = |n: usize| {
        format!("  f{n}: {{ rules: [{{ when: {{ user: {{ matches: '\\w{{1,9}}{n}' }} }} }}] }}\n")
    };
    assert_eq!(refused(&text("version: 1\nflags:\n", 3_000, item, "")).errors(), 3_000);
    // The same one, however often, is one.
    let item = |n: usize| {
        format!("  f{n}: {{ rules: [{{ when: {{ user: {{ matches: '^\\w+@nz$' }} }} }}] }}\n")
    };
    let snap = Snapshot::from_yaml(&text("version: 1\nflags:\n", 3_000, item, "")).unwrap();
    assert!(snap.is_enabled("f2999", &Context::new().user("ada@nz")));
}

#[test]
fn long_lists_of_anything_are_read() {
    let many = 20_000;
    for (head, item, tail) in [
        ("version: 1\nstrategies: [", "s#, ", "]\nflags: {}\n"),
        ("version: 1\nflags: { a: { rules: [{ when: { region: [", "r#, ", "] } }] } }\n"),
        (
            "version: 1\nflags: { a: { rules: [{ when: { user: { contains: [",
            "r#, ",
            "] } } }] } }\n",
        ),
        (
            "version: 1\nflags: { a: { rules: [{ when: { any: [",
            "{ header.x-#: y }, ",
            "] } }] } }\n",
        ),
        ("version: 1\nflags: { a: { rules: [{ when: {", "header.x-#: y, ", "} }] } }\n"),
        ("version: 1\nflags: { a: { rules: [", "{ name: r#, when: { user: u# } }, ", "] } }\n"),
        ("version: 1\nflags: {", "f#: on, ", "}\n"),
        ("version: 1\nx-a: [", "&a# y, *a#, ", "]\nflags: {}\n"),
    ] {
        let whole = text(head, many, |n| item.replace('#', &n.to_string()), tail);
        if let Err(error) = Snapshot::from_yaml(&whole) {
            panic!("{head}: {}", error.report().unwrap().diagnostics()[0]);
        }
    }
}

#[test]
fn odd_texts_are_read_or_refused_and_panic_nowhere() {
    let long = "x".repeat(1 << 20);
    let odd = [
        "\u{0}",
        "\u{7f}",
        "\u{85}",
        "\u{feff}",
        "\u{200b}",
        "\u{2028}",
        "\u{202e}",
        "\u{fffe}",
        "\u{10ffff}",
        "é",
        "👩‍👩‍👧",
        "\r",
        "\r\n",
        "\t",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "?",
        "-",
        "---",
        "...",
        "{",
        "}",
        "[",
        "]",
        ",",
        "#",
        "\"",
        "'",
        "\\",
        "~",
        "=",
        "<<",
        "0x1F",
        "0o17",
        "1_000",
        "1e999",
        "-1e999",
        ".inf",
        ".nan",
        "9223372036854775808",
        "18446744073709551616",
        "340282366920938463463374607431768211456",
        "-170141183460469231731687303715884105729",
        "1e-400",
        "0.0000000000000000000000000000001%",
        "99999999999999999999%",
        "-0%",
        "%5",
        "5 %",
        &long,
    ];
    let places = [
        "#",
        "version: #",
        "version: 1\nflags: #",
        "version: 1\nflags: { #: on }",
        "version: 1\nflags:\n  #: on",
        "version: 1\nflags: { a: # }",
        "version: 1\nflags:\n  a: \"#\"",
        "version: 1\nflags: { a: { rules: [{ when: { user: # } }] } }",
        "version: 1\nflags: { a: { rules: [{ when: { user: '#' } }] } }",
        "version: 1\nflags: { a: { rules: [{ when: { attr.a: { gt: # } } }] } }",
        "version: 1\nflags: { a: { rules: [{ when: { attr.#: x } }] } }",
        "version: 1\nflags: { a: { rules: [{ when: { user: { matches: '#' } } }] } }",
        "version: 1\nflags: { a: { rules: [{ when: { attr.v: { version: '>=#' } } }] } }",
        "version: 1\nflags: { a: { rules: [{ when: { ip: '#' } }] } }",
        "version: 1\nflags: { a: { rules: [{ name: '#', rollout: # }] } }",
        "version: 1\nflags: { a: { rules: [{ when: everyone, from: '#', until: # }] } }",
        "version: 1\nflags: { a: { rules: [{ when: everyone, serve: { on: #, off: 1 } }] } }",
        "version: 1\nflags: { a: { variants: { #: # }, default: # } }",
        "version: 1\nflags: { a: { default: { value: # } } }",
        "version: 1\nattributes: { a: #, '#': text }\nflags: {}",
        "version: 1\nflags: {}\ntests: [{ name: #, at: #, context: { user: # }, expect: { a: # } }]",
    ];
    for place in places {
        for odd in odd {
            let text = place.replace('#', odd);
            for loaded in [Snapshot::from_yaml(&text), Snapshot::from_json(&text)] {
                match loaded {
                    Ok(snap) => {
                        let ctx = Context::new().user(odd).attr("a", odd).attr("v", odd).ip(odd);
                        for flag in snap.flags() {
                            assert!(!snap.explain(flag, &ctx).to_string().is_empty());
                        }
                    }
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
        }
    }
}

#[test]
fn weights_and_shares_at_their_limits_overflow_nowhere() {
    let variants: String = (0..2_000).map(|n| format!("v{n}, ")).collect();
    let weights: String = (0..2_000).map(|n| format!("v{n}: 1000000, ")).collect();
    let snap = Snapshot::from_yaml(&format!(
        "version: 1\nflags: {{ a: {{ variants: [{variants}], default: v0, \
         rules: [{{ when: everyone, serve: {{ {weights} }} }}] }} }}\n"
    ))
    .unwrap();
    let served: std::collections::BTreeSet<String> = (0..20_000)
        .map(|user| snap.decide("a", &Context::new().user(user)).variant().to_owned())
        .collect();
    assert!(served.len() > 1_900, "{}", served.len());
}

#[test]
fn requests_of_any_size_are_answered() {
    let snap = Snapshot::from_yaml(
        "version: 1
flags:
  cookie: { rules: [{ when: { cookie.beta: '1' } }] }
  header: { rules: [{ when: { header.x-beta: '1' } }] }
  text: { rules: [{ when: { user: { contains: aab, ignore_case: true } } }] }
  same: { rules: [{ when: { user: { in: [a] } } }] }
  number: { rules: [{ when: { attr.n: { gt: 5 } } }] }
  version: { rules: [{ when: { attr.n: { version: '>=1' } } }] }
  list: { rules: [{ when: { attr.l: { starts_with: zz } } }] }
  share: 50%
",
    )
    .unwrap();
    let all_off = |ctx: &Context<'_>, flags: &[&str]| {
        for flag in flags {
            assert!(!snap.is_enabled(*flag, ctx), "{flag}");
        }
    };
    // A cookie for each header, as HTTP/2 may send them; and all in one.
    let headers: Vec<(&str, String)> = (0..5_000).map(|n| ("Cookie", format!("k{n}=1"))).collect();
    all_off(&Context::new().headers(&headers), &["cookie", "header"]);
    let mut headers = headers;
    headers.push(("cookie", "beta=1".to_owned()));
    assert!(snap.is_enabled("cookie", &Context::new().headers(&headers)));
    let cookies: String = (0..50_000).map(|n| format!("k{n}=1; ")).collect();
    all_off(&Context::new().cookies(&cookies), &["cookie"]);

    let long = "9".repeat(1 << 20);
    all_off(
        &Context::new().user(long.as_str()).attr("n", long.as_str()),
        &["text", "same", "number", "version"],
    );
    let ctx = Context::new().user(long.as_str());
    assert_eq!(snap.is_enabled("share", &ctx), snap.is_enabled("share", &ctx));
    let many = vec!["a"; 100_000];
    all_off(&Context::new().attr("l", Attribute::Texts(&many)), &["list"]);
    let mut deep = serde_json::Value::from("zz");
    for _ in 0..100 {
        deep = serde_json::json!([deep]);
    }
    all_off(&Context::new().attr("l", &deep), &["list"]);
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MIN_POSITIVE] {
        let ctx = Context::new().attr("n", number);
        all_off(&ctx, &["number", "version"]);
    }
}

#[test]
fn a_bad_reload_of_many_flags_is_told_and_soon() {
    let good = text(
        "version: 1\nflags:\n",
        3_000,
        |n| format!("  f{n}: {{ variants: [x, y], default: x }}\n"),
        "",
    );
    let live = Live::of(&good);
    // Each broken flag breaks the next, which asks it for a variant that its old version lacks.
    let mut cascade =
        String::from("version: 1\nflags:\n  f0: { variants: [x, z], default: x, typo: 1 }\n");
    for n in 1..3_000 {
        let asked =
            if n % 50 == 0 { String::new() } else { format!("requires: {{ f{}: z }}", n - 1) };
        writeln!(cascade, "  f{n}: {{ variants: [x, z], default: x, {asked} }}").unwrap();
    }
    live.becomes(&cascade);
    assert_eq!(live.broken().0.len(), 50);
    live.becomes(text("version: 1\nflags:\n", 3_000, |n| format!("  f{n}: {{ typo: 1 }}\n"), ""));
    assert_eq!(live.broken().0.len(), 3_000);
    // A chain of segments that is broken at its start, one after the other.
    let chain = |n: usize| match n {
        0 => "  s0: { regoin: nz }\n".to_owned(),
        n => format!("  s{n}: {{ segment: s{} }}\n", n - 1),
    };
    let flag = "flags: { f0: { rules: [{ when: { segment: s499 } }] } }\n";
    live.becomes(text("version: 1\nsegments:\n", 500, chain, flag));
    live.keeps(&["f0"]);
}

#[test]
fn limits_can_be_set_lower() {
    let folder = Folder::new();
    let open = |text: &str, set: fn(&mut Limits)| {
        folder.write("flags.yaml", text);
        let mut limits = Limits::default();
        set(&mut limits);
        folder.layers(&["flags.yaml"]).limits(limits).open()
    };
    let small = "version: 1\nflags: { a: on }\n";
    let error = open(small, |limits| limits.file_bytes = 27).unwrap_err();
    assert!(error.to_string().contains("larger than 27 bytes"), "{error}");
    assert!(open(small, |limits| limits.file_bytes = 28).is_ok());

    let code_of = |text: &str, set: fn(&mut Limits)| {
        let error = open(text, set).expect_err("it is beyond the limit");
        error.report().unwrap().diagnostics()[0].code()
    };
    let deep = "version: 1\nflags: { a: { rules: [{ when: { not: { not: { user: x } } } }] } }\n";
    assert!(open(deep, |_| {}).is_ok());
    assert_eq!(code_of(deep, |limits| limits.depth = 5), Code::TooDeep);
    // Deeper than the readers are made for it never gets.
    let deeper = format!("version: 1\nflags: {{}}\nx-a: {}{}\n", "[".repeat(70), "]".repeat(70));
    assert_eq!(code_of(&deeper, |limits| limits.depth = 1_000), Code::TooDeep);

    let tests = "version: 1\nflags: { a: { rules: [{ when: { user: x, region: y, env: z } }] } }\n";
    assert_eq!(code_of(tests, |limits| limits.decision_tests = 2), Code::TooComplex);
    assert!(open(tests, |limits| limits.decision_tests = 20).is_ok());

    let pattern =
        "version: 1\nflags: { a: { rules: [{ when: { user: { matches: [a+, b+] } } }] } }\n";
    assert_eq!(code_of(pattern, |limits| limits.pattern_bytes = 1), Code::Pattern);
    assert!(open(pattern, |_| {}).is_ok());
}

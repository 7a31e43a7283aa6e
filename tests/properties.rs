//! Promises that hold for every document and every request, tried on many of each.

mod naive;

use hoist::{Context, Reason, Snapshot};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Fixed seeds: a red run means a fault.
fn for_all<S: Strategy>(
    cases: u32,
    inputs: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    if let Err(failure) = TestRunner::new_with_rng(config, rng).run(inputs, test) {
        panic!("{failure}");
    }
}

fn percentage(buckets: u32) -> String {
    format!("{}.{:03}%", buckets / 1_000, buckets % 1_000)
}

fn load(text: &str) -> Snapshot {
    Snapshot::from_yaml(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The tree as JSON: the YAML writer would take the quotes from a text that says `on`.
fn load_json(tree: &serde_yaml::Value) -> Snapshot {
    let text = serde_json::to_string(tree).unwrap();
    Snapshot::from_json(&text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn raising_a_percentage_only_adds_people() {
    let inputs = (0_u32..=100_000, 0_u32..=100_000, "[a-z0-9-]{1,40}");
    for_all(400, &inputs, |(a, b, flag)| {
        let flag = format!("f{}", flag.trim_matches('-'));
        let (low, high) = (a.min(b), a.max(b));
        let of = |share| load(&format!("version: 1\nflags: {{ {flag}: {} }}", percentage(share)));
        let (low, high) = (of(low), of(high));
        for user in 0..200 {
            let ctx = Context::new().user(user);
            prop_assert!(!low.is_enabled(&flag, &ctx) || high.is_enabled(&flag, &ctx));
        }
        Ok(())
    });
}

#[test]
fn a_ramp_only_adds_people_as_time_goes_by() {
    let inputs = proptest::collection::vec((0_u32..=100_000, 1_u32..=1_000_000), 1..6);
    for_all(150, &inputs, |steps| {
        let mut shares: Vec<u32> = steps.iter().map(|(share, _)| *share).collect();
        shares.sort_unstable();
        let mut at = 1_800_000_000_u64;
        let mut text = String::from("version: 1\nflags:\n  f:\n    rules:\n      - rollout:\n");
        for (share, (_, wait)) in shares.iter().zip(&steps) {
            at += u64::from(*wait);
            let instant = jiff::Timestamp::from_second(i64::try_from(at).unwrap()).unwrap();
            text.push_str(&format!("          {instant}: {}\n", percentage(*share)));
        }
        let snap = load(&text);
        let instants = [1_799_999_999, 1_800_000_001, (1_800_000_000 + at) / 2, at, at + 1];
        for user in 0..50 {
            let mut was_in = false;
            for second in instants {
                let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(second);
                let is_in = snap.is_enabled("f", &Context::new().user(user).at(time));
                prop_assert!(is_in || !was_in, "user {user} fell out at {second}\n{text}");
                was_in = is_in;
            }
        }
        Ok(())
    });
}

#[test]
fn renaming_and_splitting_rules_moves_nobody() {
    for_all(100, &("[a-z ]{1,20}", 1_u32..100_000), |(name, share)| {
        let rollout = percentage(share);
        let one = load(&format!("version: 1\nflags: {{ f: {rollout} }}"));
        let other = load(&format!(
            "version: 1\nflags:\n  f:\n    rules:\n      - {{ name: 'x{name}', when: {{ region: nz \
             }}, rollout: {rollout} }}\n      - {{ name: 'y{name}', rollout: {rollout} }}\n"
        ));
        for user in 0..100 {
            for region in ["nz", "de"] {
                let ctx = Context::new().user(user).region(region);
                prop_assert_eq!(one.is_enabled("f", &ctx), other.is_enabled("f", &ctx));
            }
        }
        Ok(())
    });
}

#[test]
fn who_is_in_says_nothing_about_their_arm() {
    let inputs = (1_u32..100_000, 1_u32..1000, 0_u32..1000);
    for_all(100, &inputs, |(share, a, b)| {
        let of = |rollout: &str| {
            load(&format!(
                "version: 1\nflags:\n  f:\n    variants: [a, b, none]\n    default: none\n    \
                 rules:\n      - {{ when: everyone, {rollout} serve: {{ a: {a}, b: {b} }} }}\n"
            ))
        };
        let (all, some) = (of(""), of(&format!("rollout: {},", percentage(share))));
        for user in 0..100 {
            let ctx = Context::new().user(user);
            let (arm, within) = (all.decide("f", &ctx), some.decide("f", &ctx));
            prop_assert!(within.variant() == "none" || within.variant() == arm.variant());
        }
        Ok(())
    });
}

#[test]
fn kill_beats_everything() {
    for_all(150, &any::<u64>(), |document| {
        let text = naive::document(document);
        let mut tree: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        for (_, flag) in tree["flags"].as_mapping_mut().unwrap() {
            if let Some(flag) = flag.as_mapping_mut() {
                flag.insert("kill".into(), true.into());
            }
        }
        let (before, killed) = (load(&text), load_json(&tree));
        for flag in before.flags() {
            let decision = killed.decide(flag, &Context::new().user("ada"));
            let is_map = tree["flags"][flag].is_mapping();
            prop_assert!(!is_map || decision.reason() == Reason::Killed, "{decision}\n{text}");
            prop_assert!(!is_map || !decision.is_enabled(), "{decision}\n{text}");
        }
        Ok(())
    });
}

#[test]
fn an_unrelated_flag_and_the_order_of_flags_change_nothing() {
    for_all(150, &(any::<u64>(), 0_u32..100), |(document, user)| {
        let text = naive::document(document);
        let tree: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        let mut turned = tree.clone();
        let flags = turned["flags"].as_mapping_mut().unwrap();
        let mut reversed: Vec<_> = std::mem::take(flags).into_iter().collect();
        reversed.reverse();
        flags.insert("zz-unrelated".into(), "50%".into());
        flags.extend(reversed);
        let (before, after) = (load(&text), load_json(&turned));
        let user = format!("u-{user}");
        let ctx = Context::new().user(&user).region("nz").attr("plan", "pro");
        let ctx = ctx.at(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_796_000_000));
        for flag in before.flags() {
            let (a, b) = (before.decide(flag, &ctx), after.decide(flag, &ctx));
            prop_assert_eq!(a.variant(), b.variant());
            prop_assert_eq!(a.reason(), b.reason());
            prop_assert_eq!(a.bucket(), b.bucket());
        }
        Ok(())
    });
}

#[test]
fn any_text_loads_or_is_refused_with_a_place() {
    for_all(3_000, &"(?s).{0,200}", |text| {
        if let Err(error) = Snapshot::from_yaml(&text) {
            prop_assert!(error.report().is_some_and(hoist::Report::has_errors));
        }
        if let Err(error) = Snapshot::from_json(&text) {
            prop_assert!(error.report().is_some_and(hoist::Report::has_errors));
        }
        Ok(())
    });
}

#[test]
fn an_unknown_flag_is_never_on() {
    for_all(500, &"(?s).{0,60}", |name| {
        let snap = load("version: 1\nflags: { a: on }");
        let ctx = Context::new().user("ada");
        prop_assert!(name == "a" || !snap.is_enabled(&name, &ctx));
        let decision = snap.decide(&name, &ctx);
        prop_assert!(name == "a" || decision.reason() == Reason::FlagNotFound);
        prop_assert_eq!(snap.value_or(&name, &ctx, 7), 7);
        Ok(())
    });
}

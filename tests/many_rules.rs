//! Flags of many rules, which are looked up: as trying all of their rules, which an explanation does,
//! for values at the bounds of what the rules ask and right beside them.

use hoist::{Attribute, Context, Snapshot};
use serde_json::json;

/// A flag with a rule for each of some tests of `attr.x`, many of them more than once. Some serve only
/// a part of those whom they match, so that others are tried behind them.
fn flag(name: &str, tests: &[String]) -> String {
    let mut flag = format!("  {name}:\n    rules:\n");
    for (at, test) in tests.iter().chain(tests.iter().rev()).enumerate() {
        let more = match at % 5 {
            1 => ", rollout: 40%",
            3 => ", until: 2020-01-01T00:00:00Z",
            _ => "",
        };
        flag.push_str(&format!("      - {{ when: {{ attr.x: {test} }}{more} }}\n"));
    }
    flag
}

/// Asks all flags for all values; gives how many rules of how many answers served.
fn compare(document: &str, values: &[Attribute<'_>]) -> usize {
    let snap = Snapshot::from_yaml(document).unwrap();
    let mut served = 0;
    for user in ["ada", "bob", "eve"] {
        for value in values {
            let ctx = Context::new().user(user).attr("x", *value);
            for flag in snap.flags() {
                let (decision, explanation) = (snap.decide(flag, &ctx), snap.explain(flag, &ctx));
                let expected = explanation.decision();
                assert_eq!(decision.to_string(), expected.to_string(), "{value:?}\n{explanation}");
                assert_eq!(snap.is_enabled(flag, &ctx), expected.is_enabled(), "{value:?} {flag}");
                served += usize::from(decision.rule().is_some());
            }
        }
    }
    served
}

const INTEGERS: [i64; 11] =
    [i64::MIN, i64::MIN + 1, -1, 0, 1, 17, 18, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, i64::MAX];
const FLOATS: [f64; 9] =
    [-1e300, -0.5, -0.0, 0.1, 17.5, 18.0, 9_007_199_254_740_992.0, 1.8446744073709552e19, 1e300];

fn numbers() -> Vec<String> {
    let integers = INTEGERS.iter().map(i64::to_string);
    integers.chain(FLOATS.iter().map(|float| format!("{float:?}"))).collect()
}

#[test]
fn numbers_are_found_between_the_bounds_of_all_rules() {
    let bounds = numbers();
    let texts: Vec<&str> = bounds.iter().map(String::as_str).collect();
    let json = [json!(18), json!(18.0), json!([17, 18]), json!("18"), json!(u64::MAX), json!(null)];
    let mut values: Vec<Attribute<'_>> = Vec::new();
    values.extend(INTEGERS.map(Attribute::Integer));
    values.extend(FLOATS.map(Attribute::Float));
    values.extend([f64::NAN, f64::INFINITY].map(Attribute::Float));
    values.extend([u64::MAX, i64::MAX as u64 + 1].map(Attribute::Unsigned));
    values.extend(texts.iter().map(|text| Attribute::Text(text)));
    values.extend(["18.00", "018", "", "x", "NaN"].map(Attribute::Text));
    values.extend(json.iter().map(Attribute::Json));
    let mut document = "version: 1\nflags:\n".to_owned();
    for key in ["gt", "gte", "lt", "lte"] {
        let tests: Vec<String> =
            bounds.iter().map(|bound| format!("{{ {key}: {bound} }}")).collect();
        document.push_str(&flag(key, &tests));
    }
    document.push_str(&flag("same", &bounds));
    let pairs = bounds.iter().zip(bounds.iter().rev());
    let between: Vec<String> =
        pairs.map(|(low, high)| format!("{{ gte: {low}, lt: {high} }}")).collect();
    document.push_str(&flag("between", &between));
    let mixed: Vec<String> = bounds.iter().map(|bound| format!("[{bound}, \"{bound}\"]")).collect();
    document.push_str(&flag("mixed", &mixed));
    assert!(compare(&document, &values) > 500);

    let integers: Vec<String> =
        INTEGERS.iter().map(|bound| format!("{{ gte: {bound} }}")).collect();
    let declared = flag("declared", &integers);
    let document = format!("version: 1\nattributes: {{ x: integer }}\nflags:\n{declared}");
    assert!(compare(&document, &values) > 50);
}

#[test]
fn versions_are_found_between_the_bounds_of_all_rules() {
    let bounds =
        ["0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-rc.1", "1", "1.0.0.1", "1.10", "2.0.0"];
    let mut document = "version: 1\nflags:\n".to_owned();
    for (name, comparator) in [("above", ">"), ("least", ">="), ("below", "<"), ("same", "=")] {
        let test = |bound: &&str| format!("{{ version: \"{comparator}{bound}\" }}");
        document.push_str(&flag(name, &bounds.iter().map(test).collect::<Vec<_>>()));
    }
    let pairs = bounds.iter().zip(bounds.iter().skip(1));
    let between = |(low, high)| format!("{{ version: [\">={low} <{high}\", \"=9\"] }}");
    document.push_str(&flag("between", &pairs.map(between).collect::<Vec<_>>()));
    let near =
        ["v1.0", "1.0.0+build", "0.9", "1.0.0-beta", "1.9.9", "9.0", "10", "x", "", "1.2.3.4.5"];
    let mut values: Vec<Attribute<'_>> = bounds.iter().map(|text| Attribute::Text(text)).collect();
    values.extend(near.map(Attribute::Text));
    values.push(Attribute::Integer(1));
    values.push(Attribute::Texts(&["x", "1.10"]));
    assert!(compare(&document, &values) > 150);
}

#[test]
fn texts_are_found_by_how_they_start_and_end() {
    let parts = ["a", "ab", "abc", "b", "ä", "äb", "\u{10ffff}", "-", "@x.org", ".org"];
    let mut document = "version: 1\nflags:\n".to_owned();
    for key in ["starts_with", "ends_with", "contains"] {
        let test = |part: &&str| format!("{{ {key}: \"{part}\" }}");
        document.push_str(&flag(key, &parts.iter().map(test).collect::<Vec<_>>()));
    }
    let test = |part: &&str| format!("{{ starts_with: \"{part}\", ends_with: \"{part}\" }}");
    document.push_str(&flag("both", &parts.iter().map(test).collect::<Vec<_>>()));
    let either = |(at, part): (usize, &&str)| match at % 3 {
        0 => format!("\"{part}\""),
        1 => format!("{{ starts_with: [\"{part}\", z] }}"),
        _ => format!("{{ ends_with: \"{part}\" }}"),
    };
    document.push_str(&flag("either", &parts.iter().enumerate().map(either).collect::<Vec<_>>()));
    let long = "a".repeat(5_000);
    let mut texts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    for (one, other) in parts.iter().flat_map(|one| parts.iter().map(move |other| (one, other))) {
        texts.push(format!("{one}{other}"));
        texts.push(format!("{one}0{other}"));
    }
    texts.extend(["", "c", "A", "aB", &long].map(str::to_owned));
    let mut values: Vec<Attribute<'_>> = texts.iter().map(|text| Attribute::Text(text)).collect();
    values.push(Attribute::Texts(&["c", "abc"]));
    assert!(compare(&document, &values) > 1_000);
}

/// A table counts rules in sixteen bits.
#[test]
fn as_many_rules_as_a_table_can_have_are_explained() {
    let asks = r#"{"when":{"region":"nz"},"rollout":"0%"},"#.repeat(6);
    let rest = r#"{"rollout":"0%"}"#;
    let text = format!(
        r#"{{"version":1,"flags":{{"many":{{"rules":[{asks}{}{rest}]}}}}}}"#,
        format!("{rest},").repeat(usize::from(u16::MAX) - 7)
    );
    let snap = Snapshot::from_json(&text).unwrap();
    assert!(snap.code("many").unwrap().starts_with("many: asks its rules, by a first-match table"));
    let ctx = Context::new().user("ada").region("nz");
    let explanation = snap.explain("many", &ctx);
    assert_eq!(explanation.decision().to_string(), snap.decide("many", &ctx).to_string());
    assert_eq!(explanation.to_string().matches("rules[").count(), usize::from(u16::MAX));
}

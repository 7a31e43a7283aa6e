//! The JSON Schema against the parser: what editors accept and what hoist loads.
//!
//! The schema may let a bad document pass, because it cannot know which names there are. It may
//! never refuse a good one. What it lets pass is listed in `tests/schema-lets-pass.txt`, so that a
//! change of its reach shows; run with `HOIST_BLESS=1` to write the list anew.

mod naive;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use hoist::{Snapshot, check};
use jsonschema::Validator;
use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

/// Keywords that say nothing about validity: for people, and for the YAML language server.
const ANNOTATIONS: [&str; 10] = [
    "$schema",
    "$id",
    "$comment",
    "title",
    "description",
    "examples",
    "errorMessage",
    "patternErrorMessage",
    "defaultSnippets",
    "doNotSuggest",
];

/// The keywords of draft-07 that the schema uses for validation.
const KEYWORDS: [&str; 27] = [
    "$ref",
    "definitions",
    "type",
    "const",
    "enum",
    "minimum",
    "maximum",
    "pattern",
    "minLength",
    "maxLength",
    "items",
    "minItems",
    "uniqueItems",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "required",
    "minProperties",
    "maxProperties",
    "dependencies",
    "allOf",
    "anyOf",
    "not",
    "if",
    "then",
    "else",
];

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn schema() -> Json {
    serde_json::from_str(&fs::read_to_string(at("schema/hoist.schema.json")).unwrap()).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft7::options().build(&schema()).unwrap()
}

fn is_toggle_file(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "yaml" || end == "json")
}

fn documents(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(at(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| is_toggle_file(path)).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The document as an editor hands it to the schema; `None` where it is no YAML or JSON at all.
fn read(path: &Path) -> Option<Json> {
    let text = fs::read_to_string(path).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match path.extension().unwrap().to_str() {
        Some("json") => serde_json::from_str(text).ok(),
        _ => read_yaml(text),
    }
}

fn read_yaml(text: &str) -> Option<Json> {
    as_json(serde_yaml::from_str(text).ok()?)
}

fn as_json(value: Yaml) -> Option<Json> {
    Some(match value {
        Yaml::Null => Json::Null,
        Yaml::Bool(value) => Json::from(value),
        Yaml::String(text) => Json::from(text),
        Yaml::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(value), _) => Json::from(value),
            (None, Some(value)) => Json::from(value),
            (None, None) => Json::Number(serde_json::Number::from_f64(number.as_f64()?)?),
        },
        Yaml::Sequence(items) => items.into_iter().map(as_json).collect::<Option<_>>()?,
        Yaml::Mapping(entries) => {
            let entry = |(key, value)| Some((key_text(key)?, as_json(value)?));
            Json::Object(entries.into_iter().map(entry).collect::<Option<_>>()?)
        }
        Yaml::Tagged(tagged) => as_json(tagged.value)?,
    })
}

/// Keys such as `true:` and `404:` are texts to JSON.
fn key_text(key: Yaml) -> Option<String> {
    match key {
        Yaml::String(text) => Some(text),
        Yaml::Bool(value) => Some(value.to_string()),
        Yaml::Number(number) => Some(number.to_string()),
        Yaml::Null => Some("null".to_owned()),
        Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => None,
    }
}

/// What the schema says is wrong with a document, one complaint a line.
fn complaints(validator: &Validator, document: &Json) -> String {
    validator.iter_errors(document).fold(String::new(), |mut said, error| {
        writeln!(said, "  at {}: {error}", error.instance_path()).unwrap();
        said
    })
}

#[test]
fn the_schema_is_valid_by_draft_07() {
    let schema = schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    if let Err(error) = jsonschema::draft7::meta::validate(&schema) {
        panic!("at {}: {error}", error.instance_path());
    }
    let mut wrong = Vec::new();
    look_at_schema(&schema, "#", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the meta-schema lets pass: words that are no keywords, and keywords that count nothing.
fn look_at_schema(schema: &Json, at: &str, wrong: &mut Vec<String>) {
    let Some(entries) = schema.as_object() else { return };
    for (word, inner) in entries {
        let at = format!("{at}/{word}");
        if !ANNOTATIONS.contains(&&**word) && !KEYWORDS.contains(&&**word) {
            wrong.push(format!("{at}: no keyword of draft-07 that is in use here"));
        }
        // Draft-07 ignores whatever stands beside a reference.
        if entries.contains_key("$ref") && word != "$ref" && !ANNOTATIONS.contains(&&**word) {
            wrong.push(format!("{at}: stands beside `$ref` and counts nothing"));
        }
        match (&**word, inner) {
            (
                "properties" | "patternProperties" | "definitions" | "dependencies",
                Json::Object(inner),
            ) => {
                for (name, inner) in inner {
                    look_at_schema(inner, &format!("{at}/{name}"), wrong);
                }
            }
            ("allOf" | "anyOf", Json::Array(items)) => {
                for (index, inner) in items.iter().enumerate() {
                    look_at_schema(inner, &format!("{at}/{index}"), wrong);
                }
            }
            ("$ref", _) if !inner.as_str().is_some_and(|target| target.starts_with("#/")) => {
                wrong.push(format!("{at}: leads out of the file"));
            }
            (word, inner) if !ANNOTATIONS.contains(&word) => look_at_schema(inner, &at, wrong),
            _ => {}
        }
    }
}

#[test]
fn every_definition_is_used() {
    let schema = schema();
    let text = schema.to_string();
    for name in schema["definitions"].as_object().unwrap().keys() {
        assert!(text.contains(&format!("\"#/definitions/{name}\"")), "{name} is used nowhere");
    }
}

#[test]
fn every_good_document_validates_and_loads() {
    let validator = validator();
    let mut failures = Vec::new();
    let documents = documents("tests/good");
    assert!(documents.len() >= 40, "{}", documents.len());
    for path in documents {
        let document = read(&path).unwrap();
        let said = complaints(&validator, &document);
        if !said.is_empty() {
            failures.push(format!("{}: the schema refuses it\n{said}", name_of(&path)));
        }
        let report = check([&path]);
        if report.has_errors() {
            failures.push(format!("{}: the parser refuses it\n{report}", name_of(&path)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_document_of_the_cases_validates() {
    let validator = validator();
    let mut failures = Vec::new();
    for path in documents("tests/cases") {
        let file: Yaml = serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let document = read_yaml(file["document"].as_str().unwrap()).unwrap();
        let said = complaints(&validator, &document);
        if !said.is_empty() {
            failures.push(format!("{}:\n{said}", name_of(&path)));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Spellings that few people use and the parser takes.
#[test]
fn odd_spellings_that_load_validate() {
    let validator = validator();
    let mut failures = Vec::new();
    for flag in [
        "{ seed: 42 }",
        "{ kill: \"on\" }",
        "{ kill: on }",
        "{ rules: [ { name: 7, when: everyone, seed: 7 } ] }",
        "{ rules: [ { when: { user: { exists: on } } } ] }",
        "{ rules: [ { when: { user: { exists: \"off\" } } } ] }",
        "{ rules: [ { when: { user: { in: [ada, 7], ignore_case: on } } } ] }",
        "{ rules: [ { when: { user: 42, session: [1, 2], header.x-a: 7, cookie.b: -1 } } ] }",
        "{ rules: [ { when: { user: { starts_with: 4 } } } ] }",
        "{ rules: [ { when: { user: { starts_with: [4, b], exists: true } } } ] }",
        "{ rules: [ { when: { segment: [s, s] } } ] }",
        "{ rules: [ { when: { flag.other: true } } ] }",
        "{ rules: [ { when: { flag.other: [true, false] } } ] }",
        "{ rules: [ { when: { flag.many: 1 } } ] }",
        "{ rules: [ { when: { flag.404: on } } ] }",
        "{ rules: [ { when: { attr.a: 1.5e3, attr.b: -0.0, attr.c: [1, two, true] } } ] }",
        "{ rules: [ { when: { attr.a: { in: [1, two, true] } } } ] }",
        "{ rules: [ { when: { attr.a: { gt: -1, lte: 1e9 } } } ] }",
        "{ rules: [ { when: { attr.a: { version: \"  >=2.1,<3  \" } } } ] }",
        "{ rules: [ { when: { attr.a: { version: [\"=v1\", \"<1-rc.1+b\"] } } } ] }",
        "{ rules: [ { when: { attr.a: { after: 2026-12-01T09:00:00.123456789-00:00 } } } ] }",
        "{ rules: [ { when: { attr.a: { after: 0000-01-01T00:00:00Z } } } ] }",
        "{ rules: [ { when: { ip: [\"::1\", \"::ffff:10.0.0.0/104\", 10.0.0.1/32, 0.0.0.0/0] } } ] }",
        "{ rules: [ { when: { ip: { in: [10.0.0.0/8], exists: on } } } ] }",
        "{ rules: [ { when: { header.X-A: a, \"header.x.b\": c, \"cookie.__Host-a\": b } } ] }",
        "{ rules: [ { when: { not: { not: { user: ada } } } } ] }",
        "{ rules: [ { when: { strategy.s: } } ] }",
        "{ rules: [ { when: { strategy.s: { a: [1, ~] } } } ] }",
        "{ rules: [ { unless: { user: ada }, rollout: 0% } ] }",
        "{ rules: [ { unless: [ { user: ada }, { any: [ { user: bob } ] } ], rollout: 100.000% } ] }",
        "{ rules: [ { rollout: 5%, else: on, serve: \"off\" } ] }",
        "{ rules: [ { rollout: { 2026-12-01T09:00:00Z: 5% }, hold: 1% } ] }",
        "{ rules: [ { rollout: { \"2026-12-01T10:00:00+01:00\": 0%, 2026-12-01T09:00:01Z: 0% } } ] }",
        "{ rules: [ { when: everyone, serve: { true: 0, off: 1000000 } } ] }",
        "{ rules: [ { when: everyone, by: [user, attr.a, request] } ], by: session }",
        "{ rules: [ { when: everyone, request_targeting: allow, x-a: ~ } ], x-b: [1] }",
        "{ rules: [] }",
        "{ rules: [ { when: everyone, value: [] , name: a } ], default: { value: {} } }",
        "{ rules: [ { when: everyone, value: -9223372036854775808 , name: a } ], default: a }",
        "{ rules: [ { when: everyone, value: \"on\", name: a } ], default: { value: \"\" } }",
        "{ variants: [a, 1, 404], default: 1 }",
        "{ variants: [a, 1, 404], default: a, rules: [ { when: everyone, serve: 404 } ] }",
        "{ variants: { true: 1, false: 2 }, default: true }",
        "{ variants: { on: 1, off: 2 }, default: on, off_variant: off }",
        "{ variants: { 1: 1.0, 2: -2.5e300 }, default: 1 }",
        "{ variants: { a: true, b: false }, default: a, rules: [ { when: everyone, serve: { a: 1 } } ] }",
        "{ variants: { a: 1 }, default: a, rules: [ { when: everyone, value: 2, name: b } ] }",
        "{ requires: other }",
        "{ requires: [ other, { many: [a, 1] } ] }",
        "{ requires: { other: on, many: a } }",
        "{ requires: { other: true } }",
        "{ created: 2024-02-29, expires: 9999-12-31, owner: a, description: \"b\" }",
        "{}",
        "true",
        "\"off\"",
        "\"25%\"",
    ] {
        let text = format!(
            "version: 1\nstrategies: [s]\nsegments: {{ s: {{ user: ada }}, \"true\": {{ user: ada }}, \"404\": {{ \
             user: ada }} }}\nflags:\n  other: on\n  404: on\n  many: {{ variants: [a, \"1\"], default: a }}\n  \
             flag: {flag}\n"
        );
        let said = complaints(&validator, &read_yaml(&text).expect(flag));
        match Snapshot::from_yaml(&text) {
            Ok(_) if said.is_empty() => {}
            Ok(_) => failures.push(format!("{flag}\n{said}")),
            Err(error) => failures.push(format!("{flag}: it does not load: {error}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Random documents, and what is left of them after small damage: whatever loads must validate.
#[test]
fn whatever_loads_validates() {
    let validator = validator();
    let mut failures = Vec::new();
    let mut loaded = 0;
    for seed in 0..600 {
        let document = naive::document(seed % 200);
        let text = if seed < 200 { document } else { naive::mutate(&document, seed) };
        if Snapshot::from_yaml(&text).is_err() {
            continue;
        }
        loaded += 1;
        let said = complaints(&validator, &read_yaml(&text).expect("YAML, as it loads"));
        if !said.is_empty() {
            failures.push(format!("seed {seed}:\n{said}{text}"));
        }
    }
    assert!(loaded > 210, "{loaded}");
    assert!(failures.is_empty(), "{} of {loaded}\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn what_the_schema_lets_pass_is_known() {
    const LIST: &str = "tests/schema-lets-pass.txt";
    let validator = validator();
    let mut passed = String::from(
        "# Documents of tests/bad that hoist refuses and the JSON Schema lets pass: it cannot know \
         which\n# names there are, and sees no text that the YAML reader settles. Written by \
         tests/schema.rs.\n",
    );
    let (mut read_in_all, mut refused) = (0, 0);
    for path in documents("tests/bad") {
        let Some(document) = read(&path) else { continue };
        read_in_all += 1;
        match validator.is_valid(&document) {
            true => writeln!(passed, "{}", name_of(&path)).unwrap(),
            false => refused += 1,
        }
    }
    if std::env::var_os("HOIST_BLESS").is_some() {
        fs::write(at(LIST), &passed).unwrap();
    }
    let known = fs::read_to_string(at(LIST)).unwrap_or_default();
    let only_in = |one: &str, other: &str| -> Vec<String> {
        let lines = one.lines().filter(|line| other.lines().all(|known| known != *line));
        lines.map(str::to_owned).collect()
    };
    let (more, fewer) = (only_in(&passed, &known), only_in(&known, &passed));
    assert!(passed == known, "{LIST}\npass now: {more:#?}\nare refused now: {fewer:#?}");
    // The list alone would not notice that the documents are no longer read.
    assert!(read_in_all >= 500 && refused * 2 > read_in_all, "{refused} of {read_in_all}");
}

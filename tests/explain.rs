//! Explanations as a person and as a program see them: `tests/explain/*.txt`.
//!
//! Each file has its toggle files, what is asked, and what is answered. Run with `HOIST_BLESS=1` to
//! write the answers anew, and read the difference as a stranger would.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hoist::{
    AttributeBuf, Colour, Condition, Context, ContextBuf, Flags, Snapshot, Strategies, Strategy,
};
use serde_yaml::Value;

/// The sections that are answers; those before them are files and `asked`.
const EXPLANATION: &str = "explanation";
const COLOURED: &str = "in colour";
const JSON: &str = "json";

/// What a section's name stands behind.
const MARK: &str = "--- ";

/// Open from nine to five, as the parameter `zone` has it.
struct Office;
struct Hours(String);

impl Strategy for Office {
    fn compile(&self, parameters: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
        let zone = parameters["zone"].as_str().ok_or("`zone` is a text")?;
        Ok(Box::new(Hours(zone.to_owned())))
    }
}

impl Condition for Hours {
    fn holds(&self, ctx: &Context<'_>, _: SystemTime) -> Option<bool> {
        ctx.get("region").map(|region| region == self.0)
    }

    fn describe(&self) -> String {
        format!("the office in {} is open", self.0)
    }
}

/// The sections of a file, in their order.
fn sections(text: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix(MARK), sections.last_mut()) {
            (Some(name), _) => sections.push((name.to_owned(), String::new())),
            (None, Some((_, body))) => writeln!(body, "{line}").unwrap(),
            (None, None) => panic!("text before the first section: {line}"),
        }
    }
    sections
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("no text: {other:?}"),
    }
}

fn attribute(value: &Value) -> AttributeBuf {
    match value {
        Value::String(text) => AttributeBuf::Text(text.clone()),
        Value::Bool(value) => AttributeBuf::Boolean(*value),
        Value::Number(number) if number.is_i64() => AttributeBuf::Integer(number.as_i64().unwrap()),
        other => AttributeBuf::Json(serde_json::to_value(other).unwrap()),
    }
}

fn context(asked: &Value) -> ContextBuf {
    let at: jiff::Timestamp = asked["at"].as_str().unwrap().parse().unwrap();
    let mut ctx = ContextBuf::new().at(SystemTime::from(at));
    for (key, value) in asked["context"].as_mapping().unwrap() {
        ctx = match key.as_str().unwrap().split_once('.') {
            None => match key.as_str().unwrap() {
                "user" => ctx.user(text(value).as_str()),
                "region" => ctx.region(text(value)),
                "tenant" => ctx.tenant(text(value)),
                "env" => ctx.env(text(value)),
                "host" => ctx.host(text(value)),
                "ip" => ctx.ip(text(value).as_str()),
                other => panic!("{other}"),
            },
            Some(("header", name)) => ctx.header(name, text(value)),
            Some(("cookie", name)) => ctx.cookie(name, text(value)),
            Some(("attr", name)) => ctx.attr(name, attribute(value)),
            Some(other) => panic!("{other:?}"),
        };
    }
    ctx
}

/// Opens files as a service does; reports and explanations show them by the names they have here.
fn open(files: &[&(String, String)]) -> Snapshot {
    let folder = std::env::temp_dir().join(format!("hoist-explain-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    // The only test of this file that has to do with a directory of its own.
    std::env::set_current_dir(&folder).unwrap();
    let mut builder = Flags::builder().watch(hoist::Watch::OnDemand).strategy("office", Office);
    for (index, (name, body)) in files.iter().enumerate() {
        fs::write(folder.join(name), body).unwrap();
        builder = match (index, name.ends_with(".yaml")) {
            (0, _) => builder.file(name),
            (_, true) => builder.overlay(name),
            (_, false) => builder,
        };
    }
    let snapshot = builder.open().unwrap().snapshot();
    std::env::set_current_dir(env!("CARGO_MANIFEST_DIR")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    snapshot
}

fn without_colour(coloured: &str) -> String {
    let mut parts = coloured.split('\x1b');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').unwrap().1)
}

/// The answers of one file, and what is wrong with them whatever is expected.
fn answers(sections: &[(String, String)]) -> (BTreeMap<&'static str, String>, Vec<String>) {
    let split = sections.iter().position(|(name, _)| name == "asked").unwrap();
    let files: Vec<&(String, String)> = sections[..split].iter().collect();
    let asked: Value = serde_yaml::from_str(&sections[split].1).unwrap();
    let snap = match asked.get("by").and_then(Value::as_str) {
        Some("a tool") => Snapshot::from_yaml_with(&files[0].1, &Strategies::new()).unwrap(),
        _ => open(&files),
    };
    let ctx = context(&asked);
    let ctx = ctx.as_context();
    let flag = asked["flag"].as_str().unwrap();
    let explanation = snap.explain(flag, &ctx);
    let mut wrong = Vec::new();

    let human = explanation.to_string();
    if let Some(line) = human.lines().find(|line| line.chars().count() > 80) {
        wrong.push(format!("wider than 80 columns: {line}"));
    }
    if let Some(line) = human.lines().find(|line| line.trim_end() != *line) {
        wrong.push(format!("ends with spaces: {line}|"));
    }
    if explanation.decision().to_string() != snap.decide(flag, &ctx).to_string() {
        wrong.push("another decision is explained than is made".to_owned());
    }
    let coloured = explanation.rendered(Colour::Always).to_string();
    if without_colour(&coloured) != human || !coloured.starts_with("\x1b[1m") {
        wrong.push("colour changes more than the colour".to_owned());
    }
    for line in coloured.lines() {
        if line.matches("\x1b[0m").count() * 2 != line.matches('\x1b').count() {
            wrong.push(format!("colour runs over the end of a line: {line}"));
        }
    }
    let json = serde_json::to_string_pretty(&explanation).unwrap();
    // What the request brought is nobody's business, unless the file says it too.
    let written: String = files.iter().map(|(_, body)| body.as_str()).collect();
    for (_, value) in asked["context"].as_mapping().unwrap() {
        let value = value.as_str().filter(|value| !written.contains(value));
        if let Some(value) = value.filter(|value| human.contains(value) || json.contains(value)) {
            wrong.push(format!("tells what the request brought: {value}"));
        }
    }
    let visible = coloured.replace('\x1b', "\u{241b}");
    let answers = [(EXPLANATION, human), (COLOURED, visible), (JSON, format!("{json}\n"))];
    (answers.into(), wrong)
}

#[test]
fn every_situation_is_explained_as_written_beneath_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.collect();
    paths.sort();
    assert!(paths.len() >= 15, "{}", paths.len());
    let mut failures = Vec::new();
    for path in paths {
        let known = fs::read_to_string(&path).unwrap();
        let sections = sections(&known);
        let (answers, wrong) = answers(&sections);
        let mut now = String::new();
        let is_answer = |name: &str| [EXPLANATION, COLOURED, JSON].contains(&name);
        for (name, body) in sections.iter().filter(|(name, _)| !is_answer(name)) {
            write!(now, "{MARK}{name}\n{body}").unwrap();
        }
        let in_colour = sections.iter().any(|(name, _)| name == COLOURED);
        for name in [EXPLANATION, COLOURED, JSON] {
            if name != COLOURED || in_colour {
                write!(now, "{MARK}{name}\n{}", answers[name]).unwrap();
            }
        }
        if std::env::var_os("HOIST_BLESS").is_some() {
            fs::write(&path, &now).unwrap();
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        failures.extend(wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
        if fs::read_to_string(&path).unwrap() != now {
            failures.push(format!("{name}: it is now\n{now}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn conditions_are_jumps() {
    let snap = Snapshot::from_yaml(
        "version: 1
segments:
  staff: { attr.email: { ends_with: \"@company.com\" } }
  elsewhere: { not: { region: nz } }
flags:
  base: on
  outer: { rules: [{ when: { segment: elsewhere } }, { when: { not: { segment: elsewhere } } }] }
  deep:
    requires: base
    unless: { attr.banned: true }
    rules:
      - name: some
        when:
          all:
            - any: [{ region: [nz, au] }, { segment: staff }]
            - not: { header.x-bot: \"1\" }
        unless: { tenant: acme }
      - rollout: 5%
",
    )
    .unwrap();
    let expected = "\
deep: asks what comes before its rules, and those
  requires base to serve on
  unless
    1  false: attr.banned is true? the rules, else off
  rule some
    1  region is nz or au? 3, else 2
    2  segment staff? 3, else the next rule
    3  false: header.x-bot is 1? 4, else the next rule
    4  false: tenant is acme? this rule, else the next rule
  rule rules[1]
";
    assert_eq!(snap.code("deep").unwrap(), expected);
    let expected = "\
outer: asks its rules
  rule rules[0]
    1  segment elsewhere? this rule, else the next rule
  rule rules[1]
    1  false: segment elsewhere? this rule, else the next rule
";
    assert_eq!(snap.code("outer").unwrap(), expected);
    assert_eq!(snap.code("base").unwrap(), "base: asks nothing: static\n");
    assert_eq!(snap.code("none"), None);
    assert!(!snap.is_enabled("deep", &Context::new()));
}

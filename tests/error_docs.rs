//! `docs/errors.md` is made from the codes and from documents that show them, and held to that.
//!
//! Run with `HOIST_BLESS=1` to write it anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use hoist::{Code, Condition, DeclaredKey, Report, Snapshot, Strategies, Strategy, check};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents that an example can be taken from: those of the diagnostics, and `tests/codes`
/// for codes that those lack; a folder there is a base with the overlay beside it.
fn candidates() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = ["tests/bad", "tests/codes"]
        .iter()
        .flat_map(|folder| fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    paths.sort();
    paths
}

/// What a candidate is made of: the layers to check, and the text to show.
fn layers(path: &Path) -> (Vec<PathBuf>, String) {
    if !path.is_dir() {
        return (vec![path.to_owned()], fs::read_to_string(path).unwrap_or_default());
    }
    let base = if Path::new("base").is_dir() { "base" } else { "base.yaml" };
    let (base, overlay) = (PathBuf::from(base), PathBuf::from("overlay.yaml"));
    let mut text = String::new();
    for file in [&base, &overlay] {
        if let Ok(content) = fs::read_to_string(file) {
            let name = file.file_name().unwrap().to_string_lossy();
            writeln!(text, "# {name}").unwrap();
            text.push_str(&content);
        }
    }
    // A base that is not there is an example too.
    let layers = std::iter::once(base).chain(Some(overlay).filter(|layer| layer.exists()));
    (layers.collect(), text)
}

/// A strategy that knows no zone, for the code of those that refuse.
struct OfficeHours;

impl Strategy for OfficeHours {
    fn compile(&self, parameters: &serde_json::Value) -> Result<Box<dyn Condition>, String> {
        Err(format!("there are no office hours in the zone {}", parameters["zone"]))
    }
}

hoist::variants! {
    enum Button { Grey = "grey", Green = "green" }
}

hoist::flags! {
    static RETRIES_KEY;
    RETRIES: u32 = "retries", default 3;
}

hoist::flags! {
    static BUTTON_KEY;
    BUTTON: Button = "button", default Button::Grey;
}

/// The report of a service that declares keys.
fn report_with_keys(text: &str, keys: &'static [&'static dyn DeclaredKey]) -> Report {
    match Snapshot::from_yaml_with_keys(text, keys) {
        Ok(snap) => snap.report().clone(),
        Err(error) => error.report().unwrap().clone(),
    }
}

fn report_of(layers: &[PathBuf], text: &str) -> Report {
    if layers[0].file_stem().is_some_and(|name| name == "strategy") {
        let strategies = Strategies::new().with("office-hours", OfficeHours);
        let error = Snapshot::from_yaml_with(text, &strategies).unwrap_err();
        return error.report().unwrap().clone();
    }
    match layers[0].file_stem().and_then(|name| name.to_str()) {
        Some("missing-flag" | "undeclared-flag" | "key-type" | "key-value") => {
            report_with_keys(text, RETRIES_KEY)
        }
        Some("key-variant") => report_with_keys(text, BUTTON_KEY),
        _ => check(layers),
    }
}

/// For each code the shortest document that shows it and nothing else.
fn examples() -> BTreeMap<&'static str, (String, String)> {
    let mut examples: BTreeMap<&'static str, (String, String)> = BTreeMap::new();
    for path in candidates() {
        // Names as short as a reader has them, and the same on every machine.
        let (folder, names) = match path.is_dir() {
            true => (path.clone(), PathBuf::from(".")),
            false => (path.parent().unwrap().to_owned(), path.file_name().unwrap().into()),
        };
        std::env::set_current_dir(folder).unwrap();
        let (layers, text) = layers(&names);
        let report = report_of(&layers, &text);
        let shown = report.to_string();
        let [only] = report.diagnostics() else { continue };
        let known = examples.get(only.code().as_str());
        let text = visible(&text);
        if known.is_none_or(|(known, _)| text.len() < known.len()) {
            examples.insert(only.code().as_str(), (text, shown));
        }
    }
    examples
}

/// The text with a picture in the place of each control character.
fn visible(text: &str) -> String {
    let picture = |c: char| match u32::from(c) {
        code @ (0..=9 | 11..=31) => char::from_u32(0x2400 + code).unwrap_or(c),
        _ => c,
    };
    text.chars().map(picture).collect()
}

#[test]
fn every_code_is_documented_with_an_example() {
    let examples = examples();
    let mut page = String::from(
        "# What can be wrong with a toggle file\n\n\
         Every problem has a code that stays the same from release to release. Each is shown here \
         with a\nsmall document that has it, and with what `hoist check` prints. The page is made \
         from the tests.\n",
    );
    let mut missing = Vec::new();
    for code in Code::ALL {
        write!(page, "\n## {code}\n\n{}\n", code.about()).unwrap();
        match examples.get(code.as_str()) {
            Some((text, shown)) => {
                if !text.trim().is_empty() {
                    write!(page, "\n```yaml\n{}\n```\n", text.trim_end()).unwrap();
                }
                write!(page, "\n```text\n{}\n```\n", shown.trim_end()).unwrap();
            }
            None => missing.push(code.as_str()),
        }
    }
    assert!(missing.is_empty(), "no document shows {missing:?} alone");
    let path = root().join("docs/errors.md");
    if std::env::var_os("HOIST_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/errors.md is not what the codes and documents say");
}

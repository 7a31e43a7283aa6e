//! Texts that are loaded.

use hoist::{Context, Error, Snapshot};

use super::{answers, reports, text};

/// A YAML text loads or is refused with places, and means the same however it is stored.
pub(crate) fn load_yaml(input: &[u8]) {
    let text = text(input);
    let loaded = whole(&text, Snapshot::from_yaml(&text));
    same(&loaded, &whole(&text, Snapshot::from_yaml(&text)), "read again");
    if !text.starts_with('\u{feff}') {
        let marked = format!("\u{feff}{text}");
        same(&loaded, &whole(&marked, Snapshot::from_yaml(&marked)), "behind a byte-order mark");
    }
}

/// A JSON text loads or is refused with places, and means what it means as YAML.
pub(crate) fn load_json(input: &[u8]) {
    let text = text(input);
    let loaded = whole(&text, Snapshot::from_json(&text));
    if let (Ok(json), Ok(yaml)) = (&loaded, &whole(&text, Snapshot::from_yaml(&text))) {
        let json: Vec<_> = json.iter().map(|told| told.replace("<json>", "<yaml>")).collect();
        assert_eq!(json, *yaml, "as JSON and as YAML");
    }
}

/// What loading came to: all answers to some requests, or all problems.
type Outcome = Result<Vec<String>, Vec<String>>;

fn whole(text: &str, loaded: Result<Snapshot, Error>) -> Outcome {
    match loaded {
        Ok(snap) => {
            let known = Context::new().user("ada").region("nz").tenant("acme").attr("plan", "pro");
            let known = known.attr("age", 36).header("x-beta", "1").cookie("beta", "1");
            let asked = [Context::new(), known];
            Ok(asked.iter().flat_map(|ctx| answers::all(&snap, ctx)).collect())
        }
        Err(error) => {
            reports::is_true(&error, &[("", text.as_bytes())]);
            let problems = error.report().expect("it is a text").diagnostics().iter();
            Err(problems.map(ToString::to_string).collect())
        }
    }
}

fn same(one: &Outcome, other: &Outcome, how: &str) {
    assert_eq!(one, other, "{how}");
}

//! What a person sees of a bad document: `tests/bad/*` with the exact report beside each.
//!
//! Run with `HOIST_BLESS=1` to write the reports anew, and read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use hoist::{Report, check};

fn documents() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml" || e == "json"))
        .collect();
    paths.sort();
    paths
}

/// The report, with the file's name for its path.
fn report_of(path: &Path) -> (Report, String) {
    let report = check([path]);
    let shown = report.to_string();
    let folder = format!("{}/", path.parent().unwrap().display());
    (report, shown.replace(&folder, ""))
}

#[test]
fn every_bad_document_is_reported_as_written_beside_it() {
    let documents = documents();
    assert!(documents.len() >= 120, "{}", documents.len());
    let mut failures = Vec::new();
    for path in documents {
        let (report, shown) = report_of(&path);
        let expected_at = path.with_extension(match path.extension().unwrap().to_str() {
            Some("json") => "json.txt",
            _ => "txt",
        });
        if std::env::var_os("HOIST_BLESS").is_some() {
            fs::write(&expected_at, &shown).unwrap();
        }
        let expected = fs::read_to_string(&expected_at).unwrap_or_default();
        if !report.has_errors() {
            failures.push(format!("{}: nothing is wrong with it", path.display()));
        }
        if shown != expected {
            failures.push(format!("{}:\n{shown}instead of\n{expected}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

//! The `tests:` of toggle files, as a test of the service.

use std::path::Path;

use super::refuse;
use crate::file_tests;
use crate::reload::read::Layers;

/// Runs the tests that a toggle file brings along, with overlays in their order behind it, and those
/// in a `*.test.yaml` beside them, as `hoist test` does; gives how many there are.
///
/// # Panics
///
/// If one fails, with what was expected, what was served and why; if the files are wrong; and if
/// they have no tests.
///
/// # Examples
///
/// ```
/// # let path = std::env::temp_dir().join(format!("hoist-doc-tests-{}.yaml", std::process::id()));
/// std::fs::write(&path, "version: 1
/// flags: { new-prices: { rules: [{ when: { region: nz } }] } }
/// tests:
///   - { name: kiwis first, context: { region: nz }, expect: { new-prices: on } }
///   - { name: others later, context: { region: de }, expect: { new-prices: off } }
/// ").unwrap();
/// assert_eq!(hoist::testing::run_file_tests([&path]), 2);
/// # std::fs::remove_file(&path).unwrap();
/// ```
#[track_caller]
pub fn run_file_tests<P: AsRef<Path>>(layers: impl IntoIterator<Item = P>) -> usize {
    let ran = match Layers::of(layers).and_then(|layers| file_tests::run(&layers)) {
        Ok(ran) => ran,
        Err(error) => refuse(&error.to_string()),
    };
    let mut said = String::new();
    for test in ran.iter().filter(|test| !test.failures.is_empty()) {
        said.push_str(&format!("\nfailed: {}\n", test.name));
        test.failures.iter().for_each(|failure| said.push_str(&failure.to_string()));
    }
    match ran.len() {
        0 => refuse("the files have no tests"),
        count if said.is_empty() => count,
        _ => refuse(&said),
    }
}

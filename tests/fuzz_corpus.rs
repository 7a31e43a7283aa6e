//! The inputs that fuzzing found worth keeping, on any Rust: `fuzz/corpus/*` through the bodies of
//! the fuzz targets.

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;
mod folder;
mod naive;
mod translate;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What the corpus may come to: it is for every run of the tests.
const MOST_FILES: usize = 300;
const MOST_BYTES: usize = 300_000;

fn inputs(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn replay(target: &str, body: fn(&[u8])) {
    let inputs = inputs(target);
    assert!(inputs.len() >= 10, "{target}: {}", inputs.len());
    let fails = |path: &&PathBuf| {
        let input = fs::read(path).unwrap();
        catch_unwind(AssertUnwindSafe(|| body(&input))).is_err()
    };
    let failed: Vec<&PathBuf> = inputs.iter().filter(fails).collect();
    assert!(failed.is_empty(), "{target}: {failed:#?}");
}

#[test]
fn yaml_texts() {
    replay("load_yaml", bodies::load_yaml);
}

#[test]
fn json_texts() {
    replay("load_json", bodies::load_json);
}

#[test]
fn documents_with_contexts() {
    replay("decide", bodies::decide);
}

#[test]
fn cookie_headers() {
    replay("cookies", bodies::cookies);
}

#[test]
fn files_over_files() {
    replay("overlays", bodies::overlays);
}

#[test]
fn texts_over_texts() {
    replay("reload", bodies::reload);
}

#[test]
fn the_corpus_is_small() {
    let targets = ["load_yaml", "load_json", "decide", "cookies", "overlays", "reload"];
    let inputs: Vec<PathBuf> = targets.into_iter().flat_map(inputs).collect();
    let bytes: usize = inputs.iter().map(|path| fs::read(path).unwrap().len()).sum();
    assert!(inputs.len() <= MOST_FILES, "{} files", inputs.len());
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

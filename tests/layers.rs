//! The house: which module may name which, and how large a file may be.
//!
//! The source is read as text. Paths that start at `crate` say which module a file leans on; a
//! path of `super` may not leave the module that its file is in.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules of the crate, lowest first: each may name those before it, and itself.
#[rustfmt::skip]
const ORDER: [&str; 40] = [
    "limits", "disk", "checksum", "value", "reason", "literal", "bucket", "context", "report",
    "error", "strategy", "tree", "source", "ir", "dialect", "program", "compile", "observer",
    "request", "eval", "declared", "counts", "load", "decision", "recorder", "explain", "key",
    "snapshot", "reload", "telemetry", "flags", "file_tests", "codegen", "testing", "schema", "http", "tower", "axum", "openfeature", "cli",
];

/// What some modules may not name although it lies below them.
const WALLS: [(&str, &[&str]); 4] = [
    ("program", &["tree", "dialect", "ir", "report", "source", "error"]),
    ("eval", &["tree", "dialect", "ir", "report", "source", "error", "compile"]),
    ("bucket", &["tree", "dialect", "ir", "report"]),
    ("dialect", &["program"]),
];

/// One file of `src`, without its comments and literals.
struct Source {
    path: String,
    /// Its module as a path: `["eval", "test"]`; empty for `lib.rs`.
    module: Vec<String>,
    lines: Vec<String>,
}

impl Source {
    fn top(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut folders = vec![root()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(source(&path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 40, "{}", found.len());
    found
}

fn source(path: &Path) -> Source {
    let relative = path.strip_prefix(root()).unwrap().with_extension("");
    let parts = relative.iter().map(|part| part.to_str().unwrap().to_owned());
    let module = parts.filter(|part| part != "mod" && part != "lib").collect();
    let lines = fs::read_to_string(path).unwrap().lines().map(code_of).collect();
    let path = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
    Source { path, module, lines }
}

/// A line without its comment and the insides of its literals.
fn code_of(line: &str) -> String {
    let mut code = String::new();
    let mut chars = line.chars().peekable();
    let mut in_text = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_text => drop(chars.next()),
            '"' => in_text = !in_text,
            '\'' if !in_text && chars.peek() == Some(&'"') => drop(chars.next()),
            '/' if !in_text && chars.peek() == Some(&'/') => break,
            c if !in_text => code.push(c),
            _ => {}
        }
    }
    code
}

/// The name that a path goes on with.
fn named(rest: &str) -> &str {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').map_or(rest, |end| &rest[..end])
}

/// The modules that `lib.rs` declares.
fn modules(lib: &Source) -> Vec<String> {
    let declared = lib.lines.iter().filter_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    declared.map(str::to_owned).collect()
}

/// The module behind a name at the root of the crate: its own, or that of a re-exported item.
fn module_of(name: &str, lib: &Source, modules: &[String]) -> Option<String> {
    if modules.iter().any(|module| module == name) {
        return Some(name.to_owned());
    }
    let text = lib.lines.join(" ");
    text.split("pub use ").skip(1).find_map(|export| {
        let (module, items) = export.split(';').next()?.split_once("::")?;
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        items.split(|c| !is_name(c)).any(|item| item == name).then(|| module.to_owned())
    })
}

#[test]
fn every_module_has_its_place() {
    let sources = sources();
    let lib = sources.iter().find(|source| source.path == "lib.rs").unwrap();
    for module in modules(lib) {
        assert!(ORDER.contains(&&*module), "say in ORDER what `{module}` may name");
    }
}

#[test]
fn modules_name_lower_ones_only() {
    let sources = sources();
    let lib = sources.iter().find(|source| source.path == "lib.rs").unwrap();
    let modules = modules(lib);
    let place = |module: &str| ORDER.iter().position(|known| *known == module);
    let mut wrong = Vec::new();
    let mut edges = 0;
    for source in sources.iter().filter(|source| !source.module.is_empty()) {
        for (number, line) in (1..).zip(&source.lines) {
            for (at, start) in line.match_indices("crate::") {
                // A macro of the crate is in no module.
                let name = named(&line[at + start.len()..]);
                let Some(target) = module_of(name, lib, &modules) else { continue };
                edges += 1;
                let own = source.top();
                let is_walled =
                    WALLS.iter().any(|(from, to)| *from == own && to.contains(&&*target));
                if place(&target) > place(own) || is_walled {
                    wrong.push(format!("{}:{number}: names `{target}`", source.path));
                }
            }
        }
    }
    assert!(edges > 100, "{edges}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_path_goes_around_the_order() {
    for source in sources() {
        // Inside `mod tests { … }` the way up is one longer.
        let mut inside = 0;
        for (number, line) in (1..).zip(&source.lines) {
            let at = format!("{}:{number}", source.path);
            if !line.starts_with(' ') {
                let opens = line.contains("mod ") && line.ends_with('{');
                inside = if opens { 1 } else { inside * usize::from(line != "}") };
            }
            assert!(!line.contains("crate::{"), "{at}: name each module in a `use` of its own");
            let mut ways = line.split("super::");
            let mut most = 0;
            let mut run = 0;
            ways.next();
            for after in ways {
                run += 1;
                most = most.max(run);
                run *= usize::from(after.is_empty());
            }
            assert!(most < source.module.len() + inside || most == 0, "{at}: leaves its module");
        }
    }
}

#[test]
fn only_the_reloader_swaps() {
    for source in sources() {
        let swaps = source.lines.iter().any(|line| line.contains("arc_swap"));
        assert!(!swaps || source.top() == "reload", "{} names arc_swap", source.path);
    }
}

#[test]
fn nothing_is_unsafe() {
    let sources = sources();
    let lib = sources.iter().find(|source| source.path == "lib.rs").unwrap();
    assert!(lib.lines.iter().any(|line| line == "#![forbid(unsafe_code)]"));
    for source in &sources {
        let mut words = source
            .lines
            .iter()
            .flat_map(|line| line.split(|c: char| !c.is_alphabetic() && c != '_'));
        assert!(words.all(|word| word != "unsafe"), "{}", source.path);
    }
}

#[test]
fn files_are_short() {
    for source in sources() {
        assert!(source.lines.len() <= 600, "{} has {} lines", source.path, source.lines.len());
    }
}

#[test]
fn the_evaluator_is_short() {
    let sources = sources();
    let eval = sources.iter().filter(|source| source.top() == "eval");
    let lines: usize = eval.map(|source| source.lines.len()).sum();
    assert!(lines < 500, "eval has {lines} lines");
}

//! The `hoist` command as a person and a script meet it: `tests/cli/*.txt` hold a command line,
//! its exit code and all that it prints.
//!
//! Run with `HOIST_BLESS=1` to write them anew, and read the difference.

#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how tests fail")]

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hoist::Colour;
use hoist::cli::{Auto, Exit};

/// The folder that commands are run in, so that paths are short and everywhere the same.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn hoist() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hoist"));
    command.current_dir(folder()).env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

fn output(args: &[&str]) -> Output {
    hoist().args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("ended by itself")
}

/// The arguments of a line as a shell splits it, as far as single quotes.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in line.chars() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// What stands in a file for a command line and what came of it; escapes are made visible.
fn transcript(line: &str) -> String {
    let words = split(line);
    let output = hoist().args(words.iter().skip(1)).output().unwrap();
    let mut shown = format!("$ {line}\n[{}]\n{}", code(&output), text(&output.stdout));
    if !output.stderr.is_empty() {
        shown.push_str("[stderr]\n");
        shown.push_str(text(&output.stderr));
    }
    shown.replace('\x1b', "␛")
}

#[test]
fn commands_print_what_is_written() {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder().join("cli"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| fs::read_to_string(path).is_ok_and(|text| text.starts_with("$ ")))
        .collect();
    paths.sort();
    assert!(paths.len() >= 40, "{}", paths.len());
    let mut failures = Vec::new();
    for path in paths {
        let expected = fs::read_to_string(&path).unwrap();
        let line = expected.lines().next().unwrap().strip_prefix("$ ").unwrap();
        let shown = transcript(line);
        if std::env::var_os("HOIST_BLESS").is_some() {
            fs::write(&path, &shown).unwrap();
        } else if shown != expected {
            failures.push(format!("{}:\n{shown}instead of\n{expected}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn nothing_that_is_printed_for_people_is_wider_than_80_columns() {
    let commands: [&[&str]; 7] = [
        &["--help"],
        &["check", "--help"],
        &["codegen", "--help"],
        &["explain", "--help"],
        &["schema", "--help"],
        &["check", "cli/shop.yaml", "--overlay", "cli/mistaken.yaml"],
        &["explain", "cli/shop.yaml", "button", "--attr", "age=36", "--attr", "app=2.1"],
    ];
    for args in commands {
        for line in text(&output(args).stdout).lines() {
            assert!(line.chars().count() <= 80, "{args:?}: {line}");
        }
    }
}

#[test]
fn the_version_is_that_of_the_crate() {
    let expected = format!("hoist {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(text(&output(&["--version"]).stdout), expected);
}

#[test]
fn the_exit_code_is_that_of_the_worst_file() {
    let check = |args: &[&str]| code(&output(&[&["check"], args].concat()));
    let (good, warned, bad) = ("cli/shop.yaml", "cli/warned.yaml", "bad/duplicate-flag.yaml");
    assert_eq!(check(&[good, "good/minimal.yaml"]), 0);
    assert_eq!(check(&[good, warned]), 0);
    assert_eq!(check(&[good, warned, "--deny-warnings"]), 1);
    assert_eq!(check(&[bad, good]), 1);
    assert_eq!(check(&[bad, "no/such/file.yaml", good]), 2);
    for format in ["human", "json", "github"] {
        assert_eq!(check(&["--format", format, good]), 0, "{format}");
        assert_eq!(check(&["--format", format, bad]), 1, "{format}");
        assert_eq!(check(&["--format", format, "no/such/file.yaml"]), 2, "{format}");
    }
}

#[test]
fn what_cannot_be_read_is_said_on_stderr() {
    for args in [
        &["check", "no/such/file.yaml"][..],
        &["check", "cli/shop.yaml", "--overlay", "no/such/file.yaml"],
        &["explain", "no/such/file.yaml", "checkout"],
        &["explain", "cli/shop.yaml", "checkout", "--overlay", "no/such/file.yaml"],
        &["explain", "no/such/file.yaml", "checkout", "--format", "json"],
    ] {
        let output = output(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        let told = text(&output.stderr);
        assert!(told.starts_with("error: `no/such/file.yaml` cannot be read: "), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

#[test]
fn what_cannot_be_read_is_a_diagnostic_of_its_own_file_in_json() {
    let args = ["check", "cli/shop.yaml", "--overlay", "no/file.yaml", "--format", "json"];
    let document: serde_json::Value = serde_json::from_slice(&output(&args).stdout).unwrap();
    let file = document.pointer("/files/0").unwrap();
    assert_eq!(file.get("file").unwrap(), "cli/shop.yaml");
    assert_eq!(file.pointer("/overlays/0").unwrap(), "no/file.yaml");
    assert_eq!(file.pointer("/diagnostics/0/code").unwrap(), "unreadable");
    assert_eq!(file.pointer("/diagnostics/0/file").unwrap(), "no/file.yaml");
}

/// A file that is made for a test.
fn scratch(name: &str, contents: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, contents).unwrap();
    path
}

#[test]
fn text_that_is_not_utf8_is_wrong_and_not_unreadable() {
    let path = scratch("latin-1.yaml", b"version: 1\nflags: { caf\xE9: on }\n");
    let output = output(&["check", path.to_str().unwrap()]);
    assert_eq!(code(&output), 1);
    assert!(text(&output.stdout).starts_with("error[invalid-utf8]: "));
}

#[test]
fn a_directory_is_checked_whole_and_an_empty_one_cannot_be_read() {
    let first = scratch("split/a.yaml", b"version: 1\nflags: { a: on }\n");
    scratch("split/b.json", br#"{ "version": 1, "flags": { "b": true } }"#);
    let directory = first.parent().unwrap().to_str().unwrap();
    let whole = output(&["check", directory]);
    assert_eq!(text(&whole.stdout), format!("{directory}: ok, 2 flags\n"));

    let empty = scratch("empty/read.me", b"").parent().unwrap().to_str().unwrap().to_owned();
    let output = output(&["check", &empty]);
    assert_eq!(code(&output), 2);
    assert_eq!(
        text(&output.stderr),
        format!("error: the directory `{empty}` holds no toggle file\n")
    );
}

#[cfg(unix)]
#[test]
fn annotations_escape_what_their_syntax_needs() {
    let path = scratch("50%, a:b.yaml", b"version: 1\nflags: { a: 5, \"c\\n::d\": on }\n");
    let output = output(&["check", "--format", "github", path.to_str().unwrap()]);
    let file = path.to_str().unwrap().replace("50%, a:b", "50%25%2C a%3Ab");
    let (number, name) = text(&output.stdout).split_once('\n').unwrap();
    assert_eq!(name.lines().count(), 1, "{name}");
    let start = format!("::error file={file},line=2,col=13,title=hoist (percentage)::");
    assert!(number.starts_with(&start), "{number}");
    assert!(number.contains("%0Ahelp: write `5%25` "), "{number}");
    assert!(name.contains("title=hoist (name)::`c ::d` is not a name"), "{name}");
}

#[test]
fn a_script_gets_one_json_document() {
    let args = ["check", "--format", "json", "bad/duplicate-flag.yaml", "cli/shop.yaml"];
    let document: serde_json::Value = serde_json::from_slice(&output(&args).stdout).unwrap();
    let expected = serde_json::json!({ "files": [
        { "file": "bad/duplicate-flag.yaml", "errors": 1, "warnings": 0, "diagnostics": [{
            "severity": "error",
            "code": "duplicate-flag",
            "message": "the flag `lamp` is given twice",
            "help": "the first is in line 3",
            "file": "bad/duplicate-flag.yaml",
            "line": 5,
            "column": 3,
            "flag": "lamp",
        }] },
        { "file": "cli/shop.yaml", "errors": 0, "warnings": 0, "diagnostics": [] },
    ] });
    assert_eq!(document, expected);
}

#[test]
fn the_schema_is_printed_as_it_is() {
    let output = output(&["schema"]);
    assert_eq!(code(&output), 0);
    assert_eq!(text(&output.stdout), hoist::SCHEMA);
}

#[test]
fn a_file_is_sealed_in_place() {
    let folder = std::env::temp_dir().join(format!("hoist-seal-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (real, link, json) =
        (folder.join("real.yaml"), folder.join("flags.yaml"), folder.join("flags.json"));
    fs::write(&real, "version: 1\nflags: { a: on }").unwrap();
    fs::write(&json, "{}").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("real.yaml", &link).unwrap();
    #[cfg(not(unix))]
    fs::copy(&real, &link).unwrap();

    let name = link.to_str().unwrap();
    let (exit, stdout, _) = run(&["seal", name]);
    assert_eq!((exit, stdout), (Exit::Fine, format!("{name}: sealed\n")));
    let sealed = fs::read_to_string(&link).unwrap();
    assert_eq!(sealed, hoist::seal("version: 1\nflags: { a: on }"));
    assert_eq!(run(&["seal", name]).0, Exit::Fine);
    assert_eq!(fs::read_to_string(&link).unwrap(), sealed, "sealed once");
    #[cfg(unix)]
    assert!(link.is_symlink() && fs::read_to_string(&real).unwrap() == sealed);
    assert_eq!(run(&["check", name]).0, Exit::Fine);

    // What cannot be sealed stays as it is, and the others are sealed all the same.
    fs::write(&real, "flags: {}").unwrap();
    let (exit, _, stderr) = run(&["seal", json.to_str().unwrap(), "no/such.yaml", name]);
    assert_eq!(exit, Exit::Unusable);
    assert!(stderr.contains("JSON has no comments") && stderr.contains("no/such.yaml"), "{stderr}");
    assert_eq!(fs::read_to_string(&json).unwrap(), "{}");
    assert_eq!(fs::read_to_string(&real).unwrap(), hoist::seal("flags: {}"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3, "nothing is left beside them");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn colour_is_for_terminals_and_those_who_ask() {
    let is_coloured = |command: &mut Command| {
        let output = command.args(["check", "cli/warned.yaml"]).output().unwrap();
        text(&output.stdout).contains('\x1b')
    };
    assert!(!is_coloured(&mut hoist()));
    assert!(!is_coloured(hoist().args(["--color", "never"])));
    assert!(is_coloured(hoist().args(["--color", "always"])));
    assert!(is_coloured(hoist().args(["--colour", "always"]).env("NO_COLOR", "1")));
}

/// Runs the command in this process, whose standard output is a terminal and standard error none.
fn run(args: &[&str]) -> (Exit, String, String) {
    let auto = Auto { stdout: Colour::Always, stderr: Colour::Never };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let args = std::iter::once(&"hoist").chain(args).map(OsString::from);
    let exit = hoist::cli::run(args, auto, &mut stdout, &mut stderr);
    (exit, String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn each_stream_is_coloured_by_itself() {
    let warned = folder().join("cli/warned.yaml");
    let (exit, stdout, _) = run(&["check", warned.to_str().unwrap()]);
    assert_eq!(exit, Exit::Fine);
    assert!(stdout.contains("\x1b[1;33mwarning[expired]\x1b[0m"), "{stdout}");

    let (exit, stdout, stderr) = run(&["explain", warned.to_str().unwrap(), "betta"]);
    assert_eq!((exit, stdout.as_str()), (Exit::Wrong, ""));
    assert!(stderr.starts_with("error: there is no flag `betta`"), "{stderr}");

    let (_, stdout, _) = run(&["check", warned.to_str().unwrap(), "--color", "never"]);
    assert!(!stdout.contains('\x1b'), "{stdout}");
    assert!(run(&["--help"]).1.contains('\x1b'));
    assert!(!run(&["--hepl"]).2.contains('\x1b'));
}

/// Starts a command that prints more than a pipe holds, and reads none of it.
fn unread(args: &[&str]) -> Output {
    let mut command = hoist();
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    for _ in 0..200 {
        command.arg("bad/several-percentages.yaml");
    }
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    child.wait_with_output().unwrap()
}

#[test]
fn a_reader_that_has_gone_changes_nothing() {
    for format in ["human", "json", "github"] {
        let output = unread(&["check", "--format", format]);
        assert_eq!(text(&output.stderr), "", "{format}");
        assert_eq!(code(&output), 1, "{format}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = hoist().arg("schema").stdout(full).output().unwrap();
    assert_eq!(code(&output), 2);
    let told = text(&output.stderr);
    assert!(told.starts_with("error: the output cannot be written: "), "{told}");
}

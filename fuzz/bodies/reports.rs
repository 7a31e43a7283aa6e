//! What must hold of every report.

use hoist::{Colour, Error, Report};

/// The longest line that a report may have beside the words of the text in it: message and help are
/// wrapped, so that only a word that is longer than a line, as an unknown name, makes one longer than
/// a terminal is wide.
const LONGEST_LINE: usize = 200;

/// An error of texts: each problem has its place in one of them, and a person can read it.
///
/// The file that a problem names is found among the texts by the end of its path.
pub(super) fn is_true(error: &Error, texts: &[(&str, &[u8])]) {
    assert!(!error.to_string().is_empty());
    if error.is_unreadable() {
        return;
    }
    let report = error.report().expect("what can be read is refused with a report");
    assert!(error.is_invalid() && report.has_errors());
    let places = report.diagnostics().iter().map(|problem| (problem.line(), problem.column()));
    for (at, problem) in places.zip(report.diagnostics()) {
        let of_file = |(name, _): &&(&str, &[u8])| problem.file().ends_with(name);
        let (_, bytes) = texts.iter().find(of_file).unwrap_or_else(|| panic!("whose is {problem}"));
        has_place(bytes, at, &problem.to_string());
        for told in [Some(problem.message()), problem.help()].into_iter().flatten() {
            assert!(!told.is_empty() && !told.contains('\n'), "{told:?}");
        }
    }
    can_be_read(report, texts.iter().map(|(_, bytes)| bytes.len()).sum());
}

/// A place is within its text: at a character of a line, or just behind it.
fn has_place(bytes: &[u8], (line, column): (u32, u32), told: &str) {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let before = usize::try_from(line).unwrap().checked_sub(1).expect("lines count from 1");
    let Some(line) = text.split('\n').nth(before) else {
        panic!("no such line: {told}");
    };
    let most = line.chars().count() + 1;
    assert!((1..=most).contains(&(column as usize)), "no such column: {told}\n{line:?}");
}

/// No line of a report is endless, and nothing of a text reaches a terminal as a command.
fn can_be_read(report: &Report, length: usize) {
    let plain = report.rendered(Colour::Never).to_string();
    assert_eq!(plain, report.to_string());
    for line in plain.lines() {
        assert!(line.chars().count() <= LONGEST_LINE + length, "{line}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    let coloured = report.rendered(Colour::Always).to_string();
    assert_eq!(without_colours(&coloured), plain);
}

/// A text without the escapes that colour it, each from an escape character to an `m`.
fn without_colours(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once('m').map_or(part, |(_, rest)| rest));
    first + &rest.collect::<String>()
}

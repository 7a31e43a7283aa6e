//! A report as a person reads it: the caret picture, at most 80 columns wide.

use std::fmt;

use super::{Diagnostic, Report, Severity};

/// How wide a picture may be.
const WIDTH: usize = 80;

/// Whether a report is coloured.
///
/// # Examples
///
/// ```
/// let error = hoist::Snapshot::from_yaml("version: 1\nflags: { a: 5 }").unwrap_err();
/// let report = error.report().unwrap();
/// let coloured = report.rendered(hoist::Colour::Always).to_string();
/// assert!(coloured.contains('\x1b') && !report.to_string().contains('\x1b'));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// With ANSI escapes, for a terminal.
    Always,
    /// Plain text.
    Never,
}

impl Colour {
    fn paint(self, sgr: &'static str) -> (&'static str, &'static str) {
        match self {
            Colour::Always => (sgr, "\x1b[0m"),
            Colour::Never => ("", ""),
        }
    }
}

/// A report ready to be printed; made by [`Report::rendered`].
///
/// # Examples
///
/// ```
/// let error = hoist::Snapshot::from_yaml("version: 1\nflags: { a: 5 }").unwrap_err();
/// let report = error.report().unwrap();
/// let rendered: hoist::Rendered<'_> = report.rendered(hoist::Colour::Never);
/// assert!(rendered.to_string().starts_with("error[percentage]: `5` could be"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rendered<'r> {
    pub(super) report: &'r Report,
    pub(super) colour: Colour,
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.report.diagnostics().iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            picture(f, diagnostic, self.colour)?;
        }
        Ok(())
    }
}

fn picture(f: &mut fmt::Formatter<'_>, what: &Diagnostic, colour: Colour) -> fmt::Result {
    let (loud, end) = colour.paint(match what.severity {
        Severity::Error => "\x1b[1;31m",
        Severity::Warning => "\x1b[1;33m",
    });
    let (bold, _) = colour.paint("\x1b[1m");
    let (quiet, _) = colour.paint("\x1b[34m");
    let gutter = what.line.to_string().len();
    let word = what.severity.as_str();

    let title = format!("{word}[{}]: ", what.code);
    write!(f, "{loud}{word}[{}]{end}: {bold}", what.code)?;
    wrapped(f, &what.message, title.len(), 4)?;
    writeln!(f, "{end}")?;
    let Diagnostic { file, line, column, .. } = what;
    writeln!(f, "{:gutter$}{quiet}-->{end} {file}:{line}:{column}", "")?;
    if let Some(source) = &what.source_line {
        let (shown, before, marked) = excerpt(&source.text, source.skipped, what.column, gutter);
        writeln!(f, "{:gutter$} {quiet}|{end}", "")?;
        writeln!(f, "{quiet}{line} |{end} {shown}")?;
        let carets = "^".repeat(marked);
        writeln!(f, "{:gutter$} {quiet}|{end} {:before$}{loud}{carets}{end}", "", "")?;
    }
    if let Some(help) = &what.help {
        write!(f, "{:gutter$} {quiet}={end} help: ", "")?;
        wrapped(f, help, gutter + 9, gutter + 9)?;
        writeln!(f)?;
    }
    Ok(())
}

/// Writes text that starts at a column, broken between words.
fn wrapped(f: &mut fmt::Formatter<'_>, text: &str, start: usize, indent: usize) -> fmt::Result {
    let mut column = start;
    for (i, word) in text.split(' ').enumerate() {
        let width = word.chars().count();
        if i > 0 && column + 1 + width > WIDTH {
            write!(f, "\n{:indent$}", "")?;
            column = indent;
        } else if i > 0 {
            f.write_str(" ")?;
            column += 1;
        }
        f.write_str(word)?;
        column += width;
    }
    Ok(())
}

/// The part of a line around a column, how far in the mark starts, and how long it is.
fn excerpt(source: &str, skipped: usize, column: u32, gutter: usize) -> (String, usize, usize) {
    let chars: Vec<char> =
        source.chars().map(|c| if c == '\t' || c.is_control() { ' ' } else { c }).collect();
    let at = (column as usize).saturating_sub(1 + skipped).min(chars.len());
    let marked = token_length(chars.get(at..).unwrap_or_default());

    let room = WIDTH - gutter - 3;
    if chars.len() <= room {
        return (chars.iter().collect(), at, marked);
    }
    let ellipsis = "...";
    let inner = room - 2 * ellipsis.len();
    let from = at.saturating_sub(inner / 3).min(chars.len().saturating_sub(inner));
    let to = (from + inner).min(chars.len());
    let (mut shown, mut before) = (String::new(), at - from);
    if from > 0 {
        shown.push_str(ellipsis);
        before += ellipsis.len();
    }
    shown.extend(chars.get(from..to).unwrap_or_default());
    if to < chars.len() {
        shown.push_str(ellipsis);
    }
    (shown, before, marked.min(to.saturating_sub(at)).max(1))
}

/// How many characters the word at the start of a text has: a quoted text, or all up to what ends
/// a plain scalar.
fn token_length(text: &[char]) -> usize {
    let length = match text.first() {
        Some(quote @ ('"' | '\'')) => {
            let close = text.iter().skip(1).position(|c| c == quote);
            close.map_or(text.len(), |at| at + 2)
        }
        Some('{' | '[') => 1,
        _ => text
            .iter()
            .enumerate()
            .position(|(i, c)| match c {
                ',' | ']' | '}' => true,
                ':' => text.get(i + 1).is_none_or(|next| next.is_whitespace()),
                ' ' => text.get(i + 1).is_none_or(|next| *next == '#' || *next == ' '),
                _ => false,
            })
            .unwrap_or(text.len()),
    };
    let blanks = text.iter().take(length).rev().take_while(|c| c.is_whitespace()).count();
    (length - blanks).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_covers_the_word() {
        let length = |text: &str| token_length(&text.chars().collect::<Vec<_>>());
        assert_eq!(length("rolout: 5%"), 6);
        assert_eq!(length("\"a b\": 1"), 5);
        assert_eq!(length("two words # said"), 9);
        assert_eq!(length("10:30, x"), 5);
        assert_eq!(length("5 }"), 1);
        assert_eq!(length(""), 1);
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let line = format!("{}here{}", "a".repeat(200), "b".repeat(200));
        let (shown, before, _) = excerpt(&line, 0, 201, 3);
        assert_eq!(shown.len(), 74);
        assert!(shown.get(before..).unwrap().starts_with("here"));
        // The same where only a part of the line is at hand.
        let part = line.get(40..360).unwrap();
        assert_eq!(excerpt(part, 40, 201, 3), excerpt(&line, 0, 201, 3));
    }
}

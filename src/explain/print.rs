//! An explanation as a person reads it, at most 80 columns wide but for the paths of files.

use std::fmt;

use super::{Explanation, Finding, Step};
use crate::decision::Decision;
use crate::report::Colour;

const WIDTH: usize = 80;

/// How wide the column of findings is.
const FINDINGS: usize = 12;

/// An explanation ready to be printed; made by [`Explanation::rendered`].
///
/// # Examples
///
/// ```
/// let snap = hoist::Snapshot::from_yaml("
/// version: 1
/// flags: { search: { rules: [{ name: kiwis, when: { region: nz } }] } }
/// ")?;
/// let ctx = hoist::Context::new().region("au");
/// let explanation = snap.explain("search", &ctx);
/// let coloured: hoist::RenderedExplanation<'_> = explanation.rendered(hoist::Colour::Always);
/// assert!(coloured.to_string().contains("\x1b[31mfalse"));
/// # Ok::<(), hoist::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RenderedExplanation<'e> {
    explanation: &'e Explanation<'e>,
    colour: Colour,
}

impl Explanation<'_> {
    /// The tree as a person reads it in a terminal.
    pub fn rendered(&self, colour: Colour) -> RenderedExplanation<'_> {
        RenderedExplanation { explanation: self, colour }
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rendered(Colour::Never).fmt(f)
    }
}

impl fmt::Display for RenderedExplanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bold, end) = match self.colour {
            Colour::Always => ("\x1b[1m", "\x1b[0m"),
            Colour::Never => ("", ""),
        };
        let decision = &self.explanation.decision;
        for line in lines(&decision.to_string(), 0) {
            writeln!(f, "{bold}{line}{end}")?;
        }
        if let Some(value) = value_of(decision) {
            writeln!(f, "  {:1$}{value}", "value", FINDINGS - 2)?;
        }
        self.explanation.steps.iter().try_for_each(|step| print(f, step, 0, self.colour))
    }
}

/// The value that a variant's name does not tell, as JSON, cut to the page.
fn value_of(decision: &Decision<'_>) -> Option<String> {
    let value = decision.value()?;
    if value.as_bool().is_some() || value.as_text() == Some(decision.variant()) {
        return None;
    }
    let text = serde_json::to_string(value).ok()?;
    let room = WIDTH - FINDINGS;
    Some(match text.chars().count() > room {
        true => text.chars().take(room - 3).chain("...".chars()).collect(),
        false => text,
    })
}

fn print(f: &mut fmt::Formatter<'_>, step: &Step, depth: usize, colour: Colour) -> fmt::Result {
    let (word, sgr) = match step.found {
        Finding::True => ("true", "\x1b[32m"),
        Finding::False => ("false", "\x1b[31m"),
        Finding::Unknown => ("unknown", "\x1b[33m"),
        Finding::NotTested => ("-", "\x1b[2m"),
        Finding::Match => ("match", "\x1b[1;32m"),
        Finding::NoMatch => ("no match", "\x1b[31m"),
        Finding::Closed => ("closed", "\x1b[31m"),
        Finding::Outside => ("outside", "\x1b[31m"),
        Finding::NoUnit => ("no unit", "\x1b[33m"),
        Finding::Else => ("else", "\x1b[1;32m"),
        Finding::Decided => ("decided", "\x1b[2m"),
    };
    let (sgr, end) = match colour {
        Colour::Always => (sgr, "\x1b[0m"),
        Colour::Never => ("", ""),
    };
    // A tree deeper than the page is wide goes on at its right side.
    let indent = FINDINGS + 2 * depth.min(16);
    write!(f, "  {sgr}{word}{end}{:1$}", "", indent - 2 - word.len())?;
    let lines = lines(&step.text, indent);
    write!(f, "{}", lines.join("\n"))?;
    let width = match lines.as_slice() {
        [only] => indent + only.chars().count(),
        [.., last] => last.chars().count(),
        [] => indent,
    };
    match &step.place {
        Some(place) if width + 2 + place.chars().count() <= WIDTH => writeln!(f, "  {place}")?,
        Some(place) => writeln!(f, "\n{:indent$}{place}", "")?,
        None => writeln!(f)?,
    }
    step.steps.iter().try_for_each(|step| print(f, step, depth + 1, colour))
}

/// Text that starts at a column, broken between words, and inside a word that is wider than the
/// page. All lines but the first bring their indentation. What is no character shows as a space: a
/// toggle file must not draw in a terminal.
fn lines(text: &str, start: usize) -> Vec<String> {
    let indent = start + 2;
    let mut lines = vec![String::new()];
    let mut column = start;
    for (i, word) in text.split(' ').enumerate() {
        let width = word.chars().count();
        let fits = column + 1 + width <= WIDTH;
        if i > 0 && !fits && column > indent {
            lines.push(" ".repeat(indent));
            column = indent;
        } else if i > 0 {
            push(&mut lines, ' ');
            column += 1;
        }
        for c in word.chars() {
            if column == WIDTH {
                lines.push(" ".repeat(indent));
                column = indent;
            }
            push(&mut lines, if c.is_control() { ' ' } else { c });
            column += 1;
        }
    }
    lines
}

fn push(lines: &mut [String], c: char) {
    if let Some(line) = lines.last_mut() {
        line.push(c);
    }
}

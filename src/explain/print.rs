//! An explanation as a person reads it, at most 80 columns wide.

use std::fmt;

use super::{Explanation, Finding, Step};
use crate::decision::Decision;
use crate::report::Colour;

const WIDTH: usize = 80;

/// How wide the column of findings is.
const FINDINGS: usize = 12;

/// An explanation ready to be printed; made by [`Explanation::rendered`].
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
        f.write_str(bold)?;
        wrapped(f, &decision.to_string(), 0)?;
        writeln!(f, "{end}")?;
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
    let width = wrapped(f, &step.text, indent)?;
    match &step.place {
        Some(place) if width + 2 + place.chars().count() <= WIDTH => writeln!(f, "  {place}")?,
        Some(place) => writeln!(f, "\n{:indent$}{place}", "")?,
        None => writeln!(f)?,
    }
    step.steps.iter().try_for_each(|step| print(f, step, depth + 1, colour))
}

/// Writes text from a column on, broken between words; gives the column where it ends.
fn wrapped(f: &mut fmt::Formatter<'_>, text: &str, indent: usize) -> Result<usize, fmt::Error> {
    let mut column = indent;
    // What a file says must not break the line, nor speak to the terminal.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    for (i, word) in text.split(' ').enumerate() {
        let width = word.chars().count();
        if i > 0 && column + 1 + width > WIDTH {
            write!(f, "\n{:1$}", "", indent + 2)?;
            column = indent + 2;
        } else if i > 0 {
            f.write_str(" ")?;
            column += 1;
        }
        f.write_str(word)?;
        column += width;
    }
    Ok(column)
}

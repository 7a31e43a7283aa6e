//! The table, as text of a hundred columns and as Markdown: the engines below each other, the rows
//! beside each other in bands.

use std::fmt::Write as _;

use super::{Measured, Results, allocations, rivals, time, times};
use crate::loading::Loading;
use crate::measure::ROUNDS;
use crate::rivals::Why;

/// The widths of the names and of a cell, and of the columns in it.
const NAME: usize = 19;
const CELL: usize = 19;

/// What stands for a cell that is empty.
const NOTHING: &str = "–";

/// For a terminal.
pub(crate) fn text(results: &Results) -> String {
    let mut text = String::new();
    for band in &results.bands {
        let _ = write!(text, "{:NAME$}", "");
        for row in band {
            let _ = write!(text, "{:>CELL$}", row.id);
        }
        let _ = write!(text, "\n{:NAME$}", "");
        for _ in band {
            let _ = write!(text, "{:>7}{:>7}{:>5}", "ns", "ratio", "al");
        }
        text.push('\n');
        for (at, engine) in results.engines.iter().enumerate() {
            let _ = write!(text, "{engine:NAME$}");
            for row in band {
                let [time, ratio, allocations] = cell(row, at);
                let _ = write!(text, "{time:>7}{ratio:>7}{allocations:>5}");
            }
            text.push('\n');
        }
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "{:NAME$}{:>12}{:>8}{:>14}{:>12}{:>12}",
        "LOAD, each flag", "µs", "ratio", "bytes held", "peak/held", "text bytes"
    );
    for (name, [time, ratio, live, peak, bytes]) in loads(results) {
        let _ = writeln!(text, "{name:NAME$}{time:>12}{ratio:>8}{live:>14}{peak:>12}{bytes:>12}");
    }
    text.push('\n');
    let rivals = rivals().into_iter().map(|(_, version, timed)| format!("{version}: {timed}"));
    let lines = legend(results).into_iter().chain(rivals);
    for line in lines.chain(results.missing()).chain(results.machine()) {
        wrap(&mut text, &line);
    }
    text
}

/// For a file.
pub(crate) fn markdown(results: &Results) -> String {
    let mut text = "# hoist beside other flag engines\n\n".to_owned();
    for line in results.machine() {
        let _ = writeln!(text, "- {line}");
    }
    text.push_str("\n![The same as bars](chart.svg)\n");
    for line in legend(results) {
        let _ = writeln!(text, "\n{line}");
    }
    for band in &results.bands {
        text.push_str("\n|");
        for row in band {
            let _ = write!(text, " | {}", row.id);
        }
        let _ = writeln!(text, " |\n|---{}|", "|---:".repeat(band.len()));
        for (at, engine) in results.engines.iter().enumerate() {
            let _ = write!(text, "| {engine}");
            for row in band {
                let cell = match cell(row, at) {
                    [time, _, _] if time == NOTHING => time,
                    [time, ratio, allocations] => {
                        format!("**{time}** {ratio} [{allocations}]").replace(' ', "\u{a0}")
                    }
                };
                let _ = write!(text, " | {cell}");
            }
            text.push_str(" |\n");
        }
    }
    let _ =
        writeln!(text, "\n| LOAD, each flag | µs | ratio | bytes held | peak/held | text bytes |");
    text.push_str("|---|---:|---:|---:|---:|---:|\n");
    for (name, columns) in loads(results) {
        let _ = writeln!(text, "| {name} | {} |", columns.join(" | "));
    }
    text.push_str("\n| | what is asked |\n|---|---|\n");
    for row in results.rows() {
        let _ = writeln!(text, "| {} | {} |", row.id, row.what);
    }
    text.push_str("\n| | crate | what is timed |\n|---|---|---|\n");
    for (name, version, timed) in rivals() {
        let _ = writeln!(text, "| {name} | {version} | {timed} |");
    }
    text.push_str("\nWhat is missing:\n\n");
    for line in results.missing() {
        let _ = writeln!(text, "- {line}");
    }
    text
}

fn legend(results: &Results) -> Vec<String> {
    vec![
        format!(
            "Nanoseconds for one decision (k: thousands, M: millions), medians of {ROUNDS} \
             interleaved rounds; how many times `{}` that is; allocations of one decision. Every \
             answer was checked before. A rival's context is made before too, unless it says \
             otherwise below.",
            results.engines.first().unwrap_or(&"")
        ),
        format!(
            "LOAD: a document of {} flags with three rules each, in each engine's own JSON, and in \
             hoist's YAML; its own have a description and an owner besides. Each engine loads in \
             processes of its own, which take turns. Ratios are to hoist's JSON, bytes those of a \
             counting allocator, which does not count while anything is timed.",
            results.loaded
        ),
    ]
}

/// Time, ratio and allocations of an engine in a row.
fn cell(row: &Measured, at: usize) -> [String; 3] {
    match row.cells.get(at).and_then(Option::as_ref) {
        None => [NOTHING.to_owned(), String::new(), String::new()],
        Some(figures) => [
            time(figures.ns),
            row.ratio(figures).map_or(String::new(), times),
            allocations(figures.allocations),
        ],
    }
}

/// The lines of LOAD. The ratio is to hoist's JSON, since the rivals' documents are JSON.
fn loads(results: &Results) -> Vec<(&'static str, [String; 5])> {
    let json = results.loads.get(1).and_then(|(_, load)| load.as_ref().ok());
    let line = |(name, load): &(&'static str, Result<Loading, Why>)| {
        let columns = match load.as_ref().ok().copied() {
            None => [NOTHING; 5].map(str::to_owned),
            Some(load) => [
                format!("{:.2}", load.microseconds),
                json.map_or(String::new(), |json| times(load.microseconds / json.microseconds)),
                format!("{:.0}", load.live),
                format!("{:.2}", load.peak),
                format!("{:.0}", load.text),
            ],
        };
        (*name, columns)
    };
    results.loads.iter().map(line).collect()
}

/// Adds a line, broken between words where it is longer than a hundred columns.
fn wrap(text: &mut String, line: &str) {
    let mut width = 0;
    for word in line.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 100 {
            text.push_str("\n  ");
            width = 2;
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text.push('\n');
}

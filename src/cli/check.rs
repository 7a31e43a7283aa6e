//! `hoist check`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::printed::{self, JsonReport, Named};
use super::{Exit, Streams};
use crate::load::Checked;
use crate::reload::read::{Layers, report_of};
use crate::report::{Colour, Diagnostic};

/// Check toggle files, and report all that is wrong with them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    /// Toggle files, or directories of them, each checked by itself.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Lay this file over FILE; repeatable, the last on top.
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
    /// How to print it: human, json or github.
    #[arg(long, value_enum, default_value = "human", hide_possible_values = true)]
    format: Format,
    /// Exit with 1 where there are warnings.
    #[arg(long)]
    deny_warnings: bool,
}

const EXAMPLES: &str = "\
Examples:
  hoist check flags.yaml
  hoist check flags/ --deny-warnings
  hoist check base.yaml --overlay production.yaml
  hoist check --format github flags.yaml     as a step of a GitHub workflow

Exit codes:
  0  nothing is wrong; there may be warnings
  1  there are errors, or warnings and --deny-warnings
  2  wrong usage, or a file that cannot be read";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
    Github,
}

/// What was found of one base.
struct Found<'c> {
    named: Named<'c>,
    checked: Checked,
    is_readable: bool,
}

impl Check {
    /// Whether the arguments go together.
    pub(super) fn verify(&self) -> Result<(), String> {
        printed::overlays_fit(&self.files, &self.overlays)
    }

    pub(super) fn run(&self, to: &mut Streams<'_>) -> io::Result<Exit> {
        let found: Vec<Found<'_>> =
            self.files.iter().map(|base| Found::of(base, &self.overlays)).collect();
        match self.format {
            Format::Human => self.pictures(&found, to)?,
            Format::Json => {
                let files: Vec<JsonReport<'_>> = found
                    .iter()
                    .map(|found| JsonReport::new(found.named, &found.checked.report))
                    .collect();
                printed::json_reports(to.stdout, &files)?;
            }
            Format::Github => {
                let reports = found.iter().map(|found| &found.checked.report);
                for diagnostic in reports.flat_map(|report| report.diagnostics()) {
                    annotation(to.stdout, diagnostic)?;
                }
            }
        }
        Ok(found.iter().map(|found| self.exit(found)).max().unwrap_or(Exit::Fine))
    }

    fn exit(&self, found: &Found<'_>) -> Exit {
        let report = &found.checked.report;
        if !found.is_readable {
            Exit::Unusable
        } else if report.has_errors() || (self.deny_warnings && !report.is_empty()) {
            Exit::Wrong
        } else {
            Exit::Fine
        }
    }

    fn pictures(&self, found: &[Found<'_>], to: &mut Streams<'_>) -> io::Result<()> {
        let colour = to.colours.stdout;
        let mut is_first = true;
        for one in found {
            let report = &one.checked.report;
            if !one.is_readable {
                for diagnostic in report.diagnostics() {
                    to.error(diagnostic.message())?;
                }
                continue;
            }
            if !report.is_empty() {
                let before = if is_first { "" } else { "\n" };
                writeln!(to.stdout, "{before}{}", report.rendered(colour))?;
            }
            writeln!(to.stdout, "{}: {}", one.named.together(), self.summary(one, colour))?;
            is_first = false;
        }
        Ok(())
    }

    fn summary(&self, found: &Found<'_>, colour: Colour) -> String {
        let Checked { report, flags } = &found.checked;
        let counted = printed::counted(report, colour);
        match self.exit(found) {
            Exit::Fine => {
                let (green, end) = printed::paint(colour, printed::GREEN);
                let flags = printed::count(*flags, "flag");
                let comma = if report.is_empty() { "" } else { ", " };
                format!("{green}ok{end}, {flags}{comma}{counted}")
            }
            Exit::Wrong if !report.has_errors() => format!("{counted}, denied"),
            Exit::Wrong | Exit::Unusable => counted,
        }
    }
}

impl<'c> Found<'c> {
    fn of(base: &'c Path, overlays: &'c [PathBuf]) -> Found<'c> {
        let named = Named { base, overlays };
        match Layers::of(named.paths()).and_then(|layers| layers.check()) {
            Ok(checked) => Found { named, checked, is_readable: true },
            Err(error) => {
                let checked = Checked { report: report_of(&error), flags: 0 };
                Found { named, checked, is_readable: !error.is_unreadable() }
            }
        }
    }
}

/// A diagnostic as a workflow command of GitHub Actions, which shows it beside the line.
fn annotation(to: &mut dyn Write, what: &Diagnostic) -> io::Result<()> {
    let help = what.help().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    writeln!(
        to,
        "::{} file={},line={},col={},title={}::{}",
        what.severity().as_str(),
        property(what.file()),
        what.line(),
        what.column(),
        property(&format!("hoist ({})", what.code())),
        data(&format!("{}{help}", what.message())),
    )
}

// The runner undoes these escapes: `actions/toolkit`, packages/core/src/command.ts.

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

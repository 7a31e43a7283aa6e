//! `hoist test`.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::printed::{self, Named};
use super::{Exit, Streams};
use crate::file_tests::{self, Ran};
use crate::reload::read::{Layers, report_of};

/// Run the tests of toggle files, and of the *.test.yaml beside them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Test {
    /// Toggle files, or directories of them, each tested by itself.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Lay this file over FILE; repeatable, the last on top.
    #[arg(long = "overlay", value_name = "FILE")]
    overlays: Vec<PathBuf>,
}

const EXAMPLES: &str = "\
A test is a context and what it must be served:
  tests:
    - name: staff get the new prices
      at: 2026-12-01T10:00:00Z
      context: { user: ada, attr.email: ada@company.com }
      expect: { new-pricing-engine: on }

They stand in a toggle file, or in flags.test.yaml beside flags.yaml. Strategies
written in Rust are unknown here, as they are to `hoist explain`.

Examples:
  hoist test flags.yaml
  hoist test base.yaml --overlay production.yaml

Exit codes:
  0  all tests pass
  1  a test fails, or a file is wrong
  2  wrong usage, or a file that cannot be read";

impl Test {
    /// Whether the arguments go together.
    pub(super) fn verify(&self) -> Result<(), String> {
        printed::overlays_fit(&self.files, &self.overlays)
    }

    pub(super) fn run(&self, to: &mut Streams<'_>) -> io::Result<Exit> {
        let mut worst = Exit::Fine;
        for base in &self.files {
            worst = worst.max(self.one(base, to)?);
        }
        Ok(worst)
    }

    fn one(&self, base: &Path, to: &mut Streams<'_>) -> io::Result<Exit> {
        let named = Named { base, overlays: &self.overlays };
        let colour = to.colours.stdout;
        match Layers::of(named.paths()).and_then(|layers| file_tests::run(&layers)) {
            Ok(ran) => results(&named.together(), &ran, to),
            Err(error) if error.is_unreadable() => {
                to.error(&error.to_string())?;
                Ok(Exit::Unusable)
            }
            Err(error) => {
                let report = report_of(&error);
                writeln!(to.stdout, "{}", report.rendered(colour))?;
                let counted = printed::counted(&report, colour);
                writeln!(to.stdout, "{}: {counted}", named.together())?;
                Ok(Exit::Wrong)
            }
        }
    }
}

fn results(name: &str, ran: &[Ran], to: &mut Streams<'_>) -> io::Result<Exit> {
    let (red, end) = printed::paint(to.colours.stdout, printed::RED);
    let (green, _) = printed::paint(to.colours.stdout, printed::GREEN);
    let failed: Vec<&Ran> = ran.iter().filter(|test| !test.failures.is_empty()).collect();
    for test in &failed {
        writeln!(to.stdout, "{red}failed{end}: {}", test.name)?;
        for failure in &test.failures {
            writeln!(to.stdout, "{failure}")?;
        }
    }
    let tests = printed::count(ran.len(), "test");
    match failed.len() {
        _ if ran.is_empty() => writeln!(to.stdout, "{name}: no tests")?,
        0 => writeln!(to.stdout, "{name}: {green}ok{end}, {tests}")?,
        count => writeln!(to.stdout, "{name}: {tests}, {red}{count} failed{end}")?,
    }
    Ok(if failed.is_empty() { Exit::Fine } else { Exit::Wrong })
}

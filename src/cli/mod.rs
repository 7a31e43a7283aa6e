//! The `hoist` command.
//!
//! [`run`] is all of it, and touches nothing but the files it is told and the two streams it is
//! given, so that it can be called as well as started.

mod check;
mod codegen;
mod explain;
mod printed;
mod schema;
mod seal;
mod test;

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::report::Colour;

/// What came of a command, as its exit code says it.
///
/// In the order in which one counts before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// 0: nothing is wrong.
    Fine,
    /// 1: something is wrong with a toggle file, or it lacks the flag that was asked for.
    Wrong,
    /// 2: the command was used wrongly, or a file cannot be read.
    Unusable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Wrong => 1,
            Exit::Unusable => 2,
        })
    }
}

/// What `--color auto` means for each stream.
#[derive(Clone, Copy, Debug)]
pub struct Auto {
    /// The stream of what was asked for.
    pub stdout: Colour,
    /// The stream of what went wrong.
    pub stderr: Colour,
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    // https://no-color.org: set, and not empty.
    let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let auto = |is_terminal: bool| match is_terminal && !is_refused {
        true => Colour::Always,
        false => Colour::Never,
    };
    let (stdout, stderr) = (io::stdout().lock(), io::stderr().lock());
    let auto = Auto { stdout: auto(stdout.is_terminal()), stderr: auto(stderr.is_terminal()) };
    let mut stdout = BufWriter::new(WhileRead::new(stdout));
    let mut stderr = BufWriter::new(WhileRead::new(stderr));
    run(std::env::args_os(), auto, &mut stdout, &mut stderr).into()
}

/// Runs a command, by its arguments with the name of the program before them.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    auto: Auto,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Exit {
    let mut to = Streams { stdout, stderr, colours: auto };
    let exit = match Cli::parsed(args) {
        Ok(cli) => cli.run(&mut to),
        Err(error) => to.usage(&error),
    };
    let written = exit.and_then(|exit| to.stdout.flush().map(|()| exit));
    let exit = written.unwrap_or_else(|error| {
        // If this cannot be written either, the exit code has to do.
        let _ = to.error(&format!("the output cannot be written: {error}"));
        Exit::Unusable
    });
    let _ = to.stderr.flush();
    exit
}

/// Where a command writes to.
struct Streams<'w> {
    stdout: &'w mut dyn Write,
    stderr: &'w mut dyn Write,
    colours: Auto,
}

impl Streams<'_> {
    fn usage(&mut self, error: &clap::Error) -> io::Result<Exit> {
        let (stream, colour) = match error.use_stderr() {
            true => (&mut *self.stderr, self.colours.stderr),
            false => (&mut *self.stdout, self.colours.stdout),
        };
        let shown = error.render();
        match colour {
            Colour::Always => write!(stream, "{}", shown.ansi())?,
            Colour::Never => write!(stream, "{shown}")?,
        }
        Ok(if error.use_stderr() { Exit::Unusable } else { Exit::Fine })
    }

    /// Tells what went wrong, after all that was written before it.
    fn error(&mut self, message: &str) -> io::Result<()> {
        self.stdout.flush()?;
        let (red, end) = printed::paint(self.colours.stderr, printed::RED);
        writeln!(self.stderr, "{red}error{end}: {message}")
    }
}

/// Feature flags from a toggle file.
#[derive(Debug, Parser)]
#[command(name = "hoist", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[arg(
        long,
        visible_alias = "colour",
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        help = "When to colour: auto, always or never; auto is on a\n\
                terminal where NO_COLOR is not set"
    )]
    color: When,
}

const EXAMPLES: &str = "\
Examples:
  hoist check flags.yaml
  hoist explain flags.yaml checkout --user ada --region nz
  hoist test flags.yaml
  hoist codegen flags.yaml > src/flags.rs
  hoist seal flags.yaml
  hoist schema > hoist.schema.json

Exit codes:
  0  nothing is wrong
  1  a toggle file is wrong, a test of it fails, or it lacks the flag that was
     asked for
  2  wrong usage, or a file that cannot be read";

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Check),
    Codegen(codegen::Codegen),
    Explain(Box<explain::Explain>),
    Schema(schema::Schema),
    Seal(seal::Seal),
    Test(test::Test),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

impl Cli {
    fn parsed(args: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
        let cli = Cli::try_parse_from(args)?;
        match &cli.command {
            Command::Check(check) => check.verify().map_err(|why| usage_of("check", why))?,
            Command::Test(test) => test.verify().map_err(|why| usage_of("test", why))?,
            Command::Codegen(_) | Command::Explain(_) | Command::Schema(_) | Command::Seal(_) => {}
        }
        Ok(cli)
    }

    fn run(&self, to: &mut Streams<'_>) -> io::Result<Exit> {
        to.colours = match self.color {
            When::Auto => to.colours,
            When::Always => Auto { stdout: Colour::Always, stderr: Colour::Always },
            When::Never => Auto { stdout: Colour::Never, stderr: Colour::Never },
        };
        match &self.command {
            Command::Check(check) => check.run(to),
            Command::Codegen(codegen) => codegen.run(to),
            Command::Explain(explain) => explain.run(to),
            Command::Schema(schema) => schema.run(to),
            Command::Seal(seal) => seal.run(to),
            Command::Test(test) => test.run(to),
        }
    }
}

/// A wrong usage of a subcommand that its arguments one by one do not show.
fn usage_of(subcommand: &str, message: String) -> clap::Error {
    let mut command = Cli::command();
    command.build();
    match command.find_subcommand_mut(subcommand) {
        Some(subcommand) => subcommand.error(ErrorKind::ArgumentConflict, message),
        None => command.error(ErrorKind::ArgumentConflict, message),
    }
}

/// A stream that somebody may stop reading, as `head` does: from then on what is written goes
/// nowhere, and the command ends as it would have.
struct WhileRead<W> {
    inner: W,
    is_closed: bool,
}

impl<W: Write> WhileRead<W> {
    fn new(inner: W) -> WhileRead<W> {
        WhileRead { inner, is_closed: false }
    }

    fn attempt<T>(
        &mut self,
        otherwise: T,
        write: impl FnOnce(&mut W) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.is_closed {
            return Ok(otherwise);
        }
        match write(&mut self.inner) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(otherwise)
            }
            result => result,
        }
    }
}

impl<W: Write> Write for WhileRead<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(bytes.len(), |inner| inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), W::flush)
    }
}

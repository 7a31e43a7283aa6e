//! `hoist schema`.

use std::io;

use clap::Args;

use super::{Exit, Streams};
use crate::schema::SCHEMA;

/// Print the JSON Schema of toggle files.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Schema {}

const EXAMPLES: &str = "\
Editors that speak the YAML language server check a toggle file against it where
the file begins with
  # yaml-language-server: $schema=./hoist.schema.json

Examples:
  hoist schema > hoist.schema.json";

impl Schema {
    pub(super) fn run(&self, to: &mut Streams<'_>) -> io::Result<Exit> {
        to.stdout.write_all(SCHEMA.as_bytes())?;
        Ok(Exit::Fine)
    }
}

//! The `hoist` command; what it does is in `hoist::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hoist::cli::main()
}

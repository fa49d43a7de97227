//! The program: see the library for what it does.

use std::process::ExitCode;

use firstpass::cli::{self, Streams};

fn main() -> ExitCode {
    let mut streams = Streams::standard();
    cli::main(std::env::args_os(), &mut streams).into()
}

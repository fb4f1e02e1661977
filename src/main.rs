//! The `leveret` binary; all it does is in [`leveret::program`].

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: leveret_allocator::Allocator = leveret_allocator::Allocator;

fn main() -> ExitCode {
    leveret::program::main()
}

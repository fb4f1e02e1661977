//! The `leveret` binary; all it does is in [`leveret::program`].

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: leveret_memory::Allocator = leveret_memory::Allocator;

fn main() -> ExitCode {
    leveret::program::main()
}

//! The `leveret` binary; all it does is in [`leveret::program`].

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    leveret::program::main()
}

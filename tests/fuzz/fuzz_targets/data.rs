//! A data directory that is spoilt in any way, with right checksums or wrong ones, can be looked
//! at, opened and used, or is refused in words.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

use crate::spoil::{Blow, Files};

#[path = "../../it/rot/spoil.rs"]
mod spoil;

static BASES: LazyLock<[Files; 2]> = LazyLock::new(spoil::bases);

fuzz_target!(|input: (bool, bool, Vec<Blow>)| {
    let (base, right, blows) = input;
    let mut files = BASES[usize::from(base)].clone();
    spoil::spoil(&mut files, &blows[..blows.len().min(32)]);
    if right {
        spoil::put_right(&mut files);
    }
    spoil::read_all(files);
});

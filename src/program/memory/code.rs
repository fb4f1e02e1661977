//! The program's own code in memory.

use std::ffi::c_void;
use std::ops::Range;
use std::ptr::with_exposed_provenance_mut;

use rustix::mm::{Advice, madvise};

/// Takes the program's code out of this process's memory. What runs from now on comes back by
/// itself, page by page, from the system's cache of the file.
///
/// A program reads its command line, settings and stored definitions once. That code stays resident
/// otherwise, several megabytes of it, and counts against the limit of a container, until the
/// system is short of memory. Does nothing where `/proc` does not say where the code is.
pub fn release_code() {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else {
        return;
    };
    let here = release_code as fn() as usize;
    let Some(code) = code_around(here, &maps) else {
        return;
    };
    let start = with_exposed_provenance_mut::<c_void>(code.start);
    // SAFETY: the range is a whole mapping of this program's file that can be executed and cannot
    // be written, so every page of it is as in the file, and the system reads it from there again
    // when it is next used. The file cannot be changed while it runs (ETXTBSY).
    #[expect(unsafe_code, reason = "see the crate's documentation")]
    let _advice = unsafe { madvise(start, code.len(), Advice::LinuxDontNeed) };
}

/// The mapping of `/proc/self/maps` with this address, if it is code of a file that nothing writes.
fn code_around(address: usize, maps: &str) -> Option<Range<usize>> {
    maps.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let range = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
        let is_code = words.next()? == "r-xp";
        let is_of_file = words.nth(3)?.starts_with('/');
        (range.contains(&address) && is_code && is_of_file).then_some(range)
    })
}

#[cfg(test)]
mod tests {
    use super::{code_around, release_code};

    const MAPS: &str = "\
        1000-2000 r--p 00000000 fe:00 77 /usr/bin/leveret\n\
        2000-4000 r-xp 00001000 fe:00 77 /usr/bin/leveret\n\
        4000-5000 rwxp 00003000 fe:00 77 /usr/bin/leveret\n\
        5000-6000 r-xp 00000000 00:00 0\n\
        6000-7000 r-xp 00000000 00:00 0 [vdso]\n";

    #[test]
    fn only_code_of_a_file_that_nothing_writes_is_found() {
        assert_eq!(code_around(0x2fff, MAPS), Some(0x2000..0x4000));
        for other in [0x0fff, 0x1000, 0x4000, 0x5000, 0x6000, 0x7000] {
            assert_eq!(code_around(other, MAPS), None, "{other:x}");
        }
        assert_eq!(code_around(0x2fff, "garbage\n2000 r-xp\n"), None);
    }

    /// Kibibytes of code around this function that are resident.
    fn resident() -> usize {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let code = code_around(resident as fn() -> usize as usize, &maps).unwrap();
        let begins = format!("{:x}-", code.start);
        let mut lines = maps.lines().skip_while(|line| !line.starts_with(&begins));
        let line = lines.find_map(|line| line.strip_prefix("Rss:"));
        let kib = line.unwrap().trim().trim_end_matches(" kB");
        kib.parse().unwrap()
    }

    #[test]
    fn code_leaves_memory_and_still_runs() {
        // Much of the library that drives tests, and of the standard one.
        let before = resident();
        release_code();
        let after = resident();
        assert!(after < before, "{after} of {before} KiB");
    }
}

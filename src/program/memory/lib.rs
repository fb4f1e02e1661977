//! The program's memory: its allocator, and how it gives back to the system what it no longer
//! needs.
//!
//! mimalloc gives free pages back to the system while its threads allocate and free. Threads that
//! sleep, as they do when publishers wait for memory, keep what they have. [`collect`] gives it
//! back at once. [`release_code`] gives back what is left of the start.
//!
//! Owns the only unsafe calls of the workspace, which is why it is a crate of its own: everything
//! else is compiled with `unsafe_code = "forbid"`. Knows nothing of the broker.

#[cfg(target_os = "linux")]
mod code;

#[cfg(target_os = "linux")]
pub use code::release_code;
pub use mimalloc::MiMalloc as Allocator;

/// Gives all free pages of this thread, and those that belong to no thread, back to the system.
///
/// A page belongs to no thread once it was full, until a thread allocates from it again: what a
/// client or a queue held lies in such pages. It takes as long as the system needs for what is
/// free, about 10 ms for 100 MB, and next to nothing where nothing is.
pub fn collect() {
    let force = true;
    // SAFETY: it takes no pointer and may be called by any thread at any time; blocks in use are
    // neither moved nor changed. Before the first allocation of a thread it does nothing.
    #[expect(unsafe_code, reason = "see the crate's documentation")]
    unsafe {
        libmimalloc_sys::mi_collect(force);
    }
}

/// Does nothing on this system.
#[cfg(not(target_os = "linux"))]
pub fn release_code() {}

#[cfg(test)]
mod tests {
    use super::{Allocator, collect};

    #[global_allocator]
    static ALLOCATOR: Allocator = Allocator;

    /// Octets that the process has resident.
    fn resident() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.unwrap().trim().trim_end_matches(" kB");
        kib.parse::<usize>().unwrap() * 1024
    }

    #[test]
    fn what_was_freed_is_not_resident_any_more() {
        const MIB: usize = 1024 * 1024;
        let before = resident();
        let kept: Vec<Box<[u8; 1000]>> = (0..100_000).map(|_| Box::new([1; 1000])).collect();
        assert!(resident() > before + 90 * MIB);
        drop(kept);
        collect();
        assert!(resident() < before + 10 * MIB, "{} of {before}", resident());
    }
}

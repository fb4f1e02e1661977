//! How many files and sockets the process may have open, and how many of them are kept back from
//! connections: a store that cannot open its next file stops every publisher.

use crate::limits::DESCRIPTORS_KEPT;
use crate::sys;

/// Raises what the process may have open to what the system lets it have. The lower one that a
/// process starts with is for those that wait with `select`, which we do not.
///
/// For the program; an embedded broker leaves the process as it is.
pub fn raise() {
    sys::raise_descriptors();
}

/// The limit of the process, as far as connections may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    /// Open files and sockets; `None` is no limit.
    pub limit: Option<u64>,
    /// Those of them that no connection gets.
    pub kept: u64,
}

impl Descriptors {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let limit = sys::descriptors_max();
        Self {
            limit,
            kept: limit.map_or(0, |limit| DESCRIPTORS_KEPT.min(limit / 4)),
        }
    }

    /// Says in the log how many there are.
    pub fn announce(&self) {
        if let Self {
            limit: Some(limit),
            kept,
        } = self
        {
            crate::log::info!("at most {limit} open files, {kept} of them kept for the store");
        }
    }

    /// Whether a connection may come in: as many are free as are kept. `any` is an open one.
    ///
    /// The system gives out the lowest number that is free, so as long as the first of the highest
    /// ones is free, all of them are, but for some that were closed again. Only where it is not are
    /// the open ones counted.
    pub(super) fn have_room(&self, any: &impl sys::Descriptor) -> bool {
        let Some(limit) = self.limit else {
            return true;
        };
        let first = i32::try_from(limit - self.kept).unwrap_or(i32::MAX);
        if sys::has_descriptor(any, first) {
            return true;
        }
        // The directory that is read takes one itself.
        let open = std::fs::read_dir("/proc/self/fd").map(|open| open.count() as u64);
        open.is_ok_and(|open| open + self.kept < limit)
    }
}

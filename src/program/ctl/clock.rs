//! When a tool stops waiting.

use std::time::{Duration, Instant};

/// A moment, or never.
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So many milliseconds from now.
    pub(crate) fn after(ms: Option<u64>) -> Self {
        let after = |ms| now().checked_add(Duration::from_millis(ms));
        Self(ms.and_then(after))
    }

    pub(crate) fn has_passed(&self) -> bool {
        self.0.is_some_and(|end| now() >= end)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tool's only clock: it tells nothing but how long to wait"
)]
fn now() -> Instant {
    Instant::now()
}

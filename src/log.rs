//! Log lines that no thread of the broker can be harmed by.
//!
//! Where the lines go is decided by the process: by `logging.rs` in the program, by the host of an
//! embedded broker otherwise. A host's log may panic, as the usual one does when neither its output
//! nor standard error can be written, and the thread that commits must not die of a line it wanted
//! to say. So every line of this crate is said with these macros, which take what
//! [`mod@tracing`]'s take; the panic is over where the line is.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Says a line, and survives it.
pub(crate) fn harmless(say: impl FnOnce()) {
    // What a line is made of is only looked at, so nothing is left half changed.
    let _unsaid = catch_unwind(AssertUnwindSafe(say));
}

/// Declares a macro for each level. The names in the middle are needed because `warn` is an
/// attribute too.
macro_rules! levels {
    ($dollar:tt $($inner:ident $level:ident;)*) => { $(
        macro_rules! $inner {
            ($dollar($dollar line:tt)*) => {
                $crate::log::harmless(|| tracing::$level!($dollar($dollar line)*))
            };
        }
        pub(crate) use $inner as $level;
    )* };
}

levels! { $
    say_error error;
    say_warn warn;
    say_info info;
    say_debug debug;
}

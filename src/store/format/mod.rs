//! What the files hold, octet for octet: `FORMAT.md`, executed.
//!
//! Owns how records, batches, rows and footers are laid out, their checksums and the versions that
//! are refused. It does not know which records are alive, and reads or writes a file only where one
//! value is the whole file. Reading never panics, whatever the octets.

pub(super) mod batch;
pub(super) mod bits;
pub(super) mod class;
pub(super) mod footer;
mod kind;
pub(super) mod octets;
pub(super) mod places;
pub(super) mod record;
pub(super) mod row;

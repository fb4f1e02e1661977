//! Who may come in, and what they may do.

mod password;

pub use self::password::{HashingAlgorithm, PasswordError, PasswordHash};

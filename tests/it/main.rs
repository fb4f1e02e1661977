//! Integration tests: a broker in this process, spoken to over TCP.

#![expect(
    clippy::disallowed_methods,
    reason = "deadlines of tests are in real time, whatever the broker's clock says"
)]

mod cli;
mod client;
mod script;
mod scripts;
mod wire;

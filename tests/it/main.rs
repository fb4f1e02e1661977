//! Integration tests: a broker in this process, spoken to over TCP.

mod cli;
mod script;
mod scripts;

//! `rabbitmqadmin`, in the syntax of the Python program (`declare queue name=q`) and in that of its
//! successor (`queues declare --name q`). Which one is meant is told by the words.
//!
//! Seen: rabbitmqadmin 3.10.8 and 2.29.0 with RabbitMQ 4.3.6, `ctl/admin.ctl`.

use std::process::ExitCode;

use crate::client::{Client, Remote};
use crate::failure::Failure;

mod classic;
mod fields;
mod lists;
mod modern;
mod objects;
mod options;

use options::Options;

/// Does what `rabbitmqadmin` is asked for with these words.
pub(crate) fn main(words: &[String]) -> ExitCode {
    match modern::is_meant(words) {
        true => modern::main(words),
        false => classic::main(words),
    }
}

/// The way to the management API that the options name.
fn client(options: &Options) -> Result<Client, Failure> {
    let address = format!("{}:{}", options.host, options.port);
    let remote = Remote::new(
        &address,
        &options.path_prefix,
        (&options.user, &options.password),
    );
    Client::remote(remote, options.timeout_s.saturating_mul(1000))
}

/// Why nothing can be connected to, in Python's words.
fn unreachable(options: &Options) -> Option<String> {
    let address = format!("{}:{}", options.host, options.port);
    let error = std::net::TcpStream::connect(address).err()?;
    let text = match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "Connection refused".to_owned(),
        _ => error.to_string(),
    };
    Some(match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {text}"),
        None => text,
    })
}

//! A server that answers every request with the same octets: what a client that reads a list takes
//! of the machine by itself, whatever the list costs the broker.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use crate::error::{BenchError, During as _};

/// It serves one connection and ends with it.
pub(super) struct Replay {
    /// Where it listens, on 127.0.0.1.
    pub(super) port: u16,
}

impl Replay {
    /// Answers with `body` from now on.
    pub(super) fn start(body: Vec<u8>) -> Result<Self, BenchError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).during("listening")?;
        let port = listener.local_addr().during("listening")?.port();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        let answer = [head.into_bytes(), body].concat();
        let serve = move || {
            if let Ok((stream, _)) = listener.accept() {
                // The client ends it.
                answer_all(stream, &answer).unwrap_or_default();
            }
        };
        thread::Builder::new()
            .name("replay".to_owned())
            .spawn(serve)
            .during("starting a thread")?;
        Ok(Self { port })
    }
}

/// Answers requests, none of which has a body and each of which comes after the answer before.
fn answer_all(mut stream: TcpStream, answer: &[u8]) -> std::io::Result<()> {
    let (mut request, mut piece) = (Vec::new(), [0; 1024]);
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(piece.get(..read).unwrap_or_default());
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            stream.write_all(answer)?;
        }
    }
}

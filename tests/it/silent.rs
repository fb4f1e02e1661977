//! Clients of HTTP that stop in the middle, or never begin: others are served beside them, and a
//! stop does not wait for them.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

use leveret::broker::Broker;
use leveret::internals::limits::{HTTP_BODY_HERE, HTTP_CONNECTIONS_MAX};

use crate::http::Http;

fn broker() -> Broker {
    Broker::builder()
        .management(0)
        .configure(|settings| settings.shutdown_timeout_ms = 600_000)
        .start()
        .unwrap()
}

/// A client that has sent the beginning of a long body.
fn in_body(http: &Http) -> TcpStream {
    let mut stream = http.connect();
    let head = http.head("PUT", "/api/vhosts/v") + "content-length: 20000000\r\n\r\n{";
    let begin = head + &" ".repeat(HTTP_BODY_HERE + 4096);
    stream.write_all(begin.as_bytes()).unwrap();
    stream
}

// Two of them took all the room that there is for long bodies, though they had sent little.
#[test]
fn silent_bodies_leave_room_for_others() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut silent: Vec<TcpStream> = (0..8).map(|_| in_body(&http)).collect();
    let long = format!(r#"{{"x": "{}"}}"#, "a".repeat(4 * HTTP_BODY_HERE));
    assert_eq!(http.ask("POST", "/api/definitions", &long).status, 204);
    for stream in &mut silent {
        stream.set_nonblocking(true).unwrap();
        let heard = stream.read(&mut [0]).unwrap_err();
        assert_eq!(
            heard.kind(),
            ErrorKind::WouldBlock,
            "none had to be cut off"
        );
    }
}

// A broker that was asked to stop waited for each of them until the end of its patience.
#[test]
fn a_stop_does_not_wait_for_silent_clients() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut half_head = http.connect();
    half_head
        .write_all(b"GET /api/version HTTP/1.1\r\nho")
        .unwrap();
    let held = [http.connect(), half_head, in_body(&http)];
    // They were accepted before this one.
    assert_eq!(http.get("/api/whoami").status, 200);
    broker.stop("test");
    for mut stream in held {
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest));
        assert_eq!(rest, b"", "it is closed without an answer");
    }
}

// As many as there may be stopped the port: the next client waited until one of them was cut off.
#[test]
fn a_silent_connection_makes_room_for_the_next() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut held: Vec<TcpStream> = (0..HTTP_CONNECTIONS_MAX).map(|_| http.connect()).collect();
    assert_eq!(http.get("/api/whoami").status, 200);
    let mut first = held.remove(0);
    assert_eq!(first.read(&mut [0]).unwrap_or_default(), 0, "it is closed");
}

#[test]
fn a_silent_body_gives_way_to_others() {
    let broker = broker();
    let http = Http::of(&broker);
    // It has all the room that there is, and the place of the body that goes on without.
    let mut silent = in_body(&http);
    silent.write_all(&vec![b' '; 13 * 1024 * 1024]).unwrap();
    let long = format!(r#"{{"x": "{}"}}"#, "a".repeat(4 * HTTP_BODY_HERE));
    silent.set_nonblocking(true).unwrap();
    let mut status = [0; 12];
    // Until all that was sent is read there is room.
    loop {
        assert_eq!(http.ask("POST", "/api/definitions", &long).status, 204);
        match silent.read(&mut status) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            heard => break assert_eq!(heard.unwrap(), status.len()),
        }
    }
    assert_eq!(&status, b"HTTP/1.1 408");
}

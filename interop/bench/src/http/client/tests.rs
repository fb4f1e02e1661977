use std::io::{self, Write};
use std::net::TcpListener;
use std::thread;

use super::*;

#[test]
fn base64_is_filled_up() {
    assert_eq!(base64(b"guest:guest"), "Z3Vlc3Q6Z3Vlc3Q=");
    assert_eq!(base64(b"ab"), "YWI=");
    assert_eq!(base64(b"a"), "YQ==");
    assert_eq!(base64(b"abc"), "YWJj");
}

/// A client of a server that sends this, in pieces of one octet.
fn client(answers: &'static str) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = Client::open("127.0.0.1", port, ("a", "b")).unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    let thread = thread::Builder::new().spawn(move || {
        for octet in answers.as_bytes() {
            socket.write_all(&[*octet]).unwrap();
        }
        // Octets that are not read would have the client's connection reset.
        io::copy(&mut socket, &mut io::sink()).unwrap_or_default();
    });
    drop(thread.unwrap());
    client
}

#[test]
fn bodies_of_both_kinds_are_read_to_their_end() {
    let mut client = client(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole\
         HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nin \r\n6\r\nchunks\r\n0\r\n\r\n\
         HTTP/1.1 404 Not Found\r\n\r\n",
    );
    let mut body = Vec::new();
    client.get("/", &mut body).unwrap();
    assert_eq!(body, b"whole");
    body.clear();
    client.get("/", &mut body).unwrap();
    assert_eq!(body, b"in chunks");
    assert!(client.get("/", &mut body).is_err());
}

use std::io::{Read, Write};

use super::*;

/// A server that sends back what it gets, and a relay in front of it.
fn echo() -> Relay {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    thread::spawn(move || {
        for stream in server.incoming() {
            let mut read = stream.unwrap();
            let mut write = read.try_clone().unwrap();
            thread::spawn(move || io::copy(&mut read, &mut write).ok());
        }
    });
    Relay::start(&address.to_string()).unwrap()
}

fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"hare").unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn what_is_sent_through_the_relay_arrives() {
    let relay = echo();
    assert_eq!(ask(&mut TcpStream::connect(relay.address).unwrap()), "hare");
}

#[test]
fn connecting_to_the_second_port_cuts_the_first() {
    let relay = echo();
    let mut stream = TcpStream::connect(relay.address).unwrap();
    ask(&mut stream);
    TcpStream::connect(relay.cut).unwrap();
    assert_eq!(stream.read(&mut [0; 4]).unwrap_or(0), 0);
    assert_eq!(ask(&mut TcpStream::connect(relay.address).unwrap()), "hare");
}

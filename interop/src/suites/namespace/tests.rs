use std::io::{Read, Write};

use super::*;

/// A listener that sends back what it got, reversed, once the other side has said all.
fn reverser() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let copy = listener.try_clone().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = copy.accept().unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        text.reverse();
        stream.write_all(&text).unwrap();
    });
    listener
}

#[test]
fn a_tunnel_passes_both_directions_and_half_closes() {
    let broker = reverser();
    let tunnel = Tunnel::start(5672, &broker.local_addr().unwrap().to_string()).unwrap();
    let inner = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = inner.local_addr().unwrap();
    serve(inner, &tunnel.door.socket);
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"hare").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "erah");
}

#[test]
fn a_dropped_tunnel_leaves_no_socket() {
    let tunnel = Tunnel::start(5672, "127.0.0.1:9").unwrap();
    let path = tunnel.door.socket.clone();
    assert!(path.exists());
    drop(tunnel);
    assert!(!path.exists());
}

#[test]
fn a_door_is_read_as_it_is_written() {
    let door: Door = "15672:/tmp/a:b.sock".parse().unwrap();
    assert_eq!(door.to_string(), "15672:/tmp/a:b.sock");
    assert_eq!(door.port, 15672);
    for wrong in ["/tmp/a.sock", "x:/tmp/a.sock", "70000:/tmp/a.sock"] {
        assert!(wrong.parse::<Door>().is_err(), "{wrong}");
    }
}

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::*;

/// A consumer with this window, and the other end of its socket.
fn consumer(window: Option<u64>) -> (Consumer, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (near, _) = listener.accept().unwrap();
    let tag = ShortString::new("c").unwrap();
    (Consumer::new(near, window, tag), far)
}

/// A delivery with a tag of 0, and a body of this octet.
fn delivery(body: u8) -> Vec<u8> {
    let mut delivery = vec![0; TAG_AT + "c".len() + 8];
    delivery.push(body);
    delivery
}

/// The next delivery: its tag and its body.
fn heard(far: &mut TcpStream) -> (u64, u8) {
    let mut octets = delivery(0);
    far.read_exact(&mut octets).unwrap();
    let body = octets.pop().unwrap();
    let tag = octets.last_chunk().unwrap();
    (u64::from_be_bytes(*tag), body)
}

/// Several of them, and where they end.
fn deliveries(bodies: &[u8]) -> (Vec<u8>, Vec<usize>) {
    let octets = bodies.iter().copied().flat_map(delivery).collect();
    let ends = (1..=bodies.len()).map(|n| n * delivery(0).len());
    (octets, ends.collect())
}

#[test]
fn a_window_holds_back_what_is_behind_it_until_acks_come() {
    let (consumer, mut far) = consumer(Some(2));
    let (octets, ends) = deliveries(b"abcd");
    consumer.take(&octets, &ends).unwrap();
    assert_eq!(heard(&mut far), (1, b'a'));
    assert_eq!(heard(&mut far), (2, b'b'));
    assert_eq!(consumer.sink.lock().ends.len(), 2);
    consumer.ack(1);
    consumer.go_on().unwrap();
    assert_eq!(heard(&mut far), (3, b'c'));
    assert_eq!(consumer.sink.lock().ends.len(), 1);
    consumer.ack(3);
    let (octets, ends) = deliveries(b"e");
    consumer.take(&octets, &ends).unwrap();
    assert_eq!(heard(&mut far), (4, b'd'));
    assert_eq!(heard(&mut far), (5, b'e'));
}

#[test]
fn without_a_window_nothing_waits() {
    let (consumer, mut far) = consumer(None);
    let (octets, ends) = deliveries(b"ab");
    consumer.take(&octets, &ends).unwrap();
    assert_eq!(heard(&mut far), (0, b'a'));
    assert_eq!(heard(&mut far), (0, b'b'));
}

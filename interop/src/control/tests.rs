use super::*;

/// What is answered to `line` by a door that obeys `ok` only.
fn asked(line: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.write_all(line.as_bytes()).unwrap();
    let (stream, _) = listener.accept().unwrap();
    let obey = |word: &str| match word {
        "fine" => Ok(()),
        _ => Err(InteropError::Broker(format!("no such\ncommand: {word}"))),
    };
    answer(&stream, obey).unwrap();
    drop(stream);
    let mut text = String::new();
    BufReader::new(client).read_line(&mut text).unwrap();
    text
}

#[test]
fn answer_says_that_it_is_done() {
    assert_eq!(asked("fine\n"), "ok\n");
}

#[test]
fn answer_says_in_one_line_why_not() {
    assert_eq!(asked("other\n"), "failed broker: no such command: other\n");
}

//! Frames as real peers sent them: what they say, and that we would write the same octets.
//!
//! Each file of `tests/golden` is one conversation, recorded between a client and RabbitMQ 4.3.6.
//! A frame is one line of text behind `C` (client) or `S` (server), with its octets indented below.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use leveret_codec::encode::{encode_body, encode_content_header, encode_heartbeat, encode_method};
use leveret_codec::frame::{
    Decoded, FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD, ProtocolHeader, RawFrame,
    decode, decode_protocol_header,
};
use leveret_codec::methods::Method;
use leveret_codec::properties::ContentHeader;
use leveret_codec::table::TableRef;

/// One frame of a file.
struct Golden {
    line: usize,
    text: String,
    octets: Vec<u8>,
}

fn parse(file: &str) -> Vec<Golden> {
    let mut frames: Vec<Golden> = Vec::new();
    for (index, line) in file.lines().enumerate() {
        if let Some(hex) = line.strip_prefix("  ") {
            let octets = hex
                .split(' ')
                .map(|octet| u8::from_str_radix(octet, 16).expect("hex"));
            frames
                .last_mut()
                .expect("text above octets")
                .octets
                .extend(octets);
        } else if let Some(text) = line.strip_prefix("C ").or_else(|| line.strip_prefix("S ")) {
            frames.push(Golden {
                line: index + 1,
                text: text.to_owned(),
                octets: Vec::new(),
            });
        } else {
            assert!(
                line.is_empty() || line.starts_with('#'),
                "line {} is unclear",
                index + 1
            );
        }
    }
    frames
}

/// What the octets say, and the octets we would write to say it.
fn read(octets: &[u8]) -> (String, Vec<u8>) {
    if decode_protocol_header(octets) == Some(ProtocolHeader::Amqp091) {
        return ("protocol-header".to_owned(), octets.to_vec());
    }
    match decode(octets, 131_072) {
        Ok(Decoded::Frame { frame, consumed }) if consumed == octets.len() => describe(frame),
        other => (format!("not one frame: {other:?}"), Vec::new()),
    }
}

fn describe(frame: RawFrame<'_>) -> (String, Vec<u8>) {
    let mut wire = Vec::new();
    let mut text = format!("ch={} ", frame.channel);
    match frame.kind {
        FRAME_METHOD => {
            let method = Method::decode(frame.payload).expect("a method");
            encode_method(&mut wire, frame.channel, &method);
            write!(text, "{method}").expect("a string takes all");
        }
        FRAME_HEADER => {
            let header = ContentHeader::decode(frame.payload).expect("a header");
            let properties = header.properties.decode().expect("properties");
            assert_eq!(properties.to_bytes(), header.properties.as_bytes());
            assert_eq!(header.properties.check(), Ok(()));
            rebuild(properties.headers.unwrap_or_default());
            let ContentHeader {
                class_id,
                body_size,
                properties,
                ..
            } = header;
            encode_content_header(&mut wire, frame.channel, class_id, body_size, properties);
            write!(
                text,
                "header class={class_id} size={body_size} {properties}"
            )
            .expect("a string takes all");
        }
        FRAME_BODY => {
            encode_body(&mut wire, frame.channel, frame.payload, 131_072);
            write!(text, "body {:?}", frame.payload.escape_ascii().to_string())
                .expect("a string takes all");
        }
        FRAME_HEARTBEAT => {
            encode_heartbeat(&mut wire);
            text.push_str("heartbeat");
        }
        kind => write!(text, "frame of kind {kind}").expect("a string takes all"),
    }
    (text.trim_end().to_owned(), wire)
}

/// The table, copied and written again, is the same.
fn rebuild(table: TableRef<'_>) {
    assert_eq!(
        table.to_table().expect("a table").to_bytes(),
        table.as_bytes()
    );
}

#[test]
fn recorded_frames_say_what_they_should_and_are_written_the_same() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut frames = 0;
    for entry in fs::read_dir(&directory).expect("the directory") {
        let path = entry.expect("an entry").path();
        let file = fs::read_to_string(&path).expect("a text");
        for golden in parse(&file) {
            let place = format!("{}:{}", path.display(), golden.line);
            let (text, octets) = read(&golden.octets);
            assert_eq!(text, golden.text, "{place}");
            assert_eq!(octets, golden.octets, "{place}: {text}");
            frames += 1;
        }
    }
    assert!(frames > 100, "only {frames} frames were found");
}

/// However the octets arrive, the same frames come out.
#[test]
fn recorded_frames_may_arrive_in_pieces_of_any_size() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for entry in fs::read_dir(&directory).expect("the directory") {
        let file = fs::read_to_string(entry.expect("an entry").path()).expect("a text");
        let frames: Vec<Vec<u8>> = parse(&file)
            .into_iter()
            .map(|golden| golden.octets)
            .filter(|octets| decode_protocol_header(octets) != Some(ProtocolHeader::Amqp091))
            .collect();
        let stream = frames.concat();
        for piece in [1, 2, 3, 7, 8, 64, 1000, stream.len()] {
            assert_eq!(
                reassemble(&stream, piece),
                frames,
                "pieces of {piece} octets"
            );
        }
    }
}

/// The frames of a stream that arrives `piece` octets at a time.
fn reassemble(stream: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut buffer = Vec::new();
    let mut wanted = 0;
    for part in stream.chunks(piece) {
        buffer.extend_from_slice(part);
        while buffer.len() >= wanted {
            match decode(&buffer, 131_072).expect("a frame") {
                Decoded::NeedMore(octets) => {
                    assert!(octets > buffer.len(), "more is more than there is");
                    wanted = octets;
                }
                Decoded::Frame { consumed, .. } => {
                    frames.push(buffer.drain(..consumed).collect());
                    wanted = 0;
                }
            }
        }
    }
    assert!(buffer.is_empty());
    frames
}

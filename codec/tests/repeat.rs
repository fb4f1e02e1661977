//! Publishes that are recognised by their octets: golden cases, the recorded conversations, and any
//! octets, with the decoder as the measure.

use std::fs;
use std::path::Path;

use leveret_codec::frame::{
    Decoded, FRAME_BODY, FRAME_HEADER, FRAME_METHOD, ProtocolHeader, decode, decode_protocol_header,
};
use leveret_codec::methods::{BasicPublish, Method};
use leveret_codec::properties::ContentHeader;
use leveret_codec::repeat::{PublishAgain, PublishLike, PublishMax, PublishParts};
use leveret_codec::types::{ChannelId, ShortBytes};
use proptest::prelude::*;

/// As long as frames of 128 KiB allow.
const LONGEST: PublishMax = PublishMax {
    payload: 131_064,
    body: 131_064,
};

/// One case of a golden file.
#[derive(Default)]
struct Case {
    line: usize,
    like: String,
    max: String,
    octets: Vec<u8>,
    is: String,
}

fn cases(file: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in file.lines().enumerate() {
        if let Some(like) = line.strip_prefix("like ") {
            cases.push(Case {
                line: index + 1,
                like: like.to_owned(),
                ..Case::default()
            });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            continue;
        };
        if let Some(max) = line.strip_prefix("max ") {
            max.clone_into(&mut case.max);
        } else if let Some(hex) = line.strip_prefix("  ") {
            case.octets.extend(from_hex(&hex.replace(' ', "")));
        } else if let Some(is) = line.strip_prefix("is ") {
            is.clone_into(&mut case.is);
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{line}");
        }
    }
    cases
}

fn from_hex(hex: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(octet).collect()
}

/// The word behind `name=`, without quotes.
fn word<'a>(text: &'a str, name: &str) -> &'a str {
    let found = text.split(' ').find_map(|part| part.strip_prefix(name));
    found.expect("the word").trim_matches('"')
}

fn like_of(text: &str) -> PublishLike {
    let channel = word(text, "ch=").parse().expect("a number");
    let exchange = ShortBytes::new(word(text, "exchange=").as_bytes()).expect("it is short");
    PublishLike::new(ChannelId(channel), exchange, text.ends_with(" mandatory"))
}

fn max_of(text: &str) -> PublishMax {
    let number = |name| word(text, name).parse().expect("a number");
    PublishMax {
        payload: number("payload="),
        body: number("body="),
    }
}

fn words(parts: Option<PublishParts<'_>>) -> String {
    let Some(parts) = parts else {
        return "other".to_owned();
    };
    let properties: String = parts
        .properties
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    format!(
        "key=\"{}\" properties={properties} body=\"{}\" rest={}",
        parts.routing_key.escape_ascii(),
        parts.body.escape_ascii(),
        parts.rest.len()
    )
}

#[test]
fn golden_publishes_are_what_they_should_be() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/repeat/publishes.txt");
    let cases = cases(&fs::read_to_string(file).expect("a text"));
    assert!(cases.len() > 30, "only {} cases were found", cases.len());
    for case in cases {
        let (like, longest) = (like_of(&case.like), max_of(&case.max));
        let parts = like.split(&case.octets, longest);
        assert_eq!(words(parts), case.is, "line {}", case.line);
        let Some(parts) = parts else { continue };
        assert_eq!(decoded(&case.octets), Some(parts), "line {}", case.line);
        let mut again = PublishAgain::default();
        assert_eq!(again.split(&case.octets, longest.body), None);
        again.set(&like, parts.routing_key, parts.properties);
        let found = again.split(&case.octets, longest.body);
        assert_eq!(found, Some((parts.body, parts.rest)), "line {}", case.line);
        let whole = case.octets.len() - parts.rest.len();
        for end in 0..whole {
            assert_eq!(like.split(&case.octets[..end], longest), None);
            assert_eq!(again.split(&case.octets[..end], longest.body), None);
        }
        again.forget();
        assert_eq!(again.split(&case.octets, longest.body), None);
    }
}

/// What the decoder finds at the start of `input`, if that is a publish with one body frame.
fn decoded(input: &[u8]) -> Option<PublishParts<'_>> {
    let mut rest = input;
    let mut next = |kind| match decode(rest, LONGEST.payload) {
        Ok(Decoded::Frame { frame, consumed }) if frame.kind == kind => {
            rest = rest.get(consumed..).unwrap_or_default();
            Some((frame.channel, frame.payload))
        }
        _ => None,
    };
    let (channel, method) = next(FRAME_METHOD)?;
    let Ok(Method::BasicPublish(publish)) = Method::decode(method) else {
        return None;
    };
    let (header_channel, header) = next(FRAME_HEADER)?;
    let header = ContentHeader::decode(header).ok()?;
    let (body_channel, body) = next(FRAME_BODY)?;
    let is_whole = header.body_size == body.len() as u64;
    let is_one = [header_channel, body_channel] == [channel; 2];
    (is_whole && is_one).then_some(PublishParts {
        routing_key: publish.routing_key.as_bytes(),
        properties: header.properties.as_bytes(),
        body,
        rest,
    })
}

/// The octets of each client's side of a recorded conversation.
fn client_side(file: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut is_client = false;
    for line in file.lines() {
        match line.strip_prefix("  ") {
            Some(hex) if is_client => octets.extend(from_hex(&hex.replace(' ', ""))),
            Some(_) => {}
            None => is_client = line.starts_with("C "),
        }
    }
    octets
}

#[test]
fn recorded_publishes_are_taken_apart_as_the_decoder_does() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut publishes = 0;
    for entry in fs::read_dir(&directory).expect("the directory") {
        let file = fs::read_to_string(entry.expect("an entry").path()).expect("a text");
        let octets = client_side(&file);
        let mut input = &*octets;
        if decode_protocol_header(input) == Some(ProtocolHeader::Amqp091) {
            input = &input[8..];
        }
        while let Ok(Decoded::Frame { frame, consumed }) = decode(input, LONGEST.payload) {
            if let Some(parts) = decoded(input)
                && let Ok(Method::BasicPublish(publish)) = Method::decode(frame.payload)
            {
                let BasicPublish {
                    exchange,
                    mandatory,
                    ..
                } = publish;
                let like = PublishLike::new(frame.channel, exchange, mandatory);
                assert_eq!(like.split(input, LONGEST), Some(parts));
                publishes += 1;
            }
            input = &input[consumed..];
        }
    }
    assert!(publishes > 5, "only {publishes} were found");
}

proptest! {
    /// Octets changed anywhere, cut anywhere: what is recognised is what the decoder reads.
    #[test]
    fn what_is_recognised_is_what_the_decoder_reads(
        case in 0_usize..9,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
    ) {
        let text = include_str!("repeat/publishes.txt");
        let cases = cases(text);
        let case = &cases[case];
        let mut octets = case.octets.clone();
        for (at, octet) in changes {
            let at = at.index(octets.len());
            octets[at] = octet;
        }
        octets.truncate(end.index(octets.len() + 1));
        let like = like_of(&case.like);
        if let Some(parts) = like.split(&octets, LONGEST) {
            prop_assert_eq!(decoded(&octets), Some(parts));
            let mut again = PublishAgain::default();
            again.set(&like, parts.routing_key, parts.properties);
            prop_assert_eq!(again.split(&octets, LONGEST.body), Some((parts.body, parts.rest)));
        }
    }
}

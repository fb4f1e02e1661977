//! Sentences to frames, frames to what was heard.

use super::render;
use super::spec::{self, Field, FieldType};
use super::syntax::Sentence;
use super::term::{Captures, Term};
use super::value::{Reader, Value, put_entries, put_int, put_prefixed};

/// Octets of a frame around its payload.
pub(crate) const FRAME_OVERHEAD: usize = 8;

/// Named values in wire order.
pub(crate) type Fields = Vec<(&'static str, Value)>;

/// A content that was received whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Content {
    /// Properties that are present.
    pub(crate) properties: Fields,
    /// Octets the header announced.
    pub(crate) size: usize,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// Payload octets of each body frame.
    pub(crate) frames: Vec<usize>,
}

/// Something the server did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// A method, with its content where it has one.
    Method {
        /// Channel it came on.
        channel: u16,
        /// For example `basic.deliver`.
        name: &'static str,
        /// Its fields.
        fields: Fields,
        /// Its content.
        content: Option<Content>,
    },
    /// A heartbeat.
    Heartbeat,
    /// The server closed the TCP connection.
    Closed,
    /// A frame that makes no sense here.
    Odd(String),
}

impl Heard {
    /// The line a script would have for it.
    pub(crate) fn render(&self, connection: u8) -> String {
        match self {
            Self::Method {
                channel,
                name,
                fields,
                content,
            } => {
                let channel = match channel {
                    0 | 1 => String::new(),
                    other => format!(".{other}"),
                };
                let fields = render::fields(fields, true);
                let content = content.as_ref().map(render_content).unwrap_or_default();
                format!("S{connection}{channel}< {name}{fields}{content}")
            }
            Self::Heartbeat => format!("S{connection}< heartbeat"),
            Self::Closed => format!("S{connection}< closed"),
            Self::Odd(what) => format!("S{connection}< odd {what}"),
        }
    }
}

fn render_content(content: &Content) -> String {
    let mut out = format!(" body={}", render::octets(&content.body));
    if content.frames.len() > 1 {
        let frames: Vec<_> = content.frames.iter().map(ToString::to_string).collect();
        out.push_str(&format!(" frames=[{}]", frames.join(", ")));
    }
    if !content.properties.is_empty() {
        out.push_str(&format!(
            " {{{}}}",
            render::fields(&content.properties, false).trim()
        ));
    }
    out
}

/// Appends one frame.
pub(crate) fn put_frame(out: &mut Vec<u8>, kind: u8, channel: u16, payload: &[u8], end: u8) {
    out.push(kind);
    put_int(out, i128::from(channel), 2);
    put_prefixed(out, payload, 4);
    out.push(end);
}

/// The octets of a sentence: a method with its content, or a pseudo-method.
///
/// # Errors
/// When the sentence cannot be sent.
pub(crate) fn encode(
    sentence: &Sentence,
    channel: u16,
    frame_max: usize,
    captures: &Captures,
) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let number = |name: &str, default: i128| match sentence.arg(name) {
        None => Ok(default),
        Some(term) => match term.to_value(captures)? {
            Value::Int(_, number) => Ok(number),
            Value::Bool(octet) => Ok(i128::from(octet)),
            other => Err(format!("{name} is no number: {}", render::value(&other))),
        },
    };
    let small = |name: &str, default: u8| {
        u8::try_from(number(name, i128::from(default))?).map_err(|error| error.to_string())
    };
    match sentence.name.as_str() {
        "hex" => out = hex(&plain(sentence, captures)?)?,
        "protocol-header" => out = plain(sentence, captures)?,
        "heartbeat" => put_frame(&mut out, 8, channel, &[], small("end", 0xCE)?),
        "frame" => {
            let payload = match sentence.arg("payload") {
                Some(term) => octets(term, captures)?,
                None => Vec::new(),
            };
            put_frame(
                &mut out,
                small("type", 1)?,
                channel,
                &payload,
                small("end", 0xCE)?,
            );
        }
        "content-header" => {
            let mut payload = Vec::new();
            put_int(&mut payload, number("class", 60)?, 2);
            put_int(&mut payload, number("weight", 0)?, 2);
            put_int(&mut payload, number("size", 0)?, 8);
            put_properties(&mut payload, &sentence.properties, captures)?;
            put_frame(&mut out, 2, channel, &payload, 0xCE);
        }
        "content-body" => put_frame(&mut out, 3, channel, &plain(sentence, captures)?, 0xCE),
        name => {
            let method = spec::by_name(name).ok_or_else(|| format!("{name} cannot be sent"))?;
            let mut payload = Vec::new();
            put_int(&mut payload, i128::from(method.class), 2);
            put_int(&mut payload, i128::from(method.id), 2);
            put_fields(&mut payload, &method.fields, &sentence.args, captures)?;
            put_frame(&mut out, 1, channel, &payload, 0xCE);
            if let Some(body) = sentence.arg("body") {
                let body = octets(body, captures)?;
                put_content(&mut out, sentence, channel, frame_max, &body, captures)?;
            }
        }
    }
    Ok(out)
}

fn put_content(
    out: &mut Vec<u8>,
    sentence: &Sentence,
    channel: u16,
    frame_max: usize,
    body: &[u8],
    captures: &Captures,
) -> Result<(), String> {
    let mut payload = Vec::new();
    put_int(&mut payload, 60, 2);
    put_int(&mut payload, 0, 2);
    put_int(&mut payload, body.len() as i128, 8);
    put_properties(&mut payload, &sentence.properties, captures)?;
    put_frame(out, 2, channel, &payload, 0xCE);
    for chunk in body.chunks(frame_max - FRAME_OVERHEAD) {
        put_frame(out, 3, channel, chunk, 0xCE);
    }
    Ok(())
}

fn put_fields(
    out: &mut Vec<u8>,
    fields: &[Field],
    args: &[(String, Term)],
    captures: &Captures,
) -> Result<(), String> {
    let mut bits = 0;
    for field in fields {
        let term = args
            .iter()
            .find(|(name, _)| name == field.name)
            .map(|(_, term)| term);
        let value = term.map(|term| term.to_value(captures)).transpose()?;
        if field.kind == FieldType::Bit {
            let set = match value {
                Some(Value::Bool(octet)) => octet != 0,
                Some(Value::Int(_, number)) => number != 0,
                _ => false,
            };
            if bits % 8 == 0 {
                out.push(0);
            }
            if let Some(last) = out.last_mut() {
                *last |= u8::from(set) << (bits % 8);
            }
            bits += 1;
            continue;
        }
        bits = 0;
        put_field(out, field, value)?;
    }
    Ok(())
}

fn put_field(out: &mut Vec<u8>, field: &Field, value: Option<Value>) -> Result<(), String> {
    match (field.kind, value) {
        (FieldType::Int(len), None) => put_int(out, 0, len),
        (FieldType::Int(len), Some(Value::Int(_, number))) => put_int(out, number, len),
        (FieldType::Short, None) => put_prefixed(out, &[], 1),
        (FieldType::Short, Some(Value::Bytes(_, text))) => put_prefixed(out, &text, 1),
        (FieldType::Long | FieldType::Table, None) => put_prefixed(out, &[], 4),
        (FieldType::Long | FieldType::Table, Some(Value::Bytes(_, text))) => {
            put_prefixed(out, &text, 4);
        }
        (FieldType::Table, Some(Value::Table(entries))) => {
            let mut inner = Vec::new();
            put_entries(&mut inner, &entries);
            put_prefixed(out, &inner, 4);
        }
        (_, Some(value)) => {
            return Err(format!(
                "{} cannot be {}",
                field.name,
                render::value(&value)
            ));
        }
        (FieldType::Bit, None) => {}
    }
    Ok(())
}

fn put_properties(
    out: &mut Vec<u8>,
    properties: &[(String, Term)],
    captures: &Captures,
) -> Result<(), String> {
    let mut flags = 0u16;
    let mut list = Vec::new();
    for (index, field) in spec::properties().iter().enumerate() {
        if let Some((_, term)) = properties.iter().find(|(name, _)| name == field.name) {
            flags |= 1 << (15 - index);
            put_field(&mut list, field, Some(term.to_value(captures)?))?;
        }
    }
    out.extend_from_slice(&flags.to_be_bytes());
    out.extend_from_slice(&list);
    Ok(())
}

fn plain(sentence: &Sentence, captures: &Captures) -> Result<Vec<u8>, String> {
    octets(
        sentence.plain.as_ref().ok_or("a string is missing")?,
        captures,
    )
}

fn octets(term: &Term, captures: &Captures) -> Result<Vec<u8>, String> {
    match term.to_value(captures)? {
        Value::Bytes(_, octets) => Ok(octets),
        other => Err(format!("no string: {}", render::value(&other))),
    }
}

/// `01 00ff` to octets.
///
/// # Errors
/// When it is not hex.
pub(crate) fn hex(digits: &[u8]) -> Result<Vec<u8>, String> {
    let digits: Vec<char> = digits
        .iter()
        .map(|digit| char::from(*digit))
        .filter(|digit| *digit != ' ')
        .collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair: String = pair.iter().collect();
            u8::from_str_radix(&pair, 16).map_err(|_| format!("not hex: {pair:?}"))
        })
        .collect()
}

/// A method frame's payload: its description and its fields.
///
/// # Errors
/// When the payload is not a method we know, or has octets too many or too few.
pub(crate) fn decode_method(payload: &[u8]) -> Result<(&'static spec::Method, Fields), String> {
    let mut reader = Reader::new(payload);
    let (class, id) = (reader.uint(2)?, reader.uint(2)?);
    let method = u16::try_from(class)
        .ok()
        .zip(u16::try_from(id).ok())
        .and_then(|(class, id)| spec::by_id(class, id))
        .ok_or_else(|| format!("method {class}.{id}"))?;
    let mut fields = Vec::new();
    let (mut bits, mut octet) = (0, 0);
    for field in &method.fields {
        if field.kind == FieldType::Bit {
            if bits % 8 == 0 {
                octet = reader.uint(1)?;
            }
            fields.push((
                field.name,
                Value::Bool(u8::from(octet >> (bits % 8) & 1 == 1)),
            ));
            bits += 1;
            continue;
        }
        bits = 0;
        fields.push((field.name, read_field(&mut reader, field.kind)?));
    }
    if reader.is_empty() {
        Ok((method, fields))
    } else {
        Err(format!("{} is too long", method.name))
    }
}

/// A content header's payload.
///
/// # Errors
/// When it is malformed.
pub(crate) fn decode_header(payload: &[u8]) -> Result<Content, String> {
    let mut reader = Reader::new(payload);
    let (class, weight) = (reader.uint(2)?, reader.uint(2)?);
    if (class, weight) != (60, 0) {
        return Err(format!("content header of class {class}, weight {weight}"));
    }
    let size = usize::try_from(reader.uint(8)?).map_err(|error| error.to_string())?;
    let flags = reader.uint(2)?;
    let mut properties = Vec::new();
    for (index, field) in spec::properties().iter().enumerate() {
        if flags >> (15 - index) & 1 == 1 {
            properties.push((field.name, read_field(&mut reader, field.kind)?));
        }
    }
    if !reader.is_empty() {
        return Err(String::from("content header is too long"));
    }
    Ok(Content {
        properties,
        size,
        ..Content::default()
    })
}

fn read_field(reader: &mut Reader<'_>, kind: FieldType) -> Result<Value, String> {
    Ok(match kind {
        FieldType::Int(len) => Value::Int('#', i128::from(reader.uint(len)?)),
        FieldType::Short => Value::Bytes('S', reader.prefixed(1)?.to_vec()),
        FieldType::Long => Value::Bytes('S', reader.prefixed(4)?.to_vec()),
        FieldType::Table => reader.table()?,
        FieldType::Bit => Value::Bool(0),
    })
}

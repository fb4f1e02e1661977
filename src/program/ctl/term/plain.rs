//! Values as they stand in a table's cell: texts bare outside, quoted within lists and tuples.

use super::Term;

/// A text as a terminal may see it: control characters, which could move its cursor or make it act,
/// are written as escapes.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

/// Some lines as a terminal may see them: the same, but for their ends and tabs.
pub(crate) fn shown_lines(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() && letter != '\n' && letter != '\t' {
            true => shown.extend(letter.escape_default()),
            false => shown.push(letter),
        }
    }
    shown
}

/// A value as a cell, as a terminal may see it: names are what clients have made them.
pub(crate) fn cell(term: &Term) -> String {
    shown(&raw(term))
}

/// A value as a cell, whatever is in its texts.
///
/// Seen: RabbitMQ 4.3.6, `list_queues arguments`, `list_connections client_properties`.
fn raw(term: &Term) -> String {
    let mut out = String::new();
    match term {
        Term::Text(text) | Term::Chars(text) => out.push_str(text),
        Term::Tuple(items) => match address(items) {
            Some(address) => out = address,
            None => nested(term, &mut out),
        },
        Term::List(items) if items.iter().all(|item| matches!(item, Term::Atom(_))) => {
            let names: Vec<String> = items.iter().map(raw).collect();
            out = format!("[{}]", names.join(", "));
        }
        _ => nested(term, &mut out),
    }
    out
}

/// An address of the Internet, if this is one: four or eight small numbers.
fn address(items: &[Term]) -> Option<String> {
    let parts = items.iter().map(|item| match item {
        Term::Int(number) => u16::try_from(*number).ok(),
        _ => None,
    });
    let parts: Vec<u16> = parts.collect::<Option<_>>()?;
    if let Ok(parts) = <[u16; 8]>::try_from(parts.as_slice()) {
        return Some(std::net::Ipv6Addr::from(parts).to_string());
    }
    let parts = parts.into_iter().map(|part| u8::try_from(part).ok());
    let parts: Vec<u8> = parts.collect::<Option<_>>()?;
    let parts = <[u8; 4]>::try_from(parts.as_slice()).ok()?;
    Some(std::net::Ipv4Addr::from(parts).to_string())
}

fn nested(term: &Term, out: &mut String) {
    match term {
        Term::Atom(name) | Term::Pid(name) => out.push_str(name),
        Term::Octets(_) | Term::Dict(_) => out.push_str(&super::erlang::line(term)),
        Term::Text(text) | Term::Chars(text) if text.is_empty() => out.push_str("[]"),
        Term::Text(text) | Term::Chars(text) => {
            out.push('"');
            for letter in text.chars() {
                if matches!(letter, '"' | '\\') {
                    out.push('\\');
                }
                out.push(letter);
            }
            out.push('"');
        }
        Term::Int(number) => out.push_str(&number.to_string()),
        Term::Float(number) => out.push_str(&super::erlang::float(*number)),
        Term::List(items) => joined('[', ']', items, out),
        // A field of an AMQP table goes without its type.
        Term::Tuple(items) => match items.as_slice() {
            [name @ Term::Text(_), Term::Atom(_), value] => {
                joined('{', '}', &[name.clone(), value.clone()], out);
            }
            _ => joined('{', '}', items, out),
        },
        Term::Pairs(fields) => {
            let pairs = fields
                .iter()
                .map(|(key, value)| format!("{{{key}, {}}}", raw(value)));
            out.push_str(&format!("[{}]", pairs.collect::<Vec<_>>().join(", ")));
        }
        Term::Map(fields) => {
            let pairs = fields
                .iter()
                .map(|(key, value)| format!("{key} => {}", raw(value)));
            out.push_str(&format!("#{{{}}}", pairs.collect::<Vec<_>>().join(", ")));
        }
    }
}

fn joined(open: char, close: char, items: &[Term], out: &mut String) {
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        nested(item, out);
    }
    out.push(close);
}

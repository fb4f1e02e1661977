//! Values as Elixir's `inspect` prints them: the formatters `string` and `inspect`, and errors.

use super::Term;
use super::erlang::float;

/// A value on one line.
pub(crate) fn inspect(term: &Term) -> String {
    let mut out = String::new();
    write(term, &mut out);
    out
}

fn write(term: &Term, out: &mut String) {
    match term {
        Term::Atom(name) => atom(name, out),
        Term::Text(text) => quoted("\"", text, out),
        Term::Chars(text) => quoted("~c\"", text, out),
        Term::Octets(octets) => {
            let octets: Vec<String> = octets.iter().map(u8::to_string).collect();
            out.push_str(&format!("<<{}>>", octets.join(", ")));
        }
        Term::Int(number) => out.push_str(&number.to_string()),
        Term::Float(number) => out.push_str(&float(*number)),
        Term::List(items) => list("[", "]", items, out),
        Term::Tuple(items) => list("{", "}", items, out),
        Term::Pairs(fields) => pairs("[", "]", fields, out),
        Term::Map(fields) => {
            let fields = fields.iter();
            let texts = fields.map(|(key, value)| {
                let mut text = String::new();
                quoted("\"", key, &mut text);
                text.push_str(" => ");
                write(value, &mut text);
                text
            });
            let texts: Vec<String> = texts.collect();
            out.push_str(&format!("%{{{}}}", texts.join(", ")));
        }
        Term::Dict(pairs) => {
            let texts = pairs.iter();
            let texts = texts.map(|(key, value)| match key {
                Term::Atom(name) if is_plain(name) => format!("{name}: {}", inspect(value)),
                _ => format!("{} => {}", inspect(key), inspect(value)),
            });
            out.push_str(&format!("%{{{}}}", texts.collect::<Vec<_>>().join(", ")));
        }
        Term::Pid(pid) => out.push_str(&format!("#PID{pid}")),
    }
}

fn list(open: &str, close: &str, items: &[Term], out: &mut String) {
    out.push_str(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
    out.push_str(close);
}

fn pairs(open: &str, close: &str, fields: &[(String, Term)], out: &mut String) {
    out.push_str(open);
    for (at, (key, value)) in fields.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        match is_plain(key) {
            true => out.push_str(key),
            false => quoted("\"", key, out),
        }
        out.push_str(": ");
        write(value, out);
    }
    out.push_str(close);
}

fn atom(name: &str, out: &mut String) {
    match name {
        "true" | "false" | "nil" => out.push_str(name),
        _ => {
            out.push(':');
            match is_plain(name) {
                true => out.push_str(name),
                false => quoted("\"", name, out),
            }
        }
    }
}

/// Whether an atom needs no quotes.
fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters
        .next()
        .is_some_and(|first| first.is_alphabetic() || first == '_');
    first && letters.all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '@'))
}

fn quoted(open: &str, text: &str, out: &mut String) {
    out.push_str(open);
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{1b}' => out.push_str("\\e"),
            letter if letter.is_control() => out.push_str(&format!("\\x{:02X}", letter as u32)),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

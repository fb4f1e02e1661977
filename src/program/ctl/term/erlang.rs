//! Values as Erlang's `~p` prints them, in lines of 80 columns: the formatter `erlang`.

use leveret_terms::text::marked as quoted;

use super::Term;

/// Columns of a line.
const WIDTH: usize = 80;

/// A value in as many lines as it needs.
pub(crate) fn pretty(term: &Term) -> String {
    let mut out = String::new();
    write(term, 0, 0, &mut out);
    out
}

/// A value on one line.
pub(crate) fn line(term: &Term) -> String {
    match term {
        Term::Atom(name) => atom(name),
        Term::Text(text) if text.is_empty() => "<<>>".to_owned(),
        Term::Text(text) => format!("<<{}>>", quoted(text)),
        Term::Chars(text) => quoted(text),
        Term::Octets(octets) => {
            let octets: Vec<String> = octets.iter().map(u8::to_string).collect();
            format!("<<{}>>", octets.join(","))
        }
        Term::Int(number) => number.to_string(),
        Term::Float(number) => float(*number),
        Term::Pid(pid) => pid.clone(),
        _ => {
            let (open, parts, close) = parts(term);
            let parts: Vec<String> = parts.iter().map(Part::line).collect();
            format!("{open}{}{close}", parts.join(","))
        }
    }
}

/// A number as Erlang and Elixir write it: a whole one keeps its point.
pub(crate) fn float(number: f64) -> String {
    format!("{number:?}")
}

/// An item of a list or tuple, or a pair of a map.
enum Part<'a> {
    One(&'a Term),
    Pair(&'a str, &'a Term),
    Arrow(String, &'a Term),
}

impl Part<'_> {
    fn line(&self) -> String {
        match self {
            Self::One(term) => line(term),
            Self::Pair(key, value) => format!("{{{},{}}}", atom(key), line(value)),
            Self::Arrow(key, value) => format!("{key} => {}", line(value)),
        }
    }
}

/// What a term is made of, with what stands before and after it.
fn parts(term: &Term) -> (&'static str, Vec<Part<'_>>, &'static str) {
    match term {
        Term::List(items) => ("[", items.iter().map(Part::One).collect(), "]"),
        Term::Tuple(items) => ("{", items.iter().map(Part::One).collect(), "}"),
        Term::Pairs(fields) => {
            let pairs = fields.iter().map(|(key, value)| Part::Pair(key, value));
            ("[", pairs.collect(), "]")
        }
        Term::Map(fields) => {
            let pairs = fields.iter();
            let pairs =
                pairs.map(|(key, value)| Part::Arrow(format!("<<{}>>", quoted(key)), value));
            ("#{", pairs.collect(), "}")
        }
        Term::Dict(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| Part::Arrow(line(key), value));
            ("#{", pairs.collect(), "}")
        }
        _ => ("", vec![Part::One(term)], ""),
    }
}

/// Writes a term that begins at `column`; `after` columns must stay free behind its last line.
fn write(term: &Term, column: usize, after: usize, out: &mut String) {
    let whole = line(term);
    let is_one = !matches!(
        term,
        Term::List(_) | Term::Tuple(_) | Term::Pairs(_) | Term::Map(_) | Term::Dict(_)
    );
    if is_one || column + whole.chars().count() + after <= WIDTH {
        out.push_str(&whole);
        return;
    }
    let (open, parts, close) = parts(term);
    out.push_str(open);
    let inner = column + open.len();
    // A tuple that begins with an atom goes on behind it, further in.
    if let (Term::Tuple(items), Some(Term::Atom(tag))) = (term, first(term)) {
        let rest = items.get(1..).unwrap_or_default();
        tagged(tag, rest.iter().collect(), inner, after + 1, out);
        out.push_str(close);
        return;
    }
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            new_line(inner, out);
        }
        let after = if at == last { after + close.len() } else { 1 };
        match part {
            Part::One(term) => write(term, inner, after, out),
            Part::Pair(key, value) => {
                let whole = part.line();
                if inner + whole.chars().count() + after <= WIDTH {
                    out.push_str(&whole);
                } else {
                    out.push('{');
                    tagged(key, vec![value], inner + 1, after + 1, out);
                    out.push('}');
                }
            }
            Part::Arrow(key, value) => {
                let key = format!("{key} => ");
                out.push_str(&key);
                write(value, inner + key.chars().count(), after, out);
            }
        }
        if at < last {
            out.push(',');
        }
    }
    out.push_str(close);
}

fn first(term: &Term) -> Option<&Term> {
    match term {
        Term::Tuple(items) => items.first(),
        _ => None,
    }
}

/// Writes `tag,` and the rest: behind it if the first fits there, else on lines of their own.
fn tagged(tag: &str, rest: Vec<&Term>, column: usize, after: usize, out: &mut String) {
    let tag = atom(tag);
    out.push_str(&tag);
    out.push(',');
    let beside = column + tag.chars().count() + 1;
    let widest = rest.iter().map(|term| widest(term)).max().unwrap_or(0);
    let inner = match beside + widest + after <= WIDTH {
        true => beside,
        false => {
            new_line(column, out);
            column
        }
    };
    let last = rest.len().saturating_sub(1);
    for (at, term) in rest.iter().enumerate() {
        if at > 0 {
            new_line(inner, out);
        }
        write(term, inner, if at == last { after } else { 1 }, out);
        if at < last {
            out.push(',');
        }
    }
}

/// The columns that a term needs at least: those of its widest part that cannot be broken.
fn widest(term: &Term) -> usize {
    let (open, parts, close) = parts(term);
    let widths = parts.iter().map(|part| match part {
        Part::One(term) if open.is_empty() => line(term).chars().count(),
        Part::One(term) => widest(term),
        Part::Pair(key, value) => 2 + atom(key).chars().count().max(widest(value)),
        Part::Arrow(key, value) => key.chars().count() + 4 + widest(value),
    });
    open.len() + widths.max().unwrap_or(0) + close.len()
}

fn new_line(column: usize, out: &mut String) {
    out.push('\n');
    out.push_str(&" ".repeat(column));
}

fn atom(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase());
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '@');
    match first && letters.all(plain) {
        true => name.to_owned(),
        false => format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'")),
    }
}

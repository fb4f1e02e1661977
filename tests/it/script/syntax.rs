//! Reads a script: lines into steps, each step checked against the methods there are.

use super::spec;
use super::term::Term;

/// Which brokers a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// This project's broker.
    Leveret,
    /// The reference.
    RabbitMq,
}

/// One sentence: a method or a pseudo-method, with what is said about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sentence {
    /// `queue.declare`, `hex`, `closed`, …
    pub(crate) name: String,
    /// `name=term`; a bare word is `name=true`.
    pub(crate) args: Vec<(String, Term)>,
    /// The content's properties, when the line has a `{…}` group.
    pub(crate) properties: Vec<(String, Term)>,
    /// What stands without a name: the text of `protocol-header`, the digits of `hex`.
    pub(crate) plain: Option<Term>,
    /// Nothing but what is named may be there.
    pub(crate) exactly: bool,
}

impl Sentence {
    /// The term given for `name`.
    pub(crate) fn arg(&self, name: &str) -> Option<&Term> {
        self.args
            .iter()
            .find(|(arg, _)| arg == name)
            .map(|(_, term)| term)
    }
}

/// What a line asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    /// `C1> …`: the client says it.
    Say(Sentence),
    /// `C1? …`: the client says it again and again until the next line is the answer.
    Ask(Sentence),
    /// `C1! …`: how the connection is opened or ended.
    Setup(Sentence),
    /// `S1< …`: the server must answer so.
    Hear(Sentence),
    /// `S1<* …`: as `Hear`, but neighbours of this kind may come in any order.
    HearAnyOrder(Sentence),
    /// `~ 1500ms`: broker time passes. `~ 3s real`: time on the wall passes.
    Time {
        /// Milliseconds.
        ms: u64,
        /// Also waits where the broker's clock could be moved instead.
        real: bool,
    },
    /// `! verb …`: something an operator does.
    Admin(Sentence),
}

/// One line of a script.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    /// Line number from 1.
    pub(crate) line: usize,
    /// The line as written.
    pub(crate) text: String,
    /// Present on lines that differ by design.
    pub(crate) only: Option<Flavour>,
    /// Connection number, 1 to 9; 0 on lines without one.
    pub(crate) connection: u8,
    /// Channel number, when the line names one (`C1.2>`).
    pub(crate) channel: Option<u16>,
    /// What to do.
    pub(crate) act: Act,
}

/// Reads all steps of a script.
///
/// # Errors
/// Line number and problem of the first line that cannot be understood.
pub(crate) fn parse(script: &str) -> Result<Vec<Step>, String> {
    let sourced = |line: &str| {
        line.starts_with('#')
            && ["Spec:", "Docs:", "Seen:"]
                .iter()
                .any(|tag| line.contains(tag))
    };
    if !script.lines().any(sourced) {
        return Err(String::from(
            "1: no comment says where this is known from (Spec:, Docs:, Seen:)",
        ));
    }
    let mut steps = Vec::new();
    for (index, text) in script.lines().enumerate() {
        let line = index + 1;
        if text.trim().is_empty() || text.trim_start().starts_with('#') {
            continue;
        }
        steps.push(parse_line(line, text.trim()).map_err(|problem| format!("{line}: {problem}"))?);
    }
    Ok(steps)
}

fn parse_line(line: usize, text: &str) -> Result<Step, String> {
    let (only, rest) = if let Some(rest) = text.strip_prefix("@leveret ") {
        (Some(Flavour::Leveret), rest)
    } else if let Some(rest) = text.strip_prefix("@rabbitmq ") {
        (Some(Flavour::RabbitMq), rest)
    } else {
        (None, text)
    };
    let mut cursor = Cursor::new(rest);
    let who = cursor.next().ok_or("an empty line")?;
    let (mut connection, mut channel) = (0, None);
    if matches!(who, 'C' | 'S') {
        connection = cursor.number()?;
        if cursor.eat('.') {
            channel = Some(cursor.number()?);
        }
    }
    let act = match (who, if connection == 0 { None } else { cursor.next() }) {
        ('C', Some('>')) => Act::Say(checked(cursor.sentence()?)?),
        ('C', Some('?')) => Act::Ask(checked(cursor.sentence()?)?),
        ('C', Some('!')) => Act::Setup(cursor.sentence()?),
        ('S', Some('<')) if cursor.eat('*') => Act::HearAnyOrder(checked(cursor.sentence()?)?),
        ('S', Some('<')) => Act::Hear(checked(cursor.sentence()?)?),
        ('~', None) => cursor.time()?,
        ('!', None) => Act::Admin(cursor.sentence()?),
        _ => {
            return Err(String::from(
                "a line starts with C1>, C1?, C1!, S1<, S1<*, ~ or !",
            ));
        }
    };
    Ok(Step {
        line,
        text: text.to_owned(),
        only,
        connection,
        channel,
        act,
    })
}

/// Refuses names that no method, field or property has.
fn checked(sentence: Sentence) -> Result<Sentence, String> {
    const PSEUDO: [&str; 11] = [
        "hex",
        "protocol-header",
        "frame",
        "content-header",
        "content-body",
        "heartbeat",
        "cut",
        "closed",
        "nothing",
        "confirmed",
        "refused",
    ];
    let properties = spec::properties();
    if let Some((name, _)) = sentence
        .properties
        .iter()
        .find(|(name, _)| !properties.iter().any(|field| field.name == name))
    {
        return Err(format!("no property is called {name}"));
    }
    let Some(method) = spec::by_name(&sentence.name) else {
        return if PSEUDO.contains(&sentence.name.as_str()) {
            Ok(sentence)
        } else {
            Err(format!("no method is called {}", sentence.name))
        };
    };
    let known = |name: &str| {
        method.fields.iter().any(|field| field.name == name)
            || method.has_content() && matches!(name, "body" | "frames")
    };
    match sentence.args.iter().find(|(name, _)| !known(name)) {
        Some((name, _)) => Err(format!("{} has no field {name}", method.name)),
        None => Ok(sentence),
    }
}

/// A place in a line.
struct Cursor<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars().peekable(),
        }
    }

    fn next(&mut self) -> Option<char> {
        self.rest.next()
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.rest.next_if_eq(&wanted).is_some()
    }

    fn spaces(&mut self) {
        while self.rest.next_if(|letter| letter.is_whitespace()).is_some() {}
        if self.peek() == Some('#') {
            self.rest.by_ref().for_each(drop);
        }
    }

    fn while_matching(&mut self, wanted: impl Fn(char) -> bool) -> String {
        let mut out = String::new();
        while let Some(letter) = self.rest.next_if(|letter| wanted(*letter)) {
            out.push(letter);
        }
        out
    }

    fn word(&mut self) -> String {
        self.while_matching(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T, String> {
        let digits = self.while_matching(|letter| letter == '-' || letter.is_ascii_digit());
        digits
            .parse()
            .map_err(|_| format!("not a number in range: {digits:?}"))
    }

    fn time(&mut self) -> Result<Act, String> {
        self.spaces();
        let amount: u64 = self.number()?;
        let unit = self.word();
        self.spaces();
        let real = self.word() == "real";
        let ms = match unit.as_str() {
            "ms" => amount,
            "s" => amount * 1000,
            "min" => amount * 60_000,
            "h" => amount * 3_600_000,
            _ => return Err(format!("no unit of time: {unit:?} (ms, s, min, h)")),
        };
        Ok(Act::Time { ms, real })
    }

    fn sentence(&mut self) -> Result<Sentence, String> {
        self.spaces();
        let mut sentence = Sentence {
            name: self.word(),
            args: Vec::new(),
            properties: Vec::new(),
            plain: None,
            exactly: false,
        };
        self.spaces();
        if matches!(sentence.name.as_str(), "hex" | "confirmed" | "refused") {
            let rest: String = self.while_matching(|letter| letter != '#');
            sentence.plain = Some(Term::Text(None, rest.trim().as_bytes().to_vec()));
            return Ok(sentence);
        }
        while let Some(letter) = self.peek() {
            match letter {
                '{' => sentence.properties = self.properties()?,
                '"' => sentence.plain = Some(self.term()?),
                _ => {
                    let (name, term) = self.argument()?;
                    if name == "exactly" {
                        sentence.exactly = true;
                    } else {
                        sentence.args.push((name, term));
                    }
                }
            }
            self.spaces();
        }
        Ok(sentence)
    }

    fn argument(&mut self) -> Result<(String, Term), String> {
        let name = self.word();
        if name.is_empty() {
            return Err(format!("unexpected {:?}", self.peek()));
        }
        let term = if self.eat('=') {
            self.term()?
        } else {
            Term::Bool(true)
        };
        Ok((name, term))
    }

    fn properties(&mut self) -> Result<Vec<(String, Term)>, String> {
        self.next();
        let mut properties = Vec::new();
        loop {
            self.spaces();
            if self.eat('}') {
                return Ok(properties);
            }
            properties.push(self.argument()?);
        }
    }

    fn term(&mut self) -> Result<Term, String> {
        let letter = self.peek().ok_or("a value is missing")?;
        match letter {
            '*' => {
                self.next();
                Ok(Term::Any)
            }
            '$' => {
                self.next();
                Ok(Term::Var(self.word()))
            }
            '~' => {
                self.next();
                Ok(Term::Regex(
                    String::from_utf8_lossy(&self.text(true)?).into_owned(),
                ))
            }
            '"' => Ok(Term::Text(None, self.text(false)?)),
            '{' => self.table(),
            '[' => self.array(),
            '-' | '0'..='9' => self.numeric(None),
            _ => self.lettered(),
        }
    }

    /// `true`, `absent`, `V`, `zeros:9`, `I5`, `S"text"`, …
    fn lettered(&mut self) -> Result<Term, String> {
        let mut word = self.while_matching(|letter| letter.is_ascii_alphabetic());
        match (word.as_str(), self.peek()) {
            ("true", _) => Ok(Term::Bool(true)),
            ("false", _) => Ok(Term::Bool(false)),
            ("absent", _) => Ok(Term::Absent),
            ("V", _) => Ok(Term::Void),
            ("zeros", Some(':')) => {
                self.next();
                Ok(Term::Zeros(self.number()?))
            }
            ("S" | "x", Some('"')) => Ok(Term::Text(word.pop(), self.text(false)?)),
            ("t", Some('0'..='9')) => Ok(Term::RawBool(self.number()?)),
            ("D", Some('0'..='9')) => {
                let scale = self.number()?;
                self.next();
                Ok(Term::Decimal(scale, self.number()?))
            }
            ("b" | "B" | "s" | "u" | "I" | "i" | "l" | "L" | "T" | "f" | "d", Some(_)) => {
                self.numeric(word.pop())
            }
            _ => Err(format!("not a value: {word:?}")),
        }
    }

    fn numeric(&mut self, letter: Option<char>) -> Result<Term, String> {
        let digits = self.while_matching(|digit| digit.is_ascii_digit() || "-.e".contains(digit));
        let float = matches!(letter, Some('f' | 'd')) || letter.is_none() && digits.contains('.');
        let wrong = || format!("not a number: {digits:?}");
        if float {
            Ok(Term::Float(letter, digits.parse().map_err(|_| wrong())?))
        } else {
            Ok(Term::Number(letter, digits.parse().map_err(|_| wrong())?))
        }
    }

    fn table(&mut self) -> Result<Term, String> {
        self.next();
        let mut entries = Vec::new();
        loop {
            self.spaces();
            if self.eat('}') {
                return Ok(Term::Table(entries));
            }
            let key = if self.peek() == Some('"') {
                self.text(false)?
            } else {
                self.word().into_bytes()
            };
            self.spaces();
            if !self.eat(':') {
                return Err(format!(
                    "no : after the key {:?}",
                    String::from_utf8_lossy(&key)
                ));
            }
            self.spaces();
            entries.push((key, self.term()?));
            self.spaces();
            self.eat(',');
        }
    }

    fn array(&mut self) -> Result<Term, String> {
        self.next();
        let mut items = Vec::new();
        loop {
            self.spaces();
            if self.eat(']') {
                return Ok(Term::Array(items));
            }
            items.push(self.term()?);
            self.spaces();
            self.eat(',');
        }
    }

    /// A string in quotes; `raw` leaves backslashes to the regex, but for `\"`.
    fn text(&mut self, raw: bool) -> Result<Vec<u8>, String> {
        if !self.eat('"') {
            return Err(String::from("a string starts with \""));
        }
        let mut out = Vec::new();
        loop {
            match self.next().ok_or("a string without its end")? {
                '"' => return Ok(out),
                '\\' if raw && self.peek() != Some('"') => out.push(b'\\'),
                '\\' => out.push(self.escaped()?),
                letter => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    fn escaped(&mut self) -> Result<u8, String> {
        Ok(match self.next().ok_or("a string without its end")? {
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'x' => {
                let digits: String = self.rest.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).map_err(|_| format!("not hex: {digits:?}"))?
            }
            digit @ '0'..='9' => digit as u8 - b'0',
            letter @ ('"' | '\\') => letter as u8,
            letter => return Err(format!("no escape \\{letter}")),
        })
    }
}

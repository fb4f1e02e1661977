//! What a command answers, and how it is printed.

use std::io::Write;

use serde_json::{Value, json};

use crate::line::Line;
use crate::term::{Term, elixir, erlang, plain};

mod frame;

/// A formatter, by its name after `--formatter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Formatter {
    /// A text that the command makes itself; `string` by name.
    Text,
    Table,
    PrettyTable,
    Json,
    JsonStream,
    Csv,
    Erlang,
    Inspect,
    Report,
}

impl Formatter {
    const NAMES: [(&'static str, Self); 9] = [
        ("string", Self::Text),
        ("table", Self::Table),
        ("pretty_table", Self::PrettyTable),
        ("json", Self::Json),
        ("json_stream", Self::JsonStream),
        ("csv", Self::Csv),
        ("erlang", Self::Erlang),
        ("inspect", Self::Inspect),
        ("report", Self::Report),
    ];

    /// The formatter of a name.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        // RabbitMQ takes the names of its modules: `PrettyTable` works too.
        let name = name.to_ascii_lowercase().replace('_', "");
        let mut names = Self::NAMES.iter();
        let (_, found) = names.find(|(known, _)| known.replace('_', "") == name)?;
        Some(*found)
    }

    /// All names.
    pub(crate) fn names() -> String {
        Self::NAMES.map(|(name, _)| name).join(", ")
    }

    /// Whether the lines that say what is done would spoil the document.
    pub(crate) const fn is_machine(self) -> bool {
        matches!(self, Self::Json | Self::JsonStream | Self::Csv)
    }
}

/// What a command answers.
pub(crate) enum Output {
    /// It is done: nothing to read, but an object in JSON.
    Nothing,
    /// It was printed as it came.
    Printed,
    /// A list with columns.
    Rows {
        columns: Vec<String>,
        rows: Vec<Vec<Term>>,
    },
    /// Lines; an object with `message` for each in JSON.
    Lines(Vec<String>),
    /// A text for people, and what it stands for.
    Both {
        /// For people; nothing is printed if it is empty, except in JSON.
        text: String,
        value: Term,
        /// The JSON, if it is not simply that of the value.
        json: Option<Value>,
    },
}

impl Output {
    /// It is done, and in JSON an object that says so.
    pub(crate) fn done(node: &str) -> Self {
        Self::Both {
            text: String::new(),
            value: Term::atom("ok"),
            json: Some(json!({"node": node, "result": "ok"})),
        }
    }

    /// A line; `{"message": …}` in JSON.
    pub(crate) fn said(text: impl Into<String>) -> Self {
        let text = text.into();
        let value = Term::text(&text);
        let json = Some(json!({"message": text}));
        Self::Both { text, value, json }
    }

    /// A line, and in JSON an object that says what kind of result it is.
    pub(crate) fn result(node: &str, text: impl Into<String>, value: Term) -> Self {
        let json = json!({"node": node, "value": value.to_json(), "result": "ok"});
        Self::Both {
            text: text.into(),
            value,
            json: Some(json),
        }
    }

    /// A line, and in JSON an object with it and a status.
    pub(crate) fn status(node: &str, text: impl Into<String>) -> Self {
        let text = text.into();
        let json = json!({"message": text, "node": node, "status": "ok"});
        Self::Both {
            value: Term::text(&text),
            json: Some(json),
            text,
        }
    }

    /// A text of the command's own for people, a value for all else.
    pub(crate) fn report(text: impl Into<String>, value: Term) -> Self {
        Self::Both {
            text: text.into(),
            value,
            json: None,
        }
    }

    /// Lists of values for columns.
    pub(crate) fn rows(columns: &[&str], rows: Vec<Vec<Term>>) -> Self {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Self::Rows { columns, rows }
    }
}

/// Prints an answer.
///
/// # Errors
/// Those of `to`.
pub(crate) fn print(
    output: Output,
    formatter: Formatter,
    line: &Line,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    match output {
        Output::Nothing | Output::Printed => Ok(()),
        Output::Lines(lines) => match formatter {
            Formatter::Json | Formatter::JsonStream => {
                let rows = lines.into_iter().map(|line| vec![Term::Text(line)]);
                list(&["message".to_owned()], rows.collect(), formatter, line, to)
            }
            _ => lines
                .iter()
                .try_for_each(|line| writeln!(to, "{}", plain::shown(line))),
        },
        Output::Both { text, value, json } => {
            let json = json.unwrap_or_else(|| value.to_json());
            both(&text, &value, &json, formatter, to)
        }
        Output::Rows { columns, rows } => list(&columns, rows, formatter, line, to),
    }
}

fn both(
    text: &str,
    value: &Term,
    json: &Value,
    formatter: Formatter,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    match formatter {
        Formatter::Json | Formatter::JsonStream => writeln!(to, "{}", json),
        _ if text.is_empty() => Ok(()),
        Formatter::Erlang => writeln!(to, "{}", erlang::pretty(value)),
        Formatter::Inspect => writeln!(to, "{}", elixir::inspect(value)),
        Formatter::PrettyTable | Formatter::Csv => {
            let (columns, row): (Vec<String>, Vec<Term>) = match value {
                Term::Pairs(fields) | Term::Map(fields) => fields.iter().cloned().unzip(),
                _ => (vec!["Output".to_owned()], vec![value.clone()]),
            };
            match formatter {
                Formatter::Csv => csv(&columns, &[row], true, to),
                _ => frame::draw(&columns, &[row], to),
            }
        }
        Formatter::Text | Formatter::Table | Formatter::Report => {
            writeln!(to, "{}", plain::shown_lines(text))
        }
    }
}

fn list(
    columns: &[String],
    rows: Vec<Vec<Term>>,
    formatter: Formatter,
    line: &Line,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    let has_heads = !line.has("silent") && !line.has_not("table-headers");
    match formatter {
        Formatter::Table | Formatter::Report => table(columns, &rows, has_heads, to),
        Formatter::PrettyTable => frame::draw(columns, &rows, to),
        Formatter::Csv => csv(columns, &rows, has_heads, to),
        Formatter::Json => {
            writeln!(to, "[")?;
            for (at, row) in rows.into_iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                writeln!(to, "{comma}{}", object(columns, &row))?;
            }
            writeln!(to, "]")
        }
        Formatter::JsonStream => {
            let mut rows = rows.into_iter();
            rows.try_for_each(|row| writeln!(to, "{}\n", object(columns, &row)))
        }
        Formatter::Erlang => {
            let rows = rows.into_iter().map(|row| pairs(columns, row));
            writeln!(to, "{}", erlang::pretty(&Term::List(rows.collect())))
        }
        Formatter::Text => {
            let mut rows = rows.into_iter();
            rows.try_for_each(|row| writeln!(to, "{}", elixir::inspect(&pairs(columns, row))))
        }
        Formatter::Inspect => {
            writeln!(to, "[")?;
            for (at, row) in rows.into_iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                writeln!(to, "{comma}{}", elixir::inspect(&pairs(columns, row)))?;
            }
            writeln!(to, "]")
        }
    }
}

fn pairs(columns: &[String], row: Vec<Term>) -> Term {
    Term::Pairs(columns.iter().cloned().zip(row).collect())
}

/// An object with its keys in the order of the columns.
fn object(columns: &[String], row: &[Term]) -> String {
    let field = |(name, term): (&String, &Term)| {
        format!("{}:{}", Value::from(name.as_str()), term.to_json())
    };
    let fields: Vec<String> = columns.iter().zip(row).map(field).collect();
    format!("{{{}}}", fields.join(","))
}

/// Columns with tabs between; the heads only where there is a row.
fn table(
    columns: &[String],
    rows: &[Vec<Term>],
    has_heads: bool,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    if has_heads && !rows.is_empty() {
        writeln!(to, "{}", columns.join("\t"))?;
    }
    for row in rows {
        let cells: Vec<String> = row.iter().map(plain::cell).collect();
        writeln!(to, "{}", cells.join("\t"))?;
    }
    Ok(())
}

/// Every field in quotes. RabbitMQ fails on lists and processes; here they are as in a table.
fn csv(
    columns: &[String],
    rows: &[Vec<Term>],
    has_heads: bool,
    to: &mut dyn Write,
) -> std::io::Result<()> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    if has_heads && !rows.is_empty() {
        let heads: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
        writeln!(to, "{}", heads.join(","))?;
    }
    for row in rows {
        let cells = row.iter().map(|term| match term {
            Term::List(items) if items.is_empty() => quoted(""),
            _ => quoted(&plain::cell(term)),
        });
        let cells: Vec<String> = cells.collect();
        writeln!(to, "{}", cells.join(","))?;
    }
    Ok(())
}

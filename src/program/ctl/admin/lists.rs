//! Lists of objects: their columns, and how each format prints them.

use std::fmt::Write as _;

use serde_json::Value;

use crate::term::plain::shown;

/// Columns that come first, in this order.
const FIRST: [&str; 7] = [
    "vhost",
    "name",
    "type",
    "source",
    "destination",
    "destination_type",
    "routing_key",
];

/// A list with its columns.
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// `asked` names the columns; without, all are taken that are no deeper than `depth`. Objects
    /// at the keys of `json` are shown as they are.
    pub(super) fn of(items: &[Value], asked: &[String], json: &[&str], depth: usize) -> Self {
        let depth = if asked.is_empty() { depth } else { usize::MAX };
        let flat: Vec<Vec<(String, String)>> = items
            .iter()
            .map(|item| {
                let mut cells = Vec::new();
                flatten("", 1, item, (json, depth), &mut cells);
                cells
            })
            .collect();
        let mut columns = asked.to_vec();
        if asked.is_empty() {
            columns = flat
                .iter()
                .flatten()
                .map(|(name, _)| name.clone())
                .collect();
            columns.sort_by_key(|name| {
                let place = FIRST.iter().position(|first| first == name);
                (place.unwrap_or(FIRST.len()), name.clone())
            });
            columns.dedup();
        }
        let cell = |cells: &[(String, String)], column: &String| {
            let mut found = cells.iter().filter(|(name, _)| name == column);
            found
                .next()
                .map(|(_, text)| text.clone())
                .unwrap_or_default()
        };
        let row = |cells: &Vec<(String, String)>| {
            let cells = columns.iter().map(|column| cell(cells, column));
            cells.map(|cell| shown(&cell)).collect()
        };
        let rows = flat.iter().map(row).collect();
        Self { columns, rows }
    }

    /// The list in a format; `None` for one that is unknown.
    pub(super) fn print(&self, format: &str, is_quiet: bool) -> Option<String> {
        Some(match format {
            "table" => self.framed(),
            "tsv" => self.tabbed(is_quiet),
            "long" => self.long(),
            "kvp" => self.pairs(),
            "bash" => self.names(),
            _ => return None,
        })
    }

    fn tabbed(&self, is_quiet: bool) -> String {
        let mut text = String::new();
        if !is_quiet {
            let _infallible = writeln!(text, "{}", self.columns.join("\t"));
        }
        for row in &self.rows {
            let _infallible = writeln!(text, "{}", row.join("\t"));
        }
        text
    }

    fn pairs(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let cells = self.columns.iter().zip(row);
            let cells = cells.map(|(column, cell)| format!("{column}=\"{cell}\""));
            let _infallible = writeln!(text, "{}", cells.collect::<Vec<_>>().join(" "));
        }
        text
    }

    fn names(&self) -> String {
        let Some(at) = self.columns.iter().position(|column| column == "name") else {
            return String::new();
        };
        let names: Vec<&str> = self
            .rows
            .iter()
            .filter_map(|row| row.get(at))
            .map(String::as_str)
            .collect();
        format!("{}\n", names.join(" "))
    }

    fn long(&self) -> String {
        let line = format!("\n{}\n\n", "-".repeat(80));
        let widest = self
            .columns
            .iter()
            .map(|column| width(column))
            .max()
            .unwrap_or(0);
        let mut text = line.clone();
        for row in &self.rows {
            for (column, cell) in self.columns.iter().zip(row) {
                let _infallible = writeln!(text, "{column:>widest$}: {cell}");
            }
            text.push_str(&line);
        }
        text
    }

    fn framed(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                cells
                    .chain(self.columns.get(at))
                    .map(|cell| width(cell))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let bars: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
        let bar = format!("+{}+\n", bars.join("+"));
        let mut text = bar.clone();
        let heads = self.columns.iter().zip(&widths);
        let heads: Vec<String> = heads
            .map(|(head, width)| format!(" {head:^width$} "))
            .collect();
        let _infallible = writeln!(text, "|{}|", heads.join("|"));
        text.push_str(&bar);
        for row in &self.rows {
            let cells = row.iter().zip(&widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!(" {cell:<width$} "))
                .collect();
            let _infallible = writeln!(text, "|{}|", cells.join("|"));
        }
        text.push_str(&bar);
        text
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn flatten(
    prefix: &str,
    depth: usize,
    item: &Value,
    (json, deepest): (&[&str], usize),
    cells: &mut Vec<(String, String)>,
) {
    for (key, value) in item.as_object().into_iter().flatten() {
        let name = match prefix {
            "" => key.clone(),
            _ => format!("{prefix}.{key}"),
        };
        match value {
            Value::Object(_) if json.contains(&key.as_str()) => cells.push((name, python(value))),
            Value::Object(_) if depth < deepest => {
                flatten(&name, depth + 1, value, (json, deepest), cells);
            }
            Value::Object(_) => {}
            Value::Array(items) => {
                let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
                let text = texts.map_or_else(|| python(value), |texts| texts.join(" "));
                cells.push((name, text));
            }
            Value::String(text) => cells.push((name, text.clone())),
            Value::Bool(true) => cells.push((name, "True".to_owned())),
            Value::Bool(false) => cells.push((name, "False".to_owned())),
            Value::Null => cells.push((name, String::new())),
            Value::Number(number) => cells.push((name, number.to_string())),
        }
    }
}

/// JSON with a blank behind each comma and colon, as Python writes it.
fn python(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let field =
                |(key, value): (&String, &Value)| format!("{}: {}", quoted(key), python(value));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(python).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

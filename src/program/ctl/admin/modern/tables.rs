//! Tables in the styles of the newer program.

use serde_json::Value;

use super::Trouble;
use super::line::Words;
use crate::term::plain::shown;

/// The value at a path of keys, as a cell.
pub(super) fn cell(item: &Value, key: &str) -> String {
    let at = |value: Option<&Value>, key: &str| value.and_then(|value| value.get(key)).cloned();
    // Keys with dots in them are whole before they are paths.
    let found = at(Some(item), key).or_else(|| {
        key.split('.')
            .try_fold(item.clone(), |value, part| at(Some(&value), part))
    });
    match found {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => shown(&text),
        Some(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            items.join(", ")
        }
        Some(Value::Object(fields)) => {
            let field = |(key, value): (&String, &Value)| format!("{}: {value}\n", shown(key));
            fields.iter().map(field).collect()
        }
        Some(other) => other.to_string(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), shown)
}

/// How a table is drawn: the line above it, the one below its heads, the one between rows, the one
/// below it, each as its left end, its filling, its crossing and its right end; and what stands
/// left of cells, between them and right of them.
struct Style {
    top: Option<[&'static str; 4]>,
    below_heads: Option<[&'static str; 4]>,
    between: Option<[&'static str; 4]>,
    bottom: Option<[&'static str; 4]>,
    cells: [&'static str; 3],
}

fn style(name: &str) -> Option<Style> {
    let ascii = Some(["+", "-", "+", "+"]);
    let dots = Some([":", ".", ":", ":"]);
    let none = Style {
        top: None,
        below_heads: None,
        between: None,
        bottom: None,
        cells: ["", " ", ""],
    };
    Some(match name {
        "modern" => Style {
            top: Some(["╭", "─", "┬", "╮"]),
            below_heads: Some(["├", "─", "┼", "┤"]),
            bottom: Some(["╰", "─", "┴", "╯"]),
            cells: ["│", "│", "│"],
            ..none
        },
        "sharp" => Style {
            top: Some(["┌", "─", "┬", "┐"]),
            below_heads: Some(["├", "─", "┼", "┤"]),
            bottom: Some(["└", "─", "┴", "┘"]),
            cells: ["│", "│", "│"],
            ..none
        },
        "ascii" => Style {
            top: ascii,
            below_heads: ascii,
            between: ascii,
            bottom: ascii,
            cells: ["|", "|", "|"],
        },
        "dots" => Style {
            top: Some([".", ".", ".", "."]),
            below_heads: dots,
            between: dots,
            bottom: dots,
            cells: [":", ":", ":"],
        },
        "psql" => Style {
            below_heads: Some(["", "-", "+", ""]),
            cells: ["", "|", ""],
            ..none
        },
        "markdown" => Style {
            below_heads: Some(["|", "-", "|", "|"]),
            cells: ["|", "|", "|"],
            ..none
        },
        "borderless" => none,
        _ => return None,
    })
}

/// Heads and rows, in the style that the words ask for; bare rows for programs.
pub(super) fn draw(
    words: &Words,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
) -> Result<String, Trouble> {
    if words.has("non-interactive") {
        return Ok(bare(&rows));
    }
    let name = words.style.as_deref().unwrap_or("modern");
    let Some(style) = style(name) else {
        return Err(Trouble::usage(format!(
            "invalid value '{name}' for '--table-style <table_style>'"
        )));
    };
    let mut all = vec![heads];
    all.extend(rows);
    let widths = widths(&all);
    let bar = |parts: Option<[&str; 4]>| match parts {
        None => String::new(),
        Some([left, fill, cross, right]) => {
            let fills: Vec<String> = widths.iter().map(|width| fill.repeat(width + 2)).collect();
            format!("{left}{}{right}\n", fills.join(cross))
        }
    };
    let mut text = bar(style.top);
    for (at, row) in all.iter().enumerate() {
        match at {
            0 => {}
            1 => text.push_str(&bar(style.below_heads)),
            _ => text.push_str(&bar(style.between)),
        }
        text.push_str(&line(row, &widths, &style));
    }
    text.push_str(&bar(style.bottom));
    Ok(text)
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let lines = cells
            .flat_map(|cell| cell.lines())
            .map(|line| line.chars().count());
        lines.max().unwrap_or(0)
    };
    (0..columns).map(width).collect()
}

/// A row, whose cells may have several lines.
fn line(row: &[String], widths: &[usize], style: &Style) -> String {
    let [left, between, right] = style.cells;
    let height = row
        .iter()
        .map(|cell| cell.lines().count())
        .max()
        .unwrap_or(0)
        .max(1);
    let lines = (0..height).map(|at| {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            let text = cell.lines().nth(at).unwrap_or_default();
            format!(" {text:width$} ")
        });
        format!("{left}{}{right}\n", cells.collect::<Vec<_>>().join(between))
    });
    lines.collect()
}

/// Cells with two blanks between.
fn bare(rows: &[Vec<String>]) -> String {
    let flat: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| cell.replace('\n', ",")).collect())
        .collect();
    let widths = widths(&flat);
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        format!("{} \n", cells.collect::<Vec<_>>().join("  "))
    };
    flat.iter().map(line).collect()
}

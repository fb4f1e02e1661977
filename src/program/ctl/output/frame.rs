//! Tables with a frame, drawn as RabbitMQ's tools draw them: with a terminal's letters for lines.

use std::io::{Result, Write};

use crate::term::{Term, erlang, plain};

/// Draws a table. A table without rows is nothing.
pub(crate) fn draw(columns: &[String], rows: &[Vec<Term>], to: &mut dyn Write) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(cell).collect())
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, head)| {
            let cells = rows.iter().filter_map(|row| row.get(at));
            let widths = cells.map(|cell| cell.chars().count());
            widths.chain([head.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    rule('l', 'w', 'k', &widths, to)?;
    let heads = columns.iter().zip(&widths).map(|(head, width)| {
        let blanks = " ".repeat(width - head.chars().count().min(*width));
        format!("\u{1b}[1m{head}\u{1b}[0m{blanks}")
    });
    line(heads, to)?;
    for row in &rows {
        rule('t', 'n', 'u', &widths, to)?;
        line(
            row.iter()
                .zip(&widths)
                .map(|(cell, &width)| format!("{cell:width$}")),
            to,
        )?;
    }
    rule('m', 'v', 'j', &widths, to)
}

/// A value in a framed table: lists lose their brackets and commas.
fn cell(term: &Term) -> String {
    match term {
        Term::List(items) => items.iter().map(cell).collect(),
        Term::Tuple(_) | Term::Pairs(_) | Term::Map(_) => erlang::line(term),
        _ => plain::cell(term),
    }
}

fn rule(
    left: char,
    between: char,
    right: char,
    widths: &[usize],
    to: &mut dyn Write,
) -> Result<()> {
    let parts: Vec<String> = widths.iter().map(|width| "q".repeat(width + 2)).collect();
    let between = between.to_string();
    writeln!(to, "\u{1b}(0{left}{}{right}\u{1b}(B", parts.join(&between))
}

fn line(cells: impl Iterator<Item = String>, to: &mut dyn Write) -> Result<()> {
    const BAR: &str = "\u{1b}(0x\u{1b}(B";
    for cell in cells {
        write!(to, "{BAR} {cell} ")?;
    }
    writeln!(to, "{BAR}")
}

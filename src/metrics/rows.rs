//! Series of one family as text: names, labels with what must be escaped, figures.
//!
//! Docs: Prometheus, exposition formats, text-based format 0.0.4.

use std::io::Write as _;

use super::family::Figure;

/// Writes series of one family behind a text.
pub(super) struct Rows<'a> {
    pub(super) text: &'a mut Vec<u8>,
    pub(super) name: Name,
    pub(super) labels: &'static [&'static str],
}

/// The name of a family: what its page puts before it, and its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) prefix: &'static str,
    pub(super) own: &'static str,
}

/// A distribution, as far as it is written.
pub(super) struct Histogram<'a> {
    /// Upper ends of buckets, as they are shown, and what lies in each, not in those below.
    pub(super) buckets: &'a [(&'static str, u64)],
    /// What lies above all of them.
    pub(super) above: u64,
    pub(super) sum: Figure,
}

impl Rows<'_> {
    /// A series; `values` are those of the labels, in their order.
    pub(super) fn push(&mut self, values: &[&str], figure: impl Into<Figure>) {
        self.row("", values, None, figure.into());
    }

    /// All series of a distribution.
    pub(super) fn histogram(&mut self, values: &[&str], histogram: &Histogram<'_>) {
        let mut below = 0;
        for (end, count) in histogram.buckets {
            below += count;
            self.row("_bucket", values, Some(end), below.into());
        }
        below += histogram.above;
        self.row("_bucket", values, Some("+Inf"), below.into());
        self.row("_count", values, None, below.into());
        self.row("_sum", values, None, histogram.sum);
    }

    fn row(&mut self, suffix: &str, values: &[&str], end: Option<&str>, figure: Figure) {
        debug_assert_eq!(values.len(), self.labels.len(), "{:?}", self.name);
        let Name { prefix, own } = self.name;
        for part in [prefix, own, suffix] {
            self.text.extend_from_slice(part.as_bytes());
        }
        let labels = self.labels.iter().copied().zip(values.iter().copied());
        let mut before = b'{';
        for (label, value) in labels.chain(end.map(|end| ("le", end))) {
            self.text.push(before);
            before = b',';
            self.text.extend_from_slice(label.as_bytes());
            self.text.extend_from_slice(b"=\"");
            escape(self.text, value);
            self.text.push(b'"');
        }
        if before == b',' {
            self.text.push(b'}');
        }
        self.text.push(b' ');
        write_figure(self.text, figure);
        self.text.push(b'\n');
    }
}

/// The lines before the series of a family.
pub(super) fn write_head(text: &mut Vec<u8>, Name { prefix, own }: Name, kind: &str, help: &str) {
    debug_assert!(!help.contains(['\\', '\n']), "help texts are not escaped");
    let written = write!(
        text,
        "# TYPE {prefix}{own} {kind}\n# HELP {prefix}{own} {help}\n"
    );
    debug_assert!(written.is_ok(), "memory takes every octet");
}

fn escape(text: &mut Vec<u8>, value: &str) {
    for octet in value.bytes() {
        match octet {
            b'\\' => text.extend_from_slice(b"\\\\"),
            b'"' => text.extend_from_slice(b"\\\""),
            b'\n' => text.extend_from_slice(b"\\n"),
            other => text.push(other),
        }
    }
}

fn write_figure(text: &mut Vec<u8>, figure: Figure) {
    let written = match figure {
        Figure::Whole(whole) => write!(text, "{whole}"),
        Figure::Real(real) if real == f64::INFINITY => write!(text, "+Inf"),
        Figure::Real(real) if real == f64::NEG_INFINITY => write!(text, "-Inf"),
        // A whole number with `.0` behind it, as RabbitMQ writes those that it keeps as floats.
        Figure::Real(real) => write!(text, "{real:?}"),
    };
    debug_assert!(written.is_ok(), "memory takes every octet");
}

#[cfg(test)]
mod tests;

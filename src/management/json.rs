//! JSON as it is sent: objects written straight into the answer, key by key, without the keys that
//! were not asked for.

use std::collections::BTreeMap;

use serde::Serialize;

/// Keys of a path in `columns` or `sort` that are looked at: no object here is deeper, and a path
/// of any length must not become a structure of that depth.
const COLUMN_DEPTH: usize = 8;

/// Which keys of an object are wanted: a tree of the paths in `columns`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Columns {
    /// All.
    #[default]
    All,
    /// These, each with what is wanted inside of it.
    Some(BTreeMap<Box<str>, Columns>),
}

impl Columns {
    /// No choice.
    pub(super) fn all() -> Self {
        Self::All
    }

    /// Reads `name,message_stats.publish_details.rate`.
    pub(super) fn of(paths: &str) -> Self {
        let mut columns = Self::Some(BTreeMap::new());
        for path in paths.split(',') {
            columns.add(path.split('.').take(COLUMN_DEPTH));
        }
        columns
    }

    fn add<'a>(&mut self, mut path: impl Iterator<Item = &'a str>) {
        let Self::Some(wanted) = self else { return };
        let Some(first) = path.next() else {
            *self = Self::All;
            return;
        };
        let inside = wanted.entry(first.into());
        inside
            .or_insert_with(|| Self::Some(BTreeMap::new()))
            .add(path);
    }

    /// What is wanted inside of `key`; `None` if it is not wanted at all.
    fn inside(&self, key: &str) -> Option<&Self> {
        match self {
            Self::All => Some(self),
            Self::Some(wanted) => wanted.get(key),
        }
    }
}

/// Which samples of counters are written, of those that the request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Samples {
    /// All.
    All,
    /// The last two, which say the rate: for a sort key, which is no list of samples.
    LastTwo,
}

/// An object that is being written.
pub(super) struct Object<'a> {
    text: &'a mut Vec<u8>,
    columns: &'a Columns,
    samples: Samples,
    is_empty: bool,
}

impl<'a> Object<'a> {
    /// Writes an object behind `text`. One without any key that was asked for is `[]`.
    ///
    /// Seen: RabbitMQ 4.3.6, `?columns=nope`.
    pub(super) fn write(
        text: &'a mut Vec<u8>,
        columns: &'a Columns,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        Self::write_with(text, columns, Samples::All, write);
    }

    /// The same with these samples.
    pub(super) fn write_with(
        text: &'a mut Vec<u8>,
        columns: &'a Columns,
        samples: Samples,
        write: impl FnOnce(&mut Object<'_>),
    ) {
        let begin = text.len();
        text.push(b'{');
        let mut object = Object {
            text: &mut *text,
            columns,
            samples,
            is_empty: true,
        };
        write(&mut object);
        let is_empty = object.is_empty;
        if is_empty && *columns != Columns::All {
            text.truncate(begin);
            text.extend_from_slice(b"[]");
        } else {
            text.push(b'}');
        }
    }

    /// Whether the key is wanted: for a figure that is dear.
    pub(super) fn wants(&self, key: &str) -> bool {
        self.columns.inside(key).is_some()
    }

    /// Which samples are written.
    pub(super) fn samples(&self) -> Samples {
        self.samples
    }

    /// A value of any kind.
    pub(super) fn set<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) {
        if self.wants(key) {
            self.key(key);
            value_of(self.text, value);
        }
    }

    /// A value if there is one, and no key otherwise.
    pub(super) fn set_some<T: Serialize>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            self.set(key, &value);
        }
    }

    /// An object in the object. With `columns` it is left out if nothing in it is wanted.
    pub(super) fn object(&mut self, key: &str, write: impl FnOnce(&mut Object<'_>)) {
        let Some(columns) = self.columns.inside(key) else {
            return;
        };
        let (begin, was_empty) = (self.text.len(), self.is_empty);
        self.key(key);
        self.text.push(b'{');
        let mut inner = Object {
            text: &mut *self.text,
            columns,
            samples: self.samples,
            is_empty: true,
        };
        write(&mut inner);
        if inner.is_empty && *columns != Columns::All {
            self.text.truncate(begin);
            self.is_empty = was_empty;
        } else {
            self.text.push(b'}');
        }
    }

    /// An array of objects.
    pub(super) fn array<T>(
        &mut self,
        key: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Object<'_>, T),
    ) {
        let Some(columns) = self.columns.inside(key) else {
            return;
        };
        self.key(key);
        self.text.push(b'[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.text.push(b',');
            }
            Object::write(self.text, columns, |object| write(object, item));
        }
        self.text.push(b']');
    }

    fn key(&mut self, key: &str) {
        if !self.is_empty {
            self.text.push(b',');
        }
        self.is_empty = false;
        value_of(self.text, key);
        self.text.push(b':');
    }
}

/// Writes a value behind `text`.
pub(super) fn value_of<T: Serialize + ?Sized>(text: &mut Vec<u8>, value: &T) {
    let written = serde_json::to_writer(&mut *text, value);
    // Writing to memory cannot fail, and no value here refuses to be written.
    debug_assert!(written.is_ok(), "{written:?}");
}

#[cfg(test)]
mod tests;

//! Settings that name things, each with fields: in a table of a file, in a table where everything
//! is text, or one field by its dotted name.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Loader, given};
use crate::config::key::Key;
use crate::config::origin::Origin;
use crate::config::settings::KEYS;
use crate::config::value::{Given, ValueType};

impl Loader {
    /// Gives a field of a thing that a setting names.
    pub(super) fn give_part(
        &mut self,
        row: usize,
        of: (&str, &str),
        given: &Given,
        origin: &Origin,
    ) {
        let (Some(key), Some(place)) = (KEYS.get(row), self.origins.get_mut(row)) else {
            return;
        };
        match key.set_part(&mut self.settings, of, given, origin) {
            Ok(()) => *place = origin.clone(),
            Err(error) => self.problems.push(error),
        }
    }

    /// Gives the things that a setting names, as a table of the file holds them.
    pub(super) fn things(
        &mut self,
        row: usize,
        table: &DeTable<'_>,
        place: &dyn Fn(usize) -> Origin,
    ) {
        for (name, value) in in_order(table) {
            let DeValue::Table(fields) = value.get_ref() else {
                self.give_row(row, &given(value), &place(name.span().start));
                continue;
            };
            for (field, value) in in_order(fields) {
                let of = (&**name.get_ref(), &**field.get_ref());
                self.give_part(row, of, &given(value), &place(field.span().start));
            }
        }
    }
}

/// What was given to a setting; one that names things is given as a table of TOML where everything
/// is text.
pub(super) fn whole(key: &Key, given: &Given) -> Given {
    let (ValueType::Named(_), Given::Raw(text)) = (key.value_type, given) else {
        return given.clone();
    };
    let line = format!("it = {text}");
    let table = DeTable::parse(&line).ok();
    let table = table.and_then(|table| match table.get_ref().get("it")?.get_ref() {
        DeValue::Table(things) => things_of(things),
        _ => None,
    });
    table.unwrap_or_else(|| given.clone())
}

fn things_of(table: &DeTable<'_>) -> Option<Given> {
    let things = in_order(table).into_iter().map(|(name, value)| {
        let DeValue::Table(fields) = value.get_ref() else {
            return None;
        };
        let fields = in_order(fields).into_iter();
        let fields = fields.map(|(field, value)| (field.get_ref().to_string(), given(value)));
        Some((name.get_ref().to_string(), fields.collect()))
    });
    Some(Given::Named(things.collect::<Option<_>>()?))
}

/// What a table holds, in the order of the file.
pub(super) fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
    let mut rows: Vec<_> = table.iter().collect();
    rows.sort_by_key(|(name, _)| name.span().start);
    rows
}

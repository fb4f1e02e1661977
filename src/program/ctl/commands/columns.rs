//! Columns of lists: which there are, which are asked for, and their values.

use serde_json::Value;

use crate::failure::Failure;
use crate::line::Line;
use crate::output::Output;
use crate::term::Term;

/// A column: its name, and what it shows of an object of the API.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) term: fn(&Value) -> Term,
}

/// Makes columns: `"name"` shows the key of that name; `"name": how` shows it in another way, by a
/// function of the object.
macro_rules! columns {
    ($($name:literal $(: $how:expr)?),* $(,)?) => {
        &[$($crate::commands::columns::columns!(@one $name $($how)?)),*]
    };
    (@one $name:literal $how:expr) => {
        $crate::commands::columns::Column { name: $name, term: $how }
    };
    (@one $name:literal) => {
        $crate::commands::columns::Column {
            name: $name,
            term: |object| $crate::commands::columns::key(object, $name),
        }
    };
}

pub(crate) use columns;

/// The value of a key; unknown if there is none.
pub(crate) fn key(object: &Value, key: &str) -> Term {
    object.get(key).map_or_else(Term::unknown, Term::of_json)
}

/// The value of a key that is a name in Erlang: nothing quotes it.
pub(crate) fn atom(object: &Value, key: &str) -> Term {
    let name = object.get(key).and_then(Value::as_str);
    name.map_or_else(Term::unknown, Term::atom)
}

/// The value of a key that is a list of names, separated by commas or not.
pub(crate) fn atoms(object: &Value, key: &str) -> Term {
    match object.get(key) {
        Some(Value::Array(items)) => {
            let names = items.iter().filter_map(Value::as_str);
            Term::List(names.map(Term::atom).collect())
        }
        Some(Value::String(names)) => {
            let names = names.split(',').filter(|name| !name.is_empty());
            Term::List(names.map(Term::atom).collect())
        }
        _ => Term::unknown(),
    }
}

/// The value of a key that is an AMQP table.
pub(crate) fn table(object: &Value, key: &str) -> Term {
    object.get(key).map_or_else(Term::unknown, Term::table)
}

/// The columns that a command line asks for: words, each with one or more names.
fn asked<'a>(line: &'a Line, default: &[&'a str]) -> Vec<&'a str> {
    let words = line.words.iter().flat_map(|word| word.split([',', ' ']));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return default.to_vec();
    }
    let mut once: Vec<&str> = Vec::new();
    for word in words {
        if !once.contains(&word) {
            once.push(word);
        }
    }
    once
}

/// Refuses columns that there are not.
pub(crate) fn check(line: &Line, known: &[Column]) -> Result<(), Failure> {
    let is_known = |name: &str| known.iter().any(|column| column.name == name);
    let mut unknown = asked(line, &[]);
    unknown.retain(|name| !is_known(name));
    match unknown.is_empty() {
        true => Ok(()),
        false => {
            let names = unknown.join(",");
            Err(Failure::usage(format!(
                "Info key(s) {names} are not supported"
            )))
        }
    }
}

/// Whether one of these columns is asked for.
pub(crate) fn wants(line: &Line, default: &[&str], names: &[&str]) -> bool {
    asked(line, default).iter().any(|name| names.contains(name))
}

/// The list of objects with the columns that are asked for.
pub(crate) fn list<'a>(
    line: &Line,
    known: &[Column],
    default: &[&str],
    objects: impl IntoIterator<Item = &'a Value>,
) -> Output {
    let asked = asked(line, default);
    let find = |name: &&str| known.iter().find(|column| column.name == *name);
    let columns: Vec<&Column> = asked.iter().filter_map(find).collect();
    shown(columns, objects)
}

fn shown<'a>(columns: Vec<&Column>, objects: impl IntoIterator<Item = &'a Value>) -> Output {
    let row = |object: &Value| columns.iter().map(|column| (column.term)(object)).collect();
    let rows: Vec<Vec<Term>> = objects.into_iter().map(row).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    Output::rows(&names, rows)
}

/// The same list with its columns in the order of the table, whatever the order of the words.
pub(crate) fn in_order<'a>(
    line: &Line,
    known: &[Column],
    default: &[&str],
    objects: impl IntoIterator<Item = &'a Value>,
) -> Output {
    let asked = asked(line, default);
    let columns = known.iter().filter(|column| asked.contains(&column.name));
    shown(columns.collect(), objects)
}

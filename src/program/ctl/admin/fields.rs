//! Arguments as `name=value`, checked against what an action takes.

use serde_json::{Map, Value};

use super::objects::{Action, usual};
use super::options::Options;

/// Why arguments cannot be taken.
#[derive(Debug, PartialEq)]
pub(super) enum Wrong {
    /// Their use.
    Usage(String),
    /// A value that should be JSON.
    Json(String),
}

/// The fields that arguments say, with what is usual for those that are left out.
pub(super) fn parse(
    arguments: &[String],
    action: &Action,
    options: &Options,
) -> Result<Map<String, Value>, Wrong> {
    let mut fields = usual(action);
    for argument in arguments {
        let Some((name, value)) = argument.split_once('=') else {
            let text = format!("Argument \"{argument}\" not in the name=value format");
            return Err(Wrong::Usage(text));
        };
        let mut needed = action.needed.iter().flat_map(|names| names.split('|'));
        let is_optional = action.optional.iter().any(|(known, _)| *known == name);
        if !is_optional && !needed.any(|known| known == name) {
            return Err(Wrong::Usage(format!(
                "Argument \"{name}\" is not recognised"
            )));
        }
        let value = match action.json.contains(&name) {
            true => serde_json::from_str(value).map_err(|_| Wrong::Json(value.to_owned()))?,
            false => Value::from(value),
        };
        fields.insert(name.to_owned(), value);
    }
    for names in action.needed {
        if names.split('|').any(|name| fields.contains_key(name)) {
            continue;
        }
        let text = match names.contains('|') {
            true => {
                let names: Vec<String> = names.split('|').map(|name| format!("'{name}'")).collect();
                format!(
                    "one of mandatory arguments \"[{}]\" is required",
                    names.join(", ")
                )
            }
            false => format!("mandatory argument \"{names}\" is required"),
        };
        return Err(Wrong::Usage(text));
    }
    if !action.needed.contains(&"vhost") {
        let vhost = options.vhost.as_ref().unwrap_or(&options.declare_vhost);
        fields.insert("vhost".to_owned(), Value::from(vhost.as_str()));
    }
    Ok(fields)
}

/// The type of a queue is one of its arguments.
pub(super) fn put_type(fields: &mut Map<String, Value>) {
    if let Some(kind) = fields.remove("queue_type") {
        let arguments = fields
            .entry("arguments")
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(arguments) = arguments.as_object_mut() {
            arguments.insert("x-queue-type".to_owned(), kind);
        }
    }
}

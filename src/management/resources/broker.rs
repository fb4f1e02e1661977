//! The broker as a whole: its settings, and forgetting how its counters moved.

use serde_json::Value as Json;

use crate::config::{InForce, Value, in_force};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::json::{Columns, Object};

/// `GET /config/effective`: as an Erlang term, secrets left out.
pub(in crate::management) async fn effective(ask: Ask) -> Answer {
    Ok(Reply::text(crate::config::effective(ask.desk.settings())))
}

/// `DELETE /reset` and `/reset/N`.
pub(in crate::management) async fn reset(ask: Ask) -> Answer {
    let node = ask.name("node");
    if !node.is_empty() && node != ask.door.node.name {
        return Err(Refusal::not_found());
    }
    ask.desk.forget_rates();
    Ok(Reply::done())
}

/// `GET /leveret/settings`: settings in force, secrets left out.
pub(in crate::management) async fn settings(ask: Ask) -> Answer {
    let mut text = b"[".to_vec();
    for setting in in_force(ask.desk.settings()) {
        if text.len() > 1 {
            text.push(b',');
        }
        Object::write(&mut text, &Columns::All, |object| write(object, &setting));
    }
    text.push(b']');
    Ok(Reply::json(text))
}

fn write(object: &mut Object<'_>, setting: &InForce) {
    object.set("key", setting.key);
    object.set("group", setting.group);
    object.set("about", &setting.about);
    object.set("value", &setting.value.as_ref().map(json));
    object.set("default", &setting.default.as_ref().map(json));
    object.set("changed", &setting.is_changed);
    object.set("secret", &setting.value.is_none());
}

/// A value as JSON: null for `none`.
fn json(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Text(text) => Json::from(&**text),
        Value::Whole(whole) => Json::from(*whole),
        Value::Ratio(ratio) => Json::from(*ratio),
        Value::Flag(flag) => Json::from(*flag),
        Value::List(items) => Json::from(items.clone()),
        Value::Named(things) => {
            let things = things.iter().map(|(name, fields)| {
                let fields = fields.iter();
                let fields = fields.map(|(field, value)| ((*field).to_owned(), json(value)));
                (name.to_owned(), Json::Object(fields.collect()))
            });
            Json::Object(things.collect())
        }
    }
}

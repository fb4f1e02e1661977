//! Items whose objects are their definitions as serde writes them: users, permissions, policies.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::answer::{Answer, Reply};
use super::ask::Ask;
use super::json::Object;
use super::lists::{Pages, list};
use crate::desk::views::Item;

/// See the module.
pub(super) struct Plain {
    vhost: String,
    name: String,
    fields: Map<String, Json>,
}

impl Plain {
    /// An item called `name` in `vhost`; things of no vhost have an empty one.
    pub(super) fn new(vhost: &str, name: &str, item: &impl Serialize) -> Self {
        let fields = match serde_json::to_value(item) {
            Ok(Json::Object(fields)) => fields,
            // Definitions have names for keys and finite numbers: all of them are objects.
            other => {
                debug_assert!(false, "{other:?} is no object");
                Map::new()
            }
        };
        Self {
            vhost: vhost.to_owned(),
            name: name.to_owned(),
            fields,
        }
    }

    fn write(&self, object: &mut Object<'_>) {
        for (key, value) in &self.fields {
            object.set(key, value);
        }
    }

    /// 200 with it.
    pub(super) fn answer(&self, ask: &Ask) -> Reply {
        ask.object(|object| self.write(object))
    }
}

impl Item for Plain {
    fn place(&self) -> (&str, &str) {
        (&self.vhost, &self.name)
    }
}

/// 200 with a list of them.
///
/// # Errors
/// 400 for a page that there is not.
pub(super) fn answer_all(ask: &Ask, pages: Pages, items: Vec<Plain>) -> Answer {
    list(
        ask,
        pages,
        items,
        |_, _| None,
        |object, item| item.write(object),
    )
}

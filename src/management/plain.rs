//! Items whose objects are their definitions as serde writes them: users, permissions, policies.

use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::answer::{Answer, Reply};
use super::ask::Ask;
use super::json::Object;
use super::lists::{MANY, Pages, list};
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

/// 200 with a list of those that `gather` gives.
///
/// # Errors
/// 400 for a page that there is not.
pub(super) async fn answer_all(
    ask: &Ask,
    pages: Pages,
    gather: impl FnOnce() -> Vec<Plain> + Send,
) -> Answer {
    answer_many(ask, pages, MANY, gather).await
}

/// 200 with a list of these few.
///
/// # Errors
/// 400 for a page that there is not.
pub(super) async fn answer_few(ask: &Ask, items: Vec<Plain>) -> Answer {
    answer_many(ask, Pages::No, items.len(), || items).await
}

async fn answer_many(
    ask: &Ask,
    pages: Pages,
    many: usize,
    gather: impl FnOnce() -> Vec<Plain> + Send,
) -> Answer {
    let write = |object: &mut Object<'_>, item: &Plain| item.write(object);
    list(ask, pages, many, gather, |_, _| None, write).await
}

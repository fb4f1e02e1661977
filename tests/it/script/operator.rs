//! What an operator does in a script: `! verb "name" key=value`.

use leveret::broker::Broker;
use leveret::internals::AdministrationInside as _;
use leveret::internals::desk::session::Session;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};

use super::syntax::Sentence;
use super::term::Captures;
use super::value::Value;

/// One thing to do.
pub(crate) struct Order {
    /// `user`, `permissions`, `policy`, …
    pub(crate) verb: String,
    /// The user, policy or limit it is about.
    pub(crate) name: String,
    /// What is said about it.
    pub(crate) args: Map<String, Json>,
}

impl Order {
    /// Reads a `!` line.
    ///
    /// # Errors
    /// When it names something not captured yet.
    pub(crate) fn of(sentence: &Sentence, captures: &Captures) -> Result<Self, String> {
        let name = match &sentence.plain {
            Some(term) => text(&term.to_value(captures)?),
            None => String::new(),
        };
        let mut args = Map::new();
        for (key, term) in &sentence.args {
            args.insert(key.clone(), to_json(&term.to_value(captures)?));
        }
        if sentence.name == "user" {
            args.entry("tags").or_insert_with(|| json!(""));
        }
        Ok(Self {
            verb: sentence.name.clone(),
            name,
            args,
        })
    }

    /// A string argument, empty when missing.
    pub(crate) fn word(&self, key: &str) -> &str {
        self.args.get(key).and_then(Json::as_str).unwrap_or("")
    }

    /// Does it to a broker in this process, which has only the vhost `/`.
    ///
    /// # Errors
    /// When the verb is unknown or the broker refuses.
    pub(crate) fn embedded(&self, broker: &Broker) -> Result<(), String> {
        let desk = broker.desk();
        let administration = desk.administration();
        let refused = match self.verb.as_str() {
            "user" => administration.put_user(&self.read(&["name"])?).err(),
            "delete-user" => administration.delete_user(&self.name).err(),
            "permissions" => administration.put_permission(&self.read(&["user"])?).err(),
            "topic-permissions" => {
                let permission = self.read(&["user"])?;
                administration.put_topic_permission(&permission).err()
            }
            "policy" => administration.put_policy(&self.read(&["name"])?).err(),
            "operator-policy" => {
                let policy = self.read(&["name"])?;
                administration.put_operator_policy(&policy).err()
            }
            "clear-policy" => administration.clear_policy("/", &self.name).err(),
            "vhost-limit" => administration.set_vhost_limits("/", self.limit()?).err(),
            "user-limit" => {
                let limits = self.limit()?;
                administration
                    .set_user_limits(self.word("user"), limits)
                    .err()
            }
            "delete-vhost" => administration.delete_vhost("/").err(),
            "trace" => {
                let tracing = self.args.get("on") == Some(&json!(true));
                administration.trace_vhost("/", tracing).err()
            }
            "close-connections" => {
                let is_meant = |session: &Session| session.user_name() == self.name;
                administration.close_connections(self.word("reason"), is_meant);
                None
            }
            other => return Err(format!("no operator can {other}")),
        };
        refused.map_or(Ok(()), |error| Err(error.to_string()))
    }

    /// The arguments as one of the broker's definitions, the name under each of `names`.
    fn read<T: DeserializeOwned>(&self, names: &[&str]) -> Result<T, String> {
        let mut args = self.args.clone();
        args.insert(String::from("vhost"), json!("/"));
        for name in names {
            args.insert((*name).to_owned(), json!(self.name));
        }
        serde_json::from_value(Json::Object(args)).map_err(|error| error.to_string())
    }

    fn limit<T: DeserializeOwned>(&self) -> Result<T, String> {
        let limit = json!({ self.name.clone(): self.args.get("value") });
        serde_json::from_value(limit).map_err(|error| error.to_string())
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(octet) => json!(*octet != 0),
        Value::Int(_, number) => json!(i64::try_from(*number).unwrap_or(i64::MAX)),
        Value::Table(entries) => entries
            .iter()
            .map(|(key, entry)| (String::from_utf8_lossy(key).into_owned(), to_json(entry)))
            .collect(),
        other => json!(text(other)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Bytes(_, octets) => String::from_utf8_lossy(octets).into_owned(),
        other => super::render::value(other),
    }
}

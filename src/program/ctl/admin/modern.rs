//! The newer syntax: groups and verbs (`queues declare --name q`, `declare queue --name q`), GNU
//! options, silence when all is well.

use std::io::Write as _;
use std::process::ExitCode;

use hyper::Method;
use serde_json::{Map, Value, json};

use super::objects::{self, Action};
use super::options::{Given, Options};
use crate::client::{Client, path};
use crate::failure::code;

mod kinds;
mod line;
mod tables;

use kinds::{KINDS, Kind};
use line::Words;

/// Why nothing is done: the exit code and what standard error is told.
pub(super) struct Trouble {
    code: u8,
    text: String,
}

impl Trouble {
    /// Words that make no sense; exit code 2.
    fn usage(text: impl std::fmt::Display) -> Self {
        Self {
            code: 2,
            text: format!("error: {text}\n\nFor more information, try '--help'."),
        }
    }

    /// What was asked for cannot be done.
    fn data(text: impl Into<String>) -> Self {
        Self {
            code: code::DATA,
            text: text.into(),
        }
    }
}

/// Whether words are in this syntax and not in the classic one, which has the verbs `list`,
/// `declare` and so on too, but `name=value` behind them.
pub(super) fn is_meant(words: &[String]) -> bool {
    let own = ["--non-interactive", "--table-style", "--tls"];
    let is_own = |word: &String| {
        own.iter()
            .any(|option| word.split('=').next() == Some(option))
    };
    if words.iter().any(is_own) {
        return true;
    }
    let given = Given::parse(words);
    let mut said = given.words.iter().map(String::as_str);
    match (said.next(), said.next()) {
        (Some("list"), Some(kind)) => {
            given.unknown.is_some()
                || !objects::LISTED.iter().any(|listed| listed.name == kind)
                    && KINDS.iter().any(|known| known.plural == kind)
        }
        (Some("publish"), Some("message")) | (Some("get"), Some("messages")) => true,
        (Some("declare" | "delete" | "purge" | "close" | "publish" | "get" | "show"), _)
        | (Some("export" | "import"), _) => given.unknown.is_some(),
        (Some(group), _) => {
            ["definitions", "health_check"].contains(&group)
                || KINDS.iter().any(|known| known.plural == group)
        }
        _ => false,
    }
}

/// See the module.
pub(super) fn main(words: &[String]) -> ExitCode {
    let done = Words::parse(words).and_then(run);
    // An output that is closed has no reader who would miss it.
    match done {
        Ok((text, code)) => {
            drop(std::io::stdout().write_all(text.as_bytes()));
            ExitCode::from(code)
        }
        Err(trouble) => {
            drop(writeln!(std::io::stderr(), "{}", trouble.text));
            ExitCode::from(trouble.code)
        }
    }
}

/// What is printed, and the exit code.
type Said = Result<(String, u8), Trouble>;

fn silent() -> Said {
    Ok((String::new(), 0))
}

fn run(words: Words) -> Said {
    if words.has("help") {
        return Ok((HELP.to_owned(), 0));
    }
    let options = Options::of(&words.globals).map_err(Trouble::data)?;
    let client = super::client(&options);
    let client = client.map_err(|failure| Trouble::data(failure.text()))?;
    let (group, verb) = (words.group.clone(), words.verb.clone());
    let mut session = Session {
        client,
        options,
        words,
    };
    match (group.as_str(), verb.as_str()) {
        ("declare", kind) => session.declare(kind),
        ("delete", kind) => session.delete(kind),
        ("purge", "queue") => session.purge(),
        ("close", "connection") => session.close(),
        ("publish", "message") => session.publish(),
        ("get", "messages") => session.get(),
        ("show", "overview") => session.overview(),
        ("health_check", check) => session.check(check),
        ("definitions", "export") | ("export", "definitions") => session.export(),
        ("definitions", "import") | ("import", "definitions") => session.import(),
        ("list", kind) => match KINDS.iter().find(|known| known.plural == kind) {
            Some(kind) => session.list(kind),
            None => Err(unknown(kind)),
        },
        (group, verb) => {
            let Some(kind) = KINDS.iter().find(|known| known.plural == group) else {
                return Err(unknown(group));
            };
            match verb {
                "list" => session.list(kind),
                "declare" | "set" => session.declare(kind.singular),
                "delete" | "clear" => session.delete(kind.singular),
                "purge" if kind.plural == "queues" => session.purge(),
                "close" if kind.plural == "connections" => session.close(),
                other => Err(unknown(other)),
            }
        }
    }
}

fn unknown(word: &str) -> Trouble {
    Trouble::usage(format!(
        "unrecognized subcommand '{word}'\n\nUsage: rabbitmqadmin [OPTIONS] <COMMAND>"
    ))
}

/// A session with one API.
struct Session {
    client: Client,
    options: Options,
    words: Words,
}

impl Session {
    fn vhost(&self) -> &str {
        self.options.vhost.as_deref().unwrap_or("/")
    }

    fn ask(&mut self, method: &Method, at: &str, body: String) -> Result<(u16, Value), Trouble> {
        if super::unreachable(&self.options).is_some() {
            let (host, port) = (&self.options.host, &self.options.port);
            return Err(Trouble::data(format!(
                "Encountered an error when performing an HTTP request: error sending request for \
                 url (http://{host}:{port}{}/api{at})",
                self.options.path_prefix
            )));
        }
        let reply = self.client.call_text(method, at, body);
        let reply = reply.map_err(|failure| Trouble::data(failure.text()))?;
        let value = serde_json::from_slice(&reply.body).unwrap_or_default();
        match reply.status {
            ..=399 | 503 => Ok((reply.status, value)),
            400 => Err(Trouble::data(reply.reason())),
            401 => Err(Trouble::data("Not_Authorized")),
            404 => Err(Trouble::data("API responded with a 404 Not Found")),
            status => Err(Trouble::data(format!("API responded with a {status}"))),
        }
    }

    /// The fields that the options of a declaration say.
    fn fields(&self, action: &Action) -> Result<Map<String, Value>, Trouble> {
        let mut fields = objects::usual(action);
        for (name, text) in &self.words.options {
            let name = match (action.name, name.as_str()) {
                ("queue", "type") => "queue_type".to_owned(),
                (_, "apply-to") => "apply-to".to_owned(),
                (_, name) => name.replace('-', "_"),
            };
            let value = match action.json.contains(&name.as_str()) {
                true => serde_json::from_str(text).map_err(|error| {
                    Trouble::data(format!("`{text}` is not a valid JSON: {error}"))
                })?,
                false => Value::from(text.as_str()),
            };
            fields.insert(name, value);
        }
        if action.name == "user" {
            fields.entry("tags").or_insert_with(|| json!(""));
            let has_hash = fields.get("password_hash").is_some_and(|hash| hash != "");
            let other = if has_hash {
                "password"
            } else {
                "password_hash"
            };
            fields.remove(other);
            fields
                .entry(if has_hash {
                    "password_hash"
                } else {
                    "password"
                })
                .or_insert(json!(""));
        }
        fields.insert("vhost".to_owned(), self.vhost().into());
        let missing = action
            .needed
            .iter()
            .find(|names| !names.split('|').any(|name| fields.contains_key(name)));
        match missing {
            Some(name) => {
                let name = name.replace('_', "-");
                Err(Trouble::usage(format!(
                    "the following required arguments were not provided:\n  --{name} \
                     <{name}>\n\nUsage: rabbitmqadmin {} {} --{name} <{name}>",
                    self.words.group, self.words.verb
                )))
            }
            None => Ok(fields),
        }
    }

    fn declare(&mut self, kind: &str) -> Said {
        let kind = classic(kind);
        let action = objects::DECLARED.iter().find(|action| action.name == kind);
        let action = action.ok_or_else(|| unknown(kind))?;
        let mut fields = self.fields(action)?;
        if self.words.verb == "stream" {
            fields.insert("queue_type".to_owned(), "stream".into());
        }
        let at = objects::place(action.name, &fields);
        super::fields::put_type(&mut fields);
        let method = match kind {
            "binding" => Method::POST,
            _ => Method::PUT,
        };
        self.ask(&method, &at, Value::Object(fields).to_string())?;
        silent()
    }

    fn delete(&mut self, kind: &str) -> Said {
        let kind = classic(kind);
        let action = objects::DELETED.iter().find(|action| action.name == kind);
        let action = action.ok_or_else(|| unknown(kind))?;
        let fields = self.fields(action)?;
        let mut at = objects::place(action.name, &fields);
        if kind == "binding" {
            at.push_str(&path(&[&self.binding_key(&at)?]));
        }
        match self.ask(&Method::DELETE, &at, String::new()) {
            Err(trouble) if self.words.has("idempotently") && trouble.text.contains("404") => {
                silent()
            }
            other => other.and_then(|_| silent()),
        }
    }

    /// The key of the binding at a place with the routing key and arguments that are meant.
    fn binding_key(&mut self, at: &str) -> Result<String, Trouble> {
        let key = self
            .words
            .text("routing-key")
            .unwrap_or_default()
            .to_owned();
        let (_, all) = self.ask(&Method::GET, at, String::new())?;
        let all = all.as_array().cloned().unwrap_or_default();
        let found = all
            .iter()
            .find(|one| one.get("routing_key") == Some(&Value::from(&*key)));
        let found = found
            .and_then(|one| one.get("properties_key"))
            .and_then(Value::as_str);
        found
            .map(str::to_owned)
            .ok_or_else(|| Trouble::data("API responded with a 404 Not Found"))
    }

    fn named(&self) -> Result<String, Trouble> {
        let name = self.words.text("name").map(str::to_owned);
        name.ok_or_else(|| {
            Trouble::usage("the following required arguments were not provided:\n  --name <name>")
        })
    }

    fn purge(&mut self) -> Said {
        let at = path(&["queues", self.vhost(), &self.named()?, "contents"]);
        self.ask(&Method::DELETE, &at, String::new())?;
        silent()
    }

    fn close(&mut self) -> Said {
        let at = path(&["connections", &self.named()?]);
        self.ask(&Method::DELETE, &at, String::new())?;
        silent()
    }

    fn publish(&mut self) -> Said {
        let of = |name: &str, usual: &str| self.words.text(name).unwrap_or(usual).to_owned();
        let exchange = match of("exchange", "") {
            exchange if exchange.is_empty() => "amq.default".to_owned(),
            exchange => exchange,
        };
        let properties: Value = serde_json::from_str(&of("properties", "{}"))
            .map_err(|error| Trouble::data(format!("properties are no JSON: {error}")))?;
        let body = json!({
            "routing_key": of("routing-key", ""),
            "payload": of("payload", "test"),
            "payload_encoding": "string",
            "properties": properties,
        });
        let at = path(&["exchanges", self.vhost(), &exchange, "publish"]);
        let (_, answer) = self.ask(&Method::POST, &at, body.to_string())?;
        let text = match answer.get("routed") == Some(&Value::Bool(true)) {
            true => "Message published and routed successfully\n",
            false => "Message published but NOT routed\n",
        };
        Ok((text.to_owned(), 0))
    }

    fn get(&mut self) -> Said {
        let queue = self.words.text("queue").unwrap_or_default().to_owned();
        let body = json!({
            "count": self.words.text("count").unwrap_or("1"),
            "ackmode": self.words.text("ack-mode").unwrap_or("ack_requeue_false"),
            "encoding": "auto",
        });
        let at = path(&["queues", self.vhost(), &queue, "get"]);
        let (_, messages) = self.ask(&Method::POST, &at, body.to_string())?;
        self.show(&messages, kinds::MESSAGE)
    }

    fn list(&mut self, kind: &Kind) -> Said {
        let mut at = format!("/{}", kind.plural.replace('_', "-"));
        if kind.has_vhost {
            at.push_str(&path(&[self.vhost()]));
        }
        let (_, items) = self.ask(&Method::GET, &at, String::new())?;
        self.show(&items, kind.columns)
    }

    fn show(&self, items: &Value, columns: kinds::Columns) -> Said {
        let asked = self.words.text("columns");
        let asked: Option<Vec<&str>> = asked.map(|names| names.split(',').collect());
        let is_shown = |title: &str| asked.as_ref().is_none_or(|asked| asked.contains(&title));
        let columns: Vec<_> = columns
            .iter()
            .filter(|(title, _)| is_shown(title))
            .collect();
        let heads = columns
            .iter()
            .map(|(title, _)| (*title).to_owned())
            .collect();
        let items = items.as_array().cloned().unwrap_or_default();
        let row = |item: &Value| {
            columns
                .iter()
                .map(|(_, key)| tables::cell(item, key))
                .collect()
        };
        let rows = items.iter().map(row).collect();
        Ok((tables::draw(&self.words, heads, rows)?, 0))
    }

    fn pairs(&self, pairs: &[(&str, String)]) -> Result<String, Trouble> {
        let rows = pairs
            .iter()
            .map(|(key, value)| vec![(*key).to_owned(), value.clone()]);
        let heads = vec!["key".to_owned(), "value".to_owned()];
        tables::draw(&self.words, heads, rows.collect())
    }

    fn overview(&mut self) -> Said {
        let (_, overview) = self.ask(&Method::GET, "/overview", String::new())?;
        let pairs: Vec<(&str, String)> = kinds::OVERVIEW
            .iter()
            .map(|(title, key)| (*title, tables::cell(&overview, key)))
            .collect();
        Ok((self.pairs(&pairs)?, 0))
    }

    fn check(&mut self, check: &str) -> Said {
        let at = match check {
            "local_alarms" => path(&["local-alarms"]),
            "cluster_wide_alarms" => path(&["alarms"]),
            "node_is_quorum_critical" => path(&["node-is-quorum-critical"]),
            "port_listener" => path(&["port-listener", self.words.text("port").unwrap_or("")]),
            "protocol_listener" => path(&[
                "protocol-listener",
                self.words.text("protocol").unwrap_or(""),
            ]),
            other => return Err(unknown(other)),
        };
        let at = format!("/health/checks{at}");
        let (status, answer) = self.ask(&Method::GET, &at, String::new())?;
        if status != 503 {
            return Ok(("health check passed\n".to_owned(), 0));
        }
        let mut pairs = vec![
            ("result", "health check failed".to_owned()),
            ("path", at.trim_start_matches('/').to_owned()),
            ("status_code", "503 Service Unavailable".to_owned()),
            ("reason", tables::cell(&answer, "reason")),
        ];
        if let Some(port) = answer.get("missing") {
            pairs.push(("inactive port", port.to_string()));
        }
        Ok((self.pairs(&pairs)?, code::UNAVAILABLE))
    }

    fn export(&mut self) -> Said {
        let (_, definitions) = self.ask(&Method::GET, "/definitions", String::new())?;
        let text = definitions.to_string();
        match self.words.text("file") {
            Some(file) => {
                let written = std::fs::write(file, text);
                written.map_err(|error| Trouble::data(format!("{file}: {error}")))?;
                silent()
            }
            None => Ok((format!("{text}\n"), 0)),
        }
    }

    fn import(&mut self) -> Said {
        let file = self.words.text("file").unwrap_or_default();
        let read = std::fs::read_to_string(file);
        let text = read.map_err(|error| Trouble::data(format!("{file}: {error}")))?;
        self.ask(&Method::POST, "/definitions", text)?;
        silent()
    }
}

/// The name that the classic syntax has for a kind.
fn classic(kind: &str) -> &str {
    match kind {
        "permissions" => "permission",
        "stream" => "queue",
        other => other,
    }
}

const HELP: &str = "Usage: rabbitmqadmin [OPTIONS] <COMMAND>

Commands:
  declare, delete       user, vhost, permissions, queue, stream, exchange, binding, parameter,
                        policy, operator_policy, vhost_limit, user_limit
  list, GROUP list      what there is
  publish message, get messages, purge queue, close connection, show overview
  definitions export, definitions import
  health_check          local_alarms, cluster_wide_alarms, node_is_quorum_critical,
                        port_listener, protocol_listener

Options:
  -H, --host, -P, --port, -U, --base-uri, --path-prefix, -V, --vhost, -u, --username,
  -p, --password, -c, --config, -N, --node, --timeout, --non-interactive,
  --table-style modern, borderless, markdown, sharp, ascii, psql or dots
";

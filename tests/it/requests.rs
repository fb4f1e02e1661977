//! Requests of any kind, made of octets: any path of the document with any names, any query, any
//! body. Whatever is asked, the answer is one that the document describes, and no 500.
//!
//! `tests/fuzz` does the same with a fuzzer, target `request`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use leveret::broker::Broker;
use serde_json::{Map, Value as Json, json};

use crate::http::Http;

/// The user who asks: no request names it by chance.
const USER: &str = "the-one-who-asks";

/// A broker with something of everything, and what can be asked of it.
pub(crate) struct Stage {
    http: Http,
    operations: Vec<Operation>,
    document: Json,
    _broker: Broker,
}

struct Operation {
    method: String,
    path: String,
    about: Json,
}

/// Octets from which choices are drawn; zeroes behind the last.
struct Draw<'a>(&'a [u8]);

/// Switches plugins.
const PLUGINS: (&str, &str) = ("put", "/leveret/plugins");

/// Names, numbers and words that mean something at some place.
const WORDS: &[&str] = &[
    "v",
    "/",
    "q",
    "s",
    "x",
    "y",
    "k",
    "~",
    "amq.default",
    "amq.topic",
    "guest",
    "name",
    "messages",
    "vhost-limits",
    "policy",
    "max-queues",
    "max-connections",
    "cluster_name",
    "weeks",
    "amqp",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "2",
    "500",
    "99999999999999999999",
    "1e999",
    ".*",
    "(",
    "",
    "a.b.c",
    "message_stats.publish_details.rate",
    "queue",
    "classic",
    "administrator",
    "..",
];

impl Draw<'_> {
    fn octet(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// One time in so many.
    fn one_in(&mut self, many: u8) -> bool {
        self.octet().is_multiple_of(many)
    }

    fn below(&mut self, most: usize) -> usize {
        let wide = u16::from_le_bytes([self.octet(), self.octet()]);
        usize::from(wide) % most.max(1)
    }

    fn pick<'b, T: ?Sized>(&mut self, from: &[&'b T]) -> Option<&'b T> {
        let at = self.below(from.len());
        from.get(at).copied()
    }

    /// Any text.
    fn text(&mut self) -> String {
        let octets: Vec<u8> = (0..self.octet() % 16).map(|_| self.octet()).collect();
        String::from_utf8_lossy(&octets).into_owned()
    }

    /// A word that means something, more often than not.
    fn word(&mut self) -> String {
        match self.octet() % 4 {
            0 => self.text(),
            _ => self.pick(WORDS).unwrap_or_default().to_owned(),
        }
    }

    fn value(&mut self, depth: u8) -> Json {
        match self.octet() % 12 {
            0 => Json::Null,
            1 => json!(self.one_in(2)),
            2 => json!(i64::from(self.octet()) - 128),
            3 => json!(i64::MAX),
            4 => json!(u64::MAX),
            5 => json!(-1.5e300),
            6 if depth > 0 => {
                let items = (0..self.octet() % 4).map(|_| self.value(depth - 1));
                json!(items.collect::<Vec<_>>())
            }
            7 if depth > 0 => {
                let items = (0..self.octet() % 4).map(|_| (self.word(), self.value(depth - 1)));
                Json::Object(items.collect())
            }
            _ => json!(self.word()),
        }
    }
}

impl Stage {
    /// A new broker.
    pub(crate) fn new() -> Self {
        let broker = Broker::builder().management(0).start().unwrap();
        let guest = Http::of(&broker);
        for (method, path, body) in [
            ("PUT", "/api/vhosts/v", "{}"),
            (
                "PUT",
                "/api/users/the-one-who-asks",
                r#"{"password":"p","tags":"administrator"}"#,
            ),
            ("PUT", "/api/permissions/v/the-one-who-asks", ALL),
            ("PUT", "/api/permissions/%2F/the-one-who-asks", ALL),
            ("PUT", "/api/permissions/v/guest", ALL),
            ("PUT", "/api/queues/v/q", "{}"),
            (
                "PUT",
                "/api/queues/v/s",
                r#"{"durable":true,"arguments":{"x-queue-type":"stream"}}"#,
            ),
            ("PUT", "/api/exchanges/v/x", "{}"),
            ("PUT", "/api/exchanges/v/y", "{}"),
            ("POST", "/api/bindings/v/e/x/q/q", r#"{"routing_key":"k"}"#),
            (
                "PUT",
                "/api/policies/v/name",
                r#"{"pattern":"^z","definition":{"max-length":9}}"#,
            ),
        ] {
            let heard = guest.ask(method, path, body);
            assert!([201, 204].contains(&heard.status), "{path}: {heard:?}");
        }
        let document = guest.get("/api/openapi.json").json();
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let methods = item.as_object().unwrap().iter();
            let methods = methods.filter(|(method, _)| *method != "parameters");
            // It would close the door that all others are asked at.
            let methods = methods.filter(|(method, _)| (method.as_str(), path.as_str()) != PLUGINS);
            // Its answer has no end.
            let methods = methods.filter(|(_, about)| {
                let content = &about["responses"]["200"]["content"];
                content.get("text/event-stream").is_none()
            });
            operations.extend(methods.map(|(method, about)| Operation {
                method: method.to_ascii_uppercase(),
                path: path.clone(),
                about: about.clone(),
            }));
        }
        Self {
            http: guest.by(USER, "p"),
            operations,
            document,
            _broker: broker,
        }
    }

    /// Makes a request of `octets` and asks it. The client holds the answer against the document.
    pub(crate) fn ask(&self, octets: &[u8]) {
        let mut draw = Draw(octets);
        let operation = &self.operations[draw.below(self.operations.len())];
        let path = path(&mut draw, &operation.path);
        let query = query(&mut draw, operation);
        let body = self.body(&mut draw, operation);
        let headers = match draw.octet() % 8 {
            0 => "x-reason: because\r\n",
            _ => "content-type: application/json\r\n",
        };
        let request = format!("/api{path}{query}");
        let heard = self
            .http
            .ask_with((&operation.method, &request), headers, &body);
        assert_ne!(heard.status, 500, "{} {request} {body:?}", operation.method);
    }

    fn body(&self, draw: &mut Draw<'_>, operation: &Operation) -> Vec<u8> {
        let content = &operation.about["requestBody"]["content"]["application/json"];
        let Some(place) = content["schema"]["$ref"].as_str() else {
            return match draw.octet() % 4 {
                0 => draw.text().into_bytes(),
                _ => Vec::new(),
            };
        };
        let schema = self.document.pointer(place.trim_start_matches('#'));
        match draw.octet() % 8 {
            0 => draw.value(3).to_string().into_bytes(),
            1 => draw.0.to_vec(),
            _ => self
                .object(draw, schema.unwrap(), 2)
                .to_string()
                .into_bytes(),
        }
    }

    /// An object with keys of the schema, most of them with values of their kind.
    fn object(&self, draw: &mut Draw<'_>, schema: &Json, depth: u8) -> Json {
        let mut fields = Map::new();
        for (key, kind) in schema["properties"].as_object().unwrap() {
            if !draw.octet().is_multiple_of(4) {
                fields.insert(key.clone(), self.of_kind(draw, kind, depth));
            }
        }
        if draw.one_in(8) {
            fields.insert(draw.text(), draw.value(1));
        }
        Json::Object(fields)
    }

    fn of_kind(&self, draw: &mut Draw<'_>, kind: &Json, depth: u8) -> Json {
        if draw.one_in(8) || depth == 0 {
            return draw.value(2);
        }
        if let Some(place) = kind["$ref"].as_str() {
            let schema = self.document.pointer(place.trim_start_matches('#'));
            return self.object(draw, schema.unwrap(), depth - 1);
        }
        if let Some(words) = kind["enum"].as_array() {
            return words[draw.below(words.len())].clone();
        }
        match kind["type"].as_str() {
            Some("string") => json!(draw.word()),
            Some("integer" | "number") => json!(i64::from(draw.octet()) - 8),
            Some("boolean") => json!(draw.one_in(2)),
            Some("array") => {
                let items = 0..draw.octet() % 3;
                let items = items.map(|_| self.of_kind(draw, &kind["items"], depth - 1));
                json!(items.collect::<Vec<_>>())
            }
            _ => draw.value(2),
        }
    }
}

const ALL: &str = r#"{"configure":".*","write":".*","read":".*"}"#;

/// The path with names in it: escaped, or as they are where a line can hold them.
fn path(draw: &mut Draw<'_>, template: &str) -> String {
    let parts = template.split('/').map(|part| match part.starts_with('{') {
        false => part.to_owned(),
        true => {
            let name = draw.word();
            let is_plain = name.bytes().all(|octet| octet.is_ascii_graphic());
            match is_plain && draw.one_in(8) {
                true => name,
                false => escaped(&name),
            }
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

fn escaped(text: &str) -> String {
    let each = text.bytes().map(|octet| match octet {
        octet if octet.is_ascii_alphanumeric() => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    });
    each.collect()
}

fn query(draw: &mut Draw<'_>, operation: &Operation) -> String {
    let known = operation.about["parameters"].as_array();
    let mut pairs = Vec::new();
    for parameter in known.into_iter().flatten() {
        if draw.one_in(3) {
            let name = parameter["name"].as_str().unwrap();
            pairs.push(format!("{name}={}", escaped(&draw.word())));
        }
    }
    match pairs.is_empty() {
        true => String::new(),
        false => format!("?{}", pairs.join("&")),
    }
}

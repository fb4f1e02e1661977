//! The OpenAPI document at `/api/openapi.json`, and real answers held against it: every answer that
//! any test of this program hears from the management API.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use leveret::broker::Broker;
use serde_json::{Value as Json, json};

use crate::http::{Heard, Http};

/// The document, and what of it has been looked up.
struct Document {
    whole: Json,
    /// Its schemas, where no object has a key that is not described.
    strict: Json,
    /// By path, method and status.
    validators: Mutex<HashMap<(String, String, u16), Arc<Validator>>>,
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let broker = Broker::builder().management(0).start().unwrap();
    let heard = Http::of(&broker).unknown().get("/api/openapi.json");
    assert_eq!(heard.status, 200, "{heard:?}");
    let whole = heard.json();
    let mut strict = whole["components"].clone();
    for schema in strict["schemas"].as_object_mut().unwrap().values_mut() {
        if schema.get("properties").is_some() {
            schema["additionalProperties"] = json!(false);
        }
    }
    Document {
        whole,
        strict,
        validators: Mutex::default(),
    }
});

static REFUSAL: LazyLock<Json> = LazyLock::new(|| json!({"$ref": "#/components/schemas/Refusal"}));

/// Fails if this broker answers a request otherwise than the document says.
#[track_caller]
pub(crate) fn check((method, path): (&str, &str), heard: &Heard) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let is_own = ["/api/openapi.json", "/api/index.html"].contains(&path);
    if is_own || !path.starts_with("/api/") || std::env::var_os("LEVERET_TARGET").is_some() {
        return;
    }
    let Some(problem) = DOCUMENT.problem((method, path, query), heard) else {
        return;
    };
    panic!("{method} {path}: {problem}: {heard:?}");
}

impl Document {
    /// What of an answer the document does not say.
    fn problem(&self, request: (&str, &str, &str), heard: &Heard) -> Option<String> {
        let (method, path, query) = request;
        let (template, item) = self.item(path.strip_prefix("/api")?)?;
        let operation = item.get(method.to_ascii_lowercase())?;
        let status = heard.status;
        let Some(response) = operation["responses"].get(status.to_string()) else {
            return Some(format!("{status} is not in the document"));
        };
        let response = self.resolved(response);
        if status == 200 && response["content"].get("text/plain").is_some() {
            let kind = heard.header("content-type");
            return (kind != "text/plain").then(|| format!("it says that it is {kind}"));
        }
        let schema = match status {
            // It has words for who has logged in.
            401 => &REFUSAL,
            _ => &response["content"]["application/json"]["schema"],
        };
        match (schema, heard.body.is_empty()) {
            (Json::Null, true) => return None,
            (Json::Null, false) => return Some("there is a body".to_owned()),
            // Some refusals have no words.
            (_, true) if status >= 400 => return None,
            (_, true) => return Some("there is no body".to_owned()),
            (_, false) => {}
        }
        if heard.header("content-type") != "application/json" {
            return Some("it does not say that it is JSON".to_owned());
        }
        let is_part = status == 200 && query.contains("columns=");
        if is_part || !heard.header("content-encoding").is_empty() {
            return None;
        }
        let key = (template.clone(), method.to_owned(), status);
        let validator = Arc::clone(
            self.validators
                .lock()
                .unwrap()
                .entry(key)
                .or_insert_with(|| Arc::new(self.validator(schema))),
        );
        let body = serde_json::from_slice(&heard.body).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&body)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        (!errors.is_empty()).then(|| errors.join("; "))
    }

    fn validator(&self, schema: &Json) -> Validator {
        let whole = json!({"allOf": [schema], "components": self.strict});
        jsonschema::draft202012::new(&whole).unwrap()
    }

    /// The path that a request meets: one of literals before one with names.
    fn item(&self, path: &str) -> Option<(&String, &Json)> {
        let asked: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').collect();
        let meets = |template: &str| {
            let parts: Vec<&str> = template.split('/').collect();
            parts.len() == asked.len()
                && parts.iter().zip(&asked).all(|(part, asked)| {
                    let is_name = part.starts_with('{') && !asked.is_empty();
                    is_name || part == asked
                })
        };
        let items = self.whole["paths"].as_object().unwrap().iter();
        items
            .filter(|(template, _)| meets(template))
            .min_by_key(|(template, _)| template.matches('{').count())
    }

    fn resolved<'a>(&'a self, value: &'a Json) -> &'a Json {
        match value.get("$ref").and_then(Json::as_str) {
            Some(place) => self
                .whole
                .pointer(place.strip_prefix('#').unwrap())
                .unwrap(),
            None => value,
        }
    }
}

/// A check that cannot fail would be worth nothing.
#[test]
fn an_answer_that_the_document_does_not_know_is_found() {
    let whoami = |body: &str| {
        let heard = Heard {
            status: 200,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.as_bytes().to_vec(),
        };
        DOCUMENT.problem(("GET", "/api/whoami", ""), &heard)
    };
    let good = r#"{"name":"guest","tags":[],"is_internal_user":true}"#;
    assert_eq!(whoami(good), None);
    for (wrong, words) in [
        (r#"{"name":"guest","tags":[]}"#, "is_internal_user"),
        (r#"{"name":1,"tags":[],"is_internal_user":true}"#, "/name"),
        (
            r#"{"name":"g","tags":[],"is_internal_user":true,"x":1}"#,
            "'x'",
        ),
        ("[]", "object"),
        ("", "no body"),
    ] {
        let problem = whoami(wrong).unwrap_or_default();
        assert!(problem.contains(words), "{wrong}: {problem}");
    }
    let heard = Heard {
        status: 418,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let problem = DOCUMENT.problem(("GET", "/api/whoami", ""), &heard);
    assert_eq!(problem.unwrap(), "418 is not in the document");
}

#[test]
fn every_operation_has_a_name_of_its_own_and_every_name_in_a_path_is_explained() {
    let mut ids = BTreeSet::new();
    for (path, item) in DOCUMENT.whole["paths"].as_object().unwrap() {
        let parameters = item["parameters"].as_array();
        let named: Vec<&Json> = parameters.into_iter().flatten().collect();
        assert_eq!(named.len(), path.matches('{').count(), "{path}");
        for parameter in named {
            let name = &parameter["name"];
            assert_ne!(parameter["description"], "", "{path}: {name}");
        }
        for (method, operation) in item.as_object().unwrap() {
            if method != "parameters" {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id), "{id} stands twice");
                let names = operation["parameters"].as_array();
                let names = names.into_iter().flatten().map(|one| &one["name"]);
                let names: Vec<String> = names.map(Json::to_string).collect();
                let unlike: BTreeSet<&String> = names.iter().collect();
                assert_eq!(names.len(), unlike.len(), "{id}: {names:?}");
            }
        }
    }
    assert!(ids.contains("getQueuesVhostQueue"), "{ids:?}");
}

#[test]
fn every_reference_leads_somewhere() {
    fn visit(value: &Json, document: &Document, found: &mut usize) {
        match value {
            Json::Object(fields) => {
                if value.get("$ref").is_some() {
                    assert!(document.resolved(value).is_object(), "{value}");
                    *found += 1;
                }
                fields
                    .values()
                    .for_each(|value| visit(value, document, found));
            }
            Json::Array(items) => items.iter().for_each(|item| visit(item, document, found)),
            _ => {}
        }
    }
    let mut found = 0;
    visit(&DOCUMENT.whole, &DOCUMENT, &mut found);
    assert!(found > 500, "{found} references");
}

//! The OpenAPI document at `/api/openapi.json`, made of the table of routes and of the shapes.
//!
//! What a client can rely on is in it: paths, methods, parameters, bodies, answers, refusals. It
//! needs no login, as the reference does not.
//!
//! Source: OpenAPI Specification 3.1.1.

use std::sync::OnceLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde_json::{Map, Value as Json, json};

use super::contract::{COLUMNS, Gives, OF_LISTS, OF_PAGES, Param, Takes};
use super::route::{Needs, Operation, Route};
use super::routes;
use super::shape::{Kind, Schemas, Shape};
use super::shapes::health::{HEALTHY, UNHEALTHY};
use super::shapes::{PAGE_KEYS, REFUSAL};

/// Where it is.
pub(super) const PATH: &str = "/api/openapi.json";

/// The document as an answer. `node`: the name of this node, for examples. `made`: keeps the
/// document from the first request on. It needs no login, so it is made only once.
pub(super) fn page(node: &str, made: &OnceLock<Bytes>) -> Response {
    let headers = [(CONTENT_TYPE, JSON), (CACHE_CONTROL, "no-cache")];
    let text = made.get_or_init(|| document(node).to_string().into());
    (headers, text.clone()).into_response()
}

/// The document.
pub(super) fn document(node: &str) -> Json {
    let mut named = Schemas::new();
    let mut paths = Map::new();
    for route in routes::all() {
        paths.insert(route.path.to_owned(), path_item(route, node, &mut named));
    }
    let mut tags: Vec<&str> = operations().map(|operation| operation.tag).collect();
    tags.sort_unstable();
    tags.dedup();
    let tags = tags.into_iter().map(|tag| json!({"name": tag}));
    let responses = REFUSALS.iter().map(|refusal| {
        let schema = (refusal.says == Why).then(|| REFUSAL.reference(&mut named));
        (refusal.name.to_owned(), answer(refusal.about, schema))
    });
    let responses: Map<String, Json> = responses.collect();
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Leveret HTTP API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/api"}],
        "security": [{"basic": []}],
        "tags": tags.collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": named,
            "responses": responses,
            "securitySchemes": {"basic": {
                "type": "http",
                "scheme": "basic",
                "description": "A user of the broker with one of the tags for management.",
            }},
        },
    })
}

const ABOUT: &str = "As the management plugin of RabbitMQ has it. Names in paths are \
    percent-encoded, the virtual host `/` as `%2F`. OPTIONS is answered at every path, without a \
    login. What is wrong with a request before its path is looked at (an escape that is none, a \
    login that cannot be read) is said by the status alone, without a body.";

fn operations() -> impl Iterator<Item = &'static Operation> {
    routes::all().flat_map(|route| route.operations)
}

fn path_item(route: &Route, node: &str, named: &mut Schemas) -> Json {
    let parameters = names(route.path).map(|name| path_parameter(name, node));
    let parameters: Vec<Json> = parameters.collect();
    let mut item = Map::new();
    if !parameters.is_empty() {
        item.insert("parameters".to_owned(), parameters.into());
    }
    for operation in route.operations {
        for method in operation.verb.methods() {
            let described = described(route, operation, method, named);
            item.insert(method.to_ascii_lowercase(), described);
        }
    }
    Json::Object(item)
}

/// The names in a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    let parts = path.split('/');
    parts.filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// Names in paths: what they are, and one that there is in every broker, if there is.
const NAMES: &[(&str, &str, &str)] = &[
    ("channel", "The name of a channel.", ""),
    ("component", "The component of a parameter.", "vhost-limits"),
    ("connection", "The name of a connection.", ""),
    ("destination", "An exchange.", "amq.fanout"),
    (
        "exchange",
        "An exchange; amq.default is the one without a name.",
        "amq.topic",
    ),
    ("filter", "The owner of tables.", "rabbit"),
    ("limit", "The name of a limit.", "max-connections"),
    ("name", "The name of what is meant.", ""),
    ("node", "The name of this node.", ""),
    ("password", "A password.", "secret"),
    ("pattern", "A regular expression.", ".*"),
    ("port", "A number.", "5672"),
    ("properties", "The properties_key of a binding.", "~"),
    ("protocol", "Protocols, with commas.", "amqp"),
    ("queue", "A queue.", ""),
    (
        "source",
        "An exchange; amq.default is the one without a name.",
        "amq.direct",
    ),
    ("unit", "days, weeks, months or years.", "weeks"),
    ("user", "The name of a user.", "guest"),
    ("vhost", "A virtual host.", "/"),
    ("within", "A number.", "1"),
];

fn path_parameter(name: &str, node: &str) -> Json {
    let known = NAMES.iter().find(|(known, ..)| *known == name);
    let (about, example) = known.map_or(("", ""), |(_, about, example)| (*about, *example));
    let example = if name == "node" { node } else { example };
    let mut parameter = json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": about,
        "schema": {"type": "string", "minLength": 1},
    });
    if let (Some(parameter), false) = (parameter.as_object_mut(), example.is_empty()) {
        parameter.insert("example".to_owned(), example.into());
    }
    parameter
}

fn described(route: &Route, operation: &Operation, method: &str, named: &mut Schemas) -> Json {
    let mut described = json!({
        "operationId": operation_id(method, route.path),
        "tags": [operation.tag],
        "summary": operation.about,
        "description": rights(operation),
        // For programs that want to know; `tests/it/rights.rs` is one.
        "x-tag": operation.needs.words().0,
        "x-permission": operation.amqp.words().0,
        "responses": responses(route, operation, method, named),
    });
    let Some(fields) = described.as_object_mut() else {
        return described;
    };
    let parameters: Vec<Json> = query(operation)
        .map(|param| query_parameter(param, named))
        .collect();
    if !parameters.is_empty() {
        fields.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(body) = body(operation.contract.takes, named) {
        fields.insert("requestBody".to_owned(), body);
    }
    if operation.needs == Needs::Nothing {
        fields.insert("security".to_owned(), json!([]));
    }
    described
}

/// `getQueuesVhostQueue`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    let words: Vec<String> = words.collect();
    method.to_ascii_lowercase() + &words.concat()
}

/// Who may, in words.
fn rights(operation: &Operation) -> String {
    let (_, tag) = operation.needs.words();
    let (_, permission) = operation.amqp.words();
    format!("Who may: {tag}. Permission: {permission}.")
}

fn query(operation: &Operation) -> impl Iterator<Item = &'static Param> {
    let shared: [&[Param]; 2] = match operation.contract.gives {
        Gives::Object(_) | Gives::Health => [&[COLUMNS], &[]],
        Gives::List(_) | Gives::ListIfWell(_) => [OF_LISTS, &[]],
        Gives::Pages(_) => [OF_LISTS, OF_PAGES],
        Gives::Whole(_)
        | Gives::Json(_)
        | Gives::Text
        | Gives::Events
        | Gives::Accepted
        | Gives::Done
        | Gives::Change
        | Gives::CreatedAt => [&[], &[]],
    };
    let own = [operation.contract.query, operation.contract.history];
    shared.into_iter().chain(own).flatten()
}

fn query_parameter(param: &Param, named: &mut Schemas) -> Json {
    json!({
        "name": param.name,
        "in": "query",
        "description": param.about,
        "schema": param.kind.schema(named),
    })
}

fn body(takes: Takes, named: &mut Schemas) -> Option<Json> {
    let (shape, required, kinds): (&Shape, bool, &[&str]) = match takes {
        Takes::Nothing => return None,
        Takes::Object(shape) => (shape, true, &[JSON]),
        Takes::MaybeObject(shape) => (shape, false, &[JSON]),
        Takes::Form(shape) => (shape, true, &["application/x-www-form-urlencoded"]),
        Takes::Document(shape) => (shape, false, &[JSON, FORM]),
    };
    let schema = shape.reference(named);
    let content = kinds.iter().map(|kind| {
        let schema = match *kind {
            FORM => json!({"type": "object", "properties": {"file": schema}}),
            _ => schema.clone(),
        };
        ((*kind).to_owned(), json!({"schema": schema}))
    });
    let content: Map<String, Json> = content.collect();
    Some(json!({"required": required, "content": content}))
}

const JSON: &str = "application/json";
const FORM: &str = "multipart/form-data";

/// A refusal that many operations share.
struct Refused {
    status: u16,
    name: &'static str,
    about: &'static str,
    says: Says,
}

/// Whether a refusal has a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Why,
    /// Nothing, or not always something: then no client can count on a content type.
    Nothing,
}

use Says::{Nothing, Why};

const fn refused(status: u16, name: &'static str, says: Says, about: &'static str) -> Refused {
    Refused {
        status,
        name,
        about,
        says,
    }
}

#[rustfmt::skip]
const REFUSALS: &[Refused] = &[
    refused(400, "Bad", Why, "The request cannot be read, or asks for what cannot be."),
    refused(401, "NotAllowed", Nothing,
        "Without a login: no body. Otherwise a Refusal: it is a wrong one, or one that may not."),
    refused(403, "Foreign", Why, "A page of another site asks for a change."),
    refused(404, "NotFound", Why, "There is no such thing, or the user may not know of it."),
    refused(406, "NotAcceptable", Nothing, "The client does not take what is answered."),
    refused(408, "TooSlow", Nothing, "The body did not arrive in time."),
    refused(412, "Precondition", Why, "It is protected."),
    refused(413, "TooLarge", Nothing, "The body is too large."),
    refused(415, "NoMediaType", Nothing, "The content type is none."),
    refused(429, "TooManyFailures", Why, "Too many logins from the client's address have failed."),
    refused(431, "HeadTooLarge", Nothing, "The head of the request is too large."),
    refused(500, "Failed", Nothing, "Something of the broker has failed."),
    refused(503, "NotDurable", Why, "It cannot be done now, or could not be written in time."),
];

/// Which refusals an operation can be answered with.
fn refusals(route: &Route, operation: &Operation) -> impl Iterator<Item = &'static Refused> {
    let is_change = !operation.verb.is_read();
    let has_names = names(route.path).next().is_some();
    let logs_in = operation.needs != Needs::Nothing || is_change;
    let own = operation.contract.refuses;
    let is_possible = move |status: u16| match status {
        401 | 429 => logs_in,
        403 => is_change,
        503 => is_change || own.contains(&503),
        404 => has_names || own.contains(&404),
        412 => own.contains(&412),
        _ => true,
    };
    REFUSALS
        .iter()
        .filter(move |refused| is_possible(refused.status))
}

fn responses(route: &Route, operation: &Operation, method: &str, named: &mut Schemas) -> Json {
    let mut responses = Map::new();
    for refused in refusals(route, operation) {
        let reference = format!("#/components/responses/{}", refused.name);
        let response = match method {
            "HEAD" => answer(refused.about, None),
            _ => json!({"$ref": reference}),
        };
        responses.insert(refused.status.to_string(), response);
    }
    let mut add = |status: &str, response: Json| {
        responses.insert(status.to_owned(), response);
    };
    match operation.contract.gives {
        Gives::Object(shape) | Gives::Whole(shape) => {
            add("200", answer(shape.about, Some(shape.reference(named))));
        }
        Gives::List(shape) => add("200", answer(shape.about, Some(list(shape, named)))),
        Gives::ListIfWell(shape) => {
            add("200", answer(shape.about, Some(list(shape, named))));
            add("503", unwell(named));
        }
        Gives::Pages(shape) => add("200", answer(shape.about, Some(list_or_page(shape, named)))),
        Gives::Json(kind) => add("200", answer(operation.about, Some(kind.schema(named)))),
        Gives::Text => add("200", text(operation.about, "text/plain")),
        Gives::Events => add("200", text(operation.about, "text/event-stream")),
        Gives::Accepted => add("202", answer("It is begun.", None)),
        Gives::Done => add("204", answer("Done.", None)),
        Gives::Change => {
            add("201", answer("It is new.", None));
            add(
                "204",
                answer("It was there, and is now as the request says.", None),
            );
        }
        Gives::CreatedAt => {
            let mut created = answer("It is there now.", None);
            if let Some(created) = created.as_object_mut() {
                let location = json!({
                    "description": "Where it is, relative to the path.",
                    "schema": {"type": "string"},
                });
                created.insert("headers".to_owned(), json!({"location": location}));
            }
            add("201", created);
        }
        Gives::Health => {
            add("200", answer(HEALTHY.about, Some(HEALTHY.reference(named))));
            add("503", unwell(named));
        }
    }
    if method == "HEAD" {
        for response in responses.values_mut().filter_map(Json::as_object_mut) {
            response.remove("content");
        }
    }
    Json::Object(responses)
}

fn unwell(named: &mut Schemas) -> Json {
    answer(UNHEALTHY.about, Some(UNHEALTHY.reference(named)))
}

fn text(about: &str, kind: &str) -> Json {
    let schema = json!({"type": "string"});
    json!({"description": about, "content": {kind: {"schema": schema}}})
}

fn answer(about: &str, schema: Option<Json>) -> Json {
    match schema {
        Some(schema) => json!({"description": about, "content": {JSON: {"schema": schema}}}),
        None => json!({"description": about}),
    }
}

fn list(shape: &'static Shape, named: &mut Schemas) -> Json {
    json!({"type": "array", "items": shape.reference(named)})
}

/// The list, or a page of it, which is a schema of its own.
fn list_or_page(shape: &'static Shape, named: &mut Schemas) -> Json {
    let list = list(shape, named);
    let mut properties = Map::new();
    for (name, about) in PAGE_KEYS {
        let whole = Kind::Whole.schema(named);
        properties.insert((*name).to_owned(), whole);
        if let Some(Json::Object(property)) = properties.get_mut(*name) {
            property.insert("description".to_owned(), (*about).into());
        }
    }
    properties.insert("items".to_owned(), list.clone());
    let required: Vec<String> = properties.keys().cloned().collect();
    let name = format!("{}Page", shape.name);
    let page = json!({
        "type": "object",
        "description": "A page of a list.",
        "properties": properties,
        "required": required,
    });
    named.insert(name.clone(), page);
    json!({"oneOf": [list, {"$ref": format!("#/components/schemas/{name}")}]})
}

//! What JSON looks like: objects with their keys, as the OpenAPI document describes them.
//!
//! A shape says again which keys a writer writes. `tests/it/openapi.rs` holds the two together: it
//! looks at every answer that any test hears, and asks for every key that a shape promises.

use serde_json::{Map, Value as Json, json};

/// An object that has a name in the document.
#[derive(Debug)]
pub(super) struct Shape {
    /// `Queue`; no two are called the same.
    pub(super) name: &'static str,
    /// One sentence.
    pub(super) about: &'static str,
    pub(super) keys: &'static [Key],
}

/// A key of an object, with what is behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    name: &'static str,
    kind: Kind,
    need: Need,
    /// One sentence; empty where the name says it all.
    about: &'static str,
}

/// Whether a key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Always,
    Sometimes,
}

/// A kind of JSON.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    /// One of these texts.
    Word(&'static [&'static str]),
    /// A number without a fraction.
    Whole,
    Number,
    Truth,
    Any,
    List(&'static Kind),
    /// An object whose keys are names of things.
    Map(&'static Kind),
    Object(&'static Shape),
    /// One of these.
    Either(&'static [Kind]),
    OrNull(&'static Kind),
    /// A count, and beside it how fast that grows: two keys.
    Counter,
}

/// A key that is always there.
pub(super) const fn key(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        need: Need::Always,
        about: "",
    }
}

/// A key that is not always there.
pub(super) const fn maybe(name: &'static str, kind: Kind) -> Key {
    Key {
        need: Need::Sometimes,
        ..key(name, kind)
    }
}

impl Key {
    /// The same, with a sentence on what it means.
    pub(super) const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }
}

/// How fast a counter grows.
pub(super) const DETAILS: Shape = Shape {
    name: "Details",
    about: "How fast a counter grows; with a history if the query asks for one.",
    keys: &[
        key("rate", Kind::Number).about("Per second."),
        maybe("samples", Kind::List(&Kind::Object(&SAMPLE))),
        maybe("avg_rate", Kind::Number).about("Per second, over the samples."),
        maybe("avg", Kind::Number).about("Of the samples."),
    ],
};

const SAMPLE: Shape = Shape {
    name: "Sample",
    about: "What a counter was at a time.",
    keys: &[
        key("sample", Kind::Number),
        key("timestamp", Kind::Whole).about("Milliseconds since 1970."),
    ],
};

/// Shapes by their names.
pub(super) type Schemas = Map<String, Json>;

impl Kind {
    /// Its schema. Those of the objects in it are put into `named`.
    pub(super) fn schema(self, named: &mut Schemas) -> Json {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::Word(words) => json!({"type": "string", "enum": words}),
            Self::Whole | Self::Counter => json!({"type": "integer"}),
            Self::Number => json!({"type": "number"}),
            Self::Truth => json!({"type": "boolean"}),
            Self::Any => json!({}),
            Self::List(item) => json!({"type": "array", "items": item.schema(named)}),
            Self::Map(value) => {
                json!({"type": "object", "additionalProperties": value.schema(named)})
            }
            Self::Object(shape) => shape.reference(named),
            Self::Either(kinds) => {
                let schemas = kinds.iter().map(|kind| kind.schema(named));
                json!({"anyOf": schemas.collect::<Vec<_>>()})
            }
            Self::OrNull(kind) => or_null(kind.schema(named)),
        }
    }
}

fn or_null(mut schema: Json) -> Json {
    match schema.get_mut("type") {
        Some(kind) => {
            *kind = json!([kind, "null"]);
            if let Some(words) = schema.get_mut("enum").and_then(Json::as_array_mut) {
                words.push(Json::Null);
            }
            schema
        }
        None => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

impl Shape {
    /// A reference to it; itself is put into `named`, once.
    pub(super) fn reference(&self, named: &mut Schemas) -> Json {
        if !named.contains_key(self.name) {
            // One that is met again inside of itself ends here.
            named.insert(self.name.to_owned(), Json::Null);
            let schema = self.schema(named);
            named.insert(self.name.to_owned(), schema);
        }
        json!({"$ref": format!("#/components/schemas/{}", self.name)})
    }

    fn schema(&self, named: &mut Schemas) -> Json {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        let mut add = |name: String, key: &Key, kind: Kind| {
            let mut schema = kind.schema(named);
            if let (Some(schema), false) = (schema.as_object_mut(), key.about.is_empty()) {
                schema.insert("description".to_owned(), key.about.into());
            }
            if key.need == Need::Always {
                required.push(Json::from(&*name));
            }
            properties.insert(name, schema);
        };
        for key in self.keys {
            add(key.name.to_owned(), key, key.kind);
            if matches!(key.kind, Kind::Counter) {
                add(format!("{}_details", key.name), key, Kind::Object(&DETAILS));
            }
        }
        let mut schema = json!({
            "type": "object",
            "description": self.about,
            "properties": properties,
        });
        if let (Some(schema), false) = (schema.as_object_mut(), required.is_empty()) {
            schema.insert("required".to_owned(), required.into());
        }
        schema
    }
}

//! AMQP tables for serializers: each value as the nearest plain one.

use leveret_codec::table::Table;
use serde::ser::{Serialize, Serializer};

use crate::definitions::to_json;

/// A table as an object, sorted by name, as definitions have it ([`to_json`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlainTable(pub Table);

impl Serialize for PlainTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        to_json(&self.0).serialize(serializer)
    }
}

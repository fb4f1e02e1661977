//! What policies make of a queue's limits and an exchange's alternate.

use std::cmp;
use std::sync::Arc;

use leveret_codec::table::Value;
use leveret_codec::types::ShortByteBuf;
use serde_json::Value as Json;

use super::{PolicyDefinition, Settings};
use crate::kind::QueueKind;
use crate::queue::arguments::age_ms;
use crate::queue::{Arguments, Limits, Overflow, Strategy};

/// The policies in force for one queue or exchange, and what they say together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// The name of the policy.
    pub policy: Option<String>,
    /// The name of the operator policy.
    pub operator_policy: Option<String>,
    /// Both merged; empty without any.
    pub definition: Settings,
}

impl Applied {
    pub(super) fn of(
        policy: Option<PolicyDefinition>,
        operator_policy: Option<PolicyDefinition>,
    ) -> Self {
        let mut applied = Self::default();
        if let Some(PolicyDefinition {
            name, definition, ..
        }) = policy
        {
            applied.policy = Some(name);
            applied.definition = definition;
        }
        if let Some(PolicyDefinition {
            name, definition, ..
        }) = operator_policy
        {
            applied.operator_policy = Some(name);
            for (key, bound) in definition {
                let value = match applied.definition.get(&key) {
                    Some(value) => bounded(&key, value, bound),
                    None => bound,
                };
                applied.definition.insert(key, value);
            }
        }
        applied
    }

    /// The alternate exchange of an exchange whose arguments name none.
    #[must_use]
    pub fn alternate_exchange(&self) -> Option<Arc<[u8]>> {
        self.name("alternate-exchange").map(Arc::from)
    }

    /// Merges what the policies say into `limits`, which hold what `arguments` say. A delivery
    /// limit that those do not name is replaced; any other default is to be filled in afterwards.
    ///
    /// Of numbers the smaller one counts, of names the argument. Overflow is the argument's in a
    /// classic queue and the policy's in a quorum queue; in a stream all is the policy's.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/policy/smaller_number_wins_over_argument.amqp and
    /// tests/scripts/policy/overflow_of_a_quorum_queue_is_the_policys.amqp.
    pub fn merge_into(&self, limits: &mut Limits, arguments: &Arguments) {
        if self.definition.is_empty() {
            return;
        }
        if arguments.kind() == QueueKind::Stream {
            self.merge_into_stream(limits);
            return;
        }
        limits.message_ttl_ms = self.smaller(limits.message_ttl_ms, "message-ttl");
        limits.expires_ms = self.smaller(limits.expires_ms, "expires");
        limits.max_length = self.smaller(limits.max_length, "max-length");
        limits.max_length_bytes = self.smaller(limits.max_length_bytes, "max-length-bytes");
        limits.consumer_timeout_ms = self.smaller(limits.consumer_timeout_ms, "consumer-timeout");
        limits.delivery_limit = self.delivery_limit(limits.delivery_limit, arguments);
        let given = |name| arguments.table().get(name).is_some();
        if let Some(overflow) = self.word("overflow", Overflow::from_word)
            && (arguments.kind() == QueueKind::Quorum || !given("x-overflow"))
        {
            limits.overflow = overflow;
        }
        if let Some(strategy) = self.word("dead-letter-strategy", Strategy::from_word)
            && !given("x-dead-letter-strategy")
        {
            limits.dead_letter_strategy = strategy;
        }
        let Limits {
            dead_letter_exchange: exchange,
            dead_letter_routing_key: key,
            ..
        } = limits;
        let of_policy = || self.name("dead-letter-exchange").map(Arc::from);
        *exchange = exchange.take().or_else(of_policy);
        let of_policy = || ShortByteBuf::new(self.name("dead-letter-routing-key")?);
        *key = key.take().or_else(of_policy);
    }

    fn merge_into_stream(&self, limits: &mut Limits) {
        let number = |name| self.definition.get(name).and_then(Json::as_u64);
        limits.max_length_bytes = number("max-length-bytes").or(limits.max_length_bytes);
        limits.max_age_ms = self.word("max-age", age_ms).or(limits.max_age_ms);
        limits.max_segment_bytes =
            number("stream-max-segment-size-bytes").or(limits.max_segment_bytes);
    }

    fn smaller(&self, argument: Option<u64>, name: &str) -> Option<u64> {
        let policy = self.definition.get(name).and_then(Json::as_u64);
        match (argument, policy) {
            (Some(argument), Some(policy)) => Some(argument.min(policy)),
            (one, other) => one.or(other),
        }
    }

    fn delivery_limit(&self, before: Option<u32>, arguments: &Arguments) -> Option<u32> {
        let Some(policy) = self.definition.get("delivery-limit") else {
            return before;
        };
        let policy = policy.as_i64().unwrap_or(i64::MAX);
        let argument = arguments.table().get("x-delivery-limit");
        let limit = match argument.and_then(Value::as_integer) {
            Some(argument) => smaller_delivery_limit(policy, argument),
            None => policy,
        };
        (limit >= 0).then(|| u32::try_from(limit).unwrap_or(u32::MAX))
    }

    fn word<T>(&self, name: &str, read: fn(&[u8]) -> Option<T>) -> Option<T> {
        read(self.definition.get(name)?.as_str()?.as_bytes())
    }

    fn name(&self, key: &str) -> Option<&[u8]> {
        Some(self.definition.get(key)?.as_str()?.as_bytes())
    }
}

/// A value of a policy under that of an operator policy.
fn bounded(key: &str, value: &Json, bound: Json) -> Json {
    let (Some(number), Some(most)) = (value.as_i64(), bound.as_i64()) else {
        return bound;
    };
    match key {
        "queue-version" => bound,
        "delivery-limit" => Json::from(smaller_delivery_limit(number, most)),
        _ => Json::from(number.min(most)),
    }
}

/// A negative limit is none, so any other is smaller.
fn smaller_delivery_limit(one: i64, other: i64) -> i64 {
    if one < 0 || other < 0 {
        cmp::max(one, other)
    } else {
        cmp::min(one, other)
    }
}

//! An exchange with its flags, its router and what its type remembers.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::{Table, ValueRef};
use leveret_codec::types::ShortString;
use parking_lot::{Mutex, RwLock};

use super::delayed::Delayed;
use super::destination::WeakEnd;
use crate::erlang;
use crate::error::{AmqpError, exchange_words};
use crate::exchange::{DedupCache, ExchangeType, History, RouteInput, Router};
use crate::message::Message;
use crate::policy::Applied;
use crate::tally::ExchangeTally;

/// How an exchange is declared.
#[derive(Clone, Debug)]
pub struct ExchangeSpec {
    /// Its name.
    pub name: ShortString,
    /// Its vhost.
    pub vhost: ShortString,
    /// Its type, as the client wrote it.
    pub type_name: ShortString,
    /// Survives a restart.
    pub durable: bool,
    /// Deleted with its last binding.
    pub auto_delete: bool,
    /// Clients may not publish to it.
    pub internal: bool,
    /// All arguments, unknown ones too.
    pub arguments: Table,
    /// The user who declares it.
    pub declared_by: Box<str>,
}

/// A declared exchange.
pub struct Exchange {
    /// How it was declared.
    pub spec: ExchangeSpec,
    /// Its type, parsed.
    pub kind: ExchangeType,
    /// What was published to it.
    pub tally: Arc<ExchangeTally>,
    /// Publishers read it; bind and unbind write.
    pub(in crate::vhost) router: RwLock<Router<WeakEnd>>,
    /// The alternate exchange that its arguments name.
    pub(in crate::vhost) alternate: Option<Arc<[u8]>>,
    /// The one that a policy gives it.
    alternate_by_policy: ArcSwapOption<Arc<[u8]>>,
    /// The last messages of an x-recent-history exchange.
    pub(in crate::vhost) history: Option<Mutex<History<Message>>>,
    /// Messages that wait in an x-delayed-message exchange.
    pub(in crate::vhost) delayed: Option<Arc<Delayed>>,
    /// Messages already seen, when `x-message-deduplication` is on.
    pub(in crate::vhost) seen: Option<Mutex<DedupCache>>,
}

/// Argument that names the alternate exchange.
const ALTERNATE_EXCHANGE: &str = "alternate-exchange";

impl Exchange {
    pub(in crate::vhost) fn new(
        spec: ExchangeSpec,
        delayed: impl FnOnce() -> Arc<Delayed>,
    ) -> Result<Self, AmqpError> {
        let refuse = AmqpError::precondition_failed;
        let kind = ExchangeType::parse(&spec.type_name, &spec.arguments).map_err(refuse)?;
        let router = Router::new(&kind, &spec.arguments).map_err(refuse)?;
        let alternate = alternate_of(&spec)?;
        let history = History::from_arguments(&kind, &spec.arguments).map_err(refuse)?;
        let seen = DedupCache::from_arguments(&spec.arguments).map_err(refuse)?;
        let delayed = matches!(kind, ExchangeType::Delayed(_)).then(delayed);
        Ok(Self {
            kind,
            tally: Arc::new(ExchangeTally::new(spec.name.clone())),
            router: RwLock::new(router),
            alternate,
            alternate_by_policy: ArcSwapOption::empty(),
            history: history.map(Mutex::new),
            delayed,
            seen: seen.map(Mutex::new),
            spec,
        })
    }

    /// `exchange 'x' in vhost '/'`.
    #[must_use]
    pub fn words(&self) -> String {
        exchange_words(&self.spec.name, &self.spec.vhost)
    }

    /// Unroutable messages go on here; the exchange need not exist. The default exchange has none,
    /// whatever a policy says.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/policy/default_exchange_has_no_alternate.amqp.
    #[must_use]
    pub fn alternate(&self) -> Option<Arc<[u8]>> {
        let by_policy = || self.alternate_by_policy.load().as_deref().cloned();
        self.alternate.clone().or_else(by_policy)
    }

    /// Whether anything is bound with that key, or an alternate exchange gets what has no binding.
    /// Only for exchanges that look at nothing but the key.
    pub(in crate::vhost) fn leads_anywhere(&self, key: &[u8]) -> bool {
        let input = RouteInput {
            keys: &[key],
            headers: None,
            properties: PropertiesRef::EMPTY,
            random: 0,
        };
        let mut found = Vec::new();
        self.router.read().route(&input, &mut found);
        !found.is_empty() || self.alternate().is_some()
    }

    /// Another policy is in force. Routes that were kept must be forgotten.
    pub(in crate::vhost) fn apply(&self, policies: &Applied) {
        if !self.spec.name.is_empty() {
            let alternate = policies.alternate_exchange().map(Arc::new);
            self.alternate_by_policy.store(alternate);
        }
    }

    /// Whether the routing key alone decides where a message goes, so that the answer may be
    /// kept until the topology changes.
    #[must_use]
    pub fn routes_by_key(&self) -> bool {
        self.kind.routes_by_key() && self.history.is_none() && self.seen.is_none()
    }

    /// Fails unless a declare with `other` asks for what this exchange is.
    ///
    /// # Errors
    /// 406 `PRECONDITION_FAILED - inequivalent arg …`; of the arguments only the alternate
    /// exchange counts.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/exchange/inequivalent_redeclare_is_406.amqp and
    /// tests/scripts/exchange/unknown_arguments_do_not_matter_on_redeclare.amqp.
    pub fn check_equivalent(&self, other: &ExchangeSpec) -> Result<(), AmqpError> {
        let flag = |flag: bool| flag.to_string();
        let (have, want) = (&self.spec, other);
        let compared = [
            (
                "type",
                want.type_name.to_string(),
                have.type_name.to_string(),
            ),
            ("durable", flag(want.durable), flag(have.durable)),
            (
                "auto_delete",
                flag(want.auto_delete),
                flag(have.auto_delete),
            ),
            ("internal", flag(want.internal), flag(have.internal)),
        ];
        for (name, received, current) in compared {
            if received != current {
                return Err(self.inequivalent(
                    name,
                    &format!("received '{received}' but current is '{current}'"),
                ));
            }
        }
        let received = alternate_of(want)?;
        if received == self.alternate {
            return Ok(());
        }
        let received = received.as_deref().map(erlang::text);
        let current = self.alternate.as_deref().map(erlang::text);
        let difference = match (received, current) {
            (Some(a), Some(b)) => format!("received '{a}' but current is '{b}'"),
            (None, Some(b)) => {
                format!("received none but current is the value '{b}' of type 'longstr'")
            }
            (Some(a), None) => {
                format!("received the value '{a}' of type 'longstr' but current is none")
            }
            (None, None) => return Ok(()),
        };
        Err(self.inequivalent(ALTERNATE_EXCHANGE, &difference))
    }

    fn inequivalent(&self, argument: &str, difference: &str) -> AmqpError {
        let words = self.words();
        AmqpError::precondition_failed(format!(
            "inequivalent arg '{argument}' for {words}: {difference}"
        ))
    }
}

/// Its octets are not looked at, because the exchange need not exist.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/octets/arguments_are_octets.amqp.
fn alternate_of(spec: &ExchangeSpec) -> Result<Option<Arc<[u8]>>, AmqpError> {
    let Some(value) = spec.arguments.get(ALTERNATE_EXCHANGE) else {
        return Ok(None);
    };
    match value.as_str() {
        Some(name) => Ok(Some(name.into())),
        None => Err(AmqpError::precondition_failed(format!(
            "invalid type '{}' for arg '{ALTERNATE_EXCHANGE}' in {}",
            value.type_name(),
            exchange_words(&spec.name, &spec.vhost)
        ))),
    }
}

/// The value of the `x-delay` header, if it is a number of milliseconds above zero.
#[must_use]
pub(in crate::vhost) fn delay_of(value: Option<ValueRef<'_>>) -> Option<u64> {
    let delay = value?.as_integer()?;
    u64::try_from(delay).ok().filter(|delay| *delay > 0)
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words())
    }
}

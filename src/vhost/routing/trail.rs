//! The way that a message would take, noted step by step, while nothing changes on it.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::destination::{Destination, WeakEnd};
use super::exchange::Exchange;
use super::topology::Binding;
use super::walk::{Delaying, Trace, Walk};
use super::{Answer, Question};
use crate::clock::Now;
use crate::erlang;
use crate::exchange::{RouteInput, Router};
use crate::vhost::Vhost;

/// The exchanges that a message comes to, in order.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// Each with where it leads from there.
    pub(crate) steps: Vec<Step>,
    next: Via,
}

/// A message at an exchange.
#[derive(Debug)]
pub(crate) struct Step {
    /// The name of the exchange.
    pub(crate) name: String,
    /// The exchange; `None` for an alternate exchange that does not exist.
    pub(crate) exchange: Option<Arc<Exchange>>,
    /// How it comes there.
    pub(crate) via: Via,
    /// Where its bindings lead the message: what is there more than once is bound so.
    pub(crate) leads_to: Vec<Destination>,
    /// Milliseconds that the exchange keeps the message first.
    pub(crate) delay_ms: Option<u64>,
    /// The exchange has seen its like, and drops it.
    pub(crate) is_duplicate: bool,
}

/// How a message comes to an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Via {
    /// It is the first one.
    #[default]
    First,
    /// By a binding of an exchange before.
    Binding,
    /// As the alternate exchange of this one.
    Alternate(ShortString),
}

impl Trail {
    fn last(&mut self, note: impl FnOnce(&mut Step)) {
        if let Some(last) = self.steps.last_mut() {
            note(last);
        }
    }
}

impl Trace for Trail {
    const IS_TRIAL: bool = true;

    fn visit(&mut self, exchange: &Arc<Exchange>) {
        self.steps.push(Step {
            name: exchange.spec.name.to_string(),
            exchange: Some(Arc::clone(exchange)),
            via: mem::replace(&mut self.next, Via::Binding),
            leads_to: Vec::new(),
            delay_ms: None,
            is_duplicate: false,
        });
    }

    fn leads_to(&mut self, found: &[WeakEnd]) {
        let found: Vec<_> = found.iter().filter_map(WeakEnd::upgrade).collect();
        self.last(|step| step.leads_to = found);
    }

    fn delays(&mut self, ms: u64) {
        self.last(|step| step.delay_ms = Some(ms));
    }

    fn drops_duplicate(&mut self) {
        self.last(|step| step.is_duplicate = true);
    }

    fn goes_on(&mut self, from: &Exchange, alternate: &[u8], exists: bool) {
        let via = Via::Alternate(from.spec.name.clone());
        if exists {
            self.next = via;
            return;
        }
        self.steps.push(Step {
            name: erlang::text(alternate).into_owned(),
            exchange: None,
            via,
            leads_to: Vec::new(),
            delay_ms: None,
            is_duplicate: false,
        });
    }
}

impl Vhost {
    /// The way that a message would take from `exchange` on.
    /// Nothing is kept, counted, remembered or drawn by chance. `is_released`: its delay there is
    /// over.
    pub(crate) fn trial(
        &self,
        now: Now,
        exchange: &Arc<Exchange>,
        question: Question<'_>,
        is_released: bool,
    ) -> (Answer, Trail) {
        let delaying = if is_released {
            Delaying::Over
        } else {
            Delaying::Now
        };
        Walk::new(&self.directory, now, question, delaying, Trail::default()).follow(exchange)
    }

    /// The exchange called `name`; `None` if there is none, or if `name` is not UTF-8.
    pub(crate) fn exchange_named(&self, name: &[u8]) -> Option<Arc<Exchange>> {
        self.directory.exchange_named(name)
    }

    /// The bindings by which a message leaves an exchange, by destination, key and arguments.
    pub(crate) fn bindings_taken(&self, step: &Step, question: Question<'_>) -> Vec<Arc<Binding>> {
        let Some(exchange) = step.exchange.as_ref().filter(|_| !step.leads_to.is_empty()) else {
            return Vec::new();
        };
        let reached: HashSet<WeakEnd> = step.leads_to.iter().map(Destination::downgrade).collect();
        let bindings = self
            .topology
            .lock()
            .between(&WeakEnd::source(exchange), &reached);
        let properties = question.message.properties();
        let input = RouteInput {
            keys: question.keys,
            headers: properties.headers().ok().flatten(),
            properties,
            random: 0,
        };
        let takes = |binding: &Arc<Binding>| exchange.takes(binding, &input);
        bindings.into_iter().filter(takes).collect()
    }
}

impl Exchange {
    /// Whether a binding leads a message on, if it is the only one of this exchange.
    fn takes(&self, binding: &Binding, input: &RouteInput<'_>) -> bool {
        let Ok(mut router) = Router::new(&self.kind, &self.spec.arguments) else {
            return false;
        };
        router.bind(&binding.key, binding.arguments(), ());
        let mut found = Vec::new();
        router.route(input, &mut found);
        !found.is_empty()
    }
}

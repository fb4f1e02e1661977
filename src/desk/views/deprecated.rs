//! What RabbitMQ deprecates, and whether it is used here.

use serde::Serialize;

use super::Scope;
use crate::compat::Feature;
use crate::desk::Desk;
use crate::kind::QueueKind;

/// A deprecated feature, as RabbitMQ's API shows it, and its use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeprecatedFeatureView {
    /// RabbitMQ's name.
    pub name: &'static str,
    /// Always empty, as in RabbitMQ.
    pub desc: &'static str,
    /// `permitted` or `denied`.
    pub state: &'static str,
    /// `permitted_by_default`, `denied_by_default` or `removed`.
    pub deprecation_phase: &'static str,
    /// Where RabbitMQ explains it.
    pub doc_url: String,
    /// The application of RabbitMQ that has it.
    pub provided_by: &'static str,
    /// Whether it is in use: transient queues while there are some, anything else that is permitted
    /// once it was used.
    #[serde(skip)]
    pub used: bool,
    /// When it was used first since the start, in milliseconds since 1970.
    #[serde(skip)]
    pub first_use_ms: Option<u64>,
}

impl Desk {
    /// All deprecated features, in RabbitMQ's order.
    #[must_use]
    pub fn deprecated_features(&self) -> Vec<DeprecatedFeatureView> {
        let settings = &self.env.settings;
        let view = |feature: Feature| {
            let first_use = self.env.deprecations.first_use(feature);
            let permitted = feature.is_permitted(settings);
            let used = match feature {
                Feature::TransientNonexclQueues => self.has_transient_queues(),
                _ => permitted && first_use.is_some(),
            };
            DeprecatedFeatureView {
                name: feature.name(),
                desc: "",
                state: if permitted { "permitted" } else { "denied" },
                deprecation_phase: feature.phase(settings.compat_profile).word(),
                doc_url: feature.doc_url(),
                provided_by: feature.provided_by(),
                used,
                first_use_ms: first_use.map(|wall| wall.as_millis()),
            }
        };
        Feature::ALL.map(view).into()
    }

    /// Whether there is a queue that is neither durable nor exclusive.
    fn has_transient_queues(&self) -> bool {
        self.vhosts_of(Scope::All).iter().any(|vhost| {
            vhost.all_queues().iter().any(|queue| {
                let declared = queue.declared();
                declared.kind == QueueKind::Classic
                    && !declared.durable
                    && declared.exclusive.is_none()
            })
        })
    }
}

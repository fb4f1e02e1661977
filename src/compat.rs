//! What RabbitMQ deprecates: features that one of its versions refuses by default, and existing
//! code relies on.
//!
//! Each is permitted by its own setting under `compat.`, or else by `compat.profile`, a version of
//! RabbitMQ whose defaults hold. The first use of each is logged in RabbitMQ's words, as a warning
//! where it is permitted and as an error where it is not, and its time is kept.
//!
//! Docs: deprecated features. Seen: RabbitMQ 4.3.6 and its log, each of them permitted and not.

use std::sync::OnceLock;

use leveret_codec::reply::ReplyCode;

use crate::clock::{Now, Wall};
use crate::config::{CompatProfile, Settings};
use crate::error::AmqpError;

const WILL_NOT_BE_PERMITTED: &str = "Its use will not be permitted by default in a future minor \
     RabbitMQ version and the feature will be removed from a future major RabbitMQ version; actual \
     versions to be determined.";
const WILL_BE_REMOVED: &str = "The feature will be removed from a future major RabbitMQ version, \
     regardless of the configuration";
const TO_CONTINUE: &str = "To continue using this feature when it is not permitted by default, set \
     the following parameter in your configuration:";

/// What may be used although it is deprecated, or might once have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Queues that are neither durable nor exclusive.
    TransientNonexclQueues,
    /// One prefetch limit for all consumers of a channel.
    GlobalQos,
    /// The argument `x-queue-master-locator`.
    QueueMasterLocator,
    /// AMQP 1.0 addresses of RabbitMQ 3.
    AmqpAddressV1,
    /// AMQP 1.0 filters without a described type.
    AmqpFilterSetBug,
    /// Message rates by the management plugin.
    ManagementMetricsCollection,
    /// Queues with mirrors.
    ClassicQueueMirroring,
    /// Nodes that keep definitions in memory.
    RamNodeType,
}

/// How far the deprecation of a feature has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It can be used unless a setting forbids it.
    PermittedByDefault,
    /// It can be used if a setting permits it.
    DeniedByDefault,
    /// It is gone.
    Removed,
}

impl Phase {
    /// RabbitMQ's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PermittedByDefault => "permitted_by_default",
            Self::DeniedByDefault => "denied_by_default",
            Self::Removed => "removed",
        }
    }
}

impl Feature {
    /// All of them, in the order of RabbitMQ's API.
    pub const ALL: [Self; 8] = [
        Self::QueueMasterLocator,
        Self::GlobalQos,
        Self::AmqpFilterSetBug,
        Self::AmqpAddressV1,
        Self::ManagementMetricsCollection,
        Self::TransientNonexclQueues,
        Self::ClassicQueueMirroring,
        Self::RamNodeType,
    ];

    /// RabbitMQ's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TransientNonexclQueues => "transient_nonexcl_queues",
            Self::GlobalQos => "global_qos",
            Self::QueueMasterLocator => "queue_master_locator",
            Self::AmqpAddressV1 => "amqp_address_v1",
            Self::AmqpFilterSetBug => "amqp_filter_set_bug",
            Self::ManagementMetricsCollection => "management_metrics_collection",
            Self::ClassicQueueMirroring => "classic_queue_mirroring",
            Self::RamNodeType => "ram_node_type",
        }
    }

    /// Where RabbitMQ explains it, an address; empty where it does not.
    #[must_use]
    pub fn doc_url(self) -> String {
        const POST: &str = "https://blog.rabbitmq.com/posts/2021/08/4.0-deprecation-announcements/";
        let about = match self {
            Self::TransientNonexclQueues => "removal-of-transient-non-exclusive-queues",
            Self::GlobalQos => "removal-of-global-qos",
            Self::QueueMasterLocator => return String::new(),
            Self::AmqpAddressV1 => {
                return "https://www.rabbitmq.com/docs/amqp#addresses".to_owned();
            }
            Self::AmqpFilterSetBug => {
                let page = "https://docs.oasis-open.org/amqp/core/v1.0/os/\
                            amqp-core-messaging-v1.0-os.html#type-filter-set";
                return page.to_owned();
            }
            Self::ManagementMetricsCollection => {
                "disable-metrics-delivery-via-the-management-api--ui"
            }
            Self::ClassicQueueMirroring => "removal-of-classic-queue-mirroring",
            Self::RamNodeType => "removal-of-ram-nodes",
        };
        format!("{POST}#{about}")
    }

    /// The application of RabbitMQ that has it.
    #[must_use]
    pub fn provided_by(self) -> &'static str {
        match self {
            Self::ManagementMetricsCollection => "rabbitmq_management_agent",
            _ => "rabbit",
        }
    }

    /// How far its deprecation is in the version of the profile.
    #[must_use]
    pub fn phase(self, profile: CompatProfile) -> Phase {
        let has_come = matches!(profile, CompatProfile::Lenient | CompatProfile::V4_3);
        match self {
            Self::GlobalQos | Self::QueueMasterLocator if !has_come => Phase::PermittedByDefault,
            Self::GlobalQos
            | Self::QueueMasterLocator
            | Self::AmqpAddressV1
            | Self::AmqpFilterSetBug => Phase::DeniedByDefault,
            Self::TransientNonexclQueues | Self::ManagementMetricsCollection => {
                Phase::PermittedByDefault
            }
            Self::ClassicQueueMirroring | Self::RamNodeType => Phase::Removed,
        }
    }

    /// Whether it may be used.
    #[must_use]
    pub fn is_permitted(self, settings: &Settings) -> bool {
        let profile = settings.compat_profile;
        let lenient = profile == CompatProfile::Lenient;
        let by_default = self.phase(profile) == Phase::PermittedByDefault;
        match self {
            Self::TransientNonexclQueues => settings
                .compat_permit_transient_nonexcl_queues
                .unwrap_or(by_default),
            Self::GlobalQos => settings
                .compat_permit_global_qos
                .unwrap_or(by_default || lenient),
            Self::QueueMasterLocator => settings
                .compat_permit_queue_master_locator
                .unwrap_or(by_default || lenient),
            _ => by_default,
        }
    }

    /// RabbitMQ's words for its use, line by line.
    fn words(self, settings: &Settings) -> String {
        let (phase, permitted) = (
            self.phase(settings.compat_profile),
            self.is_permitted(settings),
        );
        let name = self.name();
        if self == Self::QueueMasterLocator && permitted {
            return "queue-master-locator is deprecated. queue-leader-locator should be used \
                    instead (allowed values are 'client-local' and 'balanced')"
                .to_owned();
        }
        let set = |to: bool| format!("    \"deprecated_features.permit.{name} = {to}\"");
        let (on, off) = (set(true), set(false));
        let rest = match (phase, permitted) {
            (Phase::PermittedByDefault, true) => format!(
                "By default, this feature can still be used for now.\n{WILL_NOT_BE_PERMITTED}\n\
                 {TO_CONTINUE}\n{on}\nTo test RabbitMQ as if the feature was removed, set this in \
                 your configuration:\n{off}"
            ),
            (Phase::PermittedByDefault, false) => format!(
                "Its use is not permitted per the configuration (overriding the default, which is \
                 permitted):\n{off}\n{WILL_NOT_BE_PERMITTED}\n{TO_CONTINUE}\n{on}"
            ),
            (_, true) => format!(
                "Its use is permitted per the configuration (overriding the default, which is not \
                 permitted):\n{on}\n{WILL_BE_REMOVED}."
            ),
            (_, false) => format!(
                "By default, this feature is not permitted anymore.\n{WILL_BE_REMOVED}; actual \
                 version to be determined.\n{TO_CONTINUE}\n{on}"
            ),
        };
        format!("Feature `{name}` is deprecated.\n{rest}")
    }
}

/// When deprecated features were used first, since the broker started.
#[derive(Debug, Default)]
pub struct Deprecations([OnceLock<Wall>; Feature::ALL.len()]);

impl Deprecations {
    /// A client uses `feature`: whether it may. The first time is logged.
    pub fn uses(&self, now: Now, settings: &Settings, feature: Feature) -> bool {
        let permitted = feature.is_permitted(settings);
        let first = self
            .slot(feature)
            .is_some_and(|first| first.set(now.wall).is_ok());
        if first {
            let mut lead = format!("Deprecated features: `{}`: ", feature.name());
            for line in feature.words(settings).lines() {
                if permitted {
                    crate::log::warn!("{lead}{line}");
                } else {
                    crate::log::error!("{lead}{line}");
                }
                lead.clear();
            }
        }
        permitted
    }

    /// Fails where a client uses what it may not.
    ///
    /// # Errors
    /// 541 `INTERNAL_ERROR`, closes the connection, as in RabbitMQ.
    pub fn check(&self, now: Now, settings: &Settings, feature: Feature) -> Result<(), AmqpError> {
        if self.uses(now, settings, feature) {
            return Ok(());
        }
        let words = feature.words(settings);
        Err(AmqpError::new(ReplyCode::InternalError, words))
    }

    /// When `feature` was used first.
    #[must_use]
    pub fn first_use(&self, feature: Feature) -> Option<Wall> {
        self.slot(feature)?.get().copied()
    }

    fn slot(&self, feature: Feature) -> Option<&OnceLock<Wall>> {
        let at = Feature::ALL.iter().position(|one| *one == feature)?;
        self.0.get(at)
    }
}

#[cfg(test)]
mod tests;

//! Which page is asked for, and which families are on it.
//!
//! Seen: RabbitMQ 4.3.6: a family that there is not, or an empty one, adds nothing; `vhost` chooses
//! among queues and what was published to exchanges, and nothing else; parameters mean nothing on
//! other pages.

use std::collections::HashSet;

use super::families::{GROUPS, Group, Prefix, Shown};
use super::family::Family;
use super::rows::Name;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// `/metrics`: sums.
    Aggregated,
    /// `/metrics/per-object`: a series for each object.
    PerObject,
    /// `/metrics/detailed`: the same for some families alone.
    Detailed {
        /// `family=`, each as it was given.
        families: Vec<String>,
        /// `vhost=`; empty for all.
        vhosts: Vec<String>,
    },
    /// `/metrics/memory-breakdown`.
    Memory,
}

/// A family on a page.
#[derive(Clone, Copy)]
pub(super) struct Planned {
    pub(super) family: &'static Family,
    pub(super) name: Name,
}

impl Page {
    /// The page at `/metrics` or, with what stands behind it, `/metrics/registry`. `per_object`
    /// says which of two `/metrics` is. `None` if there is no such page.
    pub(super) fn of(registry: Option<&str>, query: &str, per_object: bool) -> Option<Self> {
        match registry {
            None | Some("default") if per_object => Some(Self::PerObject),
            None | Some("default") => Some(Self::Aggregated),
            Some("per-object") => Some(Self::PerObject),
            Some("memory-breakdown") => Some(Self::Memory),
            Some("detailed") => {
                let (mut families, mut vhosts) = (Vec::new(), Vec::new());
                for (key, value) in form_urlencoded::parse(query.as_bytes()) {
                    match &*key {
                        "family" => families.push(value.into_owned()),
                        "vhost" => vhosts.push(value.into_owned()),
                        _ => {}
                    }
                }
                Some(Self::Detailed { families, vhosts })
            }
            Some(_) => None,
        }
    }

    /// RabbitMQ's word for it.
    pub(super) fn endpoint(&self) -> &'static str {
        match self {
            Self::Aggregated => "aggregated",
            Self::PerObject => "per-object",
            Self::Detailed { .. } => "detailed",
            Self::Memory => "memory-breakdown",
        }
    }

    /// Whether there is a series for each object.
    pub(super) fn shows_each(&self) -> bool {
        matches!(self, Self::PerObject | Self::Detailed { .. })
    }

    /// The vhosts whose queues are shown; `None` for all.
    pub(super) fn vhosts(&self) -> Option<Vec<&str>> {
        match self {
            Self::Detailed { vhosts, .. } if !vhosts.is_empty() => {
                Some(vhosts.iter().map(String::as_str).collect())
            }
            _ => None,
        }
    }

    /// The families on it, each once.
    pub(super) fn plan(&self) -> Vec<Planned> {
        let mut seen = HashSet::new();
        let groups = GROUPS.iter().copied().flatten();
        groups
            .filter(|group| self.has(group))
            .flat_map(|group| {
                let prefix = self.prefix(group);
                group.families.iter().map(move |family| Planned {
                    family,
                    name: Name {
                        prefix,
                        own: family.name,
                    },
                })
            })
            .filter(|planned| seen.insert(planned.name))
            .collect()
    }

    fn has(&self, group: &Group) -> bool {
        if group.shown == Shown::Everywhere {
            return true;
        }
        match self {
            Self::Aggregated => group.shown == Shown::Both,
            Self::PerObject => matches!(group.shown, Shown::Both | Shown::PerObject),
            Self::Memory => group.shown == Shown::Memory,
            Self::Detailed { families, .. } => {
                !group.name.is_empty() && families.iter().any(|family| family == group.name)
            }
        }
    }

    fn prefix(&self, group: &Group) -> &'static str {
        match (group.prefix, self) {
            (Prefix::Always(prefix), _) => prefix,
            (Prefix::RabbitMq, Self::Detailed { .. }) => "rabbitmq_detailed_",
            (Prefix::RabbitMq, _) => "rabbitmq_",
        }
    }
}

#[cfg(test)]
mod tests;

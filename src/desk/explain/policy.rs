//! What a policy would be in force for if it were set, and what is in force there now.

use std::cmp::Ordering;

use serde_json::{Map, Value as Json};

use crate::desk::{AdminError, Desk};
use crate::limits::EXPLAINED_MAX;
use crate::policy::{Applied, Issuer, PolicyDefinition};
use crate::vhost::{Foreseen, Suits};

/// What a policy would do.
#[derive(Debug, Default)]
pub(crate) struct PolicyPreview {
    /// Queues, then exchanges, by name: at most [`EXPLAINED_MAX`].
    pub(crate) matches: Vec<PolicyMatch>,
    /// Queues and exchanges whose name and type it is for.
    pub(crate) matched: usize,
    /// Queues and exchanges for which it would change what is in force.
    pub(crate) changed: usize,
    /// Queues and exchanges that were looked at.
    pub(crate) seen: usize,
    /// There are more than `matches` has.
    pub(crate) is_cut: bool,
}

/// A queue or an exchange that it is for, or is in force for now.
#[derive(Debug)]
pub(crate) struct PolicyMatch {
    pub(crate) name: String,
    /// `queue` or `exchange`.
    pub(crate) kind: &'static str,
    pub(crate) type_name: String,
    /// The policy of the same issuer that is in force now, with its priority.
    pub(crate) policy: Option<(String, Json)>,
    pub(crate) change: Change,
    pub(crate) why: String,
    /// What the policies of both issuers say together, now and then.
    pub(crate) definition: Map<String, Json>,
    pub(crate) definition_then: Map<String, Json>,
}

/// What would change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// No policy is in force.
    Gains,
    /// It wins over another one.
    Replaces,
    /// It is in force, with another definition.
    Changes,
    /// It is in force, and says the same.
    Keeps,
    /// Another one wins.
    Outranked,
    /// It is in force, and would not be for it any more.
    Loses,
}

impl Change {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Gains => "gains",
            Self::Replaces => "replaces",
            Self::Changes => "changes",
            Self::Keeps => "keeps",
            Self::Outranked => "outranked",
            Self::Loses => "loses",
        }
    }

    /// Whether the policy would be in force.
    pub(crate) fn wins(self) -> bool {
        !matches!(self, Self::Outranked | Self::Loses)
    }
}

impl Desk {
    /// What a policy would do. Nothing is set.
    ///
    /// # Errors
    /// Those of setting it: there is no such vhost, or RabbitMQ's sentences about what is invalid.
    pub(crate) fn preview_policy(
        &self,
        issuer: Issuer,
        definition: &PolicyDefinition,
    ) -> Result<PolicyPreview, AdminError> {
        let policy = self.check_policy(issuer, definition)?;
        let vhost = self.find_vhost(&definition.vhost);
        let vhost = vhost.ok_or_else(|| AdminError::NoSuchVhost(definition.vhost.clone()))?;
        let before = vhost.policies(issuer);
        let mut preview = PolicyPreview::default();
        vhost.foresee_policy(issuer, policy, |foreseen| {
            preview.seen += 1;
            let Some(found) = matched(issuer, definition, &before, foreseen) else {
                return;
            };
            preview.matched += usize::from(found.change != Change::Loses);
            let is_change = !matches!(found.change, Change::Keeps | Change::Outranked);
            preview.changed += usize::from(is_change);
            match preview.matches.len() < EXPLAINED_MAX {
                true => preview.matches.push(found),
                false => preview.is_cut = true,
            }
        });
        Ok(preview)
    }
}

/// `None` if it is not for it, and not in force either.
fn matched(
    issuer: Issuer,
    policy: &PolicyDefinition,
    before: &[PolicyDefinition],
    foreseen: Foreseen<'_>,
) -> Option<PolicyMatch> {
    let Foreseen {
        name,
        kind,
        type_name,
        suits,
        now,
        then,
    } = foreseen;
    let of_issuer = |applied: &Applied| match issuer {
        Issuer::User => applied.policy.clone(),
        Issuer::Operator => applied.operator_policy.clone(),
    };
    let (current, winner) = (of_issuer(&now), of_issuer(&then));
    let is_current = current.as_ref() == Some(&policy.name);
    let is_same = now.definition == then.definition;
    let change = match (suits, winner.as_ref() == Some(&policy.name)) {
        (Suits::No, _) if !is_current => return None,
        (Suits::No, _) => Change::Loses,
        (Suits::Yes, false) => Change::Outranked,
        (Suits::Yes, true) if is_current && is_same => Change::Keeps,
        (Suits::Yes, true) if is_current => Change::Changes,
        (Suits::Yes, true) if current.is_some() => Change::Replaces,
        (Suits::Yes, true) => Change::Gains,
    };
    let priority_of = |name: &str| {
        let found = before.iter().find(|one| one.name == name);
        found.map_or(Json::from(0), |one| one.priority.clone())
    };
    let other = match change {
        Change::Outranked | Change::Loses => winner,
        _ => current.clone(),
    };
    let other = other.map(|name| (priority_of(&name), name));
    let why = sentence(change, policy, other.as_ref());
    Some(PolicyMatch {
        name: name.to_owned(),
        kind,
        type_name: type_name.to_owned(),
        policy: current.map(|name| {
            let priority = priority_of(&name);
            (name, priority)
        }),
        change,
        why,
        definition: now.definition,
        definition_then: then.definition,
    })
}

/// `other`: the policy that it wins over, or that wins.
fn sentence(change: Change, policy: &PolicyDefinition, other: Option<&(Json, String)>) -> String {
    let own = &policy.name;
    match (change, other) {
        (Change::Gains, _) => "No policy is in force for it now.".to_owned(),
        (Change::Keeps, _) => format!("Policy '{own}' is in force for it already."),
        (Change::Changes, _) => {
            format!("Policy '{own}' is in force for it already, with another definition.")
        }
        (Change::Loses, None) => {
            format!("Policy '{own}' is in force for it now, and would not match it any more.")
        }
        (Change::Loses, Some((_, next))) => format!(
            "Policy '{own}' is in force for it now, and would not match it any more: '{next}' \
             would be."
        ),
        (Change::Replaces, Some((priority, other))) => rank(own, other, &policy.priority, priority),
        (Change::Outranked, Some((priority, other))) => {
            rank(other, own, priority, &policy.priority)
        }
        (Change::Replaces | Change::Outranked, None) => String::new(),
    }
}

/// Why `winner` wins over `loser`.
fn rank(winner: &str, loser: &str, of_winner: &Json, of_loser: &Json) -> String {
    let (one, other) = (of_winner.as_f64(), of_loser.as_f64());
    match one.unwrap_or(0.0).total_cmp(&other.unwrap_or(0.0)) {
        Ordering::Equal => format!(
            "'{winner}' wins over '{loser}': of the same priority, the first one by name is in \
             force."
        ),
        _ => format!("'{winner}' wins over '{loser}' by its priority: {of_winner} to {of_loser}."),
    }
}

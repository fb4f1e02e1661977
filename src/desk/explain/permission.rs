//! Whether a user may do something to a queue or an exchange, rule by rule.

use std::sync::Arc;

use leveret_codec::types::ShortByteBuf;

use crate::auth::{Operation, Resource, User};
use crate::desk::{Actor, Desk};
use crate::erlang;
use crate::error::AmqpError;
use crate::events::Author;
use crate::exchange::ExchangeType;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PermissionQuestion<'a> {
    pub(crate) vhost: &'a str,
    pub(crate) operation: Operation,
    pub(crate) resource: Resource<'a>,
    /// With which routing key, if that is asked, too.
    pub(crate) routing_key: Option<&'a str>,
}

/// The answer.
#[derive(Debug)]
pub(crate) struct Permitted {
    /// What a client would hear: a channel is closed with it, or a connection is not opened.
    pub(crate) refusal: Option<String>,
    /// In the order in which they are asked. The last one decides.
    pub(crate) rules: Vec<Rule>,
}

/// A rule that was asked.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) kind: RuleKind,
    pub(crate) allowed: bool,
    /// The regular expression that decides, if one does.
    pub(crate) pattern: Option<String>,
    /// A sentence.
    pub(crate) why: String,
}

/// What kind of rule it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleKind {
    /// Whether the user has any permission in the vhost.
    Vhost,
    /// The permission for names.
    Permission,
    /// The permission for routing keys of a topic exchange.
    TopicPermission,
}

impl RuleKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Vhost => "vhost",
            Self::Permission => "permission",
            Self::TopicPermission => "topic_permission",
        }
    }
}

impl Permitted {
    pub(crate) fn is_allowed(&self) -> bool {
        self.refusal.is_none()
    }

    /// The sentence of the rule that decides.
    pub(crate) fn why(&self) -> &str {
        self.rules.last().map_or("", |rule| &rule.why)
    }
}

impl Desk {
    /// Whether `user` may do it; `None` if there is no such vhost.
    pub(crate) fn explain_permission(
        self: &Arc<Self>,
        user: &Arc<User>,
        question: PermissionQuestion<'_>,
    ) -> Option<Permitted> {
        let (name, vhost) = (user.name(), question.vhost);
        self.find_vhost(vhost)?;
        let actor = match self.actor(user, vhost, Author::broker()) {
            Ok(actor) => actor,
            Err(refused) => {
                let rule = Rule {
                    kind: RuleKind::Vhost,
                    allowed: false,
                    pattern: None,
                    why: no_entry(name, vhost),
                };
                return Some(Permitted {
                    refusal: Some(AmqpError::not_allowed(refused.to_string()).reply_text()),
                    rules: vec![rule],
                });
            }
        };
        let mut rules = vec![Rule {
            kind: RuleKind::Vhost,
            allowed: true,
            pattern: None,
            why: format!("User '{name}' has permissions in virtual host '{vhost}'."),
        }];
        let mut checked = actor.explain_name(question, &mut rules);
        if checked.is_ok() {
            checked = actor.explain_topic(question, &mut rules);
        }
        Some(Permitted {
            refusal: checked.err().map(|error| error.reply_text()),
            rules,
        })
    }
}

pub(super) fn no_entry(user: &str, vhost: &str) -> String {
    format!(
        "User '{user}' has no permissions in virtual host '{vhost}', so no connection of this \
         user may open it."
    )
}

impl Actor {
    /// The sentence of the first rule that refuses an operation with any of these routing keys.
    pub(super) fn rule_that_refuses(
        &self,
        operation: Operation,
        resource: Resource<'_>,
        keys: &[ShortByteBuf],
    ) -> Option<String> {
        let mut rules = Vec::new();
        let question = PermissionQuestion {
            vhost: self.vhost.name(),
            operation,
            resource,
            routing_key: None,
        };
        let mut checked = self.explain_name(question, &mut rules);
        for key in keys {
            let key = erlang::text(key);
            let with_key = PermissionQuestion {
                routing_key: Some(&key),
                ..question
            };
            checked = checked.and_then(|()| self.explain_topic(with_key, &mut rules));
        }
        checked.err()?;
        rules.pop().map(|rule| rule.why)
    }

    /// The permission for names.
    fn explain_name(
        &self,
        question: PermissionQuestion<'_>,
        rules: &mut Vec<Rule>,
    ) -> Result<(), AmqpError> {
        let PermissionQuestion {
            operation,
            resource,
            ..
        } = question;
        let checked = match resource {
            Resource::Queue(name) => self.check_queue(operation, name),
            Resource::Exchange(name) => self.check_exchange(operation, name),
        };
        let access = self.access();
        let pattern = access.map(|access| access.pattern(operation).as_str().to_owned());
        let found = Found {
            operation,
            pattern: pattern.as_deref().unwrap_or_default(),
            of: String::new(),
            name: &erlang::text(resource.name()),
            what: "name",
        };
        rules.push(Rule {
            kind: RuleKind::Permission,
            allowed: checked.is_ok(),
            why: found.sentence(self, checked.is_ok()),
            pattern,
        });
        checked
    }

    /// The permission for routing keys, where a topic exchange is asked for it.
    fn explain_topic(
        &self,
        question: PermissionQuestion<'_>,
        rules: &mut Vec<Rule>,
    ) -> Result<(), AmqpError> {
        let (Resource::Exchange(exchange), Some(key)) = (question.resource, question.routing_key)
        else {
            return Ok(());
        };
        let operation = question.operation;
        let exchange = erlang::text(exchange);
        let found = self.vhost.find_exchange(&exchange);
        let is_topic = found.as_ref().map(|one| one.kind == ExchangeType::Topic);
        let unasked = match (is_topic, operation) {
            (_, Operation::Configure) => "Configuring asks for no routing key.".to_owned(),
            (None, _) => format!(
                "There is no exchange '{exchange}' in virtual host '{}'. Routing keys are checked \
                 for topic exchanges only.",
                self.vhost.name()
            ),
            (Some(false), _) => format!(
                "Exchange '{exchange}' is no topic exchange, so its routing keys are not checked."
            ),
            (Some(true), _) => return self.explain_key(operation, &exchange, key, rules),
        };
        rules.push(Rule {
            kind: RuleKind::TopicPermission,
            allowed: true,
            pattern: None,
            why: unasked,
        });
        Ok(())
    }

    fn explain_key(
        &self,
        operation: Operation,
        exchange: &str,
        key: &str,
        rules: &mut Vec<Rule>,
    ) -> Result<(), AmqpError> {
        let (user, vhost) = (self.user_name(), self.vhost.name());
        let checked = self.check_topic(operation, exchange, key);
        let access = self.desk.auth.topic_access(user, vhost, exchange);
        let pattern = access.map(|access| match operation {
            Operation::Read => access.read().to_owned(),
            _ => access.write().to_owned(),
        });
        let why = match &pattern {
            Some(pattern) => Found {
                operation,
                pattern,
                of: format!(" for topics of exchange '{exchange}'"),
                name: key,
                what: "routing key",
            }
            .sentence(self, checked.is_ok()),
            None => format!(
                "User '{user}' has no topic permission for exchange '{exchange}', so every \
                 routing key is allowed."
            ),
        };
        rules.push(Rule {
            kind: RuleKind::TopicPermission,
            allowed: checked.is_ok(),
            pattern,
            why,
        });
        checked
    }
}

/// A pattern that is, or is not, found in a name.
struct Found<'a> {
    operation: Operation,
    pattern: &'a str,
    /// What the pattern is for besides.
    of: String,
    name: &'a str,
    what: &'a str,
}

impl Found<'_> {
    fn sentence(&self, actor: &Actor, allowed: bool) -> String {
        let Self {
            operation,
            pattern,
            of,
            name,
            what,
        } = self;
        let operation = operation.name();
        let (user, vhost) = (actor.user_name(), actor.vhost.name());
        let whose = format!("of user '{user}' in virtual host '{vhost}'{of}");
        match (pattern.is_empty(), allowed) {
            (true, _) => format!("The {operation} pattern {whose} is empty: it matches no {what}."),
            (false, true) => {
                format!("The {operation} pattern '{pattern}' {whose} is found in '{name}'.")
            }
            (false, false) => {
                format!("The {operation} pattern '{pattern}' {whose} is not found in '{name}'.")
            }
        }
    }
}

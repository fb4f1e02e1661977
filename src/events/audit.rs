//! The audit log: a line at level info for each change that an operator may ask about later, with
//! the user and the address that it came from.
//!
//! It says names, kinds, rights and flags. It never says what a parameter, a policy or an argument
//! is set to, nor anything of a password: values may hold secrets, such as a URI with a password.
//! Connections, logins and alarms have lines of their own; channels and consumers have none.
//!
//! While the log does not take the level info, a change that no listener wants is not made at all.

use std::fmt;

use leveret_codec::table::{Table, Value};

use super::{Author, Change, ChangeKind};
use crate::log::{self, Shown};

/// Whether the log has a line for changes of this kind.
pub(super) fn wants(kind: ChangeKind) -> bool {
    is_audited(kind) && log::takes_audit()
}

fn is_audited(kind: ChangeKind) -> bool {
    use ChangeKind as Is;
    !matches!(
        kind,
        Is::ConnectionCreated
            | Is::ConnectionClosed
            | Is::ChannelCreated
            | Is::ChannelClosed
            | Is::ConsumerCreated
            | Is::ConsumerDeleted
            | Is::UserAuthenticationSuccess
            | Is::UserAuthenticationFailure
            | Is::AlarmSet
            | Is::AlarmCleared
    )
}

/// Whether it concerns an exchange that every vhost has: those come and go with their vhost.
fn is_of_its_own(change: &Change) -> bool {
    let is_of_exchange = matches!(
        change.kind,
        ChangeKind::ExchangeCreated | ChangeKind::ExchangeDeleted
    );
    let name = change.fields.get("name").and_then(Value::as_str);
    is_of_exchange && name.is_some_and(|name| name.is_empty() || name.starts_with(b"amq."))
}

/// Says the line of a change, if it has one.
pub(super) fn say(change: &Change) {
    if is_audited(change.kind) && !is_of_its_own(change) {
        let what = format_args!("{}{}", change.kind.as_str(), Fields(&change.fields));
        say_line(&change.by, &change.vhost, what);
    }
}

/// Says the line of an act that is no change of a definition: a purge, a connection that is closed.
/// `vhost` is empty for what belongs to none.
pub(crate) fn say_act(by: &Author, vhost: &str, what: fmt::Arguments<'_>) {
    say_line(by, vhost, what);
}

fn say_line(by: &Author, vhost: &str, what: fmt::Arguments<'_>) {
    let vhost = (!vhost.is_empty()).then_some(vhost);
    log::say_audit(&by.user, by.from, vhost, what);
}

/// Fields that a line may hold; all others stay out of it.
const SHOWN: &[&str] = &[
    "name",
    "type",
    "durable",
    "auto_delete",
    "exclusive",
    "internal",
    "source_name",
    "destination_kind",
    "destination_name",
    "routing_key",
    "component",
    "user",
    "username",
    "exchange",
    "tags",
    "configure",
    "write",
    "read",
    "pattern",
    "apply-to",
    "default_queue_type",
    "protected_from_deletion",
    "tracing",
];

struct Fields<'a>(&'a Table);

/// ` name="q" durable=true`
impl fmt::Display for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self
            .0
            .iter()
            .filter(|(name, _)| SHOWN.iter().any(|shown| shown.as_bytes() == *name));
        for (name, value) in shown {
            let name = String::from_utf8_lossy(name);
            match value {
                Value::Bool(value) => write!(f, " {name}={value}")?,
                Value::LongStr(octets) => {
                    let text = String::from_utf8_lossy(octets);
                    write!(f, " {name}={:?}", Shown(&text))?;
                }
                Value::Array(texts) => {
                    let texts = texts.iter().filter_map(Value::as_str);
                    let texts: Vec<_> = texts.map(String::from_utf8_lossy).collect();
                    write!(f, " {name}={:?}", Shown(&texts.join(",")))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

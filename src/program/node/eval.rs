//! `rabbitmqctl eval`: the forms of Erlang that test suites of clients and scripts use. All others
//! are refused with the list of those that are understood.
//!
//! Seen: RabbitMQ 4.3.6, each form.

use std::fmt;
use std::sync::Arc;

use leveret_terms::{Term, text as terms};

use crate::alarms::Alarm;
use crate::desk::Desk;

/// Whom an expression is asked of.
pub(super) struct Around<'a> {
    pub(super) node: &'a str,
    /// Missing while the application is stopped.
    pub(super) desk: Option<Arc<Desk>>,
}

/// Why an expression has no value.
#[derive(Debug, PartialEq)]
pub(super) enum EvalError {
    /// It cannot be read.
    Syntax,
    /// It is none of the forms that are understood.
    NotUnderstood(String),
    /// A value that a setting cannot have.
    BadValue(String),
    Stopped,
}

/// What `eval` understands, for people.
const UNDERSTOOD: &str = "\
    terms; node(); rabbit_alarm:get_alarms(); \
    rabbit_alarm:set_alarm({{resource_limit, memory | disk, node()}, []}); \
    rabbit_alarm:clear_alarm({resource_limit, memory | disk, node()}); \
    application:get_env(rabbit, KEY) and application:set_env(rabbit, KEY, VALUE) with KEY one of \
    channel_max, channel_tick_interval, consumer_timeout, loopback_users, max_message_size; \
    persistent_term:get(max_message_size); persistent_term:put(max_message_size, VALUE); \
    rabbit_nodes:cluster_name(); rabbit_misc:version()";

impl EvalError {
    /// Its word in answers.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Syntax => "syntax_error",
            Self::NotUnderstood(_) => "not_understood",
            Self::BadValue(_) => "badarg",
            Self::Stopped => "app_stopped",
        }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax => f.write_str("syntax error before: "),
            Self::NotUnderstood(what) => write!(
                f,
                "this broker runs no Erlang, and does not understand {what}. It understands: \
                 {UNDERSTOOD}"
            ),
            Self::BadValue(value) => write!(f, "{value} is no value for this setting"),
            Self::Stopped => f.write_str("the application is stopped"),
        }
    }
}

/// The value of an expression.
pub(super) fn eval(text: &str, around: &Around<'_>) -> Result<Term, EvalError> {
    let expression = match terms::expression(text) {
        Some(expression) => expression,
        // What is no term may well be Erlang; only without its full stop it is surely none.
        None if text.trim_end().ends_with('.') => {
            return Err(EvalError::NotUnderstood(text.trim().to_owned()));
        }
        None => return Err(EvalError::Syntax),
    };
    value(&expression, around)
}

/// The value of a term: calls are made, however deep they stand.
fn value(term: &Term, around: &Around<'_>) -> Result<Term, EvalError> {
    let values = |items: &[Term]| -> Result<Vec<Term>, EvalError> {
        items.iter().map(|item| value(item, around)).collect()
    };
    match term {
        Term::List(items) => Ok(Term::List(values(items)?)),
        Term::Tuple(items, _) => Ok(Term::tuple(values(items)?)),
        Term::Call(module, function, arguments) => {
            let arguments = values(arguments)?;
            call(module, function, &arguments, around)
        }
        plain => Ok(plain.clone()),
    }
}

fn call(
    module: &str,
    function: &str,
    arguments: &[Term],
    around: &Around<'_>,
) -> Result<Term, EvalError> {
    let refused = || {
        let call = Term::Call(module.to_owned(), function.to_owned(), arguments.to_vec());
        EvalError::NotUnderstood(call.to_string())
    };
    match (module, function, arguments) {
        ("" | "erlang", "node", []) => return Ok(Term::atom(around.node)),
        ("rabbit_misc", "version", []) => {
            let version = crate::config::Settings::default().server_version;
            return Ok(Term::Text(version));
        }
        _ => {}
    }
    let desk = around.desk.as_ref().ok_or(EvalError::Stopped);
    match (module, function, arguments) {
        ("rabbit_nodes", "cluster_name", []) => Ok(Term::Binary(desk?.cluster_name().into())),
        ("rabbit_alarm", "get_alarms", []) => {
            let alarms = desk?.alarms().into_iter();
            let alarm = |alarm: Alarm| {
                Term::tuple(vec![
                    resource(alarm.word(), around.node),
                    Term::List(vec![]),
                ])
            };
            Ok(Term::List(alarms.map(alarm).collect()))
        }
        ("rabbit_alarm", "set_alarm", [Term::Tuple(alarm, _)]) => {
            let [limit, Term::List(_)] = alarm.as_slice() else {
                return Err(refused());
            };
            let alarm = alarm_of(limit).ok_or_else(refused)?;
            desk?.set_alarm(alarm, true);
            Ok(Term::atom("ok"))
        }
        ("rabbit_alarm", "clear_alarm", [limit]) => {
            let alarm = alarm_of(limit).ok_or_else(refused)?;
            desk?.set_alarm(alarm, false);
            Ok(Term::atom("ok"))
        }
        ("application", "get_env", [Term::Atom(app), Term::Atom(key)]) if app == "rabbit" => {
            let known = get(desk?, key).ok_or_else(refused)?;
            Ok(Term::tuple(vec![Term::atom("ok"), known]))
        }
        ("application", "set_env", [Term::Atom(app), Term::Atom(key), to, ..])
            if app == "rabbit" =>
        {
            set(desk?, key, to).ok_or_else(refused)?
        }
        ("persistent_term", "get", [Term::Atom(key), ..]) if key == MESSAGE_SIZE => {
            get(desk?, key).ok_or_else(refused)
        }
        ("persistent_term", "put", [Term::Atom(key), to]) if key == MESSAGE_SIZE => {
            set(desk?, key, to).ok_or_else(refused)?
        }
        _ => Err(refused()),
    }
}

const MESSAGE_SIZE: &str = "max_message_size";

/// Milliseconds between looks at channels that do nothing, of which there are none here.
const CHANNEL_TICK_MS: i64 = 60_000;

/// `{resource_limit, memory, Node}`
fn resource(word: &str, node: &str) -> Term {
    Term::tuple(vec![
        Term::atom("resource_limit"),
        Term::atom(word),
        Term::atom(node),
    ])
}

fn alarm_of(limit: &Term) -> Option<Alarm> {
    let Term::Tuple(limit, _) = limit else {
        return None;
    };
    let [Term::Atom(kind), Term::Atom(what), Term::Atom(_node)] = limit.as_slice() else {
        return None;
    };
    match (kind.as_str(), what.as_str()) {
        ("resource_limit", "memory") => Some(Alarm::Memory),
        ("resource_limit", "disk") => Some(Alarm::Disk),
        _ => None,
    }
}

/// What a setting is now; `None` if it is none of those.
fn get(desk: &Desk, key: &str) -> Option<Term> {
    let live = &desk.env.live;
    let whole = |number: u64| Term::Whole(i64::try_from(number).unwrap_or(i64::MAX));
    Some(match key {
        "channel_max" => Term::Whole(live.channel_max().into()),
        "max_message_size" => whole(live.max_message_size()),
        "consumer_timeout" => live
            .consumer_timeout_ms()
            .map_or_else(|| Term::atom("undefined"), whole),
        "channel_tick_interval" => Term::Whole(CHANNEL_TICK_MS),
        "loopback_users" => {
            let users = desk.auth.loopback_users().into_iter();
            Term::List(users.map(|user| Term::Binary(user.into())).collect())
        }
        _ => return None,
    })
}

/// Changes a setting until the broker stops; `None` if it is none of those.
fn set(desk: &Desk, key: &str, to: &Term) -> Option<Result<Term, EvalError>> {
    let live = &desk.env.live;
    let bad = || EvalError::BadValue(to.to_string());
    let whole = |most: u64| match to {
        Term::Whole(number) => u64::try_from(*number)
            .ok()
            .filter(|number| *number <= most)
            .ok_or_else(bad),
        _ => Err(bad()),
    };
    let done = match key {
        "channel_max" => whole(u16::MAX.into()).map(|channels| {
            live.set_channel_max(u16::try_from(channels).unwrap_or(u16::MAX));
        }),
        "max_message_size" => whole(MESSAGE_SIZE_MAX).map(|size| live.set_max_message_size(size)),
        "consumer_timeout" => match to {
            Term::Atom(name) if name == "undefined" || name == "infinity" => {
                live.set_consumer_timeout_ms(None);
                Ok(())
            }
            _ => whole(u64::MAX - 1).map(|ms| live.set_consumer_timeout_ms(Some(ms))),
        },
        "channel_tick_interval" => whole(u64::MAX).map(drop),
        "loopback_users" => users(to)
            .map(|users| desk.auth.set_loopback_users(users))
            .ok_or_else(bad),
        _ => return None,
    };
    Some(done.map(|()| Term::atom("ok")))
}

/// Octets of a message at most. Docs: RabbitMQ, `max_message_size`.
const MESSAGE_SIZE_MAX: u64 = 536_870_912;

fn users(list: &Term) -> Option<Vec<String>> {
    let Term::List(names) = list else {
        // An empty list of characters is an empty list.
        return matches!(list, Term::Text(text) if text.is_empty()).then(Vec::new);
    };
    names.iter().map(Term::as_text).collect()
}

#[cfg(test)]
mod tests;

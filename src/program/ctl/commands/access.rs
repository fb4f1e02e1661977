//! Permissions and topic permissions.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/permissions.ctl`.

use serde_json::{Value, json};

use super::ask;
use crate::client::{Reply, path};
use crate::command::{COMMAND, Call, Command, Section, no_words, one_word, words};
use crate::failure::{Failure, code};
use crate::output::{Formatter, Output};
use crate::term::Term;
use crate::tool::WATCHED;

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "set_permissions",
        section: Section::AccessControl,
        about: "Says what a user may do in a vhost",
        usage: "[--vhost <vhost>] <username> <conf> <write> <read>",
        details: &[(
            "<conf> <write> <read>",
            "patterns of the names that may be configured, written to and read from",
        )],
        validate: |line| words(line, 4, 4),
        banner: |call| {
            let (user, vhost) = (call.word(0), call.vhost());
            vec![format!(
                "Setting permissions for user \"{user}\" in vhost \"{vhost}\" ..."
            )]
        },
        run: |call| {
            let vhost = call.vhost().to_owned();
            set(call, &vhost)?;
            Ok(Output::Nothing)
        },
        ..COMMAND
    },
    Command {
        name: "set_permissions_globally",
        section: Section::AccessControl,
        about: "Says what a user may do, in every vhost there is now",
        usage: "<username> <conf> <write> <read>",
        validate: |line| words(line, 4, 4),
        banner: |call| {
            let user = call.word(0);
            vec![format!(
                "Setting permissions for user \"{user}\" in all virtual hosts ..."
            )]
        },
        run: set_globally,
        ..COMMAND
    },
    Command {
        name: "clear_permissions",
        section: Section::AccessControl,
        about: "Takes a user's permissions in a vhost away",
        usage: "[--vhost <vhost>] <username>",
        validate: one_word,
        banner: |call| {
            let (user, vhost) = (call.word(0), call.vhost());
            vec![format!(
                "Clearing permissions for user \"{user}\" in vhost \"{vhost}\" ..."
            )]
        },
        run: |call| forget(call, "permissions"),
        ..COMMAND
    },
    Command {
        name: "list_permissions",
        tools: WATCHED,
        section: Section::AccessControl,
        about: "Lists who may do what in a vhost",
        usage: "[--vhost <vhost>] [--no-table-headers] [--timeout <timeout>]",
        formatter: Formatter::Table,
        validate: no_words,
        banner: |call| {
            vec![format!(
                "Listing permissions for vhost \"{}\" ...",
                call.vhost()
            )]
        },
        run: |call| list_of_vhost(call, "permissions", &["user", "configure", "write", "read"]),
        ..COMMAND
    },
    Command {
        name: "list_user_permissions",
        tools: WATCHED,
        section: Section::AccessControl,
        about: "Lists what a user may do in each vhost",
        usage: "[--no-table-headers] <username> [--timeout <timeout>]",
        formatter: Formatter::Table,
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Listing permissions for user \"{}\" ...",
                call.word(0)
            )]
        },
        run: |call| {
            list_of_user(
                call,
                "permissions",
                &["vhost", "configure", "write", "read"],
            )
        },
        ..COMMAND
    },
    Command {
        name: "set_topic_permissions",
        section: Section::AccessControl,
        about: "Says with which routing keys a user may use a topic exchange",
        usage: "[--vhost <vhost>] <username> <exchange> <write> <read>",
        validate: |line| words(line, 4, 4),
        banner: |call| {
            let (user, exchange, vhost) = (call.word(0), call.word(1), call.vhost());
            vec![format!(
                "Setting topic permissions on \"{exchange}\" for user \"{user}\" in vhost \
                 \"{vhost}\" ..."
            )]
        },
        run: set_topic,
        ..COMMAND
    },
    Command {
        name: "clear_topic_permissions",
        section: Section::AccessControl,
        about: "Takes a user's topic permissions away, on one exchange or all",
        usage: "[--vhost <vhost>] <username> [<exchange>]",
        validate: |line| words(line, 1, 2),
        banner: |call| {
            let (user, vhost) = (call.word(0), call.vhost());
            let on = match call.line.words.get(1) {
                Some(exchange) => format!(" on \"{exchange}\""),
                None => String::new(),
            };
            vec![format!(
                "Clearing topic permissions{on} for user \"{user}\" in vhost \"{vhost}\" ..."
            )]
        },
        run: clear_topic,
        ..COMMAND
    },
    Command {
        name: "list_topic_permissions",
        tools: WATCHED,
        section: Section::AccessControl,
        about: "Lists the topic permissions in a vhost",
        usage: "[--vhost <vhost>] [--no-table-headers] [--timeout <timeout>]",
        formatter: Formatter::Table,
        validate: no_words,
        banner: |call| {
            vec![format!(
                "Listing topic permissions for vhost \"{}\" ...",
                call.vhost()
            )]
        },
        run: |call| {
            list_of_vhost(
                call,
                "topic-permissions",
                &["user", "exchange", "write", "read"],
            )
        },
        ..COMMAND
    },
    Command {
        name: "list_user_topic_permissions",
        tools: WATCHED,
        section: Section::AccessControl,
        about: "Lists a user's topic permissions",
        usage: "[--no-table-headers] <username> [--timeout <timeout>]",
        formatter: Formatter::Table,
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Listing topic permissions for user \"{}\" ...",
                call.word(0)
            )]
        },
        run: list_user_topics,
        ..COMMAND
    },
];

/// The failure of a call that named a user and a vhost, one of which is not there.
fn who_is_missing(call: &mut Call<'_>, vhost: &str, reply: &Reply) -> Failure {
    let user = call.word(0).to_owned();
    if reply.status == 400 && reply.reason() != "vhost_or_user_not_found" {
        return ask::refused(reply);
    }
    match ask::is_there(&mut call.client, &path(&["users", &user])) {
        Err(failure) => failure,
        Ok(false) => Failure::error(code::NO_USER, format!("User {user} does not exist")),
        Ok(true) => Failure::error(
            code::UNAVAILABLE,
            format!("Virtual host {vhost} does not exist"),
        ),
    }
}

fn set(call: &mut Call<'_>, vhost: &str) -> Result<(), Failure> {
    let body = json!({
        "configure": call.word(1),
        "write": call.word(2),
        "read": call.word(3),
    });
    let at = path(&["permissions", vhost, call.word(0)]);
    let reply = call.client.put(&at, &body)?;
    match reply.is_ok() {
        true => Ok(()),
        false => Err(who_is_missing(call, vhost, &reply)),
    }
}

fn set_globally(call: &mut Call<'_>) -> Result<Output, Failure> {
    let vhosts = call.client.get("/vhosts?columns=name")?.items()?;
    for vhost in vhosts {
        set(call, ask::text(&vhost, "name"))?;
    }
    Ok(Output::Nothing)
}

/// Deletes what may be there.
fn forget(call: &mut Call<'_>, kind: &str) -> Result<Output, Failure> {
    let at = path(&[kind, call.vhost(), call.word(0)]);
    let reply = call.client.delete(&at)?;
    match reply.status {
        404 => Ok(Output::Nothing),
        _ => reply.done().map(|()| Output::Nothing),
    }
}

fn list_of_vhost(call: &mut Call<'_>, kind: &str, fields: &[&str]) -> Result<Output, Failure> {
    let at = path(&["vhosts", call.vhost(), kind]);
    let reply = call.client.get(&at)?;
    let items = ask::in_vhost(call, reply)?.items()?;
    Ok(Output::rows(fields, ask::rows(&items, fields)))
}

fn of_user(call: &mut Call<'_>, kind: &str) -> Result<Vec<Value>, Failure> {
    let at = path(&["users", call.word(0), kind]);
    let reply = call.client.get(&at)?;
    match reply.status {
        404 => Err(ask::no_such_user(call.word(0))),
        _ => reply.items(),
    }
}

fn list_of_user(call: &mut Call<'_>, kind: &str, fields: &[&str]) -> Result<Output, Failure> {
    let items = of_user(call, kind)?;
    Ok(Output::rows(fields, ask::rows(&items, fields)))
}

fn set_topic(call: &mut Call<'_>) -> Result<Output, Failure> {
    let exchange = call.word(1).to_owned();
    let body = json!({"exchange": exchange, "write": call.word(2), "read": call.word(3)});
    let at = path(&["topic-permissions", call.vhost(), call.word(0)]);
    let reply = call.client.put(&at, &body)?;
    if reply.is_ok() {
        return Ok(Output::Nothing);
    }
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let first = body.get("reason").and_then(|reason| reason.get(0));
    if first == Some(&Value::from("no_such_exchange")) {
        let text = format!("Exchange {exchange} does not exist");
        return Err(Failure::error(code::UNAVAILABLE, text));
    }
    let vhost = call.vhost().to_owned();
    Err(who_is_missing(call, &vhost, &reply))
}

fn clear_topic(call: &mut Call<'_>) -> Result<Output, Failure> {
    let Some(exchange) = call.line.words.get(1) else {
        return forget(call, "topic-permissions");
    };
    let at = path(&["topic-permissions", call.vhost(), call.word(0)]);
    let reply = call.client.get(&at)?;
    if reply.status == 404 {
        return Ok(Output::Nothing);
    }
    // HTTP takes all of them away at once: those that stay are set again.
    let kept = reply.items()?;
    let (gone, kept): (Vec<_>, Vec<_>) = kept
        .into_iter()
        .partition(|one| ask::text(one, "exchange") == exchange);
    if gone.is_empty() {
        return Ok(Output::Nothing);
    }
    call.client.delete(&at)?.done()?;
    for one in kept {
        call.client.put(&at, &one)?.done()?;
    }
    Ok(Output::Nothing)
}

/// The one list that has no heads.
fn list_user_topics(call: &mut Call<'_>) -> Result<Output, Failure> {
    let fields = ["vhost", "exchange", "write", "read"];
    let items = of_user(call, "topic-permissions")?;
    let lines = items
        .iter()
        .map(|item| fields.map(|field| ask::text(item, field)).join("\t"));
    let pairs = items.iter().map(|item| {
        let pairs = fields
            .iter()
            .map(|field| ((*field).to_owned(), ask::term(item, field)));
        Term::Pairs(pairs.collect())
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    Ok(Output::report(text, Term::List(pairs.collect())))
}

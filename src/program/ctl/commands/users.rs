//! Users, their passwords, tags and limits.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/users.ctl` and `ctl/user_limits.ctl`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Sha256, Sha512, digest};

use super::ask;
use crate::client::path;
use crate::command::{App, COMMAND, Call, Command, Section, one_word, words};
use crate::failure::{Failure, code};
use crate::line::{Line, Switch};
use crate::output::{Formatter, Output};
use crate::term::Term;
use crate::tool::WATCHED;

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "add_user",
        section: Section::Users,
        about: "Adds a user, who has no permissions yet",
        usage: "<username> [<password>] [<password_hash> --pre-hashed-password]",
        details: &[
            ("<username>", "the user's name"),
            ("<password>", "read from standard input if it is left out"),
            ("--pre-hashed-password", "the password is a hash already"),
        ],
        switches: &[Switch::flag("pre-hashed-password")],
        validate: |line| {
            words(line, 1, 2)?;
            is_named(line)
        },
        banner: |call| vec![format!("Adding user \"{}\" ...", call.word(0))],
        run: add,
        ..COMMAND
    },
    Command {
        name: "authenticate_user",
        section: Section::Users,
        about: "Checks a user's password",
        usage: "<username> <password>",
        validate: |line| {
            words(line, 1, 2)?;
            is_named(line)
        },
        banner: |call| vec![format!("Authenticating user \"{}\" ...", call.word(0))],
        run: authenticate,
        ..COMMAND
    },
    Command {
        name: "change_password",
        section: Section::Users,
        about: "Gives a user another password",
        usage: "<username> <password>",
        validate: |line| {
            words(line, 1, 2)?;
            is_named(line)
        },
        banner: |call| {
            vec![format!(
                "Changing password for user \"{}\" ...",
                call.word(0)
            )]
        },
        run: change_password,
        ..COMMAND
    },
    Command {
        name: "clear_password",
        section: Section::Users,
        about: "Takes a user's password away: no login with a password works then",
        usage: "<username>",
        validate: one_word,
        banner: |call| {
            vec![format!(
                "Clearing password for user \"{}\" ...",
                call.word(0)
            )]
        },
        run: clear_password,
        ..COMMAND
    },
    Command {
        name: "delete_user",
        section: Section::Users,
        about: "Deletes a user",
        usage: "<username>",
        validate: one_word,
        banner: |call| vec![format!("Deleting user \"{}\" ...", call.word(0))],
        run: delete,
        ..COMMAND
    },
    Command {
        name: "list_users",
        tools: WATCHED,
        section: Section::Users,
        about: "Lists users and their tags",
        usage: "[--no-table-headers] [--timeout <timeout>]",
        formatter: Formatter::Table,
        banner: |_| vec!["Listing users ...".to_owned()],
        run: list,
        ..COMMAND
    },
    Command {
        name: "set_user_tags",
        section: Section::Users,
        about: "Gives a user these tags instead of those it has",
        usage: "<username> <tag> [...]",
        validate: |line| words(line, 1, usize::MAX),
        banner: |call| {
            let tags = call.line.words.get(1..).unwrap_or_default().join(", ");
            vec![format!(
                "Setting tags for user \"{}\" to [{tags}] ...",
                call.word(0)
            )]
        },
        run: set_tags,
        ..COMMAND
    },
    Command {
        name: "set_user_limits",
        section: Section::Users,
        about: "Limits what a user may open",
        usage: "<username> <definition>",
        details: &[(
            "<definition>",
            "a JSON object with max-connections, max-channels or both",
        )],
        validate: |line| words(line, 2, 2),
        banner: |call| {
            let (user, limits) = (call.word(0), call.word(1));
            vec![format!(
                "Setting user limits to \"{limits}\" for user \"{user}\" ..."
            )]
        },
        run: set_limits,
        ..COMMAND
    },
    Command {
        name: "clear_user_limits",
        section: Section::Users,
        about: "Takes one limit of a user away, or all",
        usage: "<username> <limit_type> | all",
        validate: |line| words(line, 2, 2),
        banner: |call| {
            let user = call.word(0);
            vec![match call.word(1) {
                "all" => format!("Clearing all limits for user \"{user}\" ..."),
                limit => format!("Clearing \"{limit}\" limit for user \"{user}\" ..."),
            }]
        },
        run: clear_limits,
        ..COMMAND
    },
    Command {
        name: "list_user_limits",
        tools: WATCHED,
        section: Section::Users,
        about: "Lists the limits of one user, or of all",
        usage: "[--user <username>] [--global]",
        switches: &[Switch::text("user"), Switch::flag("global")],
        formatter: Formatter::Table,
        banner: |call| {
            vec![match limited(call.line) {
                None => "Listing limits for all users ...".to_owned(),
                Some(user) => format!("Listing limits for user \"{user}\" ..."),
            }]
        },
        run: list_limits,
        ..COMMAND
    },
    Command {
        name: "hash_password",
        section: Section::Other,
        about: "Salts and hashes a password as definitions have it",
        usage: "<cleartext_password> [--hashing-algorithm <algorithm>]",
        details: &[(
            "--hashing-algorithm",
            "sha256, which is the default, or sha512",
        )],
        switches: &[Switch::text("hashing-algorithm")],
        app: App::NoNode,
        validate: |line| {
            words(line, 0, 1)?;
            algorithm(line)?;
            match line.words.first().map(String::as_str) {
                Some("") => Err(Failure::bad_argument("password cannot be an empty string")),
                _ => Ok(()),
            }
        },
        banner: |call| {
            vec![match call.line.words.first() {
                Some(password) => format!("Will hash password {password}"),
                None => "Will hash provided password".to_owned(),
            }]
        },
        run: hash,
        ..COMMAND
    },
];

fn is_named(line: &Line) -> Result<(), Failure> {
    match line.word(0) {
        "" => Err(Failure::bad_argument("user cannot be an empty string")),
        _ => Ok(()),
    }
}

fn needed(given: Option<String>, exit: u8) -> Result<String, Failure> {
    let missing = "Password is not provided via argument or stdin";
    given.ok_or_else(|| Failure::error(exit, missing))
}

fn add(call: &mut Call<'_>) -> Result<Output, Failure> {
    let is_hash = call.line.has("pre-hashed-password");
    let asked = match is_hash {
        true => "Hashed and salted password: ",
        false => "Password: ",
    };
    let password = needed(ask::word_or_line(call, 1, asked)?, code::DATA)?;
    let name = call.word(0).to_owned();
    if ask::is_there(&mut call.client, &path(&["users", &name]))? {
        let text = format!("User \"{name}\" already exists");
        let message = format!("User {name} already exists");
        return Err(Failure::either(code::SOFTWARE, text, call.node(), &message));
    }
    let body = match is_hash {
        true => json!({"password_hash": password, "tags": ""}),
        false => json!({"password": password, "tags": ""}),
    };
    let reply = call.client.put(&path(&["users", &name]), &body)?;
    if !reply.is_ok() {
        return Err(ask::refused(&reply));
    }
    match call.line.is_quiet() && !call.line.is_json() {
        true => Ok(Output::Nothing),
        false => Ok(Output::status(call.node(), ADDED)),
    }
}

const ADDED: &str = "Done. Don't forget to grant the user permissions to some virtual hosts! See \
    'rabbitmqctl help set_permissions' to learn more.";

fn authenticate(call: &mut Call<'_>) -> Result<Output, Failure> {
    let password = needed(ask::word_or_line(call, 1, "Password: ")?, code::SOFTWARE)?;
    let name = call.word(0);
    let at = path(&["leveret", "users", name, "authenticate"]);
    let reply = call.client.post(&at, &json!({"password": password}))?;
    let answer = reply.value()?;
    match answer.get("is_authenticated") == Some(&Value::Bool(true)) {
        true => Ok(Output::said("Success")),
        false => Err(Failure::error(
            code::DATA,
            format!(
                "Error: failed to authenticate user \"{}\"\n{}",
                call.word(0),
                ask::text(&answer, "reason")
            ),
        )),
    }
}

/// Puts a user again as it is but for some fields.
fn put_again(
    call: &mut Call<'_>,
    user: &Value,
    fields: &[(&str, Value)],
) -> Result<Output, Failure> {
    let mut body = Map::new();
    for kept in ["password_hash", "hashing_algorithm", "tags"] {
        body.insert(kept.to_owned(), user.get(kept).cloned().unwrap_or_default());
    }
    for (field, value) in fields {
        body.insert((*field).to_owned(), value.clone());
    }
    if body.contains_key("password") {
        body.remove("password_hash");
        body.remove("hashing_algorithm");
    }
    let at = path(&["users", call.word(0)]);
    let reply = call.client.put(&at, &Value::Object(body))?;
    match reply.is_ok() {
        true => Ok(Output::Nothing),
        false => Err(ask::refused(&reply)),
    }
}

fn change_password(call: &mut Call<'_>) -> Result<Output, Failure> {
    let password = needed(ask::word_or_line(call, 1, "Password: ")?, code::SOFTWARE)?;
    let name = call.word(0).to_owned();
    let user = ask::user(&mut call.client, &name)?;
    put_again(call, &user, &[("password", password.into())])
}

fn clear_password(call: &mut Call<'_>) -> Result<Output, Failure> {
    let name = call.word(0).to_owned();
    let user = ask::user(&mut call.client, &name).map_err(|failure| match failure {
        Failure::Error {
            code: code::NO_USER,
            ..
        } => ask::no_such_user(&name),
        other => other,
    })?;
    put_again(call, &user, &[("password_hash", "".into())])
}

fn set_tags(call: &mut Call<'_>) -> Result<Output, Failure> {
    let name = call.word(0).to_owned();
    let user = ask::user(&mut call.client, &name)?;
    let tags = call.line.words.get(1..).unwrap_or_default();
    put_again(call, &user, &[("tags", json!(tags))])
}

fn delete(call: &mut Call<'_>) -> Result<Output, Failure> {
    let at = path(&["users", call.word(0)]);
    let reply = call.client.delete(&at)?;
    match reply.status {
        404 => Ok(Output::Nothing),
        _ => reply.done().map(|()| Output::Nothing),
    }
}

fn list(call: &mut Call<'_>) -> Result<Output, Failure> {
    let users = call.client.get("/users")?.items()?;
    let row = |user: &Value| vec![ask::term(user, "name"), ask::atoms(user.get("tags"))];
    Ok(Output::rows(
        &["user", "tags"],
        users.iter().map(row).collect(),
    ))
}

/// The limits that a user has.
fn limits_of(call: &mut Call<'_>, user: &str) -> Result<Map<String, Value>, Failure> {
    let reply = call.client.get(&path(&["user-limits", user]))?;
    if reply.status == 404 {
        return Err(ask::no_such_user(user));
    }
    let first = reply.items()?.into_iter().next().unwrap_or_default();
    match first.get("value") {
        Some(Value::Object(limits)) => Ok(limits.clone()),
        _ => Ok(Map::new()),
    }
}

fn set_limits(call: &mut Call<'_>) -> Result<Output, Failure> {
    let limits = ask::object(call.word(1))?;
    let user = call.word(0).to_owned();
    limits_of(call, &user)?;
    for (limit, value) in limits {
        let at = path(&["user-limits", &user, &limit]);
        let reply = call.client.put(&at, &json!({"value": value}))?;
        if !reply.is_ok() {
            return Err(ask::refused(&reply));
        }
    }
    Ok(Output::Nothing)
}

fn clear_limits(call: &mut Call<'_>) -> Result<Output, Failure> {
    let user = call.word(0).to_owned();
    let which = call.word(1).to_owned();
    for (limit, _) in limits_of(call, &user)? {
        if which == "all" || which == limit {
            call.client
                .delete(&path(&["user-limits", &user, &limit]))?
                .done()?;
        }
    }
    Ok(Output::Nothing)
}

/// Whose limits are asked for; `None` is everybody's.
fn limited(line: &Line) -> Option<&str> {
    match line.has("global") {
        true => None,
        false => Some(line.text("user").unwrap_or("guest")),
    }
}

fn list_limits(call: &mut Call<'_>) -> Result<Output, Failure> {
    let Some(user) = limited(call.line) else {
        let all = call.client.get("/user-limits")?.items()?;
        let row = |one: &Value| {
            let limits = one.get("value").map(Value::to_string).unwrap_or_default();
            vec![ask::term(one, "user"), Term::text(limits)]
        };
        return Ok(Output::rows(
            &["user", "limits"],
            all.iter().map(row).collect(),
        ));
    };
    let limits = limits_of(call, user)?;
    Ok(Output::said(Value::Object(limits).to_string()))
}

/// What hashes octets.
type Digest = fn(&[u8]) -> Vec<u8>;

/// How a password is hashed, by the name of `--hashing-algorithm`.
fn algorithm(line: &Line) -> Result<Digest, Failure> {
    match line.text("hashing-algorithm").unwrap_or("sha256") {
        "sha256" | "SHA-256" | "rabbit_password_hashing_sha256" => {
            Ok(|octets| <Sha256 as digest::Digest>::digest(octets).to_vec())
        }
        "sha512" | "SHA-512" | "rabbit_password_hashing_sha512" => {
            Ok(|octets| <Sha512 as digest::Digest>::digest(octets).to_vec())
        }
        other => Err(Failure::bad_argument(format!(
            "hashing algorithm '{other}' is not supported. Supported: sha256, sha512"
        ))),
    }
}

fn hash(call: &mut Call<'_>) -> Result<Output, Failure> {
    let digest = algorithm(call.line)?;
    let password = ask::word_or_line(call, 0, "Password: ")?;
    let password = password.ok_or_else(|| Failure::error(code::UNAVAILABLE, "not_enough_args"))?;
    let mut salt = [0; 4];
    getrandom::fill(&mut salt)
        .map_err(|error| Failure::error(code::SOFTWARE, error.to_string()))?;
    let hash = digest(&[&salt, password.as_bytes()].concat());
    Ok(Output::said(STANDARD.encode([&salt[..], &hash].concat())))
}

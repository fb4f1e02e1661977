//! Users and their passwords.

use std::io::{self, BufRead as _};

use serde_json::json;

use crate::client::path;
use crate::command::{COMMAND, Call, Command, Section, words};
use crate::failure::{Failure, code};
use crate::line::Switch;
use crate::output::Output;

pub(super) const ROWS: &[Command] = &[Command {
    name: "add_user",
    section: Section::Users,
    about: "Creates a user, who has no permission in any virtual host yet",
    usage: "<username> [<password>] [<password_hash> --pre-hashed-password]",
    details: &[
        ("<username>", "the name"),
        (
            "<password>",
            "what the user logs in with; read from standard input if it is not given",
        ),
        (
            "<password_hash>",
            "a hash as 'hash_password' makes it, with --pre-hashed-password",
        ),
        (
            "--pre-hashed-password",
            "the second argument is a hash and no password",
        ),
    ],
    switches: &[Switch::flag("pre-hashed-password")],
    validate: |line| words(line, 1, 2),
    banner: |call| vec![format!("Adding user \"{}\" ...", call.word(0))],
    run: add_user,
    ..COMMAND
}];

const ADDED: &str = "Done. Don't forget to grant the user permissions to some virtual hosts! See \
    'rabbitmqctl help set_permissions' to learn more.";

fn add_user(call: &mut Call<'_>) -> Result<Output, Failure> {
    let name = call.word(0).to_owned();
    let password = password(call, 1)?;
    let user = path(&["users", &name]);
    if call.client.get(&user)?.is_ok() {
        let text = format!("User \"{name}\" already exists");
        let message = format!("User {name} already exists");
        return Err(Failure::either(code::SOFTWARE, text, call.node(), &message));
    }
    let key = match call.line.has("pre-hashed-password") {
        true => "password_hash",
        false => "password",
    };
    let body = json!({key: password, "tags": ""});
    call.client.put(&user, &body)?.done()?;
    Ok(Output::status(call.node(), ADDED))
}

/// The password: a word, or the line on standard input.
pub(super) fn password(call: &Call<'_>, at: usize) -> Result<String, Failure> {
    if let Some(word) = call.line.words.get(at) {
        return Ok(word.clone());
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    match read {
        Ok(octets) if octets > 0 => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        _ => Err(Failure::error(
            code::DATA,
            "Password is not provided via argument or stdin",
        )),
    }
}

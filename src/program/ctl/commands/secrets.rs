//! Encrypted values of a configuration: made and read, without a node.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/secrets.ctl`.

use leveret_terms::sealed::{Method, Unsupported};
use leveret_terms::{Term as Read, sealed, text};

use super::ask;
use crate::command::{App, COMMAND, Call, Command, Section, words};
use crate::failure::{Failure, code};
use crate::line::{Line, Switch};
use crate::output::{Formatter, Output};
use crate::term::{Term, erlang};
use crate::tool::WATCHED;

const METHOD: &str =
    "value passphrase [--cipher <cipher>] [--hash <hash>] [--iterations <iterations>]";

/// What the four commands have in common.
const SECRET: Command = Command {
    section: Section::Configuration,
    usage: METHOD,
    details: &[
        ("<value>", "an Erlang term"),
        (
            "<passphrase>",
            "what the key is made of; asked for if it is missing",
        ),
        ("--cipher <cipher>", "one of list_ciphers"),
        ("--hash <hash>", "one of list_hashes"),
        ("--iterations <iterations>", "how often the hash is applied"),
    ],
    switches: &[
        Switch::text("cipher"),
        Switch::text("hash"),
        Switch::whole("iterations"),
    ],
    app: App::NoNode,
    ..COMMAND
};

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "encode",
        about: "Encrypts a value for advanced.config",
        validate: |line| {
            words(line, 0, 2)?;
            method(line, MADE).map(drop)
        },
        banner: |_| vec!["Encrypting value to be used in advanced.config...".to_owned()],
        run: |call| {
            let sealed = encrypted(call)?;
            let value = Term::Tuple(vec![Term::atom("encrypted"), Term::text(sealed)]);
            Ok(Output::result(call.node(), erlang::line(&value), value))
        },
        ..SECRET
    },
    Command {
        name: "decode",
        about: "Decrypts a value of advanced.config",
        formatter: Formatter::Erlang,
        validate: |line| {
            has_value(line)?;
            method(line, READ).map(drop)
        },
        banner: |_| vec!["Decrypting an advanced.config (Erlang term) value...".to_owned()],
        run: |call| decrypted(call, |sealed| sealed.as_text()),
        ..SECRET
    },
    Command {
        name: "encrypt_conf_value",
        about: "Encrypts a value for rabbitmq.conf",
        validate: |line| {
            words(line, 0, 2)?;
            method(line, MADE).map(drop)
        },
        banner: |_| vec!["Encrypting value to be used in rabbitmq.conf...".to_owned()],
        run: |call| {
            let sealed = encrypted(call)?;
            let text = format!("encrypted:{sealed}");
            Ok(Output::result(call.node(), text, Term::text(sealed)))
        },
        ..SECRET
    },
    Command {
        name: "decrypt_conf_value",
        about: "Decrypts a value of rabbitmq.conf",
        formatter: Formatter::Erlang,
        validate: |line| {
            has_value(line)?;
            method(line, READ).map(drop)
        },
        banner: |_| vec!["Decrypting a rabbitmq.conf string value...".to_owned()],
        run: |call| {
            decrypted(call, |sealed| {
                let text = sealed.as_text()?;
                Some(text.strip_prefix("encrypted:").unwrap_or(&text).to_owned())
            })
        },
        ..SECRET
    },
    Command {
        name: "list_ciphers",
        tools: WATCHED,
        section: Section::Observability,
        about: "Lists the ciphers of encrypted values",
        app: App::NoNode,
        banner: |_| vec!["Listing supported ciphers ...".to_owned()],
        run: |_| Ok(listed(sealed::ciphers())),
        ..COMMAND
    },
    Command {
        name: "list_hashes",
        tools: WATCHED,
        section: Section::Observability,
        about: "Lists the hashes of encrypted values",
        app: App::NoNode,
        banner: |_| vec!["Listing supported hash algorithms ...".to_owned()],
        run: |_| Ok(listed(sealed::hashes())),
        ..COMMAND
    },
];

/// Columns of a list of names.
const WIDTH: usize = 79;

/// Names in brackets, as many in a line as fit.
fn listed(names: impl Iterator<Item = &'static str>) -> Output {
    let names: Vec<&str> = names.collect();
    let mut text = "[".to_owned();
    let mut column = 1;
    for (at, name) in names.iter().enumerate() {
        let is_last = at + 1 == names.len();
        let part = format!("{name}{}", if is_last { ']' } else { ',' });
        if column + part.len() > WIDTH {
            text.push_str("\n ");
            column = 1;
        }
        column += part.len();
        text.push_str(&part);
    }
    Output::report(
        text,
        Term::List(names.into_iter().map(Term::atom).collect()),
    )
}

/// What is said of a cipher and of iterations that there are not, where a value is made.
const MADE: [&str; 2] = [
    "The requested cipher is not supported.",
    "The requested number of iterations is incorrect",
];

/// The same where one is read.
const READ: [&str; 2] = [
    "The requested cipher is not supported",
    "The requested number of iterations is incorrect (must be a positive integer)",
];

fn has_value(line: &Line) -> Result<(), Failure> {
    match line.words.is_empty() {
        true => Err(Failure::usage(
            "not enough arguments: Please provide a value to decode and a passphrase",
        )),
        false => words(line, 1, 2),
    }
}

/// The method that the options name. Values that are read are refused in other words than those
/// that are made.
fn method(line: &Line, [cipher, iterations]: [&str; 2]) -> Result<Method, Failure> {
    let made = Method::new(
        line.text("cipher"),
        line.text("hash"),
        line.whole("iterations"),
    );
    made.map_err(|lack| {
        Failure::bad_argument(match lack {
            Unsupported::Cipher => cipher,
            Unsupported::Hash => "The requested hash is not supported",
            Unsupported::Iterations => iterations,
        })
    })
}

/// The word at a place, or an answer to a question.
fn given(call: &Call<'_>, at: usize, asked: &str) -> Result<String, Failure> {
    ask::word_or_line(call, at, asked)?.ok_or_else(Failure::not_enough)
}

/// The term that an argument is.
fn term(written: &str) -> Option<Read> {
    text::read(&format!("{written}.")).ok()
}

fn encrypted(call: &Call<'_>) -> Result<String, Failure> {
    let method = method(call.line, MADE)?;
    let value = given(call, 0, "Value to encode: ")?;
    let passphrase = given(call, 1, "Passphrase: ")?;
    let sealed = term(&value).and_then(|term| method.encrypt(passphrase.as_bytes(), &term));
    sealed.ok_or_else(|| Failure::error(code::UNAVAILABLE, "Error during cipher operation"))
}

/// The clear value; `text` is the encrypted text that a term stands for.
fn decrypted(call: &Call<'_>, text: fn(&Read) -> Option<String>) -> Result<Output, Failure> {
    let method = method(call.line, READ)?;
    let passphrase = given(call, 1, "Passphrase: ")?;
    let sealed = term(call.word(0)).and_then(|term| match &term {
        Read::Tuple(pair, _) => match pair.as_slice() {
            [Read::Atom(tag), sealed] if tag == "encrypted" => text(sealed),
            _ => None,
        },
        other => text(other),
    });
    let clear = sealed.and_then(|sealed| method.decrypt(passphrase.as_bytes(), &sealed));
    let clear = clear.ok_or_else(|| {
        let text = "Failed to decrypt the value. Things to check: is the passphrase correct? Are \
            the cipher and hash algorithms the same as those used for encryption?";
        Failure::error(code::UNAVAILABLE, text)
    })?;
    let value = Term::from(clear);
    Ok(Output::result(call.node(), erlang::pretty(&value), value))
}

//! Certificates, versions and cipher suites of TLS.
//!
//! Seen: RabbitMQ 4.3.6; it lists listeners for AMQP alone.

use serde_json::{Value, json};

use super::CHECK;
use crate::command::{Call, Command, Section, no_words};
use crate::commands::ask;
use crate::failure::{Failure, code};
use crate::line::Switch;
use crate::output::Output;
use crate::term::{Term, elixir, erlang};

/// Where the node tells of TLS.
const AT: &str = "/leveret/node/tls";

/// The period that is looked at if none is given.
const WITHIN: (i64, &str) = (4, "weeks");

/// Their rows.
pub(in crate::commands) const ROWS: &[Command] = &[
    Command {
        name: "check_certificate_expiration",
        about: "Fails if certificates expire soon",
        usage: "[--within <period>] [--unit <unit>]",
        details: &[("--unit <unit>", "days, weeks, months or years")],
        switches: &[Switch::whole("within"), Switch::text("unit")],
        validate: |line| {
            no_words(line)?;
            match line.text("unit") {
                None | Some("days" | "weeks" | "months" | "years") => Ok(()),
                Some(unit) => Err(Failure::usage(format!(
                    "\"unit '{unit}' is not supported. Please use one of: days, weeks, months, \
                     years\""
                ))),
            }
        },
        banner: |call| {
            vec![format!(
                "Checking certificate expiration for all certificates on node {} ...",
                call.node()
            )]
        },
        run: expiration,
        ..CHECK
    },
    Command {
        name: "certificates",
        section: Section::Configuration,
        about: "Shows the certificates of listeners that speak TLS",
        usage: "",
        banner: |call| vec![format!("Certificates of node {} ...", call.node())],
        run: certificates,
        ..CHECK
    },
    Command {
        name: "tls_versions",
        about: "Lists the versions of TLS that can be spoken",
        banner: |_| vec!["Listing all TLS versions supported by the runtime...".to_owned()],
        run: versions,
        ..CHECK
    },
    Command {
        name: "cipher_suites",
        about: "Lists the cipher suites of TLS that can be used",
        usage: "[--format <openssl | erlang | map>] [--all] [--timeout <timeout>]",
        switches: &[Switch::text("format"), Switch::flag("all")],
        validate: |line| {
            no_words(line)?;
            match line.text("format") {
                None | Some("openssl" | "erlang" | "map") => Ok(()),
                Some(_) => Err(Failure::bad_argument(
                    "Format should be either openssl, erlang or map",
                )),
            }
        },
        banner: |call| {
            let format = match call.line.text("format") {
                Some("erlang") => "Erlang term",
                Some("map") => "map",
                _ => "OpenSSL",
            };
            vec![format!(
                "Listing available cipher suites in {format} format"
            )]
        },
        run: suites,
        ..CHECK
    },
];

fn expiration(call: &mut Call<'_>) -> Result<Output, Failure> {
    let within = call.line.whole("within").unwrap_or(WITHIN.0);
    let unit = call.line.text("unit").unwrap_or(WITHIN.1).to_owned();
    let at = format!("/health/checks/certificate-expiration/{within}/{unit}");
    let reply = call.client.get(&at)?;
    let expired = reply.unwell();
    let expired = expired.as_ref().and_then(|object| object.get("expired"));
    let Some(expired) = expired.and_then(Value::as_array) else {
        reply.done()?;
        let unit = if within == 1 {
            unit.trim_end_matches('s')
        } else {
            &unit
        };
        let text = format!("No certificates are expiring within {within} {unit}.");
        return Ok(Output::Both {
            value: Term::text(&text),
            json: Some(json!({"result": "ok"})),
            text,
        });
    };
    let expired: Vec<Term> = expired.iter().map(expiring).collect();
    let lines: Vec<String> = expired.iter().map(elixir::inspect).collect();
    let text = lines.join("\n");
    if !call.line.is_json() {
        return Err(Failure::plain(code::UNAVAILABLE, text));
    }
    let expired: Vec<Value> = expired.iter().map(Term::to_json).collect();
    Err(Failure::Either {
        code: code::UNAVAILABLE,
        text,
        json_code: code::UNAVAILABLE,
        json: json!({"expired": expired, "result": "error"}),
    })
}

/// A listener with certificates that expire, with keys in the tool's order.
fn expiring(one: &Value) -> Term {
    let moments = |name: &str| {
        let moments = one.get(name).and_then(Value::as_array);
        let moments = moments.into_iter().flatten().filter_map(Value::as_str);
        Term::List(moments.map(|text| Term::text(two_digits(text))).collect())
    };
    let mut fields = place(ask::text(one, "node"), one);
    fields.extend([
        ("certfile_expires_on", moments("certfile_expires_on")),
        ("cacertfile_expires_on", moments("cacertfile_expires_on")),
        ("purpose", Term::text(purpose(one))),
    ]);
    map(fields)
}

/// A moment whose hour has two digits, where the API has one: `2027-03-11 3:36:27`.
fn two_digits(moment: &str) -> String {
    match moment.split_once(' ') {
        Some((day, time)) if time.find(':') == Some(1) => format!("{day} 0{time}"),
        _ => moment.to_owned(),
    }
}

fn certificates(call: &mut Call<'_>) -> Result<Output, Failure> {
    let node = call.node().to_owned();
    let object = call.client.get(AT)?.value()?;
    let listeners = object.get("listeners").and_then(Value::as_array);
    let listeners = listeners.into_iter().flatten().map(|one| {
        let mut fields = place(&node, one);
        fields.push(("purpose", Term::text(purpose(one))));
        map(fields)
    });
    let listeners: Vec<Term> = listeners.collect();
    if listeners.is_empty() {
        return Ok(Output::report("#{}", Term::Map(Vec::new())));
    }
    let listeners = Term::List(listeners);
    Ok(Output::report(erlang::pretty(&listeners), listeners))
}

/// Where a listener is, and its files or what stands in them.
fn place(node: &str, one: &Value) -> Vec<(&'static str, Term)> {
    let port = one.get("port").map_or_else(Term::unknown, Term::of_json);
    vec![
        ("node", Term::atom(node)),
        ("port", port),
        ("protocol", Term::atom(ask::text(one, "protocol"))),
        ("interface", Term::text(ask::text(one, "interface"))),
        ("cacertfile", Term::text(ask::text(one, "cacertfile"))),
        ("certfile", Term::text(ask::text(one, "certfile"))),
    ]
}

fn purpose(one: &Value) -> &'static str {
    super::listeners::purpose(ask::text(one, "protocol")).unwrap_or_default()
}

/// A map whose keys are atoms.
fn map(fields: Vec<(&'static str, Term)>) -> Term {
    let fields = fields.into_iter();
    Term::Dict(
        fields
            .map(|(name, term)| (Term::atom(name), term))
            .collect(),
    )
}

fn versions(call: &mut Call<'_>) -> Result<Output, Failure> {
    let object = call.client.get(AT)?.value()?;
    let versions = object.get("versions").and_then(Value::as_array);
    let versions = versions.into_iter().flatten().filter_map(Value::as_str);
    let versions: Vec<&str> = versions.collect();
    Ok(Output::Both {
        text: versions.join("\n"),
        value: Term::List(versions.iter().map(|one| Term::atom(*one)).collect()),
        json: Some(json!({ "versions": versions })),
    })
}

fn suites(call: &mut Call<'_>) -> Result<Output, Failure> {
    let object = call.client.get(AT)?.value()?;
    let suites = object.get("suites").and_then(Value::as_array);
    let suites: Vec<&Value> = suites.into_iter().flatten().collect();
    let field = |suite: &Value, name: &str| Term::atom(ask::text(suite, name));
    let terms: Vec<Term> = match call.line.text("format") {
        Some("erlang") => {
            let names = ["key_exchange", "cipher", "mac", "prf"];
            let one = |suite: &&Value| Term::Tuple(names.map(|name| field(suite, name)).to_vec());
            suites.iter().map(one).collect()
        }
        Some("map") => {
            let names = ["cipher", "key_exchange", "mac", "prf"];
            let one = |suite: &&Value| map(names.map(|name| (name, field(suite, name))).to_vec());
            suites.iter().map(one).collect()
        }
        _ => {
            let names: Vec<&str> = suites.iter().map(|one| ask::text(one, "openssl")).collect();
            let value = Term::List(names.iter().map(|name| Term::text(*name)).collect());
            return Ok(Output::report(names.join("\n"), value));
        }
    };
    let lines: Vec<String> = terms.iter().map(erlang::line).collect();
    let text = format!("[\n{}\n]", lines.join("\n,"));
    Ok(Output::report(text, Term::List(terms)))
}

//! The syntax of the Python program: options, an action, its object, then `name=value`.

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Map, Value};

use super::fields::{self, Wrong};
use super::lists::Table;
use super::objects::{self, Action, Listed, Usual};
use super::options::{Given, Options};
use crate::client::{Client, path};

/// Why nothing is done.
enum Trouble {
    /// `ERROR:` and where help is.
    Usage(String),
    /// `ERROR:` alone.
    Json(String),
    /// `***`.
    Refused(String),
}

impl From<Wrong> for Trouble {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Usage(text) => Self::Usage(text),
            Wrong::Json(text) => Self::Json(text),
        }
    }
}

/// See the module.
pub(super) fn main(words: &[String]) -> ExitCode {
    match run(words) {
        Ok(text) => {
            // An output that is closed has no reader who would miss it.
            drop(std::io::stdout().write_all(text.as_bytes()));
            ExitCode::SUCCESS
        }
        Err(trouble) => {
            let text = match trouble {
                Trouble::Usage(text) => {
                    format!("\nERROR: {text}\n\nrabbitmqadmin --help for help\n\n")
                }
                Trouble::Json(text) => format!("ERROR: Could not parse JSON:\n  {text}\n"),
                Trouble::Refused(text) => format!("*** {text}\n\n"),
            };
            drop(std::io::stderr().write_all(text.as_bytes()));
            ExitCode::from(1)
        }
    }
}

fn run(words: &[String]) -> Result<String, Trouble> {
    let given = Given::parse(words);
    if let Some(unknown) = &given.unknown {
        return Err(Trouble::Usage(format!("no such option: {unknown}")));
    }
    if given.has("version") {
        return Ok(format!("rabbitmqadmin {}\n", crate::VERSION));
    }
    if given.has("help") {
        return Ok(format!("{HELP}{MORE}"));
    }
    if given.has("bash-completion") {
        return Ok(COMPLETION.to_owned());
    }
    let options = Options::of(&given).map_err(Trouble::Usage)?;
    let Some((action, rest)) = given.words.split_first() else {
        return Err(Trouble::Usage("Action not specified".to_owned()));
    };
    if action == "help" {
        return help(rest);
    }
    let mut session = Session::new(options)?;
    match action.as_str() {
        "list" => session.list(rest, objects::LISTED, "list"),
        "show" => session.list(rest, &[objects::OVERVIEW], "show"),
        "declare" => session.act(rest, objects::DECLARED, "declared"),
        "delete" => session.act(rest, objects::DELETED, "deleted"),
        "close" => session.act(rest, objects::CLOSED, "closed"),
        "purge" => session.act(rest, objects::PURGED, "purged"),
        "publish" => session.publish(rest),
        "get" => session.get(rest),
        "export" => session.export(rest),
        "import" => session.import(rest),
        other => Err(Trouble::Usage(format!("Action {other} not understood"))),
    }
}

fn help(rest: &[String]) -> Result<String, Trouble> {
    match rest {
        [] => Ok(format!("{HELP}{MORE}")),
        [topic] if topic == "subcommands" => Ok(subcommands()),
        [topic] if topic == "config" => Ok(CONFIG.to_owned()),
        [_] => Err(Trouble::Usage(
            "help topic must be one of:\n  subcommands\n  config".to_owned(),
        )),
        _ => Err(Trouble::Usage("Exactly one argument required".to_owned())),
    }
}

/// A session with one API.
struct Session {
    client: Client,
    options: Options,
}

impl Session {
    fn new(options: Options) -> Result<Self, Trouble> {
        if let Some(why) = super::unreachable(&options) {
            return Err(Trouble::Refused(format!("Could not connect: {why}")));
        }
        let client = super::client(&options);
        let client = client.map_err(|failure| Trouble::Refused(failure.text()))?;
        Ok(Self { client, options })
    }

    /// The body of an answer.
    fn ask(&mut self, method: &Method, at: &str, body: String) -> Result<Vec<u8>, Trouble> {
        let reply = self.client.call_text(method, at, body);
        let reply = reply.map_err(|failure| Trouble::Refused(failure.text()))?;
        let place = format!("{}/api{at}", self.options.path_prefix);
        match reply.status {
            ..=399 => Ok(reply.body.to_vec()),
            400 => Err(Trouble::Refused(reply.reason())),
            401 => Err(Trouble::Refused(format!("Access refused: {place}"))),
            404 => Err(Trouble::Refused(format!("Not found: {place}"))),
            status => Err(Trouble::Refused(format!(
                "Received response {status} for path {place}\n{}",
                String::from_utf8_lossy(&reply.body)
            ))),
        }
    }

    /// A line unless `--quiet` was given.
    fn said(&self, text: String) -> String {
        match self.options.is_quiet {
            true => String::new(),
            false => format!("{text}\n"),
        }
    }

    fn list(&mut self, rest: &[String], known: &[Listed], verb: &str) -> Result<String, Trouble> {
        let (name, columns) = match rest.split_first() {
            Some((name, columns)) => (name.as_str(), columns),
            None => return Err(Trouble::Usage("Type not specified".to_owned())),
        };
        let listed = known.iter().find(|listed| listed.name == name);
        let Some(listed) = listed else {
            return Err(Trouble::Usage(format!("Don't know how to {verb} {name}")));
        };
        let options = &self.options;
        let mut at = format!("/{}", name.replace('_', "-"));
        if let (true, Some(vhost)) = (listed.has_vhost, &options.vhost) {
            at.push_str(&path(&[vhost]));
        }
        let mut columns = columns.to_vec();
        let is_usual = options.depth == 1 && !options.format.contains("json");
        if columns.is_empty() && is_usual {
            columns = listed
                .columns
                .iter()
                .map(|name| (*name).to_owned())
                .collect();
        }
        let mut query = Vec::new();
        if !columns.is_empty() {
            query.push(format!("columns={}", columns.join(",")));
        }
        if let Some(sort) = &options.sort {
            query.push(format!("sort={sort}"));
        }
        if options.is_reversed {
            query.push("sort_reverse=true".to_owned());
        }
        if !query.is_empty() {
            at = format!("{at}?{}", query.join("&"));
        }
        let body = self.ask(&Method::GET, &at, String::new())?;
        let body = match verb {
            "show" => [b"[", body.as_slice(), b"]"].concat(),
            _ => body,
        };
        self.format(&body, &columns, listed.json)
    }

    fn format(&self, body: &[u8], columns: &[String], json: &[&str]) -> Result<String, Trouble> {
        let unreadable = |error: serde_json::Error| Trouble::Refused(error.to_string());
        let text = String::from_utf8_lossy(body);
        let format = self.options.format.as_str();
        if format == "raw_json" {
            return Ok(format!("{text}\n"));
        }
        let value: Value = serde_json::from_str(&text).map_err(unreadable)?;
        if format == "pretty_json" {
            let text = serde_json::to_string_pretty(&value).map_err(unreadable)?;
            return Ok(format!("{text}\n"));
        }
        let items = value.as_array().cloned().unwrap_or_default();
        let table = Table::of(&items, columns, json, self.options.depth);
        if items.is_empty() {
            return Ok(self.said("No items".to_owned()));
        }
        let printed = table.print(format, self.options.is_quiet);
        printed.ok_or_else(|| Trouble::Usage(format!("Format {format} not recognised")))
    }

    fn act(&mut self, rest: &[String], known: &[Action], done: &str) -> Result<String, Trouble> {
        let Some((kind, arguments)) = rest.split_first() else {
            return Err(Trouble::Usage("Type not specified".to_owned()));
        };
        let action = known.iter().find(|action| action.name == kind.as_str());
        let Some(action) = action else {
            return Err(Trouble::Usage(format!("Type {kind} not recognised")));
        };
        let mut fields = fields::parse(arguments, action, &self.options)?;
        let mut at = objects::place(action.name, &fields);
        let method = match (done, action.name) {
            ("declared", "binding") => Method::POST,
            ("declared", _) => Method::PUT,
            _ => Method::DELETE,
        };
        match (done, action.name) {
            ("deleted", "binding") => {
                let key = fields.get("properties_key").and_then(Value::as_str);
                at.push_str(&path(&[key.unwrap_or("~")]));
            }
            ("purged", _) => at.push_str("/contents"),
            ("declared", "queue") => fields::put_type(&mut fields),
            _ => {}
        }
        let body = match done {
            "declared" => Value::Object(fields).to_string(),
            _ => String::new(),
        };
        self.ask(&method, &at, body)?;
        Ok(self.said(format!("{kind} {done}")))
    }

    fn publish(&mut self, rest: &[String]) -> Result<String, Trouble> {
        let mut fields = fields::parse(rest, &objects::PUBLISH, &self.options)?;
        if !fields.contains_key("payload") {
            let mut octets = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut octets);
            read.map_err(|error| Trouble::Refused(error.to_string()))?;
            fields.insert("payload".to_owned(), STANDARD.encode(octets).into());
            fields.insert("payload_encoding".to_owned(), "base64".into());
        }
        let at = objects::place("publish", &fields);
        let answer = self.ask(&Method::POST, &at, Value::Object(fields).to_string())?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let is_routed = answer.get("routed") == Some(&Value::Bool(true));
        Ok(self.said(match is_routed {
            true => "Message published".to_owned(),
            false => "Message published but NOT routed".to_owned(),
        }))
    }

    fn get(&mut self, rest: &[String]) -> Result<String, Trouble> {
        let fields = fields::parse(rest, &objects::GET, &self.options)?;
        let file = fields
            .get("payload_file")
            .and_then(Value::as_str)
            .map(str::to_owned);
        if file.is_some() && fields.get("count") != Some(&Value::from("1")) {
            let text = "Cannot get multiple messages using payload_file";
            return Err(Trouble::Usage(text.to_owned()));
        }
        let at = objects::place("get", &fields);
        let answer = self.ask(&Method::POST, &at, Value::Object(fields).to_string())?;
        let Some(file) = file else {
            return self.format(&answer, &[], &[]);
        };
        let messages: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let none = Map::new();
        let message = messages.get(0).and_then(Value::as_object).unwrap_or(&none);
        write_payload(message, &file)?;
        let columns = [
            "routing_key",
            "exchange",
            "message_count",
            "payload_bytes",
            "redelivered",
        ];
        self.format(&answer, &columns.map(str::to_owned), &[])
    }

    /// The only argument, and where definitions are.
    fn file<'a>(&self, rest: &'a [String]) -> Result<(&'a str, String), Trouble> {
        let [file] = rest else {
            return Err(Trouble::Usage("Exactly one argument required".to_owned()));
        };
        let mut at = "/definitions".to_owned();
        if let Some(vhost) = &self.options.vhost {
            at.push_str(&path(&[vhost]));
        }
        Ok((file, at))
    }

    fn export(&mut self, rest: &[String]) -> Result<String, Trouble> {
        let (file, at) = self.file(rest)?;
        let definitions = self.ask(&Method::GET, &at, String::new())?;
        let written = std::fs::write(file, definitions);
        written.map_err(|error| Trouble::Refused(format!("{file}: {error}")))?;
        let host = &self.options.host;
        Ok(self.said(format!("Exported definitions for {host} to \"{file}\"")))
    }

    fn import(&mut self, rest: &[String]) -> Result<String, Trouble> {
        let (file, at) = self.file(rest)?;
        let read = std::fs::read_to_string(file);
        let definitions = read.map_err(|error| Trouble::Refused(format!("{file}: {error}")))?;
        self.ask(&Method::POST, &at, definitions)?;
        let host = &self.options.host;
        Ok(self.said(format!(
            "Uploaded definitions from \"{host}\" to {file}. The import process may take some \
             time. Consult server logs to track progress."
        )))
    }
}

fn write_payload(message: &Map<String, Value>, file: &str) -> Result<(), Trouble> {
    let of = |name: &str| {
        message
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let octets = match of("payload_encoding") {
        "base64" => STANDARD.decode(of("payload")).unwrap_or_default(),
        _ => of("payload").as_bytes().to_vec(),
    };
    let written = std::fs::write(file, octets);
    written.map_err(|error| Trouble::Refused(format!("{file}: {error}")))
}

const HELP: &str = "Usage
=====
  rabbitmqadmin [options] subcommand

Options
=======
--help, -h              shows this
--config=FILE, -c FILE  a file of settings [default: ~/.rabbitmqadmin.conf]
--node=NODE, -N NODE    the section of the file that counts [default: default]
--host=HOST, -H HOST    the host of the management API [default: localhost]
--port=PORT, -P PORT    its port [default: 15672]
--path-prefix=PREFIX    what stands before /api in its paths
--vhost=VHOST, -V VHOST the virtual host [default: all for list, '/' for declare]
--username=NAME, -u NAME
--password=WORD, -p WORD
--base-uri=URI, -U URI  host, port and login in one
--quiet, -q             no line that says what was done
--request-timeout=SECONDS, -t SECONDS
                        [default: 120]
--format=FORMAT, -f FORMAT
                        of lists: raw_json, pretty_json, tsv, long, table, kvp or bash
--sort=KEY, -S KEY      the key by which lists are sorted
--sort-reverse, -R      the other way round
--depth=DEPTH, -d DEPTH how deep columns go [default: 1]
--bash-completion       prints a script for bash
--version               prints the version
";

const MORE: &str = "
More Help
=========

  rabbitmqadmin help subcommands  # what can be done
  rabbitmqadmin help config       # the file of settings
";

const CONFIG: &str = "Usage
=====
rabbitmqadmin [options] subcommand

Configuration File
==================

  A section for each host, chosen with -N; the command line counts more.

Example
=======

  [default]
  hostname = localhost
  port = 15672
  username = guest
  password = guest
  declare_vhost = /
  vhost = /

Use
===

  rabbitmqadmin -c FILE -N SECTION ...
";

const COMPLETION: &str = "_rabbitmqadmin() {
  local words='list show declare delete close purge publish get export import help'
  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))
}
complete -F _rabbitmqadmin rabbitmqadmin
";

/// All that can be done, made of the tables.
fn subcommands() -> String {
    let mut text =
        "Usage\n=====\n  rabbitmqadmin [options] subcommand\n\n  where subcommand is one \
                    of:\n\nDisplay\n=======\n\n"
            .to_owned();
    for listed in objects::LISTED {
        text.push_str(&format!("  list {} [<column>...]\n", listed.name));
    }
    text.push_str("  show overview [<column>...]\n\nObject Manipulation\n===================\n\n");
    for (verb, known) in [
        ("declare ", objects::DECLARED),
        ("delete ", objects::DELETED),
        ("close ", objects::CLOSED),
        ("purge ", objects::PURGED),
    ] {
        text.extend(known.iter().map(|action| usage(verb, action)));
    }
    text.push_str("\nBroker Definitions\n==================\n\n  export <file>\n  import <file>\n");
    text.push_str("\nPublishing and Consuming\n========================\n\n");
    text.push_str(&usage("", &objects::PUBLISH));
    text.push_str(&usage("", &objects::GET));
    text.push_str(
        "\n  * publish reads standard input if there is no payload\n\n  * get writes a payload \
         to payload_file if that is given; count must be 1 then\n",
    );
    text
}

fn usage(verb: &str, action: &Action) -> String {
    let needed = action
        .needed
        .iter()
        .map(|names| format!("{}=...", names.replace('|', "=... OR ")));
    let needed: Vec<String> = needed.collect();
    let optional = action
        .optional
        .iter()
        .map(|(name, _): &(&str, Usual)| format!("{name}=..."));
    let optional: Vec<String> = optional.collect();
    let optional = match optional.is_empty() {
        true => String::new(),
        false => format!(" [{}]", optional.join(" ")),
    };
    format!("  {verb}{} {}{optional}\n", action.name, needed.join(" "))
}

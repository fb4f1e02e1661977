//! Runs one script on one stage.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::connection::Connection;
use super::expect::default_channel;
use super::operator::Order;
use super::syntax::{Act, Sentence, Step};
use super::target::Stage;
use super::term::{Captures, Term};
use super::value::Value;
use super::wire::{self, Heard};

/// Where a conversation went wrong.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Line number in the script; 0 when no line is to blame.
    pub(crate) line: usize,
    /// What was expected, what came instead.
    pub(crate) problem: String,
    /// Everything said and heard up to there.
    pub(crate) log: Vec<String>,
}

/// A conversation under way.
pub(super) struct Talk<'a> {
    pub(super) stage: &'a Stage,
    pub(super) connections: BTreeMap<u8, Connection>,
    pub(super) captures: Captures,
    /// Publisher confirms seen, by connection and channel.
    pub(super) confirmed: BTreeMap<(u8, u16), BTreeSet<u64>>,
    pub(super) log: Vec<String>,
}

/// Runs `steps`; lines for another flavour of broker are skipped.
///
/// # Errors
/// The first line that the broker did not follow.
pub(crate) fn run(steps: &[Step], stage: &Stage) -> Result<(), Failure> {
    let mut talk = Talk {
        stage,
        connections: BTreeMap::new(),
        captures: Captures::new(),
        confirmed: BTreeMap::new(),
        log: Vec::new(),
    };
    let steps: Vec<_> = steps
        .iter()
        .filter(|step| step.only.is_none_or(|only| only == stage.flavour))
        .collect();
    let mut rest = steps.as_slice();
    while let Some((step, _)) = rest.split_first() {
        match talk.step(rest) {
            Ok(taken) => rest = rest.get(taken..).unwrap_or_default(),
            Err(problem) => {
                return Err(Failure {
                    line: step.line,
                    problem,
                    log: talk.log,
                });
            }
        }
    }
    Ok(())
}

impl Talk<'_> {
    /// Does the first of `steps`; gives the number of steps done.
    fn step(&mut self, steps: &[&Step]) -> Result<usize, String> {
        let Some((step, rest)) = steps.split_first() else {
            return Ok(0);
        };
        match &step.act {
            Act::HearAnyOrder(_) => return self.hear_group(steps),
            Act::Ask(sentence) => {
                self.ask(step, sentence, rest.first().copied())?;
                return Ok(2);
            }
            Act::Hear(sentence) => self.hear(step, sentence)?,
            Act::Say(sentence) => {
                self.log.push(step.text.clone());
                self.say(step.connection, step.channel, sentence)?;
            }
            Act::Setup(sentence) => {
                self.log.push(step.text.clone());
                self.set_up(step.connection, sentence)?;
            }
            Act::Time { ms, real } => {
                self.log.push(step.text.clone());
                self.settle_all()?;
                let time = Duration::from_millis(*ms);
                if *real {
                    std::thread::sleep(time)
                } else {
                    self.stage.pass(time)
                }
            }
            Act::Admin(sentence) => {
                self.log.push(step.text.clone());
                self.settle_all()?;
                self.stage.operate(&Order::of(sentence, &self.captures)?)?;
            }
        }
        Ok(1)
    }

    pub(super) fn connection(&mut self, number: u8) -> Result<&mut Connection, String> {
        self.connections
            .get_mut(&number)
            .ok_or_else(|| format!("C{number} is not connected"))
    }

    pub(super) fn say(
        &mut self,
        number: u8,
        channel: Option<u16>,
        said: &Sentence,
    ) -> Result<(), String> {
        if !self.connections.contains_key(&number) {
            self.open(number, &[])?;
        }
        let channel = channel.unwrap_or_else(|| default_channel(said));
        let by_use = said.name.contains('.') && channel != 0 && said.name != "channel.open";
        let connection = self.connection(number)?;
        if by_use && connection.opens_channels && connection.used.insert(channel) {
            self.open_channel(number, channel)?;
        }
        let captures = self.captures.clone();
        let said = self.with_vhost(said);
        let connection = self.connection(number)?;
        match said.name.as_str() {
            "cut" => {
                connection.cut();
                return Ok(());
            }
            "channel.open" => {
                connection.used.insert(channel);
            }
            "channel.close" => {
                connection.open.remove(&channel);
            }
            "connection.close" => connection.alive = false,
            "connection.tune-ok" => {
                if let Some(Term::Number(_, max @ 9..)) = said.arg("frame-max") {
                    connection.frame_max = usize::try_from(*max).unwrap_or(131_072);
                }
            }
            "basic.publish" => connection.irregular |= said.arg("body").is_none(),
            "hex" | "frame" | "content-header" | "content-body" => connection.irregular = true,
            _ => {}
        }
        let octets = wire::encode(&said, channel, connection.frame_max, &captures)?;
        connection.send(&octets);
        Ok(())
    }

    /// The script's `/` is the stage's own virtual host.
    fn with_vhost(&self, said: &Sentence) -> Sentence {
        let mut said = said.clone();
        let root = Term::Text(None, b"/".to_vec());
        for (name, term) in &mut said.args {
            if name == "virtual-host" && *term == root {
                *term = Term::Text(None, self.stage.vhost.clone().into_bytes());
            }
        }
        said
    }

    fn open_channel(&mut self, number: u8, channel: u16) -> Result<(), String> {
        let open = sentence("channel.open", &[]);
        self.say(number, Some(channel), &open)?;
        match self.next(number, false)? {
            Heard::Method {
                name: "channel.open-ok",
                ..
            } => Ok(()),
            other => Err(format!(
                "channel {channel} did not open: {}",
                other.render(number)
            )),
        }
    }

    fn set_up(&mut self, number: u8, how: &Sentence) -> Result<(), String> {
        match how.name.as_str() {
            "raw" => {
                let mut connection = Connection::open(self.stage.address)?;
                connection.opens_channels = false;
                self.connections.insert(number, connection);
                Ok(())
            }
            "nochannel" => {
                self.open(number, &how.args)?;
                self.connection(number)?.opens_channels = false;
                Ok(())
            }
            "open" => self.open(number, &how.args),
            other => Err(format!("no way to set up a connection: {other}")),
        }
    }

    /// The handshake, with what differs from the usual in `args`.
    fn open(&mut self, number: u8, args: &[(String, Term)]) -> Result<(), String> {
        let arg = |name: &str| {
            args.iter()
                .find(|(arg, _)| arg == name)
                .map(|(_, term)| term)
        };
        let text = |name: &str, default: &str| match arg(name) {
            Some(Term::Text(_, text)) => String::from_utf8_lossy(text).into_owned(),
            _ => default.to_owned(),
        };
        let int = |name: &str| arg(name).cloned().unwrap_or(Term::Number(None, 0));
        let mut properties = vec![(b"product".to_vec(), Term::Text(None, b"scripts".to_vec()))];
        properties.push((
            b"capabilities".to_vec(),
            arg("capabilities")
                .cloned()
                .unwrap_or_else(all_capabilities),
        ));
        let login = format!("\0{}\0{}", text("user", "guest"), text("password", "guest"));
        let vhost = text("vhost", "/");
        self.connections
            .insert(number, Connection::open(self.stage.address)?);
        self.connection(number)?.send(b"AMQP\x00\x00\x09\x01");
        self.answer(number, "connection.start")?;
        self.say(
            number,
            None,
            &sentence(
                "connection.start-ok",
                &[
                    ("client-properties", Term::Table(properties)),
                    ("mechanism", Term::Text(None, b"PLAIN".to_vec())),
                    ("response", Term::Text(None, login.into_bytes())),
                    ("locale", Term::Text(None, b"en_US".to_vec())),
                ],
            ),
        )?;
        let tune = self.answer(number, "connection.tune")?;
        let offered = |name: &str| {
            let found = tune.iter().find(|(field, _)| *field == name);
            match found {
                Some((_, Value::Int(_, number))) => Term::Number(None, *number),
                _ => Term::Number(None, 0),
            }
        };
        let chosen = |name: &str| arg(name).cloned().unwrap_or_else(|| offered(name));
        self.say(
            number,
            None,
            &sentence(
                "connection.tune-ok",
                &[
                    ("channel-max", chosen("channel-max")),
                    ("frame-max", chosen("frame-max")),
                    ("heartbeat", int("heartbeat")),
                ],
            ),
        )?;
        let vhost = Term::Text(None, vhost.into_bytes());
        self.say(
            number,
            None,
            &sentence("connection.open", &[("virtual-host", vhost)]),
        )?;
        self.answer(number, "connection.open-ok").map(drop)
    }

    /// The fields of the next method, which must be `wanted`.
    fn answer(&mut self, number: u8, wanted: &str) -> Result<wire::Fields, String> {
        match self.next(number, false)? {
            Heard::Method { name, fields, .. } if name == wanted => Ok(fields),
            other => Err(format!("{} instead of {wanted}", other.render(number))),
        }
    }

    /// Round trips on every open channel of every connection.
    pub(super) fn settle_all(&mut self) -> Result<(), String> {
        for connection in self.connections.values_mut() {
            for channel in connection.open.clone() {
                if connection.alive && !connection.irregular && connection.open.contains(&channel) {
                    connection.settle(channel)?;
                }
            }
        }
        Ok(())
    }
}

fn sentence(name: &str, args: &[(&str, Term)]) -> Sentence {
    Sentence {
        name: name.to_owned(),
        args: args
            .iter()
            .map(|(name, term)| ((*name).to_owned(), term.clone()))
            .collect(),
        properties: Vec::new(),
        plain: None,
        exactly: false,
    }
}

fn all_capabilities() -> Term {
    let names = [
        "authentication_failure_close",
        "basic.nack",
        "connection.blocked",
        "consumer_cancel_notify",
        "exchange_exchange_bindings",
        "publisher_confirms",
    ];
    Term::Table(
        names
            .iter()
            .map(|name| (name.as_bytes().to_vec(), Term::Bool(true)))
            .collect(),
    )
}

//! The listening half of a conversation.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::connection::PATIENCE;
use super::expect::{check, check_any_order, default_channel};
use super::render;
use super::syntax::{Act, Sentence, Step};
use super::talk::Talk;
use super::term::Term;
use super::value::Value;
use super::wire::{self, Heard};

impl Talk<'_> {
    /// What the server does next, heartbeats only where they are asked for.
    pub(super) fn next(&mut self, number: u8, heartbeats: bool) -> Result<Heard, String> {
        let vhost = format!("vhost '{}'", self.stage.vhost);
        loop {
            let heard = self
                .connection(number)?
                .hear(PATIENCE)?
                .ok_or_else(|| format!("nothing on C{number} within {PATIENCE:?}"))?;
            if heard != Heard::Heartbeat || heartbeats {
                return Ok(in_root_vhost(heard, &vhost));
            }
        }
    }

    pub(super) fn hear(&mut self, step: &Step, wanted: &Sentence) -> Result<(), String> {
        let number = step.connection;
        match wanted.name.as_str() {
            "nothing" => return self.hear_nothing(step),
            "hex" | "protocol-header" => return self.hear_raw(number, wanted),
            "confirmed" => return self.hear_confirms(step, wanted, "basic.ack"),
            "refused" => return self.hear_confirms(step, wanted, "basic.nack"),
            _ => {}
        }
        let channel = step.channel.unwrap_or_else(|| default_channel(wanted));
        let heard = self
            .next(number, wanted.name == "heartbeat")
            .map_err(|problem| format!("{problem}\n    expected: {}", step.text))?;
        self.log.push(heard.render(number));
        check(wanted, channel, &heard, &mut self.captures).map_err(|problem| {
            format!(
                "{problem}\n    expected: {}\n    got:      {}",
                step.text,
                heard.render(number)
            )
        })
    }

    fn hear_raw(&mut self, number: u8, wanted: &Sentence) -> Result<(), String> {
        let Some(Term::Text(_, octets)) = &wanted.plain else {
            return Err(String::from("octets are missing"));
        };
        let octets = if wanted.name == "hex" {
            wire::hex(octets)?
        } else {
            octets.clone()
        };
        let heard = self.connection(number)?.raw(octets.len())?;
        self.log.push(format!("S{number}< octets {heard:02x?}"));
        if heard == octets {
            Ok(())
        } else {
            Err(format!(
                "octets differ\n    expected: {octets:02x?}\n    got:      {heard:02x?}"
            ))
        }
    }

    /// Nothing more comes, as round trips on all open channels prove.
    fn hear_nothing(&mut self, step: &Step) -> Result<(), String> {
        self.log.push(step.text.clone());
        self.settle_all()?;
        self.settle_all()?;
        let (number, quiet) = (step.connection, self.stage.quiet());
        while let Some(heard) = self.connection(number)?.hear(quiet)? {
            let ours = step.channel.is_none_or(
                |wanted| matches!(heard, Heard::Method { channel, .. } if channel == wanted),
            );
            if heard != Heard::Heartbeat && ours {
                return Err(format!(
                    "nothing expected\n    got:      {}",
                    heard.render(number)
                ));
            }
        }
        Ok(())
    }

    /// Publisher confirms for exactly the sequence numbers in `wanted`, in any grouping.
    fn hear_confirms(&mut self, step: &Step, wanted: &Sentence, by: &str) -> Result<(), String> {
        let channel = step.channel.unwrap_or(1);
        let mut missing = sequence_numbers(wanted)?;
        let mut deliveries = Vec::new();
        while !missing.is_empty() {
            let heard = self.next(step.connection, false).map_err(|problem| {
                format!(
                    "{problem}\n    expected: {}\n    missing:  {missing:?}",
                    step.text
                )
            })?;
            if matches!(
                heard,
                Heard::Method {
                    name: "basic.deliver",
                    ..
                }
            ) {
                deliveries.push(heard);
                continue;
            }
            self.log.push(heard.render(step.connection));
            let Some((tag, multiple)) = confirm(&heard, channel, by) else {
                return Err(format!(
                    "no {by}\n    expected: {}\n    got:      {}",
                    step.text,
                    heard.render(step.connection)
                ));
            };
            let known = self
                .confirmed
                .entry((step.connection, channel))
                .or_default();
            for number in if multiple { 1 } else { tag }..=tag {
                let news = known.insert(number);
                if news && !missing.remove(&number) || !news && !multiple {
                    return Err(format!("{by} covers {number}, which is not expected"));
                }
            }
        }
        self.connection(step.connection)?.postpone(deliveries);
        Ok(())
    }

    /// A run of `S1<*` lines: the same number of frames per connection, in any order.
    pub(super) fn hear_group(&mut self, steps: &[&Step]) -> Result<usize, String> {
        let group: Vec<(&Step, &Sentence)> = steps
            .iter()
            .map_while(|step| match &step.act {
                Act::HearAnyOrder(sentence) => Some((*step, sentence)),
                _ => None,
            })
            .collect();
        let numbers: BTreeSet<u8> = group.iter().map(|(step, _)| step.connection).collect();
        for number in numbers {
            let wanted: Vec<_> = group
                .iter()
                .filter(|(step, _)| step.connection == number)
                .map(|(step, wanted)| {
                    (
                        step.channel.unwrap_or_else(|| default_channel(wanted)),
                        *wanted,
                    )
                })
                .collect();
            let mut heard = Vec::new();
            for _ in &wanted {
                heard.push(self.next(number, false)?);
                self.log
                    .extend(heard.last().map(|heard| heard.render(number)));
            }
            check_any_order(&wanted, &heard, &mut self.captures)
                .map_err(|problem| format!("in no order: {problem}"))?;
        }
        Ok(group.len())
    }

    /// Asks until the answer is the one that `answer` describes.
    pub(super) fn ask(
        &mut self,
        step: &Step,
        said: &Sentence,
        answer: Option<&Step>,
    ) -> Result<(), String> {
        let Some((answer, Act::Hear(wanted))) = answer.map(|step| (step, &step.act)) else {
            return Err(String::from("C1? wants an S1< line behind it"));
        };
        let channel = answer.channel.unwrap_or_else(|| default_channel(wanted));
        let until = Instant::now() + PATIENCE;
        loop {
            self.say(step.connection, step.channel, said)?;
            let heard = self.next(answer.connection, false)?;
            match check(wanted, channel, &heard, &mut self.captures) {
                Ok(()) => {
                    self.log
                        .extend([step.text.clone(), heard.render(answer.connection)]);
                    return Ok(());
                }
                Err(problem) if Instant::now() > until || is_final(wanted, &heard) => {
                    let got = heard.render(answer.connection);
                    let expected = &answer.text;
                    return Err(format!(
                        "{problem}\n    expected: {expected}\n    got:      {got}"
                    ));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

/// Whether asking again cannot help: the right answer, with the wrong content.
fn is_final(wanted: &Sentence, heard: &Heard) -> bool {
    match heard {
        Heard::Method { name, .. } => *name == wanted.name && *name != "queue.declare-ok",
        _ => true,
    }
}

/// Replaces the stage's virtual host by `/` in a close's text.
fn in_root_vhost(mut heard: Heard, vhost: &str) -> Heard {
    if let Heard::Method { fields, .. } = &mut heard {
        for (_, value) in fields.iter_mut().filter(|(name, _)| *name == "text") {
            if let Value::Bytes(_, octets) = value {
                let text = String::from_utf8_lossy(octets).replace(vhost, "vhost '/'");
                *value = Value::text(&text);
            }
        }
    }
    heard
}

/// Tag and `multiple` of a confirm on `channel`.
fn confirm(heard: &Heard, channel: u16, by: &str) -> Option<(u64, bool)> {
    let Heard::Method {
        channel: on,
        name,
        fields,
        ..
    } = heard
    else {
        return None;
    };
    if *on != channel || *name != by {
        return None;
    }
    match fields.as_slice() {
        [(_, Value::Int(_, tag)), (_, Value::Bool(multiple)), ..] => {
            Some((u64::try_from(*tag).ok()?, *multiple == 1))
        }
        _ => None,
    }
}

/// `1..3 7` as numbers.
fn sequence_numbers(wanted: &Sentence) -> Result<BTreeSet<u64>, String> {
    let Some(Term::Text(_, text)) = &wanted.plain else {
        return Err(String::from("sequence numbers are missing"));
    };
    let text = String::from_utf8_lossy(text);
    let mut numbers = BTreeSet::new();
    for word in text.split_whitespace() {
        let (first, last) = word.split_once("..").unwrap_or((word, word));
        let parse = |number: &str| {
            number
                .parse::<u64>()
                .map_err(|_| format!("no sequence number: {}", render::octets(number.as_bytes())))
        };
        numbers.extend(parse(first)?..=parse(last)?);
    }
    Ok(numbers)
}

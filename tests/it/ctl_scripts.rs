//! Runs every script of commands in `tests/scripts/ctl`: what a person types, what the tools print
//! and with which code they end, the same for this broker's and for RabbitMQ's.
//! `tests/scripts/README.md` has the form of the lines.
//!
//! `LEVERET_CTL_TARGET=program` runs `program rabbitmqctl …` instead of ours, against the broker of
//! `LEVERET_TARGET=amqp://127.0.0.1:5672`, whose API is 10,000 ports further up;
//! `SCRIPT=ctl/users` runs only scripts whose name contains that.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use crate::http::Http;
use crate::http_scripts::{follow_all, matches};
use crate::process::Process;
use crate::talker::Client;

/// The names that our program has.
const TOOLS: [&str; 7] = [
    "rabbitmqctl",
    "rabbitmq-diagnostics",
    "rabbitmq-plugins",
    "rabbitmq-queues",
    "rabbitmq-streams",
    "rabbitmq-upgrade",
    "rabbitmqadmin",
];

/// Something to do.
struct Step {
    line: usize,
    /// `leveret` or `rabbitmq`; both without.
    only: Option<String>,
    act: Act,
    expected: Vec<Expected>,
}

enum Act {
    /// A tool, its arguments, and what it reads.
    Run(Vec<String>, String),
    /// A request to the management API, which must succeed.
    Ask(String),
    /// A sentence on a connection of its own, with an answer unless it says `-`.
    Say(String),
}

struct Expected {
    only: Option<String>,
    what: What,
}

enum What {
    /// A line of standard output.
    Out(String),
    /// A line of standard output at any place among its neighbours.
    Among(String),
    /// All of standard output, as JSON; `true` looks only at what is named.
    Json(String, bool),
    /// A line of standard error.
    Error(String),
    Code(i32),
}

/// A broker and the way to its tools.
struct Stage {
    http: Http,
    amqp: SocketAddr,
    node: String,
    /// What is put in front of the name of a tool, or the directory of ours.
    outside: Option<String>,
    scratch: tempfile::TempDir,
    _broker: Option<Process>,
}

#[test]
fn tools_follow_every_script() {
    follow_all("ctl", |name, text| match parse(text) {
        Ok(steps) => follow(&steps, name),
        Err(problem) => vec![problem],
    });
}

/// A script that cannot fail would be worth nothing.
#[test]
fn an_output_is_looked_at_as_a_script_says() {
    let expected = |lines: &str| {
        let steps = parse(&format!("$ x\n{lines}")).unwrap();
        steps.into_iter().next().unwrap().expected
    };
    let agrees = |lines: &str, out: &str| {
        let expected = expected(lines);
        let expected: Vec<&What> = expected.iter().map(|one| &one.what).collect();
        differs(&expected, (out, "", 0), &|text| text.to_owned()).is_none()
    };
    assert!(agrees("< a{*}c\n< d", "abc\nd\n"));
    assert!(agrees("< a\n< ...\n< d", "a\nb\nc\nd\n"));
    assert!(agrees("< a\n<~ d\n<~ b", "a\nb\nc\nd\n"));
    assert!(agrees("<j {\"a\": \"*\"}", "{\"a\":1}"));
    for (lines, out) in [
        ("< a", "b"),
        ("< a", "a\nb"),
        ("< a\n< b", "a"),
        ("< a{*}c", "ab"),
        ("< a\n< ...\n< d", "a\nb"),
        ("<~ b", "a"),
        ("<j {\"a\": 2}", "{\"a\":1}"),
        ("< a\n= 1", "a"),
        ("< a\n<! b", "a"),
    ] {
        assert!(!agrees(lines, out), "{lines} {out}");
    }
    for unreadable in ["< a", "list", "$ x 'y", "$ x\n= y"] {
        assert!(parse(unreadable).is_err(), "{unreadable}");
    }
}

fn parse(text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let wrong = || format!(":{line}: {text:?} is no line of a script");
        let (only, rest) = match text.strip_prefix('@').and_then(|rest| rest.split_once(' ')) {
            Some((only, rest)) if ["leveret", "rabbitmq"].contains(&only) => {
                (Some(only.to_owned()), rest)
            }
            Some(_) => return Err(wrong()),
            None => (None, text),
        };
        let (sign, said) = rest.split_once(' ').unwrap_or((rest, ""));
        let said = said.to_owned();
        let act = match sign {
            "$" => Some(Act::Run(words(&said).ok_or_else(wrong)?, String::new())),
            "%" => Some(Act::Ask(said.clone())),
            "&" => Some(Act::Say(said.clone())),
            _ => None,
        };
        if let Some(act) = act {
            steps.push(Step {
                line,
                only,
                act,
                expected: Vec::new(),
            });
            continue;
        }
        let what = match sign {
            "<" => What::Out(said),
            "<~" => What::Among(said),
            "<j" => What::Json(said, false),
            "<j~" => What::Json(said, true),
            "<!" => What::Error(said),
            "=" => What::Code(said.parse().map_err(|_| wrong())?),
            "+" => {
                match steps.last_mut().map(|step| &mut step.act) {
                    Some(Act::Run(_, input)) => *input += &(said + "\n"),
                    _ => return Err(wrong()),
                }
                continue;
            }
            _ if rest.is_empty() || rest.starts_with('#') => continue,
            _ => return Err(wrong()),
        };
        let step = steps.last_mut().ok_or_else(wrong)?;
        step.expected.push(Expected { only, what });
    }
    Ok(steps)
}

/// Words as a shell takes them apart, with `'` and `"` around what belongs together.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in text.chars() {
        match quote {
            Some(open) if letter == open => quote = None,
            Some(_) => word.get_or_insert_default().push(letter),
            None if letter == '\'' || letter == '"' => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            None if letter == ' ' => words.extend(word.take()),
            None => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

fn stage() -> Stage {
    let scratch = tempfile::tempdir().unwrap();
    let outside = std::env::var("LEVERET_CTL_TARGET").ok();
    let (amqp, http, broker) = match &outside {
        Some(_) => {
            let url = std::env::var("LEVERET_TARGET").unwrap();
            let address: SocketAddr = url.trim_start_matches("amqp://").parse().unwrap();
            let http = SocketAddr::new(address.ip(), address.port() + 10_000);
            (address, http, None)
        }
        None => {
            for tool in TOOLS {
                symlink(env!("CARGO_BIN_EXE_leveret"), scratch.path().join(tool)).unwrap();
            }
            let data = scratch.path().join("data");
            let settings = ["management.tcp.port=0"];
            // The name of this machine may lead to another address than the broker's.
            let named = ["env", "RABBITMQ_NODENAME=rabbit@localhost"];
            let broker = Process::start_in(&named, &data, scratch.path(), &settings).unwrap();
            (broker.address(), broker.door("management"), Some(broker))
        }
    };
    let http = Http::at(http).by("guest", "guest");
    let overview = http.get("/api/overview").json();
    let node = overview
        .get("node")
        .and_then(Json::as_str)
        .unwrap()
        .to_owned();
    Stage {
        http,
        amqp,
        node,
        outside,
        scratch,
        _broker: broker,
    }
}

impl Stage {
    fn whose(&self) -> &'static str {
        if self.outside.is_some() {
            "rabbitmq"
        } else {
            "leveret"
        }
    }

    fn command(&self, tool: &str) -> Command {
        match &self.outside {
            Some(program) => {
                let mut command = Command::new(program);
                command.arg(tool);
                command
            }
            None => {
                let mut command = Command::new(self.scratch.path().join(tool));
                command
                    .env("LEVERET_DATA_DIR", self.scratch.path().join("data"))
                    .env("RABBITMQ_NODENAME", &self.node);
                command
            }
        }
    }
}

/// Does all of it; the vhost `$V` is there meanwhile, the user `$U` is gone afterwards.
fn follow(steps: &[Step], name: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let stage = stage();
    let own = name.replace('/', "-");
    let vhost = format!("/api/vhosts/{own}");
    let made = stage
        .http
        .ask_with(("PUT", &vhost), "content-type: application/json\r\n", "{}");
    assert_eq!(made.status, 201, "{made:?}");
    let mut client = None;
    for step in steps {
        if step
            .only
            .as_deref()
            .is_none_or(|only| only == stage.whose())
        {
            let problem = act(step, &stage, &own, &mut client);
            problems.extend(problem.map(|problem| format!(":{}: {problem}", step.line)));
        }
    }
    drop(client);
    for left in [format!("/api/users/{own}"), vhost] {
        stage.http.ask("DELETE", &left, "");
    }
    problems
}

fn act(step: &Step, stage: &Stage, own: &str, client: &mut Option<Client>) -> Option<String> {
    let place = stage.scratch.path().to_string_lossy();
    let port = stage.amqp.port().to_string();
    let fill = |text: &str| {
        let text = text
            .replace("\\e", "\u{1b}")
            .replace("$V", own)
            .replace("$U", own)
            .replace("$NODE", &stage.node);
        let http = stage.http.address.rsplit(':').next().unwrap();
        text.replace("$T", &place)
            .replace("$PORT", &port)
            .replace("$HTTP", http)
    };
    match &step.act {
        Act::Ask(said) => {
            let said = fill(said);
            let mut parts = said.splitn(3, ' ');
            let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
            let header = "content-type: application/json\r\n";
            let body = parts.next().unwrap_or_default();
            let heard = stage.http.ask_with((method, path), header, body);
            (heard.status >= 400).then(|| format!("{said}\n    heard {heard:?}"))
        }
        Act::Say(said) => {
            let client = client.get_or_insert_with(|| Client::in_vhost(stage.amqp, own));
            match fill(said).strip_prefix("- ") {
                Some(said) => client.say(said),
                None => drop(client.ask(&fill(said))),
            }
            None
        }
        Act::Run(said, input) => {
            let said: Vec<String> = said.iter().map(|word| fill(word)).collect();
            let (out, error, code) = run(stage.command(&said[0]), &said[1..], &fill(input));
            let mut theirs: Vec<&What> = Vec::new();
            for one in &step.expected {
                if one.only.as_deref().is_none_or(|only| only == stage.whose()) {
                    theirs.push(&one.what);
                }
            }
            let problem = differs(&theirs, (&out, &error, code), &fill)?;
            Some(format!(
                "{said:?}: {problem}\n--- out\n{out}--- error\n{error}--- code {code}"
            ))
        }
    }
}

fn run(mut command: Command, arguments: &[String], input: &str) -> (String, String, i32) {
    command.args(arguments).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // What is not read is fine.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let code = output.status.code().unwrap_or(-1);
    (text(&output.stdout), text(&output.stderr), code)
}

/// What is not as expected.
fn differs(
    expected: &[&What],
    (out, error, code): (&str, &str, i32),
    fill: &dyn Fn(&str) -> String,
) -> Option<String> {
    let mut wanted = 0;
    let (mut before, mut among, mut after, mut errors) = (vec![], vec![], vec![], vec![]);
    for one in expected {
        match one {
            What::Code(code) => wanted = *code,
            What::Error(line) => errors.push(fill(line)),
            What::Among(line) => among.push(fill(line)),
            What::Out(line) if among.is_empty() => before.push(fill(line)),
            What::Out(line) => after.push(fill(line)),
            What::Json(json, is_part) => {
                let json = serde_json::from_str(&fill(json));
                let (Ok(wanted), Ok(heard)) = (json, serde_json::from_str(out)) else {
                    return Some("no JSON".to_owned());
                };
                if !matches(&heard, &wanted, *is_part) {
                    return Some(format!("expected {wanted}"));
                }
                continue;
            }
        }
    }
    let is_json = expected.iter().any(|one| matches!(one, What::Json(..)));
    let lines: Vec<&str> = out.trim_end().lines().map(str::trim_end).collect();
    if code != wanted {
        return Some(format!("expected code {wanted}"));
    }
    let heard: Vec<&str> = error.trim_end().lines().map(str::trim_end).collect();
    if !agree(&heard, &errors) {
        return Some(format!("expected error\n{}", errors.join("\n")));
    }
    if is_json || among.is_empty() {
        return (!is_json && !agree(&lines, &before))
            .then(|| format!("expected\n{}", before.join("\n")));
    }
    let end = lines.len().saturating_sub(after.len());
    let start = before.len().min(end);
    let is_there = |wanted: &String| lines[start..end].iter().any(|line| agrees(line, wanted));
    let fits = agree(&lines[..start], &before) && agree(&lines[end..], &after);
    match among.iter().find(|wanted| !is_there(wanted)) {
        Some(missing) => Some(format!("{missing:?} is not there")),
        None => (!fits).then(|| format!("expected around it {before:?} {after:?}")),
    }
}

/// Whether all lines are as expected, where `...` is any number of them.
fn agree(heard: &[&str], expected: &[String]) -> bool {
    match (heard.split_first(), expected.split_first()) {
        (_, Some((any, rest))) if any == "..." => {
            (0..=heard.len()).any(|skipped| agree(&heard[skipped..], rest))
        }
        (Some((line, heard)), Some((wanted, expected))) => {
            agrees(line, wanted) && agree(heard, expected)
        }
        (heard, expected) => heard.is_none() && expected.is_none(),
    }
}

/// Whether a line is as expected, where `{*}` is anything.
fn agrees(heard: &str, expected: &str) -> bool {
    let mut rest = heard;
    let mut parts = expected.trim_end().split("{*}");
    let Some(start) = parts.next().and_then(|start| rest.strip_prefix(start)) else {
        return false;
    };
    rest = start;
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

//! A real file system that is filled to the brim and freed again, under the real program.
//!
//! The file system is a tmpfs of its own in a mount namespace of its own, so the test needs
//! Linux, `unshare` and `nsenter`, and root or the right to make user namespaces.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::process::Process;
use crate::talker::{Client, eventually};

/// Octets of the file system: room for a handful of segments of the log, which have 16 MiB.
const ROOM: u64 = 104 * 1024 * 1024;
/// Octets of the file that takes a part of the room at first.
const BALLAST: usize = 24 * 1024 * 1024;

/// Keeps a mount namespace with a small file system alive.
struct Namespace {
    holder: Child,
    /// Where the file system is, inside.
    inside: PathBuf,
}

impl Namespace {
    fn new(at: &Path) -> Self {
        fs::create_dir(at).unwrap();
        let script = format!(
            "mount -t tmpfs -o size={ROOM} tmpfs '{}' && echo up && exec cat",
            at.display()
        );
        let mut command = Command::new("unshare");
        if !rustix::process::getuid().is_root() {
            command.arg("--map-root-user");
        }
        let mut holder = command
            .args(["--mount", "sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs `unshare` (util-linux)");
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        assert_eq!(
            said, "up\n",
            "this test needs the right to mount a tmpfs in a namespace of its own: root, or \
             unprivileged user namespaces"
        );
        Self {
            holder,
            inside: at.to_owned(),
        }
    }

    /// The same place as it is seen from outside.
    fn outside(&self) -> PathBuf {
        let root = format!("/proc/{}/root{}", self.holder.id(), self.inside.display());
        root.into()
    }

    /// Starts a broker inside, whose data is on the small file system.
    fn broker(&self, scratch: &Path) -> Result<Process, String> {
        let pid = self.holder.id().to_string();
        let mut enter = vec!["nsenter", "--target", &pid, "--mount"];
        if !rustix::process::getuid().is_root() {
            enter.extend(["--user", "--preserve-credentials"]);
        }
        let data = self.inside.join("data");
        // The mark that would stop publishers before the disk is full is off.
        Process::start_in(&enter, &data, scratch, &["disk_free_limit=0"])
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _killed = self.holder.kill();
        let _ended = self.holder.wait();
    }
}

/// A publisher and what was confirmed to it: numbers of messages.
struct Publisher {
    client: Client,
    published: u64,
    confirmed: BTreeSet<u64>,
    first: u64,
    is_blocked: bool,
}

impl Publisher {
    fn new(broker: &Process, first: u64) -> Self {
        let mut client = Client::at(broker.address());
        client.ask("queue.declare queue='brim' durable");
        assert_eq!(client.ask("confirm.select"), "confirm.select-ok");
        Self {
            client,
            published: 0,
            confirmed: BTreeSet::new(),
            first,
            is_blocked: false,
        }
    }

    /// Publishes and waits for confirms until publishers are blocked.
    fn fill(&mut self) {
        while !self.is_blocked {
            self.published += 1;
            let number = self.first + self.published;
            self.client.say(&format!(
                "basic.publish routing-key='brim' body=zeros:60000 \
                 {{delivery-mode=2 message-id='{number}'}}"
            ));
            // One that was taken before the alarm is neither confirmed nor answered with it: only
            // the next publish is.
            while !self.is_blocked && !self.confirmed.contains(&number) {
                let Some(heard) = self.client.hear_within(Duration::from_millis(300)) else {
                    break;
                };
                self.note(&heard);
            }
        }
    }

    fn listen(&mut self) {
        let heard = self.client.hear();
        self.note(&heard);
    }

    fn note(&mut self, heard: &str) {
        if let Some(tag) = heard.strip_prefix("basic.ack delivery-tag=") {
            let (tag, multiple) = tag
                .split_once(' ')
                .map_or((tag, false), |(tag, _)| (tag, true));
            let tag: u64 = tag.parse().unwrap();
            let from = if multiple { 1 } else { tag };
            self.confirmed
                .extend((from..=tag).map(|tag| self.first + tag));
        } else if heard == "connection.unblocked" {
            self.is_blocked = false;
        } else {
            assert_eq!(heard, "connection.blocked reason='low on disk'");
            self.is_blocked = true;
        }
    }
}

/// Takes everything that is in the queue: its numbers.
fn drain(broker: &Process) -> BTreeSet<u64> {
    let mut client = Client::at(broker.address());
    let mut numbers: Vec<u64> = Vec::new();
    loop {
        let heard = client.ask("basic.get queue='brim' no-ack");
        let Some((_, id)) = heard.split_once("message-id='") else {
            assert_eq!(heard, "basic.get-empty");
            break;
        };
        numbers.push(id.split('\'').next().unwrap().parse().unwrap());
    }
    assert!(numbers.is_sorted(), "one channel after the other, in order");
    numbers.into_iter().collect()
}

/// Takes all the room that is left, with a file at `ballast`.
fn fill_up(ballast: &Path) {
    let rest = fs::File::create(ballast).unwrap();
    let full = std::io::copy(&mut std::io::repeat(1), &mut &rest).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
}

// The log library complained of the log on standard error, which failed as well, and panicked: the
// commit thread was gone, and confirms stopped until a restart.
#[test]
fn log_on_the_full_file_system_heals_with_the_data() {
    let dir = tempfile::tempdir().unwrap();
    let space = Namespace::new(&dir.path().join("small"));
    let ballast = space.outside().join("ballast");
    let broker = space.broker(&space.outside()).unwrap();
    let mut publisher = Publisher::new(&broker, 0);
    fill_up(&ballast);
    publisher.fill();
    for round in 0..200 {
        // What does not fit gives its room back, and the log is not to have it.
        fill_up(&space.outside().join(format!("rest-{round}")));
        let mut client = Client::at(broker.address());
        let missing = client.ask("queue.declare queue='no' passive");
        assert!(missing.starts_with("channel.close code=404"), "{missing}");
        client.leave();
    }

    fs::remove_file(&ballast).unwrap();
    while publisher.is_blocked {
        publisher.listen();
    }
    let before = publisher.confirmed.len();
    publisher
        .client
        .say("basic.publish routing-key='brim' body='x' {delivery-mode=2}");
    while publisher.confirmed.len() == before {
        publisher.listen();
    }
    drop(Client::at(broker.address()));
    eventually("the log says what it misses", || {
        broker.log().contains("log lines are missing")
    });
    let log = broker.log();
    assert!(log.contains("No space left on device"), "{log}");
    // A line may be cut at its end each time that room runs out again, and the count of missing
    // lines comes behind those that were waiting when there was room.
    let whole = |line: &str| line.starts_with("20") && line.contains("Z ");
    let lines: Vec<_> = log.lines().collect();
    let told = lines
        .iter()
        .rposition(|line| line.contains("lines are missing"))
        .unwrap();
    let is_cut = |at: usize, line: &str| at < told && line.starts_with('2');
    let broken: Vec<_> = lines
        .iter()
        .enumerate()
        .filter(|&(at, line)| !(whole(line) || is_cut(at, line)))
        .collect();
    assert!(
        broken.is_empty(),
        "a cut line keeps its beginning and is counted behind it: {broken:?}"
    );
}

#[test]
fn full_file_system_loses_nothing_and_heals_when_freed() {
    let dir = tempfile::tempdir().unwrap();
    let space = Namespace::new(&dir.path().join("small"));
    let ballast = space.outside().join("ballast");
    fs::write(&ballast, vec![1; BALLAST]).unwrap();
    let mut broker = space.broker(dir.path()).unwrap();

    // Full: the publisher is told, and others are served.
    let mut publisher = Publisher::new(&broker, 0);
    publisher.fill();
    assert!(publisher.confirmed.len() > 100);
    let mut other = Client::at(broker.address());
    assert!(other.ready("brim") >= publisher.confirmed.len() as u64);

    // Freed: it goes on by itself, and fills what it was given.
    let before = publisher.confirmed.len();
    fs::remove_file(&ballast).unwrap();
    while publisher.is_blocked {
        publisher.listen();
    }
    publisher.fill();
    assert!(publisher.confirmed.len() > before + 100);

    // To the brim: what is left of the room is gone too, and then the power.
    fill_up(&ballast);
    assert!(broker.is_alive(), "{}", broker.log());
    broker.kill();

    // A broker that has no room at all must say so or work, and lose nothing in either case.
    match space.broker(dir.path()) {
        Ok(broker) => broker.kill(),
        Err(said) => assert!(said.contains("No space left on device"), "{said}"),
    }
    fs::remove_file(&ballast).unwrap();
    let broker = space.broker(dir.path()).unwrap();
    let found = drain(&broker);
    let lost: Vec<_> = publisher.confirmed.difference(&found).collect();
    let (count, of) = (lost.len(), publisher.confirmed.len());
    assert!(
        lost.is_empty(),
        "{count} of {of} confirmed are lost; {}",
        broker.log()
    );

    // Emptied, it takes as much again.
    let mut publisher = Publisher::new(&broker, 1_000_000);
    publisher.fill();
    assert!(publisher.confirmed.len() > 100);
    let found = drain(&broker);
    let lost: Vec<_> = publisher.confirmed.difference(&found).collect();
    assert!(lost.is_empty(), "confirmed and lost: {lost:?}");
    eventually("consuming makes room", || {
        publisher.listen();
        !publisher.is_blocked
    });
}

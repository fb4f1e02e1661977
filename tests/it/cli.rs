//! The `leveret` program as a user starts it: settings, ready file, log line, signals, exit codes.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::Http;

/// The program in an empty directory with an empty environment.
fn leveret(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
    command
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("HOME", dir);
    command
}

fn ends(args: &[&str]) -> (Option<i32>, String, String) {
    let dir = TempDir::new().unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = leveret(dir.path(), args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A broker that runs until the test is over.
struct Running {
    child: Child,
    log: BufReader<ChildStdout>,
    started: String,
    ready: Value,
    dir: TempDir,
}

impl Running {
    /// Starts one on a free port and waits until it says that it is up.
    fn start(args: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let always = ["--port", "0", "--ready-file", "ready.json"];
        let args = [&always, args].concat();
        let mut child = leveret(dir.path(), &args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let mut started = String::new();
        while !started.contains("Server startup complete") {
            started.clear();
            assert_ne!(
                log.read_line(&mut started).unwrap(),
                0,
                "it ended without starting"
            );
        }
        let text = fs::read_to_string(dir.path().join("ready.json")).unwrap();
        let ready = serde_json::from_str(&text).unwrap();
        Self {
            child,
            log,
            started,
            ready,
            dir,
        }
    }

    fn connect(&self) -> TcpStream {
        let at = self
            .ready
            .pointer("/amqp/0/host")
            .and_then(Value::as_str)
            .unwrap();
        let host: IpAddr = at.parse().unwrap();
        TcpStream::connect((host, self.port())).unwrap()
    }

    fn port(&self) -> u16 {
        let port = self
            .ready
            .pointer("/amqp/0/port")
            .and_then(Value::as_u64)
            .unwrap();
        u16::try_from(port).unwrap()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for the end: exit code and the rest of the log.
    fn end(&mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended, which is fine.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

#[test]
fn it_says_where_it_listens_and_ends_well_on_sigterm() {
    let mut broker = Running::start(&["--ephemeral"]);
    assert_eq!(broker.ready["pid"], broker.child.id());
    assert_eq!(broker.ready["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(broker.ready["durability"], "memory");
    assert!(broker.ready["data_dir"].is_null());
    let port = broker.ready["amqp"][0]["port"].to_string();
    assert_eq!(broker.ready["listening"][0], format!("[::]:{port}"));
    assert!(
        broker.started.contains(&format!("amqp=\"[::]:{port}\"")),
        "{}",
        broker.started
    );
    drop(broker.connect());
    broker.signal(Signal::TERM);
    let (code, log) = broker.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("SIGTERM") && log.contains("Stopped"), "{log}");
    assert!(
        !broker.dir.path().join("ready.json").exists(),
        "the ready file goes with it"
    );
}

#[test]
fn it_ends_well_on_ctrl_c() {
    let mut broker = Running::start(&["--ephemeral"]);
    broker.signal(Signal::INT);
    assert_eq!(broker.end().0, Some(0));
}

#[test]
fn its_log_is_json_on_request() {
    let broker = Running::start(&["--ephemeral", "--log-format", "json"]);
    let line: Value = serde_json::from_str(&broker.started).unwrap();
    assert_eq!(line["message"], "Server startup complete");
    assert_eq!(line["pid"], broker.child.id());
}

#[test]
fn a_port_that_is_taken_ends_the_start_with_its_number() {
    let broker = Running::start(&["--ephemeral"]);
    let port = broker.port().to_string();
    let (code, _, stderr) = ends(&["--ephemeral", "--port", &port]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.starts_with("leveret: ") && stderr.contains(&port),
        "{stderr}"
    );
}

#[test]
fn each_door_has_its_port() {
    let broker = Running::start(&["--ephemeral"]);
    let port = |at: &str| broker.ready.pointer(at).unwrap().as_u64().unwrap();
    let http = port("/management/0/port");
    assert_ne!(http, port("/amqp/0/port"));
    let said = format!("management [::]:{http}");
    assert!(broker.started.contains(&said), "{}", broker.started);
    // A port that was given and is in use stops the start, by the name of the setting.
    let given = format!("management.tcp.port={http}");
    let (code, _, stderr) = ends(&["--ephemeral", "--port", "0", "--set", &given]);
    assert_eq!(code, Some(1));
    let words = format!("--set: management.tcp.port: listening on [::]:{http}: ");
    assert!(stderr.contains(&words), "{stderr}");
    // One that was not is done without.
    let (mut free, mut taken) = (0, None);
    while taken.is_none() {
        let amqp = TcpListener::bind("127.0.0.1:0").unwrap();
        free = amqp.local_addr().unwrap().port() % 50_000;
        drop(amqp);
        taken = TcpListener::bind(("::", free + 10_000)).ok();
        let is_free = |port| TcpListener::bind(("::", port)).is_ok();
        taken = taken.filter(|_| is_free(free) && is_free(free + 10_020));
    }
    let port = format!("port={free}");
    let without = Running::start(&["--ephemeral", "--set", &port]);
    assert_eq!(without.ready["management"], json!([]));
    let names = without.ready["listeners"].as_array().unwrap();
    assert_eq!(names.len(), 2);
    let metrics = without.ready["prometheus"][0]["port"].as_u64();
    assert_eq!(metrics, Some(u64::from(free) + 10_020));
    drop((without, taken));
    let above = Running::start(&["--ephemeral", "--set", &port]);
    let port = above.ready["management"][0]["port"].as_u64();
    assert_eq!(port, Some(u64::from(free) + 10_000));
}

#[test]
fn a_broker_without_amqp_serves_at_its_other_doors() {
    let off = ["--set", "amqp.enabled=false"];
    let broker = Running::start(&[&["--ephemeral"], &off[..]].concat());
    assert_eq!(broker.ready["amqp"], json!([]));
    assert_eq!(broker.ready["listening"], json!([]));
    let names = broker.ready["listeners"].as_array().unwrap().iter();
    let names: Vec<_> = names.map(|listener| &listener["name"]).collect();
    assert_eq!(names, ["prometheus", "management"]);
    assert!(
        broker.started.contains("amqp=\"none\""),
        "{}",
        broker.started
    );
    let management = broker.ready["management"][0]["port"].as_u64().unwrap();
    let at = ([127, 0, 0, 1], u16::try_from(management).unwrap()).into();
    assert_eq!(
        Http::at(at)
            .by("guest", "guest")
            .get("/api/overview")
            .status,
        200
    );
    // A port that is taken is no matter then.
    let taken = Running::start(&["--ephemeral"]);
    let port = taken.port().to_string();
    let words = ["check-config", "--ephemeral", "--port", &port];
    assert_eq!(ends(&words).0, Some(2));
    assert_eq!(ends(&[&words[..], &off[..]].concat()).0, Some(0));
}

// The same said in RabbitMQ's formats, and in its words.
#[test]
fn rabbitmqs_none_is_no_listener_for_amqp() {
    for (name, text) in [
        ("rabbitmq.conf", "listeners.tcp = none\n"),
        ("advanced.config", "[{rabbit, [{tcp_listeners, []}]}].\n"),
    ] {
        let files = TempDir::new().unwrap();
        let path = files.path().join(name);
        fs::write(&path, text).unwrap();
        let path = path.display().to_string();
        let words = ["--ephemeral", "--log-format", "rabbitmq", "--config", &path];
        let mut broker = Running::start(&words);
        assert_eq!(broker.ready["amqp"], json!([]), "{name}");
        broker.signal(Signal::TERM);
        let (code, log) = broker.end();
        assert_eq!(code, Some(0), "{log}");
    }
}

#[test]
fn amqp_is_served_at_every_address_that_is_given() {
    let more = "extra_listeners=127.0.0.1:0,0";
    let broker = Running::start(&["--ephemeral", "--set", more]);
    let doors = broker.ready["amqp"].as_array().unwrap();
    assert_eq!(doors.len(), 3);
    let mut ports: Vec<_> = doors
        .iter()
        .filter_map(|door| door["port"].as_u64())
        .collect();
    for port in &ports {
        let address = ([127, 0, 0, 1], u16::try_from(*port).unwrap()).into();
        crate::talker::Client::at(address).sync();
        assert!(
            broker.started.contains(&format!(":{port}")),
            "{}",
            broker.started
        );
    }
    ports.dedup();
    assert_eq!(ports.len(), 3);
    let taken = format!("extra_listeners=127.0.0.1:{}", ports[1]);
    let (code, _, stderr) = ends(&["--ephemeral", "--port", "0", "--set", &taken]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("listening on 127.0.0.1:{}", ports[1])),
        "{stderr}"
    );
}

#[test]
fn good_settings_are_reported() {
    let (code, stdout, stderr) = ends(&["check-config", "--port", "5673", "--ephemeral"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(
        stdout,
        "ok\nport = 5673  # command line, --port\n\
         durability = \"memory\"  # command line, --ephemeral\n"
    );
}

#[test]
fn bad_settings_end_check_and_start_alike() {
    let told = "leveret: cannot start with these settings:\n  command line, --port: port: \
                found \"many\", expected a whole number from 0 to 65535\n  command line, --set: \
                heartbeet: there is no setting with this name; did you mean heartbeat?\n";
    let bad = ["--port", "many", "--set", "heartbeet=1"];
    for args in [[&["check-config"], &bad[..]].concat(), bad.to_vec()] {
        assert_eq!(ends(&args), (Some(1), String::new(), told.to_owned()));
    }
}

/// What a start and a check say of a settings file: exit code and complaint of each. The check
/// leaves nothing behind.
fn start_and_check(dir: &Path, file: &str) -> [(Option<i32>, String); 2] {
    fs::write(dir.join("my.toml"), file).unwrap();
    let answer = |command: &[&str]| {
        let args = [command, &["--config", "my.toml"]].concat();
        let output = leveret(dir, &args).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), stderr)
    };
    let before = names(dir);
    let check = answer(&["check-config"]);
    assert_eq!(names(dir), before, "{file}");
    [answer(&[]), check]
}

fn names(dir: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

// Patterns, hosts and directories were only looked at by the start: the check said "ok". Some
// complaints named no key, and none but those of the table a file.
#[test]
fn check_finds_what_would_end_a_start_and_both_name_file_and_key() {
    for (line, told) in [
        (
            "default_permissions.configure = \"a[\"",
            "default_permissions.configure: {invalid_regexp,\"a[\"",
        ),
        (
            "default_permissions.read = \"(?<=a)b\"",
            "default_permissions.read: ",
        ),
        ("host = \"192.0.2.1\"", "host: listening on 192.0.2.1:0: "),
        ("host = \"nowhere.invalid\"", "host: nowhere.invalid: "),
        (
            "data_dir = \"my.toml\"",
            "data_dir: 'my.toml': not a directory",
        ),
        ("data_dir = \"my.toml/in\"", "data_dir: 'my.toml/in': "),
        (
            "data_dir = \"/proc/none/in\"",
            "data_dir: '/proc/none/in': ",
        ),
        (
            "data_dir = \"other\"",
            "data_dir: opening 'definitions-a' and 'definitions-b' in 'other': they are \
             missing",
        ),
        (
            "frame_max = 4096",
            "initial_frame_max (8192, the default) must not be above \
          frame_max (4096, my.toml, line 3)",
        ),
        (
            "vhost_max = 0",
            "vhost_max: cannot create vhost: vhost limit of 0 is reached",
        ),
    ] {
        let dir = TempDir::new().unwrap();
        // A log without definitions.
        fs::create_dir(dir.path().join("other")).unwrap();
        fs::write(dir.path().join("other/0000000000001000.log"), "x").unwrap();
        let file = format!("port = 0\n\n{line}\n");
        let [start, check] = start_and_check(dir.path(), &file);
        assert_eq!(start, check, "{line}");
        assert_eq!(start.0, Some(1), "{line}");
        let head = "leveret: cannot start with these settings:\n  ";
        assert!(start.1.starts_with(head), "{line}: {}", start.1);
        let place = if line.starts_with("frame") {
            ""
        } else {
            "my.toml, line 3: "
        };
        assert!(
            start.1.contains(&format!("{place}{told}")),
            "{line}: {}",
            start.1
        );
    }
}

#[test]
fn check_names_all_that_is_wrong_at_once() {
    let dir = TempDir::new().unwrap();
    let file = "host = \"192.0.2.1\"\ndata_dir = \"my.toml\"\ndefault_permissions.write = \"*\"\n\
                default_permissions.read = \"(\"\n";
    let [_, (code, told)] = start_and_check(dir.path(), file);
    assert_eq!(code, Some(1));
    let lines: Vec<_> = told
        .lines()
        .skip(1)
        .map(|line| line.split(": ").nth(1).unwrap())
        .collect();
    let keys = [
        "default_permissions.write",
        "default_permissions.read",
        "data_dir",
        "host",
    ];
    assert_eq!(lines, keys, "{told}");
}

// The first bare word ended in "not valid TOML", and nothing said what the matter was.
#[test]
fn file_of_rabbitmq_is_explained_line_by_line() {
    let dir = TempDir::new().unwrap();
    let file = "# an old friend\n\
                listeners.tcp.default = 5673\n\
                listeners.tcp.1 = 127.0.0.1:5674\n\
                log.console.level = warning # less\n\n\
                default_user = bob\n\
                default_pass = secret\n\
                loopback_users.guest = false\n\
                auth_mechanisms.1 = PLAIN\n\
                vm_memory_high_watermark.absolute = 2GiB\n\
                management.tcp.port = 15672\n\
                heartbeat = 30\n\
                channel_max = many\n";
    let [start, check] = start_and_check(dir.path(), file);
    assert_eq!(start, check);
    assert_eq!(start.0, Some(1));
    let lines: Vec<_> = start.1.lines().skip(1).map(str::trim_start).collect();
    assert_eq!(
        lines,
        [
            "my.toml: this is RabbitMQ's own format; it is read if its name ends in .conf. In a \
             settings file of Leveret, which is TOML, its lines are:",
            "my.toml, line 2: listeners.tcp.default: port = 5673",
            "my.toml, line 3: listeners.tcp.1: host = \"127.0.0.1\" and port = 5674",
            "my.toml, line 4: log.console.level: log.console.level = \"warning\"",
            "my.toml, line 6: default_user: default_user = \"bob\"",
            "my.toml, line 7: default_pass: default_pass = \"…\"",
            "my.toml, line 8: loopback_users.guest: loopback_users = \"none\"",
            "my.toml, line 9: auth_mechanisms.1: auth_mechanisms = [\"PLAIN\"]",
            "my.toml, line 10: vm_memory_high_watermark.absolute: \
             vm_memory_high_watermark.absolute = 2147483648",
            "my.toml, line 11: management.tcp.port: management.tcp.port = 15672",
            "my.toml, line 12: heartbeat: heartbeat = 30",
            "my.toml, line 13: channel_max: channel_max = …, which takes a whole number from 0 to \
             65535",
        ]
    );
    // Lines that are TOML too are known by their names.
    let [(_, told), _] = start_and_check(dir.path(), "listeners.tcp.default = 5673\n");
    let here = "my.toml, line 1: listeners.tcp.default: there is no setting with this name; here \
                it is called port\n";
    assert!(told.ends_with(here), "{told}");
    // What is neither stays what it was.
    let [(_, told), _] = start_and_check(dir.path(), "[table\nport = x\n");
    assert!(told.contains("not valid TOML"), "{told}");
}

#[test]
fn file_of_rabbitmq_acts_and_says_what_has_no_effect() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write(
        "main.conf",
        "heartbeat = 30\ndefault_user = $(WHO)\ncluster_name = here\n",
    );
    fs::create_dir(dir.path().join("conf.d")).unwrap();
    write(
        "conf.d/10-beat.conf",
        "heartbeat = 20\nmqtt.allow_anonymous = false\n",
    );
    let check = |file: &str| {
        let output = leveret(dir.path(), &["check-config"])
            .env("RABBITMQ_CONFIG_FILE", file)
            .env("RABBITMQ_CONFIG_FILES", "conf.d")
            .env("WHO", "bob")
            .output()
            .unwrap();
        let [out, err] =
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.code(), out + &err)
    };
    let told = "ok\ncluster_name = \"here\"  # main.conf, line 3\n\
                default_user = \"bob\"  # main.conf, line 2\n\
                heartbeat = 20  # conf.d/10-beat.conf, line 1\n\
                # mqtt.allow_anonymous is RabbitMQ's and has no effect here  \
                # conf.d/10-beat.conf, line 2\n";
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    for file in ["main.conf", "main"] {
        let (code, said) = check(file);
        assert_eq!((code, sorted(&said)), (Some(0), sorted(told)), "{file}");
    }
    let (code, said) = check("none.conf");
    assert_eq!(code, Some(0));
    let missing = "# there is no file none.conf  # environment variable RABBITMQ_CONFIG_FILE\n";
    assert!(said.contains(missing), "{said}");
    write("main.conf", "heartbeats = 30\n");
    let (code, said) = check("main.conf");
    assert_eq!(code, Some(1));
    assert!(
        said.contains("main.conf, line 1: heartbeats: there is no setting"),
        "{said}"
    );
}

#[test]
fn start_that_fails_leaves_nothing_half_made() {
    let dir = TempDir::new().unwrap();
    let args = ["--set", "default_permissions.read=(", "--data-dir", "new"];
    assert_eq!(
        leveret(dir.path(), &args).output().unwrap().status.code(),
        Some(1)
    );
    assert!(!dir.path().join("new").exists());
    // Nor one whose ready file cannot be written, or with settings from a device that never ends.
    let args = ["--port", "0", "--data-dir", "new"];
    for (more, told) in [
        (["--ready-file", "nowhere/ready"], "nowhere/ready"),
        (["--config", "/dev/zero"], "/dev/zero: file too large"),
        (
            ["--set", "load_definitions=/dev/zero"],
            "'/dev/zero': not a regular file",
        ),
    ] {
        let args = [&args[..], &more].concat();
        let output = leveret(dir.path(), &args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{more:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(told), "{said}");
        assert!(!dir.path().join("new").exists(), "{more:?}");
    }
}

#[test]
fn check_says_what_is_in_use_by_a_code_of_its_own() {
    let broker = Running::start(&[]);
    let data = broker.ready["data_dir"].as_str().unwrap();
    let port = broker.port().to_string();
    let args = ["check-config", "--port", &port, "--data-dir", data];
    let (code, stdout, stderr) = ends(&args);
    assert_eq!(code, Some(2), "{stdout}{stderr}");
    assert!(stdout.starts_with("ok\n"), "{stdout}");
    let lines: Vec<_> = stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{stderr}");
    assert_eq!(
        lines[0],
        "leveret: the settings are right, but a start now would fail:"
    );
    assert!(
        lines[1].starts_with("  command line, --data-dir: data_dir: "),
        "{stderr}"
    );
    let told = format!("  command line, --port: port: listening on [::]:{port}: ");
    assert!(lines[2].starts_with(&told), "{stderr}");
}

#[test]
fn printed_settings_are_the_documents() {
    let (code, toml, _) = ends(&["settings"]);
    assert_eq!(
        (code, toml.as_str()),
        (Some(0), include_str!("../../config/leveret.toml"))
    );
    let (code, markdown, _) = ends(&["settings", "--markdown"]);
    assert_eq!(
        (code, markdown.as_str()),
        (Some(0), include_str!("../../config/SETTINGS.md"))
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_fault() {
    let dir = TempDir::new().unwrap();
    let mut child = leveret(dir.path(), &["settings"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let child = child.as_mut().unwrap();
    drop(child.stdout.take());
    let mut told = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), told.as_str()), (Some(0), ""));
}

#[test]
fn help_and_version_answer() {
    let (code, help, _) = ends(&["--help"]);
    assert_eq!(code, Some(0));
    for text in ["Listening:", "--port <N>", "Examples:", "check-config"] {
        assert!(help.contains(text), "{text} is missing in {help}");
    }
    assert_eq!(
        ends(&["--version"]).1,
        format!("leveret {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_sample_definitions_are_json() {
    let sample = include_str!("../../config/definitions.json");
    let sample: Value = serde_json::from_str(sample).unwrap();
    assert_eq!(sample["queues"][0]["name"], "orders.new");
}

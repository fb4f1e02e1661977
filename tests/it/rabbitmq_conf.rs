//! Files of RabbitMQ's format as people write them: each is started, and says the same as a file of
//! our own that is made of it; and what is wrong in such a file, each refused with its place.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;
use tempfile::TempDir;

use crate::talker::eventually;
use crate::tls::peer::Authority;

/// How many of them are started at a time.
const AT_ONCE: usize = 6;

/// Those that are to start, by name.
fn files() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/rabbitmq_conf/started");
    let entries = fs::read_dir(dir).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Has a file's listeners for TLS take free ports.
fn free_ports(file: &Path) -> &'static [&'static str] {
    let name = file.to_string_lossy();
    match () {
        () if name.ends_with("14-tls-for-management.conf") => &["--set", "management.ssl.port=0"],
        () if name.contains("-tls-") => &["--set", "ssl_listeners=127.0.0.1:0"],
        () => &[],
    }
}

/// The program with the variables and certificates that some files name.
fn leveret(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
    let definitions = dir.join("definitions.json");
    fs::write(
        &definitions,
        r#"{"users": [], "vhosts": [{"name": "loaded"}]}"#,
    )
    .unwrap();
    let authority = Authority::new();
    authority.sign("server", &|_| {});
    for name in ["ca.pem", "server.pem", "server.key"] {
        fs::copy(authority.path(name), dir.join(name)).unwrap();
    }
    command.env_clear().env("HOME", dir).current_dir(dir);
    command
        .env("BROKER_USER", "alice")
        .env("BROKER_PASS", "$ecret");
    command
        .env("DEFINITIONS", definitions)
        .env("LOGS", dir.join("logs"));
    command
}

fn text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).unwrap()
}

/// Starts a broker with this file, and stops it again.
fn is_started(file: &Path) {
    let dir = TempDir::new().unwrap();
    let ready = dir.path().join("ready.json");
    let mut command = leveret(dir.path());
    command
        .arg("--config")
        .arg(file)
        .args(["--ephemeral", "--port", "0"]);
    command.args([
        "--set",
        "management.tcp.port=0",
        "--set",
        "prometheus.tcp.port=0",
    ]);
    command
        .args(free_ports(file))
        .args(["--set", "data_dir=data"])
        .arg("--ready-file")
        .arg(&ready);
    let errors = fs::File::create(dir.path().join("errors")).unwrap();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(errors)
        .spawn()
        .unwrap();
    eventually("it is up, or has ended", || {
        ready.exists() || child.try_wait().unwrap().is_some()
    });
    let told = fs::read_to_string(&ready);
    child.kill().unwrap();
    child.wait().unwrap();
    let errors = fs::read_to_string(dir.path().join("errors")).unwrap();
    let told = told.unwrap_or_else(|_| panic!("{}: {errors}", file.display()));
    let told: Value = serde_json::from_str(&told).unwrap();
    let is_without = file.ends_with("13-tls-alone.conf");
    let doors = told.get("amqp").and_then(Value::as_array).unwrap();
    assert_eq!(doors.is_empty(), is_without, "{}", file.display());
}

#[test]
fn files_as_people_write_them_are_started() {
    let files = files();
    assert_eq!(files.len(), 30);
    for some in files.chunks(AT_ONCE) {
        thread::scope(|scope| {
            for file in some {
                scope.spawn(|| is_started(file));
            }
        });
    }
}

/// What `check-config` says of a file: each setting with its value, but not where it was given.
fn settings(dir: &Path, file: &Path) -> Vec<String> {
    let mut command = leveret(dir);
    command
        .arg("--config")
        .arg(file)
        .args(["check-config", "--ephemeral"]);
    let Output { stdout, stderr, .. } = command.args(["--port", "0"]).output().unwrap();
    let stdout = text(stdout);
    assert!(
        stdout.starts_with("ok\n"),
        "{}: {}",
        file.display(),
        text(stderr)
    );
    let lines = stdout.lines().filter(|line| !line.starts_with('#'));
    let settings = lines.filter_map(|line| Some(line.rsplit_once("  # ")?.0.to_owned()));
    settings.collect()
}

#[test]
fn a_file_of_our_own_that_is_made_of_one_says_the_same() {
    let dir = TempDir::new().unwrap();
    let ours = dir.path().join("leveret.toml");
    for file in files() {
        let made = leveret(dir.path())
            .args(["settings", "--from"])
            .arg(&file)
            .output()
            .unwrap();
        let (made, errors) = (text(made.stdout), text(made.stderr));
        assert_eq!(errors, "", "{}", file.display());
        fs::write(&ours, &made).unwrap();
        let told = settings(dir.path(), &ours);
        assert_eq!(told, settings(dir.path(), &file), "{made}");
        // Secrets are not shown there.
        let is_secret = made.contains("default_pass = \"it is # no comment\"");
        assert_eq!(is_secret, file.ends_with("27-comments-and-quotes.conf"));
    }
}

#[test]
fn several_files_become_one_and_what_has_no_effect_is_a_comment() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write(
        "rabbitmq.conf",
        "heartbeat = 10\nnet_ticktime = 60\ndefault_pass = p\n",
    );
    fs::create_dir(dir.path().join("conf.d")).unwrap();
    write("conf.d/1.conf", "heartbeat = 20\nchannel_max = 5\n");
    write("advanced.config", "[{rabbit, [{channel_max, 9}]}].\n");
    let from = |files: &[&str]| {
        let files = files.iter().flat_map(|file| ["--from", file]);
        let output = leveret(dir.path())
            .arg("settings")
            .args(files)
            .output()
            .unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let told = "# Settings of Leveret, made of rabbitmq.conf, conf.d/1.conf, advanced.config.\n\
                default_pass = \"p\"  # rabbitmq.conf, line 3\n\
                heartbeat = 20  # conf.d/1.conf, line 1\n\
                channel_max = 9  # advanced.config, line 1\n\
                # net_ticktime is RabbitMQ's and has no effect here  # rabbitmq.conf, line 2\n";
    let all = ["rabbitmq.conf", "conf.d", "advanced.config"];
    assert_eq!(from(&all), (Some(0), told.to_owned(), String::new()));
    write("rabbitmq.conf", "heartbeats = 10\n");
    let (code, out, errors) = from(&["rabbitmq.conf", "missing.conf"]);
    assert_eq!((code, &*out), (Some(1), ""));
    assert!(
        errors.contains("rabbitmq.conf, line 1: heartbeats: "),
        "{errors}"
    );
    assert!(
        errors.contains("cannot read the settings file missing.conf"),
        "{errors}"
    );
}

/// A file that is wrong, the line, and a part of the reason.
const WRONG: &[(&str, usize, &str)] = &[
    // RabbitMQ 4.3.6 refuses these too.
    (
        "heartbeat = 10\nheartbeats = 20\n",
        2,
        "heartbeats: there is no setting with this name; did \
      you mean heartbeat?",
    ),
    (
        "listener.tcp.default = 5672\n",
        1,
        "did you mean listeners.tcp.default?",
    ),
    (
        "heartbeat = sixty\n",
        1,
        "heartbeat: found \"sixty\", expected a whole number",
    ),
    ("heartbeat: 60\n", 1, "expected name = value"),
    ("heartbeat\n", 1, "expected name = value"),
    ("heartbeat =\n", 1, "expected name = value"),
    ("[rabbit]\nheartbeat = 60\n", 1, "expected name = value"),
    (
        "log.console.level = verbose\n",
        1,
        "expected one of debug, info, notice",
    ),
    ("log.console = yes\n", 1, "expected one of true, false"),
    (
        "listeners.tcp.default = localhost:5672\n",
        1,
        "expected a whole number, or an IP address",
    ),
    (
        "cluster_partition_handling = heal\n",
        1,
        "expected one of ignore, pause_minority",
    ),
    (
        "tcp_listen_options.nodelay = 1\n",
        1,
        "expected one of true, false",
    ),
    ("disk_free_limit.relative = much\n", 1, "expected a number"),
    (
        "default_user = $(NOT_SET_ANYWHERE)\n",
        1,
        "variable NOT_SET_ANYWHERE to be set",
    ),
    (
        "# fine\n\nfoo.bar.baz = 1\n",
        3,
        "foo.bar.baz: there is no setting with this name",
    ),
    (
        "default_limits.vhosts.1.max_queues = 0\n",
        1,
        "expected a whole number from 1 up",
    ),
    (
        "default_policies.operator.p.message_ttl = 10\n",
        1,
        "expected a time with its unit",
    ),
    // RabbitMQ starts with these, and passes them over, or fails when a virtual host is made.
    ("include missing.conf\n", 0, "cannot read the settings file"),
    (
        "default_users.bob.read = (\n",
        1,
        "default_users: bob: {invalid_regexp",
    ),
    // These have no protection here that they ask for.
    (
        "auth_backends.1 = ldap\n",
        1,
        "another source of users than its own",
    ),
    (
        "ssl_options.crl_check = true\n",
        1,
        "lists of certificates that were revoked",
    ),
];

#[test]
fn what_is_wrong_is_refused_with_file_line_and_reason() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("wrong.conf");
    for (lines, line, reason) in WRONG {
        fs::write(&file, lines).unwrap();
        let mut command = leveret(dir.path());
        let command = command.args(["--config", "wrong.conf", "--ephemeral", "check-config"]);
        let Output { status, stderr, .. } = command.output().unwrap();
        let told = text(stderr);
        assert_eq!(status.code(), Some(1), "{lines}: {told}");
        let place = match line {
            0 => String::new(),
            line => format!("wrong.conf, line {line}: "),
        };
        let found = told
            .lines()
            .any(|told| told.contains(&place) && told.contains(reason));
        assert!(found, "{lines}: {told}");
    }
}

//! What an installed program needs around it: a service manager that is told, the entrypoint of an
//! image, completions and man pages.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The program under another name, in an empty directory with an empty environment.
fn named(name: &str, dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
    command.arg0(name).current_dir(dir).env_clear();
    command.env("HOME", dir).env("TMPDIR", dir);
    command
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

// A unit with `Type=notify` waits for both.
#[test]
fn a_service_manager_hears_of_the_start_and_of_the_stop() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let mut broker = named("leveret", dir.path())
        .args(["--ephemeral", "--port", "0", "--log-level", "none"])
        .env("NOTIFY_SOCKET", &path)
        .spawn()
        .unwrap();
    let heard = || {
        let mut message = [0; 256];
        let len = manager.recv(&mut message).unwrap();
        text(message.get(..len).unwrap().to_vec())
    };
    assert!(heard().starts_with("READY=1\n"));
    let pid = Pid::from_raw(i32::try_from(broker.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(heard().starts_with("STOPPING=1\n"));
    assert!(broker.wait().unwrap().success());
}

/// The exit code and the outputs of the image's entrypoint; `PATH` has a command `rabbitmq-server`
/// that prints what it was given.
fn enter(words: &[&str], env: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let dir = TempDir::new().unwrap();
    let server = dir.path().join("rabbitmq-server");
    fs::write(&server, "#!/bin/sh\necho \"server $*\"\n").unwrap();
    fs::set_permissions(&server, fs::Permissions::from_mode(0o755)).unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = named("/usr/local/bin/docker-entrypoint.sh", dir.path())
        .args(words)
        .env("PATH", format!("{}:/usr/bin:/bin", dir.path().display()))
        .envs(env.iter().copied())
        .output()
        .unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn an_entrypoint_becomes_the_command_that_it_is_given() {
    let (code, said, _) = enter(&["sh", "-c", "echo $0; exit 3", "word"], &[]);
    assert_eq!((code, said.as_str()), (Some(3), "word\n"));
    let (code, _, complaint) = enter(&["no-such-command"], &[]);
    assert_eq!(code, Some(127));
    assert!(complaint.contains("no-such-command"), "{complaint}");
    let (code, _, complaint) = enter(&["/dev/null"], &[]);
    assert_eq!(code, Some(126));
    assert!(complaint.contains("/dev/null"), "{complaint}");
}

// Docs: docker-library/rabbitmq, docker-entrypoint.sh. As root it wants a user `rabbitmq`, which
// the image has; `cargo interop --containers` shows what becomes of it.
#[test]
fn an_entrypoint_starts_the_server_unless_it_is_told_otherwise() {
    let is_root = rustix::process::geteuid().is_root();
    let has_user = fs::read_to_string("/etc/passwd").is_ok_and(|users| {
        let mut users = users.lines();
        users.any(|line| line.starts_with("rabbitmq:"))
    });
    if is_root && has_user {
        // It would take the data of a RabbitMQ that is installed here.
        return;
    }
    let (code, said, complaint) = enter(&["--port", "5673"], &[]);
    if is_root {
        assert_eq!(code, Some(1));
        assert!(complaint.contains("no user 'rabbitmq'"), "{complaint}");
    } else {
        assert_eq!((code, said.as_str()), (Some(0), "server --port 5673\n"));
    }
}

// Docs: docker-library/rabbitmq, docker-entrypoint.sh.
#[test]
fn an_entrypoint_refuses_variables_of_old() {
    let old = [
        ("RABBITMQ_SSL_CERTFILE", "/cert.pem"),
        ("RABBITMQ_DEFAULT_PASS_FILE", "/run/secrets/pass"),
    ];
    let (code, said, complaint) = enter(&["echo", "started"], &old);
    assert_eq!((code, said.as_str()), (Some(1), ""));
    for (name, _) in old {
        assert!(complaint.contains(name), "{complaint}");
    }
    let (code, said, _) = enter(&["echo", "started"], &[("RABBITMQ_SSL_CERTFILE", "")]);
    assert_eq!((code, said.as_str()), (Some(0), "started\n"));
}

#[test]
fn every_shell_completes_the_program_and_its_tools() {
    let dir = TempDir::new().unwrap();
    let script = |words: &[&str]| {
        let output = named("leveret", dir.path())
            .arg("completions")
            .args(words)
            .output()
            .unwrap();
        (output.status.code(), text(output.stdout))
    };
    for (shell, begin) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef"),
        ("fish", "complete -c"),
    ] {
        let (code, own) = script(&[shell]);
        assert_eq!(code, Some(0));
        assert!(own.contains(begin), "{shell}");
        assert!(
            own.contains("check-config") && own.contains("data-dir"),
            "{shell}"
        );
        let (_, tool) = script(&[shell, "rabbitmqctl"]);
        assert!(tool.contains(begin), "{shell}");
        assert!(tool.contains("list_queues"), "{shell}");
    }
    assert_eq!(script(&["bash", "rabbit"]).0, Some(2));
}

#[test]
fn there_is_a_page_for_each_command() {
    let dir = TempDir::new().unwrap();
    let output = named("leveret", dir.path())
        .args(["man", "pages"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let page = |name: &str| fs::read_to_string(dir.path().join("pages").join(name)).unwrap();
    assert!(page("leveret.1").contains(".TH leveret 1"));
    assert!(page("leveret-repair.1").contains("damaged"));
    assert!(page("rabbitmqctl.1").contains("list_queues"));
    assert!(page("rabbitmq-diagnostics.1").contains("ping"));
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let output = named("leveret", dir.path())
        .args(["man", "file"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(output.stderr).starts_with("leveret: 'file': "));
}

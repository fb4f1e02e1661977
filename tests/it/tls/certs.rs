//! Certificates that the program makes for development.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::peer::{Peer, client_by};
use super::{external, logs_in};
use crate::process::Process;

/// Runs it: whether it succeeds, and what it prints.
fn certs(dir: &Path, words: &[&str]) -> (bool, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_leveret"));
    let output = program.arg("certs").arg(dir).args(words).output().unwrap();
    let octets = match output.status.success() {
        true => output.stdout,
        false => output.stderr,
    };
    (output.status.success(), String::from_utf8(octets).unwrap())
}

#[test]
fn certificates_for_development_let_clients_in() {
    let scratch = TempDir::new().unwrap();
    let dir = scratch.path().join("new/certs");
    let more = ["--host", "broker.test", "--host", "10.1.2.3"];
    let (made, said) = certs(&dir, &more);
    assert!(made, "{said}");
    assert!(
        said.contains("localhost") && said.contains("broker.test, 10.1.2.3"),
        "{said}"
    );
    for (name, mode) in [("ca.pem", 0o644), ("ca.key", 0o600), ("server.key", 0o600)] {
        let metadata = fs::metadata(dir.join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
    let file = |setting: &str, name: &str| {
        let path = dir.canonicalize().unwrap().join(name);
        let line = format!("ssl_options.{setting} = {}", path.display());
        assert!(said.contains(&line), "{said}");
        line.replace(" = ", "=")
    };
    let settings = [
        "ssl_listeners=127.0.0.1:0",
        &file("cacertfile", "ca.pem"),
        &file("certfile", "server.pem"),
        &file("keyfile", "server.key"),
        "ssl_options.verify=verify_peer",
        "auth_mechanisms=PLAIN,EXTERNAL",
        "ssl_cert_login_from=common_name",
    ];
    let process = Process::start(&scratch.path().join("data"), scratch.path(), &settings);
    let at = process.door("amqps");
    let trusting = client_by(&dir, None, rustls::ALL_VERSIONS);
    for host in ["localhost", "127.0.0.1", "broker.test", "10.1.2.3"] {
        logs_in(&mut Peer::asking(&trusting, at, host));
    }
    let mut peer = Peer::new(&client_by(&dir, Some("client"), rustls::ALL_VERSIONS), at);
    peer.say(&external().each_ref().map(String::as_str));
    assert_eq!([(); 3].map(|()| peer.method()), super::LOGGED_IN);

    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    let before = (read("ca.pem"), read("server.pem"));
    let (made, said) = certs(&dir, &[]);
    assert!(
        made && said.contains("the authority that was there"),
        "{said}"
    );
    assert_eq!(read("ca.pem"), before.0);
    assert_ne!(read("server.pem"), before.1);
    let address = format!("{:?}", process.door("amqps"));
    crate::talker::eventually(&address, || {
        process
            .log()
            .contains("the files have changed: the files were read again")
    });
    logs_in(&mut Peer::new(&trusting, at));
}

#[test]
fn certificates_of_others_are_left_alone() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("server.pem");
    fs::write(&path, "precious").unwrap();
    let (made, said) = certs(scratch.path(), &[]);
    assert!(!made && said.contains("choose another directory"), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    // One authority's certificate beside another one's key.
    let (one, other) = (scratch.path().join("one"), scratch.path().join("other"));
    assert!(certs(&one, &[]).0 && certs(&other, &[]).0);
    fs::copy(other.join("ca.key"), one.join("ca.key")).unwrap();
    let (made, said) = certs(&one, &[]);
    assert!(!made && said.contains("choose another directory"), "{said}");
    for host in ["a b", "", "x..y", "*"] {
        let (made, said) = certs(&other, &["--host", host]);
        assert!(
            !made && said.contains("expected a name of a host"),
            "{host}: {said}"
        );
    }
}

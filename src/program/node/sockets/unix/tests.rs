//! Whose a socket is: a stale one is replaced, a living one stays where it is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Socket, usable};

#[test]
fn a_living_broker_keeps_its_socket_and_a_stale_one_is_replaced() {
    let dir = tempfile::tempdir().expect("there is room");
    let first = Socket::take(dir.path(), "rabbit@h.sock").expect("it is free");
    let refused = Socket::take(dir.path(), "rabbit@h.sock").map(|socket| socket.path.clone());
    let refused = refused.expect_err("it is taken");
    assert!(refused.contains("a broker that runs has it"), "{refused}");
    let path = first.path().to_owned();
    let mode = fs::metadata(&path).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    drop(first);
    assert!(!path.exists(), "it is gone with its broker");
    // What is left of a broker that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("it is free"));
    let next = Socket::take(dir.path(), "rabbit@h.sock").expect("it is stale");
    assert!(next.path().exists());
}

#[test]
fn only_sockets_are_removed_and_only_the_own_one_at_the_end() {
    let dir = tempfile::tempdir().expect("there is room");
    let path = dir.path().join("rabbit@h.sock");
    fs::write(&path, "precious").expect("there is room");
    let refused = Socket::take(dir.path(), "rabbit@h.sock").map(|socket| socket.path.clone());
    let refused = refused.expect_err("it is no socket");
    assert!(refused.contains("no socket has its place"), "{refused}");
    assert_eq!(fs::read(&path).expect("it is there"), b"precious");
    fs::remove_file(&path).expect("it is ours");
    let first = Socket::take(dir.path(), "rabbit@h.sock").expect("it is free");
    // Something clears the directory.
    fs::remove_file(&path).expect("it is ours");
    fs::remove_file(path.with_extension("lock")).expect("it is ours");
    let next = Socket::take(dir.path(), "rabbit@h.sock").expect("it is free");
    drop(first);
    assert!(next.path().exists(), "it is the next one's");
}

#[test]
fn a_directory_that_others_can_write_to_is_not_used() {
    let dir = tempfile::tempdir().expect("there is room");
    let own = dir.path().join("own");
    usable(&own).expect("it is made");
    usable(&own).expect("it is there");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o777)).expect("it is ours");
    usable(&own).expect_err("others can write to it");
    let link = dir.path().join("link");
    let real = dir.path().join("real");
    usable(&real).expect("it is made");
    std::os::unix::fs::symlink(&real, &link).expect("there is room");
    usable(&link).expect_err("it is a link");
}

//! A directory that is wiped holds what is not the store's.

use std::fs;

use super::{MARK, finish_wipe, wipe};
use crate::store::disk::{Hold, OsDisk};

#[test]
fn only_the_files_of_the_store_go() {
    let dir = tempfile::tempdir().expect("there is room");
    let at = |name: &str| dir.path().join(name);
    let own = [
        "0000000000000000.log",
        "0000000000001000-00000001.pack",
        "0000000000000000.foot",
        "0000000000001000-00000001.foot",
        "checkpoint-0000000000000001",
        "definitions-a",
        "definitions-b",
        "definitions-a.damaged",
        "definitions.redb",
        "next.tmp",
    ];
    let others = ["notes.txt", "x.log", "ctl.lock"];
    for name in own.iter().chain(&others) {
        fs::write(at(name), "x").expect("there is room");
    }
    let disk = OsDisk::open(dir.path()).expect("it is free");
    wipe(dir.path(), &Hold::default()).expect_err("a broker has it");
    assert!(own.iter().all(|name| at(name).exists()), "nothing is gone");
    drop(disk);
    wipe(dir.path(), &Hold::default()).expect("it is free");
    assert!(own.iter().all(|name| !at(name).exists()), "all is gone");
    assert!(others.iter().all(|name| at(name).exists()), "others stay");
    assert!(!at(MARK).exists(), "it is done");
}

#[test]
fn what_was_cut_off_is_finished_at_the_next_start() {
    let dir = tempfile::tempdir().expect("there is room");
    let at = |name: &str| dir.path().join(name);
    fs::write(at("checkpoint-0000000000000001"), "x").expect("there is room");
    let disk = OsDisk::open(dir.path()).expect("it is free");
    assert!(!finish_wipe(&disk).expect("it is there"), "none was begun");
    assert!(at("checkpoint-0000000000000001").exists());
    fs::write(at(MARK), "").expect("there is room");
    assert!(finish_wipe(&disk).expect("it is there"));
    assert!(!at("checkpoint-0000000000000001").exists() && !at(MARK).exists());
}

//! The lock of the directory, and what a file gives back.

use super::*;

#[test]
fn second_opener_is_refused_and_told_why() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = OsDisk::open(dir.path()).expect("nobody has it");
    let error = OsDisk::open(dir.path()).expect_err("it is locked");
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    assert!(
        error
            .to_string()
            .contains("another process uses the data directory")
    );
    drop(first);
    OsDisk::open(dir.path()).expect("it is free again");
}

#[test]
fn files_keep_what_was_written_under_their_new_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let disk = OsDisk::open(&dir.path().join("deep/er")).expect("it is made");
    let file = disk.create("a").expect("a file");
    file.write_at(3, b"hare").expect("written");
    file.sync().expect("synced");
    disk.rename("a", "b").expect("renamed");
    disk.sync_names().expect("synced");
    assert_eq!(disk.list().expect("names"), ["b"]);
    let file = disk.open("b").expect("it is there");
    let mut octets = [9; 8];
    assert_eq!(file.read_at(0, &mut octets).expect("read"), 7);
    assert_eq!(&octets, b"\0\0\0hare\x09");
    assert_eq!(file.size().expect("a length"), 7);
    disk.remove("b").expect("removed");
    assert!(disk.open("b").is_err());
}

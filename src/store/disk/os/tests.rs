//! The lock of the directory, and what a file gives back.

use super::*;

#[test]
fn second_opener_is_refused_and_told_why() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = OsDisk::open(dir.path()).expect("no other disk has it");
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

// A process that was just started held it until its own program began.
#[test]
fn a_lock_that_is_given_back_soon_is_waited_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let first = OsDisk::open(dir.path()).expect("no other disk has it");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| OsDisk::open(dir.path()).map(drop));
        drop(first);
        second.join().expect("no panic").expect("it is free soon");
    });
}

#[test]
fn a_lock_that_is_held_stays_between_two_disks_and_is_for_one_at_a_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("data");
    let busy = |opened: io::Result<OsDisk>| opened.expect_err("it is locked").kind();
    let hold = Hold::default();
    let first = OsDisk::open_with(&path, &hold).expect("no other disk has it");
    assert_eq!(
        busy(OsDisk::open_with(&path, &hold)),
        io::ErrorKind::ResourceBusy,
        "the first is still there"
    );
    drop(first);
    assert_eq!(busy(OsDisk::open(&path)), io::ErrorKind::ResourceBusy);
    drop(OsDisk::open_with(&path, &hold).expect("it is held for this one"));
    std::fs::remove_dir_all(&path).expect("it is there");
    drop(OsDisk::open_with(&path, &hold).expect("it is made anew"));
    assert_eq!(busy(OsDisk::open(&path)), io::ErrorKind::ResourceBusy);
    drop(hold);
    OsDisk::open(&path).expect("it is free");
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

#[test]
fn directory_opened_to_look_at_cannot_be_changed() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("a"), b"hare").expect("written");
    let disk = OsDisk::open_read_only(dir.path()).expect("no other disk has it");
    let file = disk.open("a").expect("it is there");
    assert_eq!(file.size().expect("a length"), 4);
    assert!(file.write_at(0, b"x").is_err());
    assert!(file.set_len(1).is_err());
    for changed in [
        disk.create("b").map(drop),
        disk.remove("a"),
        disk.rename("a", "b"),
    ] {
        let error = changed.expect_err("it is for looking only");
        assert_eq!(error.kind(), io::ErrorKind::ReadOnlyFilesystem);
    }
    assert!(
        OsDisk::open(dir.path()).is_err(),
        "it is locked like any other"
    );
    let missing = OsDisk::open_read_only(&dir.path().join("none")).expect_err("it is missing");
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
}

#[test]
fn links_are_what_they_lead_to_and_directories_no_files() {
    let dir = tempfile::tempdir().expect("a directory");
    let elsewhere = tempfile::tempdir().expect("a directory");
    std::fs::write(elsewhere.path().join("moved"), b"hare").expect("written");
    let disk = OsDisk::open(dir.path()).expect("no other disk has it");
    let link = |to: &str, name: &str| {
        let to = elsewhere.path().join(to);
        std::os::unix::fs::symlink(to, dir.path().join(name)).expect("a link");
    };
    link("moved", "b");
    link("gone", "dangling");
    disk.create("a").expect("a file");
    std::fs::create_dir(dir.path().join("directory")).expect("a directory");
    assert_eq!(disk.list().expect("names"), ["a", "b"]);
    let mut others = disk.others().expect("names");
    others.sort_unstable();
    assert_eq!(others, ["dangling", "directory"]);
    let mut octets = [0; 4];
    let file = disk.open("b").expect("the link leads to it");
    assert_eq!(file.read_at(0, &mut octets).expect("it is read"), 4);
    assert_eq!(&octets, b"hare");
}

#[test]
fn rehearsal_says_what_opening_would_and_leaves_no_trace() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("file"), b"").expect("written");
    for wrong in ["file", "file/in"] {
        let open = OsDisk::open(&at(wrong)).expect_err("no directory");
        let rehearsed = OsDisk::rehearse(&at(wrong), |_| ()).expect_err("no directory");
        assert_eq!(rehearsed.to_string(), open.to_string(), "{wrong}");
    }
    OsDisk::rehearse(&at("deep/er"), |disk| {
        assert_eq!(disk.list().expect("names"), [""; 0]);
        assert!(disk.create("x").is_err());
        assert!(OsDisk::open(&at("deep/er")).is_err(), "it is locked");
    })
    .expect("it could be made");
    assert!(!at("deep").exists());

    std::fs::create_dir(at("there")).expect("made");
    std::fs::write(at("there/a"), b"hare").expect("written");
    OsDisk::rehearse(&at("there"), |disk| {
        assert!(disk.remove("a").is_err());
        disk.open("a").expect("it can be read and written");
    })
    .expect("it is there");
    assert_eq!(std::fs::read(at("there/a")).expect("read"), b"hare");
}

// There are hashes of passwords in it, and messages of all users.
#[test]
fn only_the_owner_can_read_what_is_made() {
    let mode = |path: &Path| {
        let found = std::fs::metadata(path).expect("it is there");
        std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777
    };
    let dir = tempfile::tempdir().expect("a directory");
    let at = dir.path().join("deep/er");
    let disk = OsDisk::open(&at).expect("it is made");
    disk.create("a").expect("a file");
    assert_eq!(mode(&at), 0o700);
    assert_eq!(mode(&dir.path().join("deep")), 0o700);
    assert_eq!(mode(&at.join("a")), 0o600);

    // A directory that was there is its maker's business.
    let given = dir.path().join("given");
    std::fs::create_dir(&given).expect("made");
    let before = mode(&given);
    let disk = OsDisk::open(&given).expect("it can be used");
    disk.create("a").expect("a file");
    assert_eq!((mode(&given), mode(&given.join("a"))), (before, 0o600));
}

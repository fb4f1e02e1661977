use std::thread;

use super::*;

#[test]
fn all_that_wait_are_written_and_the_file_begins_anew_at_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::in_dir(dir.path()).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..5).for_each(|_| disk.commit(b"message").unwrap()));
        }
    });
    let tail = disk.tail.lock();
    assert_eq!((tail.synced, tail.at), (40, 40 * 7));
    let mut octets = [0; 41 * 7];
    tail.file.read_exact_at(&mut octets, 0).unwrap();
    assert!(octets.starts_with(&b"message".repeat(40)) && octets.ends_with(&[0; 7]));
    drop(tail);
    let most = vec![1; usize::try_from(FILE).unwrap() - 40 * 7];
    disk.commit(&most).unwrap();
    disk.commit(b"anew").unwrap();
    assert_eq!(disk.tail.lock().at, 4);
}

//! What crashes leave, and that faults come when planned.

use super::crash::SECTOR;
use super::*;

fn written(disk: &FaultDisk) -> Arc<dyn DiskFile> {
    let file = disk.create("f").expect("made");
    file.write_at(0, &[1; 2 * SECTOR]).expect("written");
    file
}

fn images(disk: &FaultDisk) -> Vec<BTreeMap<String, Vec<u8>>> {
    (0..64)
        .map(|seed| disk.crash_image(disk.changes(), seed).files())
        .collect()
}

#[test]
fn synced_content_under_a_synced_name_survives_every_crash() {
    let disk = FaultDisk::default();
    written(&disk).sync().expect("synced");
    disk.sync_names().expect("synced");
    for files in images(&disk) {
        assert_eq!(files["f"], [1; 2 * SECTOR]);
    }
}

#[test]
fn unsynced_sectors_survive_in_every_combination() {
    let disk = FaultDisk::default();
    let file = written(&disk);
    disk.sync_names().expect("synced");
    file.set_len(2 * SECTOR as u64).expect("cut");
    let kept = |files: &BTreeMap<String, Vec<u8>>, sector: usize| {
        files["f"].get(sector * SECTOR).copied() == Some(1)
    };
    let seen: std::collections::BTreeSet<(bool, bool)> = images(&disk)
        .iter()
        .map(|files| (kept(files, 0), kept(files, 1)))
        .collect();
    assert_eq!(seen.len(), 4);
}

#[test]
fn unsynced_name_may_be_lost() {
    let disk = FaultDisk::default();
    written(&disk).sync().expect("synced");
    let found = images(&disk)
        .iter()
        .filter(|files| files.contains_key("f"))
        .count();
    assert!(found > 0 && found < 64, "{found} of 64");
}

#[test]
fn lost_sync_makes_nothing_durable() {
    let disk = FaultDisk::default();
    let file = written(&disk);
    disk.sync_names().expect("synced");
    disk.plan(Fault::LostSync(0));
    file.sync().expect("it says so");
    assert!(images(&disk).iter().any(|files| files["f"].is_empty()));
}

#[test]
fn faults_come_when_planned_and_once() {
    let disk = FaultDisk::default();
    let file = written(&disk);
    disk.plan(Fault::Call(1));
    file.sync().expect("not yet");
    file.sync().expect_err("now");
    file.sync().expect("never again");
    disk.plan(Fault::TornWrite(0));
    file.write_at(0, &[2; 10]).expect_err("torn");
    let mut octets = [0; 10];
    disk.plan(Fault::ShortRead(0));
    assert_eq!(file.read_at(0, &mut octets).expect("read"), 5);
    assert_eq!(file.read_at(0, &mut octets).expect("read"), 10);
    assert_eq!(octets, [2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
    disk.plan(Fault::Full(disk.now().used() + 4));
    file.write_at(2 * SECTOR as u64, &[0; 4]).expect("fits");
    let full = file
        .write_at(2 * SECTOR as u64, &[0; 5])
        .expect_err("does not fit");
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    disk.heal();
    disk.plan(Fault::CallsFrom(1));
    file.size().expect("not yet");
    file.size().expect_err("now");
    file.size().expect_err("and always");
}

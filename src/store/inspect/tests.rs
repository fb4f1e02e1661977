//! What is said about whole and damaged directories.

use super::*;
use crate::clock::Clock;
use crate::ids::QueueId;
use crate::message::{Body, Message, Traits};
use crate::store::disk::{FaultDisk, MemoryDisk};
use crate::store::format::batch::segment_name;
use crate::store::format::footer;
use crate::store::format::row::{Packer, Row};
use crate::store::{
    Definition, DefinitionChange, DefinitionKind, LogStore, Op, Options, RecordAt, Store,
};
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::ShortStr;

fn message() -> Message {
    let (key, traits) = (ShortStr::new("k").expect("short"), Traits::default());
    let body = Body::Copied(b"hare\n");
    MessageBuilder::default().build(ShortStr::EMPTY, key, PropertiesRef::EMPTY, body, traits)
}

/// One message in two queues, one queue defined; closed in order.
fn filled() -> (FaultDisk, RecordAt) {
    let disk = FaultDisk::default();
    let open = LogStore::open(
        std::sync::Arc::new(disk.clone()),
        Options::default(),
        Clock::test(),
    );
    let store = open.expect("it opens");
    let mut at = RecordAt::NONE;
    let queues = [QueueId(4), QueueId(5)];
    store.submit(&mut [Op::Message {
        message: &message(),
        queues: &queues,
        sequences: &[],
        at: &mut at,
    }]);
    let (kind, key, json) = (DefinitionKind::Queue, "/\0q".to_owned(), "{}".to_owned());
    store.define(&[DefinitionChange::Put(Definition { kind, key, json })]);
    store.close().expect("it closes");
    (disk, at)
}

#[test]
fn whole_directory_is_called_whole_and_not_changed() {
    let (disk, _) = filled();
    let before = disk.changes();
    let report = check(&disk).expect("it can be read");
    assert_eq!(
        (report.messages, report.definitions, report.segments),
        (2, 1, 1)
    );
    assert!(
        report.to_string().ends_with("everything is whole"),
        "{report}"
    );
    assert_eq!(disk.changes(), before);
}

#[test]
fn damage_is_named_with_its_file() {
    let (disk, at) = filled();
    let file = segment_name(4096);
    assert!(disk.flip(&file, at.address() + 70, 0));
    let report = check(&disk).expect("it can be read");
    assert_eq!(report.messages, 0);
    assert_eq!(
        report
            .damage
            .iter()
            .map(|damage| &*damage.file)
            .collect::<Vec<_>>(),
        [file]
    );
    assert!(report.to_string().contains("DAMAGED"), "{report}");
}

#[test]
fn dump_shows_definitions_then_messages() {
    let (disk, _) = filled();
    let mut lines = Vec::new();
    let damage = dump(&disk, &mut |item| lines.push(item.to_string())).expect("it can be read");
    assert_eq!(damage, []);
    assert_eq!(lines[0], "queue {\"durable\":true}");
    assert!(
        lines[1].starts_with("message: deleted queue, stored "),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].ends_with("routing key 'k', no properties, 5 octets \"hare\\n\""),
        "{}",
        lines[2]
    );
    assert_eq!(lines.len(), 3);
}

#[test]
fn directory_without_data_is_an_error() {
    let error = check(&FaultDisk::default()).expect_err("there is nothing");
    assert!(error.to_string().contains("no broker's data"), "{error}");
    let odd = MemoryDisk::with_files([("notes.txt".to_owned(), b"x".to_vec())]);
    check(&odd).expect_err("there is nothing of ours");
}

// Whatever octet of whichever file of definitions: the damage is named, and nothing is lost.
#[test]
fn rot_of_any_octet_of_the_definitions_is_named_and_costs_nothing() {
    let (disk, _) = filled();
    let whole = check(&disk).expect("it can be read");
    for name in definitions::FILES {
        let size = disk.open(name).and_then(|file| file.size());
        for octet in 0..size.expect("a size") {
            let rotten = FaultDisk::with_disk(&disk.now());
            assert!(rotten.flip(name, octet, (octet % 8) as u8));
            let report = check(&rotten).expect("it can be read");
            assert_eq!(report.messages, whole.messages);
            assert_eq!(report.definitions, 1, "octet {octet} of {name}: {report}");
            let damage: Vec<_> = report.damage.iter().map(|one| one.file.as_str()).collect();
            assert_eq!(damage, [name], "octet {octet}: {report}");
        }
    }
}

#[test]
fn damaged_definition_is_named() {
    let (disk, _) = filled();
    let [name, other] = definitions::FILES;
    let octets = disk.now().files()[name].clone();
    let place = octets.windows(4).position(|octets| octets == b"/\0q{");
    let place = place.expect("it is there") as u64;
    assert!(disk.flip(name, place + 3, 0));
    let report = check(&disk).expect("it can be read").to_string();
    let row = format!("the row of queue '//q' is damaged; '{other}' has it");
    assert!(report.contains(&row), "{report}");
    assert!(disk.flip(other, place + 3, 0));
    let report = check(&disk).expect("it can be read").to_string();
    let row = "the row of what seems to be queue '//q' is damaged and in no other file: it is lost";
    assert!(report.contains(row), "{report}");
    assert!(report.contains("0 definitions"), "{report}");
}

/// What is found when `change` has been done to the footer of a sound directory.
fn with_footer(change: impl FnOnce(&MemoryDisk, &str)) -> Vec<Damage> {
    let (disk, _) = filled();
    let disk = disk.now();
    let name = footer::file_name(&segment_name(4096));
    assert!(disk.files().contains_key(&name), "there is one");
    change(&disk, &name);
    let report = check(&disk).expect("it can be read");
    assert_eq!(report.messages, 2, "nothing is lost with a footer");
    let dumped = dump(&disk, &mut |_| {}).expect("it can be read");
    assert_eq!(dumped, report.damage);
    report.damage
}

/// The same with a footer that is whole and says something else.
fn with_rows(change: impl FnOnce(&mut Vec<Row>)) -> Vec<Damage> {
    with_footer(|disk, _| {
        let segment = segment_name(4096);
        let mut found = footer::read(disk, &segment).expect("it is whole");
        change(&mut found.rows);
        let mut rows = Packer::default();
        found.rows.iter().for_each(|row| rows.push(row));
        let (_, written) = footer::write_packed(disk, &segment, found.sums, &rows);
        written.expect("memory has room");
    })
}

#[test]
fn footer_that_is_missing_is_no_damage_and_one_that_is_wrong_is() {
    let octet = |disk: &MemoryDisk, name: &str, at: u64| {
        let file = disk.open(name).expect("it is there");
        let mut one = [0];
        assert_eq!(file.read_at(at, &mut one).expect("it can be read"), 1);
        let flipped = one.map(|octet| octet ^ 1);
        file.write_at(at, &flipped).expect("memory has room");
    };
    let told = |damage: Vec<Damage>| {
        damage
            .first()
            .map(|damage| (damage.file.clone(), damage.what.clone().into_owned()))
    };
    let name = footer::file_name(&segment_name(4096));
    let is = |what: &str| Some((name.clone(), what.to_owned()));
    let rotten = is("the footer is damaged; its segment is read instead");
    let lacking = is("the footer lacks messages that are there; its segment is read instead");
    let lying = is("the footer says of a message what its record does not");

    let missing = with_footer(|disk, name| disk.remove(name).expect("it was there"));
    assert_eq!(told(missing), None);
    assert_eq!(told(with_rows(|_| ())), None);
    assert_eq!(
        told(with_footer(|disk, name| octet(disk, name, 40))),
        rotten
    );
    assert_eq!(told(with_footer(|disk, name| octet(disk, name, 8))), rotten);
    let torn = with_footer(|disk, name| {
        let file = disk.open(name).expect("it is there");
        let len = file.size().expect("a size");
        file.set_len(len - 1).expect("memory has room");
    });
    assert_eq!(told(torn), rotten);
    assert_eq!(told(with_rows(|rows| rows.truncate(1))), lacking);
    assert_eq!(told(with_rows(|rows| rows[0].told.body_len += 1)), lying);
    assert_eq!(told(with_rows(|rows| rows[1].queue = QueueId(9))), lying);
    let more = with_rows(|rows| {
        // Not alive: it may have been settled since.
        let mut settled = rows[1];
        settled.told.at = RecordAt(settled.at.0 + 4096);
        rows.push(settled);
    });
    assert_eq!(told(more), None);
}

#[test]
fn checkpoint_that_rots_is_damage_and_one_that_was_begun_is_none() {
    let (disk, _) = filled();
    let files = disk.now();
    let mut good = files.files();
    good.retain(|name, _| checkpoint::number(name).is_none());
    let checkpoints = |numbers: &[u64], rotten: u64| {
        let mut octets = checkpoint::encode(&crate::store::log::catalog::Catalog::default());
        let made: Vec<(String, Vec<u8>)> = numbers
            .iter()
            .map(|number| {
                *octets.last_mut().expect("not empty") ^= u8::from(*number == rotten);
                let made = (checkpoint::file_name(*number), octets.clone());
                *octets.last_mut().expect("not empty") ^= u8::from(*number == rotten);
                made
            })
            .collect();
        let disk = MemoryDisk::with_files(good.clone().into_iter().chain(made));
        check(&disk).expect("it can be read")
    };
    let sound = |report: Report| (report.is_sound(), report.unfinished);
    let name = |number| Some(checkpoint::file_name(number));
    assert_eq!(sound(checkpoints(&[5, 6, 7], 7)), (true, name(7)));
    assert_eq!(sound(checkpoints(&[1], 1)), (true, name(1)));
    assert_eq!(sound(checkpoints(&[6, 7], 7)), (false, None));
    assert_eq!(sound(checkpoints(&[5, 6, 7], 6)), (false, None));
}

#[test]
fn moments_are_written_as_rfc_3339() {
    use crate::clock::Wall;
    for (ms, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (951_868_800_000, "2000-03-01T00:00:00.000Z"),
        (1_767_225_599_001, "2025-12-31T23:59:59.001Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ] {
        assert_eq!(readable::moment(Wall::from_millis(ms)), text);
    }
}

//! What is said about whole and damaged directories.

use super::*;
use crate::clock::Clock;
use crate::ids::QueueId;
use crate::message::{Body, Message, Traits};
use crate::store::{
    Definition, FaultDisk, LogStore, Op, Options, RecordAt, Store, recovery::segment_name,
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
        at: &mut at,
    }]);
    let (kind, key, json) = (DefinitionKind::Queue, "/\0q".to_owned(), "{}".to_owned());
    store.define(DefinitionChange::Put(Definition { kind, key, json }));
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
    dump(&disk, &mut |item| lines.push(item.to_string())).expect("it can be read");
    assert_eq!(lines[0], "queue //q {}");
    assert!(lines[1].starts_with("message queue=4 "), "{}", lines[1]);
    assert!(
        lines[2].ends_with("routing_key='k' body_len=5 body=\"hare\\n\""),
        "{}",
        lines[2]
    );
    assert_eq!(lines.len(), 3);
}

//! Facts about the spill log.

use std::sync::Arc;

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::types::ShortBytes;

use super::Spill;
use crate::message::{Body, Message, MessageBuilder, Traits};
use crate::store::disk::{Disk, Fault, FaultDisk, MemoryDisk};

fn message(body: &[u8], traits: Traits) -> Message {
    let mut properties = Vec::new();
    Properties {
        priority: Some(traits.priority),
        correlation_id: ShortBytes::new(b"\xff"),
        ..Properties::default()
    }
    .encode(&mut properties);
    MessageBuilder::default().build(
        ShortBytes::literal("x"),
        ShortBytes::new(b"a.key\xfe").unwrap(),
        PropertiesRef::new(&properties),
        Body::Copied(body),
        traits,
    )
}

fn plain(body: &str) -> Message {
    message(body.as_bytes(), Traits::default())
}

fn write(spill: &Spill, bodies: &[&str]) -> super::Extent {
    let messages: Vec<Message> = bodies.iter().map(|body| plain(body)).collect();
    let messages: Vec<&Message> = messages.iter().collect();
    spill.write(&messages).expect("there is room")
}

fn read(spill: &Spill, extent: super::Extent) -> Vec<Option<String>> {
    let mut bodies = Vec::new();
    let text = |message: Message| String::from_utf8(message.body().to_vec()).expect("text");
    let read = spill.read(extent, &mut |message| bodies.push(message.map(text)));
    read.expect("the disk reads");
    bodies
}

#[test]
fn message_comes_back_as_it_was() {
    let spill = Spill::open(Arc::new(MemoryDisk::default())).unwrap();
    let traits = Traits {
        persistent: true,
        priority: 7,
        expiration_ms: Some(1 << 40),
        has_bcc: true,
        died_before: true,
        keys_replaced: true,
    };
    for body in [vec![], vec![1, 2, 3], vec![9; 100_000]] {
        for traits in [traits, Traits::default()] {
            let message = message(&body, traits);
            let extent = spill.write(&[&message]).unwrap();
            let mut back = Vec::new();
            spill
                .read(extent, &mut |message| back.push(message))
                .unwrap();
            let [Some(back)] = &back[..] else {
                panic!("not one message: {back:?}");
            };
            assert_eq!(back.traits(), traits);
            assert_eq!(back.routing_octets(), message.routing_octets());
            assert_eq!(
                back.properties().as_bytes(),
                message.properties().as_bytes()
            );
            assert_eq!(back.body(), body);
        }
    }
}

#[test]
fn extents_are_read_in_any_order() {
    let spill = Spill::open(Arc::new(MemoryDisk::default())).unwrap();
    let first = write(&spill, &["a", "b"]);
    let second = write(&spill, &["c"]);
    assert_eq!(read(&spill, second), [Some("c".to_owned())]);
    assert_eq!(read(&spill, first), ["a", "b"].map(|b| Some(b.to_owned())));
}

#[test]
fn freed_file_is_written_from_its_beginning() {
    let disk = MemoryDisk::default();
    let spill = Spill::open(Arc::new(disk.clone())).unwrap();
    for _ in 0..100 {
        let extent = write(&spill, &["a", "b", "c"]);
        spill.free(extent);
    }
    assert_eq!(spill.octets(), 0);
    assert!(disk.used() < 200, "{}", disk.used());
}

#[test]
fn full_file_is_removed_once_no_extent_is_in_it() {
    let disk = MemoryDisk::default();
    let spill = Spill::open(Arc::new(disk.clone())).unwrap();
    let large = "x".repeat(30_000_000);
    let extents: Vec<_> = (0..5).map(|_| write(&spill, &[&large])).collect();
    assert_eq!(disk.files().len(), 3);
    for extent in extents {
        assert_eq!(read(&spill, extent).len(), 1);
        spill.free(extent);
    }
    assert_eq!(disk.files().len(), 1);
}

#[test]
fn what_an_earlier_process_left_is_removed() {
    let left = [("spill-000009", 3), ("0000.log", 2)];
    let files = left.map(|(name, len)| (name.to_owned(), vec![0; len]));
    let disk = MemoryDisk::with_files(files);
    Spill::open(Arc::new(disk.clone())).unwrap();
    assert_eq!(disk.list().unwrap(), ["0000.log"]);
}

#[test]
fn damaged_message_is_told_and_the_others_come_back() {
    let disk = MemoryDisk::default();
    let spill = Spill::open(Arc::new(disk.clone())).unwrap();
    let extent = write(&spill, &["aaaa", "bbbb", "cccc"]);
    let file = disk.open("spill-000001").unwrap();
    let octets = &disk.files()["spill-000001"];
    let place = octets.windows(4).position(|octets| octets == b"bbbb");
    file.write_at(place.unwrap() as u64, b"B").unwrap();
    let bodies = read(&spill, extent);
    assert_eq!(
        bodies,
        [Some("aaaa".to_owned()), None, Some("cccc".to_owned())]
    );
}

#[test]
fn any_damage_is_noticed_and_none_is_fatal() {
    let disk = MemoryDisk::default();
    let spill = Spill::open(Arc::new(disk.clone())).unwrap();
    let extent = write(&spill, &["aaaa", "bbbb", "cccc"]);
    let file = disk.open("spill-000001").unwrap();
    let octets = disk.files()["spill-000001"].clone();
    for (place, octet) in octets.iter().enumerate() {
        for bit in 0..8 {
            file.write_at(place as u64, &[octet ^ 1 << bit]).unwrap();
            let whole = read(&spill, extent).into_iter().flatten().count();
            assert!(whole < 3, "octet {place}, bit {bit}");
        }
        file.write_at(place as u64, &[*octet]).unwrap();
    }
    file.set_len(7).unwrap();
    assert!(read(&spill, extent).is_empty());
}

#[test]
fn refused_write_keeps_nothing() {
    let disk = FaultDisk::default();
    let spill = Spill::open(Arc::new(disk.clone())).unwrap();
    let kept = write(&spill, &["a"]);
    let octets = spill.octets();
    disk.plan(Fault::TornWrite(0));
    assert!(spill.write(&[&plain("b")]).is_err());
    assert_eq!(spill.octets(), octets);
    assert_eq!(read(&spill, kept).len(), 1);
}

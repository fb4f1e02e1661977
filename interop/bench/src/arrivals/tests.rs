use super::*;

const SIZE: usize = 40;

fn body(producer: u16, sequence: u64) -> Vec<u8> {
    let mut body = filled(SIZE).to_vec();
    let stamp = stamp_of(producer, sequence);
    body[..8].copy_from_slice(&stamp.to_be_bytes());
    body[8..16].copy_from_slice(&mix(stamp).to_be_bytes());
    body
}

fn takes(checker: &mut Checker, body: &[u8]) {
    assert_eq!(checker.header(body.len() as u64), None);
    assert!(checker.body(body).is_some());
}

fn after(messages: &[(u16, u64)]) -> Arrived {
    let mut checker = Checker::new(SIZE, 2);
    for (producer, sequence) in messages {
        takes(&mut checker, &body(*producer, *sequence));
    }
    checker.found
}

fn lanes() -> Vec<Vec<Slot>> {
    let slot = |queues: &[usize]| Slot {
        queues: queues.to_vec(),
        ..Slot::default()
    };
    vec![vec![slot(&[0]), slot(&[1])], vec![slot(&[0, 1])]]
}

fn wrong(messages: &[(u16, u64)]) -> String {
    let expected = expected(&lanes(), &[4, 1], SIZE, 2)[0];
    verdict("q", expected, after(messages)).join(", ")
}

#[test]
fn all_messages_in_order_are_right() {
    assert_eq!(wrong(&[(0, 0), (1, 0), (0, 2)]), "");
    assert_eq!(wrong(&[(1, 0), (0, 0), (0, 2)]), "");
}

#[test]
fn loss_is_counted() {
    assert_eq!(wrong(&[(0, 0), (0, 2)]), "q: 1 messages lost");
}

#[test]
fn message_of_another_queue_is_seen_though_the_number_is_right() {
    assert!(wrong(&[(0, 0), (0, 1), (1, 0)]).contains("lost and as many too many"));
}

#[test]
fn duplicate_is_too_many_and_out_of_order() {
    let text = wrong(&[(0, 0), (0, 0), (1, 0), (0, 2)]);
    assert_eq!(
        text,
        "q: 1 messages too many, q: 1 messages out of order or twice"
    );
}

#[test]
fn later_message_first_is_out_of_order() {
    assert_eq!(
        wrong(&[(0, 2), (0, 0), (1, 0)]),
        "q: 1 messages out of order or twice"
    );
}

#[test]
fn any_changed_octet_is_corrupt() {
    for at in 0..SIZE {
        let mut checker = Checker::new(SIZE, 2);
        let mut changed = body(0, 0);
        changed[at] ^= 1;
        takes(&mut checker, &changed);
        assert_eq!(checker.found.corrupt, 1, "octet {at}");
    }
}

#[test]
fn other_size_is_corrupt() {
    let mut checker = Checker::new(SIZE, 2);
    let mut long = body(0, 0);
    long.push(0);
    takes(&mut checker, &long);
    assert_eq!(checker.found.corrupt, 1);
}

#[test]
fn body_may_come_in_any_pieces_behind_its_stamp() {
    for cut in STAMP..SIZE {
        let mut checker = Checker::new(SIZE, 1);
        checker.header(SIZE as u64);
        let body = body(0, 5);
        assert_eq!(checker.body(&body[..cut]), None);
        assert_eq!(checker.body(&body[cut..]), Some(stamp_of(0, 5)));
        assert_eq!(checker.found.corrupt, 0, "cut at {cut}");
    }
}

#[test]
fn bodies_without_room_for_a_stamp_are_counted() {
    let mut checker = Checker::new(0, 1);
    assert_eq!(checker.header(0), Some(0));
    let mut tiny = Checker::new(4, 1);
    tiny.header(4);
    assert_eq!(tiny.body(&[0; 4]), Some(0));
    assert_eq!((checker.found.count, tiny.found.count), (1, 1));
    let lanes = vec![vec![Slot {
        queues: vec![0],
        ..Slot::default()
    }]];
    let expected = expected(&lanes, &[1], 4, 1)[0];
    assert_eq!(verdict("q", expected, tiny.found), Vec::<String>::new());
}

#[test]
fn copies_are_what_the_queues_get_together() {
    let all = expected(&lanes(), &[5, 3], SIZE, 2);
    assert_eq!((all[0].count, all[1].count), (6, 5));
    assert_eq!(copies(&lanes(), &[5, 3]), 11);
}

use super::*;

fn with(sent: u64) -> Confirms {
    let mut confirms = Confirms::new();
    let now = Instant::now();
    confirms.sent(sent, |_| now);
    confirms
}

fn settles(confirms: &mut Confirms, tag: u64, multiple: bool) -> Option<u64> {
    confirms.settle(tag, multiple, |_| {}).ok()
}

#[test]
fn single_confirms_come_in_any_order() {
    let mut confirms = with(3);
    for tag in [2, 3, 1] {
        assert_eq!(settles(&mut confirms, tag, false), Some(1));
    }
    assert_eq!(confirms.waiting(), 0);
}

#[test]
fn multiple_counts_only_what_was_open() {
    let mut confirms = with(5);
    assert_eq!(settles(&mut confirms, 2, false), Some(1));
    assert_eq!(settles(&mut confirms, 4, true), Some(3));
    assert_eq!(confirms.waiting(), 1);
    assert_eq!(settles(&mut confirms, 5, true), Some(1));
}

#[test]
fn confirm_of_nothing_is_an_error() {
    let mut confirms = with(2);
    assert_eq!(settles(&mut confirms, 3, false), None);
    assert_eq!(settles(&mut confirms, 0, true), None);
    assert_eq!(settles(&mut confirms, 2, false), Some(1));
    assert_eq!(settles(&mut confirms, 2, false), None);
    assert_eq!(settles(&mut confirms, 1, true), Some(1));
    assert_eq!(settles(&mut confirms, 1, true), None);
}

#[test]
fn every_publish_is_timed_once() {
    let mut confirms = with(4);
    let mut timed = 0;
    for (tag, multiple) in [(2, false), (3, true), (4, false)] {
        confirms.settle(tag, multiple, |_| timed += 1).unwrap();
    }
    assert_eq!(timed, 4);
}

use super::*;

#[test]
fn alarm_blocks_from_the_first_publish_to_its_end() {
    let outbox = Outbox::new();
    let mut pauses = Pauses::new(Some("low on memory"));
    assert_eq!(pauses.state(&outbox), State::Blocking);
    assert!(!pauses.any());
    assert_eq!(pauses.block(), Change::Begins);
    assert_eq!(pauses.block(), Change::None);
    assert_eq!(pauses.state(&outbox), State::Blocked);
    assert_eq!(pauses.on_alarm(Some("low on disk")), Change::None);
    assert!(pauses.any() && pauses.is_blocked());
    assert_eq!(pauses.on_alarm(None), Change::Ends);
    assert_eq!(pauses.on_alarm(None), Change::None);
    assert_eq!(pauses.state(&outbox), State::Running);
}

#[test]
fn staging_pauses_until_the_last_position_it_was_told() {
    let outbox = Outbox::new();
    let mut pauses = Pauses::new(None);
    assert_eq!(pauses.on_staged(Position(10)), Change::Begins);
    assert_eq!(pauses.on_staged(Position(20)), Change::None);
    assert_eq!(pauses.state(&outbox), State::Flow);
    assert_eq!(pauses.waits_for(Some(Position(30))), Some(Position(20)));
    assert_eq!(pauses.on_durable(Position(19)), Change::None);
    assert!(pauses.any() && !pauses.is_blocked());
    assert_eq!(pauses.on_durable(Position(20)), Change::Ends);
    assert!(!pauses.any());
}

#[test]
fn what_is_left_for_later_turns_pauses_until_all_of_it_is_done() {
    let mut pauses = Pauses::new(None);
    assert_eq!(pauses.owe(), Change::Begins);
    assert_eq!(pauses.owe(), Change::None);
    assert_eq!(pauses.state(&Outbox::new()), State::Flow);
    assert_eq!(pauses.on_paid(), Change::None);
    assert!(pauses.any() && !pauses.is_blocked());
    assert_eq!(pauses.on_paid(), Change::Ends);
    assert!(!pauses.any());
}

#[test]
fn an_alarm_is_shown_before_everything_else() {
    let outbox = Outbox::new();
    let mut pauses = Pauses::new(None);
    pauses.on_staged(Position(10));
    pauses.on_alarm(Some("low on disk"));
    assert_eq!(pauses.state(&outbox), State::Blocking);
    pauses.block();
    assert_eq!(pauses.on_durable(Position(10)), Change::Ends);
    assert!(pauses.any());
    assert_eq!(pauses.state(&outbox), State::Blocked);
}

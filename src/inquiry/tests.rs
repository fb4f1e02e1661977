use super::*;

fn channel(number: u16) -> ChannelSnapshot {
    ChannelSnapshot {
        connection: ConnectionId(1),
        number: ChannelId(number),
        confirm: false,
        transactional: false,
        prefetch_count: 0,
        global_prefetch_count: 0,
        consumers: 0,
        unacked: 0,
        unconfirmed: 0,
        uncommitted: 0,
        uncommitted_acks: 0,
        idle_since: None,
        counters: ChannelCounters::default(),
        exchanges: Vec::new(),
        queues: Vec::new(),
        reached: Vec::new(),
    }
}

fn is_done(answers: &Answers) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    let mut answers = answers;
    Pin::new(&mut answers).poll(&mut context).is_ready()
}

#[test]
fn answers_are_complete_with_the_last_one() {
    let answers = Answers::default();
    let (one, other) = (answers.ticket(), answers.ticket());
    one.answer([channel(1), channel(2)]);
    assert!(!is_done(&answers));
    other.answer([]);
    assert!(is_done(&answers));
    let (channels, missing) = answers.take();
    assert_eq!((channels.len(), missing), (2, 0));
}

#[test]
fn connection_that_is_gone_is_not_waited_for() {
    let answers = Answers::default();
    let (gone, stuck) = (answers.ticket(), answers.ticket());
    drop(gone);
    assert_eq!(answers.take().1, 1, "one has not answered");
    assert!(!is_done(&answers));
    drop(stuck);
    assert!(is_done(&answers));
}

#[test]
fn question_to_no_connection_is_answered_at_once() {
    assert!(is_done(&Answers::default()));
}

//! A queue that an operator has paused.

use leveret_codec::table::Table;

use super::fixture::{Fixture, numbers, with_dlx};
use crate::queue::ReturnCause;

impl Fixture {
    fn pause(&mut self, is_paused: bool) -> bool {
        self.queue.pause(self.now, is_paused, &mut self.fx)
    }
}

#[test]
fn nothing_is_handed_out_until_the_pause_ends() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 2);
    q.publish("a");
    assert!(q.pause(true));
    assert!(!q.pause(true), "it is paused already");
    q.publish("b c d");
    assert_eq!(q.mail(1), "a", "what was on its way arrives");
    q.ack(1, "a");
    assert_eq!((q.mail(1), q.get(1)), (String::new(), String::new()));
    assert_eq!((q.queue.stats().got_empty, q.ready()), (1, "b c d".into()));
    assert!(q.pause(false));
    assert_eq!(q.mail(1), "b c");
    assert_eq!(q.get(1), "d");
}

#[test]
fn what_comes_back_during_a_pause_is_in_its_place_after_it() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 2);
    q.publish("a b c");
    assert_eq!(q.mail(1), "a b");
    q.pause(true);
    q.leave(&[1], ReturnCause::Closed);
    q.consume(2, 0);
    assert_eq!((q.mail(2), q.ready()), (String::new(), "a b c".into()));
    q.pause(false);
    assert_eq!(q.mail(2), "a b c");
}

#[test]
fn a_pause_that_ends_while_messages_come_back_waits_for_them() {
    let mut q = Fixture::classic(Table::new());
    q.consume(1, 0);
    q.consume(2, 0);
    q.publish("a b");
    assert_eq!((q.mail(1), q.mail(2)), ("a".into(), "b".into()));
    let gone = [crate::ids::ConsumerId(1)];
    q.pause(true);
    q.queue.leave(q.now, &gone, &mut || (), &mut q.fx);
    q.pause(false);
    q.publish("c");
    assert_eq!(q.mail(2), "", "a is not back yet");
    let held = q.held.remove(&1).unwrap_or_default();
    let piece = held.into_iter().map(|entry| (Some(gone[0]), entry));
    q.queue
        .give_back(q.now, piece.collect(), ReturnCause::Closed, &mut q.fx);
    q.queue.end_leaving(q.now, &mut q.fx);
    assert_eq!(q.mail(2), "a c");
}

#[test]
fn messages_expire_and_limits_hold_during_a_pause() {
    let limits = numbers([("x-message-ttl", 50), ("x-max-length", 2)]);
    let mut q = Fixture::classic(with_dlx(limits));
    q.consume(1, 0);
    q.pause(true);
    q.publish("a b c");
    assert_eq!(q.dead(), "a:maxlen");
    q.at(60);
    assert_eq!(q.dead(), "b:expired c:expired");
    q.publish("d");
    assert_eq!(q.queue.purge(q.now, &mut q.fx).unwrap(), 1);
    q.pause(false);
    assert_eq!(q.mail(1), "");
}

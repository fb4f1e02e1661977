//! Messages that an operator moves.

use leveret_codec::table::Table;

use super::fixture::{Fixture, message};
use crate::message::Traits;
use crate::queue::{Queue, Search};
use crate::vhost::Move;

fn persistent() -> Traits {
    Traits {
        persistent: true,
        ..Traits::default()
    }
}

impl Fixture {
    /// Moves what waits at `positions` in queue `from` to queue `to`. Gives the positions of those
    /// that were there.
    fn relocate(&self, from: &str, to: &str, positions: &[u64]) -> Vec<u64> {
        let vhost = &self.vhost;
        let (from, to) = (vhost.queue(from).unwrap(), vhost.queue(to).unwrap());
        let one = |position: &u64| Move {
            position: *position,
            message: message("moved", persistent()),
            routes: vhost.way_to(&to),
            delays: Box::default(),
        };
        let moves = positions.iter().map(one).collect();
        vhost.move_messages(self.now(), &from, moves, None).0
    }
}

#[test]
fn copies_and_settlements_are_one_group_of_the_store() {
    let f = Fixture::new();
    f.queue("from", Table::new());
    f.queue("to", Table::new());
    for _ in 0..4 {
        f.publish_as("", message("from", persistent()));
    }
    let before = f.store().submitted();
    assert_eq!(f.relocate("from", "to", &[3, 0, 9]), [3, 0]);
    assert_eq!(f.store().submitted(), before + 1, "one group");
    assert_eq!(f.store().settled_and_moved(), (0, 2));
    assert_eq!((f.ready("from"), f.ready("to")), (2, 2));
    let counts = f.vhost.queue("from").unwrap().look(Queue::counts);
    assert_eq!(counts.ready.messages, 2, "nothing is on its way");
}

#[test]
fn what_is_stored_is_settled_though_its_new_queue_stores_nothing() {
    let f = Fixture::new();
    f.queue("from", Table::new());
    f.exclusive_queue("to");
    f.publish_as("", message("from", persistent()));
    assert_eq!(f.relocate("from", "to", &[0]), [0]);
    assert_eq!(f.store().settled_and_moved(), (0, 1));
}

#[test]
fn a_message_that_has_left_meanwhile_is_not_copied() {
    let f = Fixture::new();
    let from = f.queue("from", Table::new());
    f.queue("to", Table::new());
    f.publish("", "from");
    from.with(f.now(), |queue, effects| {
        let mut search = Search::of(vec![0]);
        drop(queue.drop_at(f.now(), &mut search, effects));
    });
    assert_eq!(f.relocate("from", "to", &[0]), [0_u64; 0]);
    assert_eq!((f.ready("from"), f.ready("to")), (0, 0));
}

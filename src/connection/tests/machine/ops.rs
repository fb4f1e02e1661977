//! What the clients of the machine may do.

use proptest::prelude::*;

use super::{CHANNELS, CLIENTS, QUEUES};

/// A publish.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) queue: &'static str,
    /// It goes to `amq.fanout`.
    pub(super) to_all: bool,
    pub(super) persistent: bool,
    /// Octets of its body behind its number.
    pub(super) len: usize,
}

/// How a delivery is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    Ack,
    /// It goes back to its queue.
    Back,
    /// It goes nowhere.
    Away,
}

/// How a connection ends: in order, or for a rule that its client breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Close,
    /// The socket is gone.
    Vanish,
    /// A method comes within a content.
    Interrupt,
    /// A frame is longer than was agreed.
    LongFrame,
    /// There are more channels than was agreed.
    ManyChannels,
}

/// One of two clients, and one of its channels.
type At = (usize, u16);

#[derive(Clone, Debug)]
pub(super) enum Op {
    Publish {
        at: At,
        letters: Vec<Letter>,
    },
    Transaction {
        client: usize,
        letters: Vec<Letter>,
        commits: bool,
    },
    Consume {
        at: At,
        queue: &'static str,
        prefetch: u16,
        no_ack: bool,
    },
    Cancel {
        at: At,
    },
    Get {
        at: At,
        queue: &'static str,
    },
    Settle {
        at: At,
        nth: usize,
        multiple: bool,
        how: Settled,
    },
    /// The store has written everything.
    CatchUp,
    Wait {
        ms: u64,
    },
    CloseChannel {
        at: At,
    },
    FailChannel {
        at: At,
    },
    Leave {
        client: usize,
        how: Rule,
    },
}

fn letter() -> impl Strategy<Value = Letter> {
    let queue = prop::sample::select(&QUEUES[..]);
    let len = prop_oneof![40 => 0..40usize, 1 => 3000..20_000usize];
    let letter = (queue, prop::bool::weighted(0.2), any::<bool>(), len);
    letter.prop_map(|(queue, to_all, persistent, len)| Letter {
        queue,
        to_all,
        persistent,
        len,
    })
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let at = || (0..CLIENTS, 1..=CHANNELS);
    let plain = || (0..CLIENTS, 1..CHANNELS);
    let queue = || prop::sample::select(&QUEUES[..]);
    let consumed = prop::sample::select(&["a", "b", "a", "b", "a", "b", "x0", "x1"][..]);
    let letters = |most| prop::collection::vec(letter(), 1..most);
    // More than a channel holds before it places them.
    let many = prop::collection::vec(letter(), 257..400);
    let how = prop_oneof![Just(Settled::Ack), Just(Settled::Back), Just(Settled::Away)];
    let rule = prop_oneof![
        Just(Rule::Close),
        Just(Rule::Vanish),
        Just(Rule::Interrupt),
        Just(Rule::LongFrame),
        Just(Rule::ManyChannels),
    ];
    prop_oneof![
        9 => (plain(), letters(12)).prop_map(|(at, letters)| Op::Publish { at, letters }),
        1 => (plain(), many).prop_map(|(at, letters)| Op::Publish { at, letters }),
        2 => (0..CLIENTS, letters(4), any::<bool>()).prop_map(|(client, letters, commits)| {
            Op::Transaction { client, letters, commits }
        }),
        5 => (at(), consumed, 0..4u16, prop::bool::weighted(0.2)).prop_map(
            |(at, queue, prefetch, no_ack)| Op::Consume { at, queue, prefetch, no_ack }
        ),
        1 => at().prop_map(|at| Op::Cancel { at }),
        3 => (at(), queue()).prop_map(|(at, queue)| Op::Get { at, queue }),
        7 => (at(), 0..6usize, any::<bool>(), how).prop_map(|(at, nth, multiple, how)| {
            Op::Settle { at, nth, multiple, how }
        }),
        4 => Just(Op::CatchUp),
        1 => (1..40_000u64).prop_map(|ms| Op::Wait { ms }),
        1 => at().prop_map(|at| Op::CloseChannel { at }),
        1 => at().prop_map(|at| Op::FailChannel { at }),
        1 => (0..CLIENTS, rule).prop_map(|(client, how)| Op::Leave { client, how }),
    ]
}

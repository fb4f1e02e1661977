//! What a message costs beside much else: it should be the same.

/// How many of the other things there are.
pub(in crate::compare) const SIZES: [u32; 3] = [1, 100, 10_000];

/// A load and what there is beside it.
#[derive(Debug)]
pub(in crate::compare) struct Scale {
    /// What `--only` looks for.
    pub(in crate::compare) name: &'static str,
    /// What the table says.
    pub(in crate::compare) title: &'static str,
    /// The load, up to the number of the other things.
    pub(in crate::compare) options: &'static str,
}

/// All of them.
pub(in crate::compare) const SCALE: &[Scale] = &[
    Scale {
        name: "scale-queues",
        title: "other queues",
        options: "--size 16 --among-queues",
    },
    Scale {
        name: "scale-connections",
        title: "other connections",
        options: "--size 16 --among-connections",
    },
    Scale {
        name: "scale-bindings",
        title: "bindings of another exchange, through a topic exchange",
        options: "--size 16 --exchange topic --bindings 10 --among-bindings",
    },
    Scale {
        name: "scale-backlog",
        title: "messages in the queue, published only",
        options: "--size 16 --consumers 0 --behind",
    },
];

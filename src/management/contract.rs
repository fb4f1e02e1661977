//! What a row of the table of routes takes and gives: its body, its query, its answer.

use super::shape::{Kind, Shape};
use super::shapes::definitions::DEFINITIONS;
use super::shapes::messages::{BROWSED, MESSAGE, PUBLICATION, PUBLISHED, WISH};
use super::shapes::queues::QUEUE;
use super::shapes::rights::{CREDENTIALS, LOGIN};
use super::shapes::topology::BINDING_DECLARATION;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contract {
    pub(super) takes: Takes,
    pub(super) gives: Gives,
    /// Besides what every answer of this kind can be asked with.
    pub(super) query: &'static [Param],
    /// The same, for histories of counters.
    pub(super) history: &'static [Param],
    /// Statuses of refusals that others do not have.
    pub(super) refuses: &'static [u16],
}

/// The body of a request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Takes {
    Nothing,
    /// A JSON object.
    Object(&'static Shape),
    /// The same; none is one without keys.
    MaybeObject(&'static Shape),
    /// A form of a page.
    Form(&'static Shape),
    /// A document of definitions, or a form with it as `file`.
    Document(&'static Shape),
}

/// The answer if all is well.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gives {
    /// 200 with an object, as far as `columns` asks for it.
    Object(&'static Shape),
    /// 200 with all of them.
    List(&'static Shape),
    /// The same, or 503 with the reason.
    ListIfWell(&'static Shape),
    /// All of them; a page of them if the query asks for one.
    Pages(&'static Shape),
    /// 200 with an object that is always whole.
    Whole(&'static Shape),
    /// 200 with JSON of this kind.
    Json(Kind),
    /// 200 with plain text.
    Text,
    /// 200 with server-sent events, without an end.
    Events,
    /// 202.
    Accepted,
    /// 204.
    Done,
    /// 201 for what is new, 204 for what was there.
    Change,
    /// 201, and where it is.
    CreatedAt,
    /// 200, or 503 with the reason.
    Health,
}

/// A parameter of a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// One sentence.
    pub(super) about: &'static str,
}

impl Contract {
    const fn of(takes: Takes, gives: Gives) -> Self {
        Self {
            takes,
            gives,
            query: &[],
            history: &[],
            refuses: &[],
        }
    }

    /// The same, with parameters of its own.
    pub(super) const fn query(self, query: &'static [Param]) -> Self {
        Self { query, ..self }
    }

    /// The same, with histories of its counters if the query asks for them.
    pub(super) const fn counting(self) -> Self {
        Self {
            history: OF_COUNTERS,
            ..self
        }
    }

    /// The same, with statuses of its own.
    pub(super) const fn refuses(self, refuses: &'static [u16]) -> Self {
        Self { refuses, ..self }
    }
}

/// Reads an object.
pub(super) const fn one(shape: &'static Shape) -> Contract {
    Contract::of(Takes::Nothing, Gives::Object(shape))
}

/// Reads all of a kind.
pub(super) const fn list(shape: &'static Shape) -> Contract {
    Contract::of(Takes::Nothing, Gives::List(shape))
}

/// Reads all of a kind, or says why it cannot.
pub(super) const fn list_if_well(shape: &'static Shape) -> Contract {
    Contract::of(Takes::Nothing, Gives::ListIfWell(shape))
}

/// Reads all of a kind, or a page of them.
pub(super) const fn pages(shape: &'static Shape) -> Contract {
    Contract::of(Takes::Nothing, Gives::Pages(shape))
}

/// Checks something.
pub(super) const fn check() -> Contract {
    Contract::of(Takes::Nothing, Gives::Health)
}

/// Makes or replaces something, with what is in the body.
pub(super) const fn put(body: &'static Shape) -> Contract {
    Contract::of(Takes::Object(body), Gives::Change)
}

/// Makes or replaces something; the body may be missing.
pub(super) const fn declare(body: &'static Shape) -> Contract {
    Contract::of(Takes::MaybeObject(body), Gives::Change)
}

/// Changes something with what is in the body.
pub(super) const fn set(body: &'static Shape) -> Contract {
    Contract::of(Takes::Object(body), Gives::Done)
}

/// Does something.
pub(super) const fn act() -> Contract {
    Contract::of(Takes::Nothing, Gives::Done)
}

/// Begins something.
pub(super) const fn begin() -> Contract {
    Contract::of(Takes::Nothing, Gives::Accepted)
}

/// Any other one.
pub(super) const fn other(takes: Takes, gives: Gives) -> Contract {
    Contract::of(takes, gives)
}

const fn param(name: &'static str, kind: Kind, about: &'static str) -> Param {
    Param { name, kind, about }
}

/// Of every answer with objects.
pub(super) const COLUMNS: Param = param(
    "columns",
    Kind::Text,
    "Keys that are wanted, with commas, as paths: `name,message_stats.publish`. The answer has no \
     others then, not even those that it always has otherwise.",
);

/// Of every list.
pub(super) const OF_LISTS: &[Param] = &[
    COLUMNS,
    param(
        "sort",
        Kind::Text,
        "A key or a path by which they are sorted.",
    ),
    param("sort_reverse", Kind::Truth, "The other way round."),
];

/// Of every list that has pages.
pub(super) const OF_PAGES: &[Param] = &[
    param(
        "page",
        Kind::Whole,
        "A page of them, from 1; without it all are answered.",
    ),
    param(
        "page_size",
        Kind::Whole,
        "Of a page, up to 500; 100 if it is not said.",
    ),
    param(
        "name",
        Kind::Text,
        "What must be in the name of each on a page.",
    ),
    param(
        "use_regex",
        Kind::Truth,
        "Whether `name` is a regular expression.",
    ),
    param(
        "pagination",
        Kind::Truth,
        "Pages send it; it means nothing.",
    ),
];

/// Of objects with counters.
const OF_COUNTERS: &[Param] = &[
    param(
        "lengths_age",
        Kind::Whole,
        "How far samples of what queues hold go back, in seconds.",
    ),
    param(
        "lengths_incr",
        Kind::Whole,
        "How far they are apart, in seconds.",
    ),
    param(
        "msg_rates_age",
        Kind::Whole,
        "The same for what becomes of messages.",
    ),
    param(
        "msg_rates_incr",
        Kind::Whole,
        "How far they are apart, in seconds.",
    ),
    param(
        "data_rates_age",
        Kind::Whole,
        "The same for what goes over connections.",
    ),
    param(
        "data_rates_incr",
        Kind::Whole,
        "How far they are apart, in seconds.",
    ),
    param(
        "node_stats_age",
        Kind::Whole,
        "The same for what the node takes and does.",
    ),
    param(
        "node_stats_incr",
        Kind::Whole,
        "How far they are apart, in seconds.",
    ),
];

/// Of a node.
pub(super) const OF_NODE: &[Param] = &[
    param("memory", Kind::Truth, "With what memory is used for."),
    param(
        "binary",
        Kind::Truth,
        "With what messages in memory belong to.",
    ),
];

/// Of consumers.
pub(super) const OF_CONSUMERS: &[Param] = &[HELD];

const HELD: Param = param(
    "held",
    Kind::Truth,
    "With what consumers hold, since when, and how much more they may get: their connections are \
     asked.",
);

/// Of a queue alone.
pub(super) const OF_QUEUE: &[Param] = &[DISABLE_STATS, ENABLE_QUEUE_TOTALS, HELD];

/// Of objects of queues.
pub(super) const OF_QUEUES: &[Param] = &[DISABLE_STATS, ENABLE_QUEUE_TOTALS];

const DISABLE_STATS: Param = param("disable_stats", Kind::Truth, "Without figures.");

const ENABLE_QUEUE_TOTALS: Param = param(
    "enable_queue_totals",
    Kind::Truth,
    "With counts of messages though without figures.",
);

/// Of what deletes a queue.
pub(super) const IF_EMPTY_UNUSED: &[Param] = &[
    param("if-empty", Kind::Truth, "Only if it has no messages."),
    IF_UNUSED,
];

/// Of what deletes an exchange.
pub(super) const UNLESS_USED: &[Param] = &[IF_UNUSED];

const IF_UNUSED: Param = param("if-unused", Kind::Truth, "Only if nothing uses it.");

/// Of a document of definitions.
pub(super) const DOWNLOAD: &[Param] = &[param(
    "download",
    Kind::Text,
    "The name of the file that a browser is to make of it.",
)];

/// A text that is no JSON.
pub(super) const TEXT: Contract = other(Takes::Nothing, Gives::Text);

/// Events without an end.
pub(super) const EVENTS: Contract = other(Takes::Nothing, Gives::Events);

/// Of what is watched.
pub(super) const OF_LIVE: &[Param] = &[
    param(
        "watch",
        Kind::Text,
        "A path below `/api` with its query, percent-encoded as a value; up to 16 times.",
    ),
    param(
        "every",
        Kind::Whole,
        "Seconds between two looks at it, 1 to 3600, 1 if missing; the first is of the first path.",
    ),
];

/// Of what is permitted.
pub(super) const OF_PERMISSION: &[Param] = &[
    param(
        "user",
        Kind::Text,
        "Whom it is about; the caller if none is named. Only administrators may name others.",
    ),
    param(
        "resource",
        Kind::Word(&["queue", "exchange"]),
        "What kind of thing it is.",
    ),
    param(
        "name",
        Kind::Text,
        "Its name, whether it exists or not; amq.default is the exchange without a name.",
    ),
    param(
        "permission",
        Kind::Word(&["configure", "write", "read"]),
        "What is to be done to it.",
    ),
    param(
        "routing_key",
        Kind::Text,
        "With which routing key, which counts for topic exchanges.",
    ),
];

/// Of changes.
pub(super) const OF_EVENTS: &[Param] = &[param(
    "pattern",
    Kind::Text,
    "A regular expression that the kind of a change must have: `^queue`.",
)];

/// Of lines of the log.
pub(super) const OF_LOG: &[Param] = &[
    param("lines", Kind::Whole, "How many, at most."),
    param(
        "level",
        Kind::Text,
        "How severe they are at least: debug, info, warning or error.",
    ),
    param(
        "behind",
        Kind::Whole,
        "The number of a line behind which they are; without it they are the last ones.",
    ),
];

/// A text.
pub(super) const VERSION: Contract = other(Takes::Nothing, Gives::Json(Kind::Text));

/// All queues, or a page of them.
pub(super) const QUEUES: Contract = pages(&QUEUE).query(OF_QUEUES).counting();

/// Messages, as many as are asked for.
pub(super) const GET_MESSAGES: Contract = other(
    Takes::Object(&WISH),
    Gives::Json(Kind::List(&Kind::Object(&MESSAGE))),
);

/// Messages that wait, as many as are asked for.
pub(super) const BROWSE: Contract = other(Takes::Nothing, Gives::Whole(&BROWSED)).query(&[
    param(
        "from",
        Kind::Text,
        "What `next` said in an answer before, or `from` of a message, which is shown first then.",
    ),
    param(
        "count",
        Kind::Whole,
        "How many are shown at most, from 1 to 1000; otherwise 50. Messages that would make the \
         answer too long are left to the next one.",
    ),
    param(
        "truncate",
        Kind::Whole,
        "Bytes of a body that are shown, up to 8 MiB; otherwise 16384. A text ends in front of a \
         character that would be cut.",
    ),
    param(
        "encoding",
        Kind::Word(&["auto", "base64"]),
        "How a body is shown.",
    ),
    param(
        "exchange",
        Kind::Text,
        "Only with this in the name of its exchange.",
    ),
    param(
        "routing_key",
        Kind::Text,
        "Only with this in its routing key.",
    ),
    param(
        "header",
        Kind::Text,
        "Only with this header; with a text in it: `name:text`.",
    ),
    param(
        "property",
        Kind::Text,
        "Only with this property; with a text in it: `name:text`.",
    ),
    param(
        "body",
        Kind::Text,
        "Only with this in the first 1 MiB of its body.",
    ),
    param(
        "use_regex",
        Kind::Truth,
        "Whether these texts are regular expressions.",
    ),
]);

/// Whether a message that is published was routed.
pub(super) const PUBLISH: Contract = other(Takes::Object(&PUBLICATION), Gives::Object(&PUBLISHED));

/// A binding, and where it is then.
pub(super) const BIND: Contract = other(Takes::MaybeObject(&BINDING_DECLARATION), Gives::CreatedAt);

/// A document, as a file if that is wanted.
pub(super) const EXPORT: Contract = other(Takes::Nothing, Gives::Whole(&DEFINITIONS))
    .query(DOWNLOAD)
    .refuses(&[503]);

/// A document that is taken in.
pub(super) const IMPORT: Contract = other(Takes::Document(&DEFINITIONS), Gives::Done);

/// A login by a form.
pub(super) const LOG_IN: Contract = other(Takes::Form(&CREDENTIALS), Gives::Object(&LOGIN));

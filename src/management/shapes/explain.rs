//! What would happen.

use super::messages::PROPERTIES;
use super::rights::APPLY_TO;
use super::topology::BINDING;
use super::{
    ANYTHING, Kind, List, Number, Object, OrNull, Shape, TEXTS, Text, Truth, Whole, Word, key,
    maybe,
};

/// Whether something is permitted.
pub(in crate::management) const PERMITTED: Shape = Shape {
    name: "PermissionExplained",
    about: "Whether a user may do something, and which rule says so.",
    keys: &[
        key("allowed", Truth),
        key("name", Text),
        key("permission", Word(&["configure", "write", "read"])),
        key("refusal", OrNull(&Text)).about("What a client would hear."),
        key("resource", Word(&["queue", "exchange"])),
        key("routing_key", OrNull(&Text)),
        key("rules", List(&Object(&RULE))).about("As they are asked; the last one decides."),
        key("user", Text),
        key("vhost", Text),
        key("why", Text).about("The sentence of the rule that decides."),
    ],
};

const RULE: Shape = Shape {
    name: "RuleAsked",
    about: "A rule that was asked.",
    keys: &[
        key("allowed", Truth),
        key("pattern", OrNull(&Text)).about("The regular expression that decides."),
        key("rule", Word(&["vhost", "permission", "topic_permission"])),
        key("why", Text),
    ],
};

/// A policy that is not set.
pub(in crate::management) const POLICY_IDEA: Shape = Shape {
    name: "PolicyIdea",
    about: "A policy of which is asked what it would do.",
    keys: &[
        maybe("apply-to", APPLY_TO),
        key("definition", ANYTHING),
        key("name", Text),
        maybe("operator", Truth).about("Whether it is an operator policy."),
        key("pattern", Text),
        maybe("priority", Whole),
    ],
};

/// What it would do.
pub(in crate::management) const POLICY_PREVIEW: Shape = Shape {
    name: "PolicyPreview",
    about: "What a policy would do if it were set.",
    keys: &[
        key("changed", Whole).about("Queues and exchanges for which something would change."),
        key("cut", Truth).about("Whether there are more than `matches` has."),
        key("matched", Whole).about("Queues and exchanges that it is for."),
        key("matches", List(&Object(&POLICY_MATCH))).about("Queues, then exchanges, by name."),
        key("seen", Whole).about("Queues and exchanges of the virtual host."),
    ],
};

const POLICY_MATCH: Shape = Shape {
    name: "PolicyMatch",
    about: "A queue or an exchange that a policy would be for, or is in force for now.",
    keys: &[
        key(
            "change",
            Word(&[
                "gains",
                "replaces",
                "changes",
                "keeps",
                "outranked",
                "loses",
            ]),
        ),
        key("definition", ANYTHING).about("What is in force now, by both kinds of policies."),
        key("definition_then", ANYTHING).about("What would be in force."),
        key("kind", Word(&["queue", "exchange"])),
        key("name", Text),
        key("policy", OrNull(&Text)).about("The policy of that kind that is in force now."),
        key("priority", OrNull(&Number)).about("Its priority."),
        key("type", Text),
        key("why", Text),
        key("wins", Truth).about("Whether the policy that is asked about would be in force."),
    ],
};

/// A message that is not published.
pub(in crate::management) const PUBLISH_IDEA: Shape = Shape {
    name: "PublishIdea",
    about: "A message of which is asked what would become of it.",
    keys: &[
        maybe("payload_bytes", Whole).about("How long its body is."),
        maybe("properties", Object(&PROPERTIES)),
        maybe("routing_key", Text),
        maybe("user", Text).about("Who publishes it; others than oneself for administrators only."),
    ],
};

const OUTCOME: Kind = Word(&["queued", "delayed", "unroutable", "rejected", "refused"]);
const REASON: Kind = OrNull(&Word(&["expired", "maxlen"]));

/// What would become of it.
pub(in crate::management) const PUBLISH_EXPLAINED: Shape = Shape {
    name: "PublishExplained",
    about: "What would become of a message.",
    keys: &[
        key("cut", Truth).about("Whether there is more of it than an answer has."),
        key("hops", List(&Object(&HOP))).about(
            "The publish; then the message when its delay is over, and as a dead letter, if no \
             consumer takes it before it expires.",
        ),
        key("outcome", OUTCOME),
        key("refusal", OrNull(&Object(&REPLY))),
        key("user", Text).about("Who would publish it."),
        key("why", Text),
    ],
};

const REPLY: Shape = Shape {
    name: "ClientHears",
    about: "What a client would hear: its channel or connection is closed with it.",
    keys: &[key("code", Whole), key("reason", Text)],
};

const HOP: Shape = Shape {
    name: "Hop",
    about: "A message on its way from an exchange to queues.",
    keys: &[
        key("after_ms", Whole).about("Milliseconds since it was published."),
        key("exchange", Text),
        key("exchanges", List(&Object(&HOP_EXCHANGE))).about("As it comes to them."),
        key("outcome", OUTCOME),
        key("queue", OrNull(&Text)).about("Where it has died."),
        key("queues", List(&Object(&HOP_QUEUE))),
        key("reason", REASON).about("Why it has died."),
        key("routing_keys", TEXTS).about("The routing key, then those of CC and BCC."),
    ],
};

const HOP_EXCHANGE: Shape = Shape {
    name: "HopExchange",
    about: "An exchange on the way of a message.",
    keys: &[
        key("bindings", List(&Object(&BINDING))).about("Those by which the message leaves it."),
        key("delay_ms", OrNull(&Whole)).about("Milliseconds that it keeps the message."),
        key("exists", Truth),
        key("from", OrNull(&Text)).about("The exchange that the message comes from."),
        key("name", Text),
        key("type", OrNull(&Text)),
        key(
            "via",
            Word(&["publish", "dead_letter", "delay", "binding", "alternate"]),
        ),
        key("why", OrNull(&Text)),
    ],
};

const HOP_QUEUE: Shape = Shape {
    name: "HopQueue",
    about: "A queue at the end of the way of a message.",
    keys: &[
        key("dead_letter", OrNull(&Object(&DEAD_LETTER))).about("Where dead letters go."),
        key("drops_head", Truth).about("Whether the message that would leave next makes room."),
        key("expires_in", OrNull(&Whole)).about("Milliseconds, if it waits."),
        key(
            "fate",
            Word(&[
                "delivered",
                "ready",
                "refused",
                "dropped",
                "expired",
                "duplicate",
            ]),
        ),
        key("name", Text),
        key("type", Word(&["classic", "quorum", "stream", "reply"]))
            .about("`reply` for a client that waits for a direct reply."),
        key("why", Text),
    ],
};

const DEAD_LETTER: Shape = Shape {
    name: "DeadLetterTo",
    about: "Where the dead letters of a queue go.",
    keys: &[
        key("exchange", Text),
        key("hop", OrNull(&Whole)).about("Which of the hops this message is then, from 0."),
        key("reason", REASON).about("Why this message becomes one, as far as can be foreseen."),
        key("routing_key", OrNull(&Text)).about("In place of the message's own."),
    ],
};

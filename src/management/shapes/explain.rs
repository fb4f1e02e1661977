//! What would happen.

use super::rights::APPLY_TO;
use super::{ANYTHING, List, Number, Object, OrNull, Shape, Text, Truth, Whole, Word, key, maybe};

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

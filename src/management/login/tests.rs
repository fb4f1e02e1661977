use std::sync::Arc;

use super::*;
use crate::auth::{PermissionDefinition, UserDefinition};
use crate::clock::Clock;
use crate::config::Settings;
use crate::desk::VhostDefinition;
use crate::env::Environment;
use crate::store::MemoryStore;

const TAGS: [&str; 5] = [
    "none",
    "management",
    "policymaker",
    "monitoring",
    "administrator",
];

/// A desk with the vhosts `in` and `out`, and a user of each tag with a permission in `in`.
fn desk() -> Arc<Desk> {
    let store = Arc::new(MemoryStore::default());
    let env = Environment::new(Settings::default(), Clock::test(), store);
    let desk = Desk::new(Arc::new(env));
    let administration = desk.administration();
    for vhost in ["in", "out"] {
        let made = administration.put_vhost(vhost, &VhostDefinition::default());
        made.unwrap().unwaited();
    }
    for tag in TAGS {
        let user = UserDefinition::new(tag, "x").tags([tag]);
        administration.put_user(&user).unwrap().unwaited();
        let permission = PermissionDefinition::new(tag, "in");
        administration
            .put_permission(&permission)
            .unwrap()
            .unwaited();
    }
    desk
}

/// What each tag is told, in the order of [`TAGS`]: `.` for yes, `t` for no tag at all, `a` and
/// `m` for not being an administrator or a monitor, `o` for the object, `-` for not being there.
fn told(desk: &Desk, needs: Needs, vhost: Option<&str>, of_user: Option<&str>) -> String {
    let letter = |tag: &str| {
        let user = desk.user(tag).unwrap();
        let Err(refusal) = may(desk, &user, needs, vhost, of_user) else {
            return '.';
        };
        let text = refusal.text().unwrap();
        let letters = [
            ("Not management user", 't'),
            ("Not administrator user", 'a'),
            ("Not monitor user", 'm'),
            ("User not authorised to access object", 'o'),
            (r#"{"error":"not_found","reason":"Not Found"}"#, '-'),
        ];
        let mut letters = letters.iter();
        letters.find(|(words, _)| text.contains(words)).unwrap().1
    };
    TAGS.map(letter).iter().collect()
}

// Each row is what RabbitMQ 4.3.6 answered to these users.
#[test]
fn a_tag_may_what_it_may_in_rabbitmq() {
    let desk = desk();
    let (inside, outside, nowhere) = (Some("in"), Some("out"), Some("nowhere"));
    for (needs, vhost, expected) in [
        (Needs::Nothing, None, "....."),
        (Needs::Management, None, "t...."),
        (Needs::Management, outside, "t...."),
        (Needs::Vhost, inside, "t...."),
        (Needs::Vhost, outside, "t---."),
        // That there is no such vhost is said by what is asked for.
        (Needs::Vhost, nowhere, "t...."),
        (Needs::VhostSeen, inside, "t...."),
        (Needs::VhostSeen, outside, "t--.."),
        (Needs::Policymaker, None, "to.o."),
        (Needs::Policymaker, inside, "to.o."),
        (Needs::Policymaker, outside, "to-o."),
        (Needs::Monitoring, None, "tmm.."),
        (Needs::Administrator, None, "taaa."),
        (Needs::Administrator, outside, "taaa."),
    ] {
        assert_eq!(
            told(&desk, needs, vhost, None),
            expected,
            "{needs:?} {vhost:?}"
        );
    }
    let of = |user| told(&desk, Needs::Own, None, Some(user));
    assert_eq!(of("management"), "t.o..");
    assert_eq!(of("somebody"), "too..");
}

//! Who may ask for what, in which words it is refused, and in which order it is stored.

use serde_json::{Value as Json, json};

use super::vhosts::{everything, record_of};
use super::*;
use crate::auth::{PermissionDefinition, TopicPermissionDefinition, UserDefinition, VhostLimits};
use crate::clock::Clock;
use crate::config::Settings;
use crate::definitions::ParameterRecord;
use crate::env::Environment;
use crate::policy::PolicyDefinition;
use crate::store::{
    Definition, DefinitionChange, DefinitionKind, MemoryStore, ScriptedStore, Store,
};
use crate::sync::{self, model};
use crate::vhost::QueueSpec;

fn desk() -> Arc<Desk> {
    let store = Arc::new(MemoryStore::default());
    let desk = Desk::new(Arc::new(Environment::new(
        Settings::default(),
        Clock::test(),
        store,
    )));
    let by = desk.administration();
    by.put_vhost("/", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    by.put_vhost("other", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    desk
}

/// A user with a tag, and with permissions in `/`.
fn user(desk: &Desk, tag: &str) -> Caller {
    let by = desk.administration();
    by.add_user(tag, "pw").unwrap().unwaited();
    by.set_tags(tag, vec![tag.to_owned()]).unwrap().unwaited();
    by.put_permission(&everything(tag, "/")).unwrap().unwaited();
    Caller::User {
        user: desk.auth.user(tag).unwrap(),
        from: None,
    }
}

fn policy(vhost: &str) -> PolicyDefinition {
    let policy = json!({
        "vhost": vhost, "name": "p", "pattern": "", "definition": { "max-length": 1 },
    });
    serde_json::from_value(policy).unwrap()
}

fn text<T: std::fmt::Debug>(result: Result<T, AdminError>) -> String {
    match result {
        Ok(_) => "yes".to_owned(),
        Err(error) => error.to_string(),
    }
}

// Seen: RabbitMQ 4.3.6, its HTTP API with a user for each tag.
#[test]
fn tags_say_who_may_ask_for_what() {
    let desk = desk();
    let [none, own, policies, sees, all] = [
        "none",
        "management",
        "policymaker",
        "monitoring",
        "administrator",
    ]
    .map(|tag| user(&desk, tag));
    let ask = |caller: &Caller| {
        let by = desk.administration_for(caller);
        let limits = VhostLimits::default();
        [
            text(by.put_vhost("v", &VhostDefinition::default())),
            text(by.set_tags("none", Vec::new())),
            text(by.put_policy(&policy("/"))),
            text(by.put_policy(&policy("other"))),
            text(by.put_operator_policy(&policy("/"))),
            text(by.set_vhost_limits("/", limits)),
            text(by.put_global_parameter("g", json!(1))),
        ]
    };
    let administrator = "Not administrator user";
    let object = "User not authorised to access object";
    assert_eq!(ask(&none), ["Not management user"; 7]);
    for caller in [&own, &sees] {
        let expected = [
            administrator,
            administrator,
            object,
            object,
            administrator,
            administrator,
            object,
        ];
        assert_eq!(ask(caller), expected);
    }
    let expected = [
        administrator,
        administrator,
        "yes",
        object,
        administrator,
        administrator,
        "yes",
    ];
    assert_eq!(ask(&policies), expected);
    assert_eq!(ask(&all), ["yes"; 7]);
    assert_eq!(ask(&Caller::Program), ["yes"; 7]);
    // Who makes a vhost may do everything in it.
    assert!(desk.auth.access("administrator", "v").is_some());
}

// A policy maker passed for a vhost that was missing, and could set a policy in it if it was made
// before the change began.
#[test]
fn a_policymaker_does_not_pass_for_a_missing_vhost() {
    let desk = desk();
    let [policies, sees] = ["policymaker", "monitoring"].map(|tag| user(&desk, tag));
    let by = desk.administration_for(&policies);
    let missing = "Virtual host 'nope' does not exist";
    assert_eq!(text(by.for_policymakers("nope")), missing);
    assert_eq!(text(by.put_policy(&policy("nope"))), missing);
    assert_eq!(text(by.clear_policy("nope", "p")), missing);
    assert_eq!(text(by.delete_parameter("nope", "c", "p")), missing);
    // Who makes no policies learns nothing.
    let by = desk.administration_for(&sees);
    let object = "User not authorised to access object";
    assert_eq!(text(by.put_policy(&policy("nope"))), object);
}

// Seen: RabbitMQ 4.3.6, its HTTP API.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of what is said")]
fn refusals_read_like_rabbitmqs() {
    let desk = desk();
    let by = desk.administration();
    by.add_user("u", "pw").unwrap().unwaited();
    let vhost = |queue_type: &str| VhostDefinition {
        default_queue_type: Some(queue_type.to_owned()),
        ..VhostDefinition::default()
    };
    let parameter = |component: &str, name: &str, value| ParameterRecord {
        vhost: "/".to_owned(),
        component: component.to_owned(),
        name: name.to_owned(),
        value,
    };
    by.protect_vhost("other", true).unwrap().unwaited();
    let limit = |name, value| text(by.set_vhost_limit("/", name, &value));
    let user_limit = |name, value| text(by.set_user_limit("u", name, &value));
    let set = |component, name, value| text(by.put_parameter(&parameter(component, name, value)));
    for (told, expected) in [
        (
            text(by.put_vhost("v", &vhost("nope"))),
            "nope is not a valid queue type",
        ),
        (
            text(by.put_vhost("v", &vhost(""))),
            "default_queue_type must not be an empty string",
        ),
        (text(by.put_vhost("v", &vhost("undefined"))), "yes"),
        (
            text(by.put_vhost("v", &vhost("rabbit_stream_queue"))),
            "yes",
        ),
        (
            text(by.delete_vhost("other")),
            "Refusing to delete virtual host 'other' because it is protected from deletion",
        ),
        (
            text(by.delete_vhost("nope")),
            "Virtual host 'nope' does not exist",
        ),
        (text(by.add_user("u", "pw")), "User \"u\" already exists"),
        (text(by.delete_user("nope")), "User \"nope\" does not exist"),
        (text(by.delete_users(&["nope"])), "yes"),
        (
            limit("nope", json!(1)),
            "Validation failed\n\nUnrecognised terms [{<<\"nope\">>,1}] in limits\n",
        ),
        (
            limit("max-queues", json!("a")),
            "Validation failed\n\nmax-queues should be a number, actually was <<\"a\">>\n",
        ),
        (limit("max-queues", json!(-7)), "yes"),
        (
            user_limit("nope", json!(1)),
            "Unrecognised terms [{<<\"nope\">>,1}] in user-limits",
        ),
        (
            user_limit("max-channels", json!(1.5)),
            "max-channels should be a number, actually was 1.5",
        ),
        (
            set("vhost-limits", "limits", json!("x")),
            "Validation failed\n\nlimits not a list <<\"x\">>\n",
        ),
        (set("vhost-limits", "limits", json!([])), "yes"),
        (
            set("nope", "n", json!(1)),
            "Validation failed\n\ncomponent nope not found\n",
        ),
        (
            set("policy", "n", json!(1)),
            "policies may not be set using this method",
        ),
        (
            set("operator_policy", "o", json!({})),
            "Validation failed\n\nKey \"definition\" not found in o\nKey \"pattern\" not found in \
             o\nKey \"priority\" not found in o\n",
        ),
        (
            set("operator_policy", "o", json!(5)),
            "Validation failed\n\no not a list 5\n",
        ),
        (
            set(
                "operator_policy",
                "o",
                json!({ "pattern": "(", "definition": { "expires": 5 }, "priority": "a", "zz": 1 }),
            ),
            "Validation failed\n\nUnrecognised terms [{<<\"zz\">>,1}] in o\npattern should be \
             regular expression but is invalid: {\"missing closing parenthesis\",\n\x20    \
             \x20                                                1}\npriority should be a \
             number, actually was <<\"a\">>\n",
        ),
        (text(by.clear_policy("/", "nope")), "Not Found"),
        (text(by.delete_parameter("/", "nope", "n")), "Not Found"),
        (text(by.delete_global_parameter("n")), "Not Found"),
    ] {
        assert_eq!(told, expected);
    }
}

#[test]
fn what_a_put_of_a_vhost_leaves_out_goes_back_but_for_protection_and_tracing() {
    let desk = desk();
    let by = desk.administration();
    let definition = VhostDefinition {
        description: "d".to_owned(),
        tags: VhostDefinition::tags(&crate::auth::Tags::Text("a, b ,,c".to_owned())),
        default_queue_type: Some("quorum".to_owned()),
        tracing: Some(true),
        protected_from_deletion: Some(true),
    };
    let put = by.put_vhost("v", &definition).unwrap();
    assert_eq!(put.value, crate::auth::Change::Added);
    let metadata = desk.find_vhost("v").unwrap().metadata();
    assert_eq!(metadata.tags, ["a", "b", "", "c"]);
    let put = by.put_vhost("v", &VhostDefinition::default()).unwrap();
    assert_eq!(put.value, crate::auth::Change::Replaced);
    let metadata = desk.find_vhost("v").unwrap().metadata();
    assert_eq!((&*metadata.description, metadata.tags.len()), ("", 0));
    assert_eq!(metadata.default_queue_type, Some(Default::default()));
    assert!(metadata.tracing && metadata.protected_from_deletion == Some(true));
}

fn recorded() -> (Arc<Desk>, Arc<ScriptedStore>) {
    let store = Arc::new(ScriptedStore::default());
    let kept: Arc<dyn Store> = Arc::<ScriptedStore>::clone(&store);
    let env = Environment::new(Settings::default(), Clock::test(), kept);
    (Desk::new(Arc::new(env)), store)
}

// A section was stored and put in force under one lock, which declares of others waited for.
#[test]
fn a_long_section_is_imported_in_pieces() {
    let (desk, store) = recorded();
    let by = desk.administration();
    by.put_vhost("/", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    let before = store.groups();
    let queue = |at| serde_json::json!({"name": format!("q{at}"), "vhost": "/", "durable": true});
    let queues: Vec<_> = (0..1_000).map(queue).collect();
    let document = serde_json::json!({"queues": queues}).to_string();
    by.import(document.as_bytes()).unwrap().unwaited();
    assert_eq!(desk.find_vhost("/").unwrap().queue_count(), 1_000);
    let groups = store.groups() - before;
    assert!(groups >= 1_000 / 64, "{groups}");
}

// A crash in the middle of an import could leave the first 64 users of a section.
#[test]
fn a_section_of_rights_is_stored_as_one_group() {
    let (desk, store) = recorded();
    let by = desk.administration();
    by.put_vhost("/", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    let each = |kind: fn(usize) -> Json| (0..500).map(kind).collect::<Vec<Json>>();
    let sections = [
        (
            "users",
            each(|at| json!({"name": format!("u{at}"), "password_hash": "", "tags": ""})),
        ),
        (
            "permissions",
            each(|at| {
                let user = format!("u{at}");
                json!({"user": user, "vhost": "/", "configure": "", "write": "", "read": ""})
            }),
        ),
        (
            "policies",
            each(|at| {
                let name = format!("p{at}");
                let definition = json!({"max-length": at});
                json!({"vhost": "/", "name": name, "pattern": "x", "definition": definition})
            }),
        ),
    ];
    for (section, items) in sections {
        let before = store.groups();
        let document = json!({ section: items }).to_string();
        by.import(document.as_bytes()).unwrap().unwaited();
        assert_eq!(store.groups() - before, 1, "{section}");
    }
}

/// A change of anything that others change too, in one of two ways.
fn change(desk: &Desk, what: usize, way: usize) {
    let by = desk.administration();
    let word = ["one", "other"][way];
    let done = match what {
        0 => by.set_tags("u", vec![word.to_owned()]).map(drop),
        1 => {
            let pattern = format!("^{word}");
            let permission = PermissionDefinition {
                configure: pattern,
                ..everything("u", "/")
            };
            by.put_permission(&permission).map(drop)
        }
        2 => by.delete_user("u").map(drop),
        3 => {
            let description = VhostDefinition {
                description: word.to_owned(),
                ..VhostDefinition::default()
            };
            by.put_vhost("/", &description).map(drop)
        }
        4 => by.set_vhost_limit("/", "max-queues", &json!(way)).map(drop),
        5 => by.delete_vhost("/").map(drop),
        6 => {
            let user = json!({ "name": "u", "password_hash": "", "tags": word });
            let user: UserDefinition = serde_json::from_value(user).unwrap();
            by.put_user(&user).map(drop)
        }
        7 => by.put_global_parameter("g", json!(word)).map(drop),
        _ => {
            let mut policy = policy("/");
            policy.definition = json!({ "max-length": way }).as_object().unwrap().clone();
            by.put_policy(&policy).map(drop)
        }
    };
    // What another has deleted meanwhile is not there.
    drop(done);
}

/// What a start would find, for a user, a vhost and what belongs to them.
fn in_force(desk: &Desk) -> std::collections::BTreeMap<(DefinitionKind, String), String> {
    let mut expected = std::collections::BTreeMap::new();
    let mut put = |change: DefinitionChange| {
        if let DefinitionChange::Put(Definition { kind, key, json }) = change {
            expected.insert((kind, key), json);
        }
    };
    use crate::definitions::{PolicyRecord, Record};
    let rights = desk.auth.export();
    rights.users.iter().for_each(|user| put(user.put()));
    rights.permissions.iter().for_each(|right| put(right.put()));
    for name in desk.vhost_names() {
        let vhost = desk.find_vhost(&name).unwrap();
        put(record_of(&name, &vhost.metadata()).put());
    }
    desk.parameters
        .all()
        .iter()
        .for_each(|found| put(found.put()));
    let global = desk.parameters.all_global();
    global.iter().for_each(|found| put(found.put()));
    let issuer = crate::policy::Issuer::User;
    for definition in desk.policies() {
        put(PolicyRecord { issuer, definition }.put());
    }
    expected
}

// Two changes could be applied in one order and stored in the other.
#[test]
fn what_is_in_force_is_what_is_stored_in_any_order_of_threads() {
    for what in 0..9 {
        for other in what..9 {
            model::check(12, move || {
                let (desk, store) = recorded();
                let by = desk.administration();
                by.put_vhost("/", &VhostDefinition::default())
                    .unwrap()
                    .unwaited();
                by.add_user("u", "pw").unwrap().unwaited();
                by.put_permission(&everything("u", "/")).unwrap().unwaited();
                let threads: Vec<_> = [(what, 0), (other, 1)]
                    .into_iter()
                    .map(|(what, way)| {
                        let desk = Arc::clone(&desk);
                        let run = move || change(&desk, what, way);
                        sync::spawn("operator", run).expect("it starts")
                    })
                    .collect();
                for thread in threads {
                    thread.join().expect("no panic");
                }
                assert_eq!(store.definitions(), in_force(&desk), "{what} and {other}");
            });
        }
    }
}

#[test]
fn nothing_is_declared_in_a_vhost_that_is_deleted() {
    let (desk, store) = recorded();
    let by = desk.administration();
    by.put_vhost("v", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    let vhost = desk.find_vhost("v").unwrap();
    let declare = |name: &str| {
        let spec = QueueSpec {
            name: leveret_codec::types::ShortString::new(name).unwrap(),
            durable: true,
            exclusive: false,
            auto_delete: false,
            arguments: Default::default(),
            connection: None,
            declared_by: "guest".into(),
        };
        let declared = vhost.declare_queue(desk.env.now(), spec, |_| Ok(()));
        declared.map(drop)
    };
    declare("q").unwrap();
    by.delete_vhost("v").unwrap().unwaited();
    // A connection that is being closed may still ask.
    let refused = declare("late").unwrap_err();
    assert_eq!(refused.explanation, "vhost 'v' is deleted");
    assert_eq!(store.definitions(), Default::default());
}

#[test]
fn topic_permissions_go_one_by_one_or_all_at_once() {
    let (desk, store) = recorded();
    let by = desk.administration();
    by.put_vhost("/", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    by.add_user("u", "pw").unwrap().unwaited();
    let put = |exchange: &str| {
        by.put_topic_permission(&TopicPermissionDefinition {
            user: "u".to_owned(),
            vhost: "/".to_owned(),
            exchange: exchange.to_owned(),
            write: "^a".to_owned(),
            read: String::new(),
        })
    };
    for exchange in ["amq.topic", "amq.direct", ""] {
        put(exchange).unwrap().unwaited();
    }
    assert_eq!(
        put("nope"),
        Err(AdminError::NoSuchExchange("nope".to_owned()))
    );
    let clear = |exchange| by.clear_topic_permission("u", "/", exchange).map(drop);
    clear(Some("amq.topic")).unwrap();
    // As long as the user has any there, one that is missing is fine.
    clear(Some("amq.topic")).unwrap();
    assert_eq!(desk.auth.export().topic_permissions.len(), 2);
    let groups = store.groups();
    clear(None).unwrap();
    let after = store.groups();
    assert_eq!(after, groups + 1, "one group");
    assert_eq!(
        clear(None),
        Err(AdminError::NotFound(Missing::TopicPermission))
    );
    assert_eq!(store.definitions().len(), 2, "the vhost and the user");
}

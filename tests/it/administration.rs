//! Administration and what of it survives a restart.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use leveret::auth::UserLimits;
use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::config::{Durability, QueueType};
use leveret::ids::QueueId;
use leveret::message::Message;
use leveret::store::{
    Definition, DefinitionChange, DefinitionKind, DurableWatch, MemoryStore, Op, Position,
    RecordAt, Recovered, Store, StoreError,
};
use serde_json::json;
use tempfile::TempDir;

use crate::talker::Client;

fn start(dir: &Path, default: QueueType) -> Broker {
    let builder = Broker::builder()
        .clock(Clock::test())
        .configure(|settings| {
            settings.durability = Durability::Os;
            settings.data_dir = dir.to_owned();
            settings.default_queue_type = default;
        });
    builder.start().expect("the broker starts")
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

// After a restart a queue that had its type from `default_queue_type` was taken for one that had
// asked for it, and the very declare that had made it was refused with 406.
#[test]
fn a_queue_of_the_default_type_is_declared_again_after_a_restart() {
    for default in [QueueType::Classic, QueueType::Quorum, QueueType::Stream] {
        let dir = directory();
        let line = "queue.declare queue='jobs' durable";
        let broker = start(dir.path(), default);
        let ok = Client::new(&broker).ask(line);
        assert!(ok.starts_with("queue.declare-ok"), "{ok}");
        broker.stop("a test");
        let broker = start(dir.path(), default);
        let again = Client::new(&broker).ask(line);
        assert!(again.starts_with("queue.declare-ok"), "{default:?}: {again}");
    }
}

// Six setters changed the users in memory only.
#[test]
fn every_change_of_a_user_survives_a_restart() {
    let dir = directory();
    let broker = start(dir.path(), QueueType::Classic);
    let auth = &broker.desk().auth;
    auth.add_user("added", "secret").expect("a user");
    auth.set_password("guest", Some("other")).expect("a user");
    auth.set_tags("guest", vec!["monitoring".to_owned()]).expect("a user");
    let limits = UserLimits { max_channels: Some(7), max_connections: None };
    auth.set_user_limits("guest", limits).expect("a user");
    auth.replace_user_limits("added", limits).expect("a user");
    let before = auth.export();
    broker.stop("a test");
    let broker = start(dir.path(), QueueType::Classic);
    assert_eq!(broker.desk().auth.export(), before);
}

/// A store with definitions from before, which writes down what changes.
#[derive(Default)]
struct Remembering {
    memory: MemoryStore,
    found: Vec<Definition>,
    changes: Mutex<Vec<DefinitionChange>>,
}

impl Remembering {
    fn with(found: &[(DefinitionKind, &str, &str)]) -> Arc<Self> {
        let found = found.iter().map(|(kind, key, json)| Definition {
            kind: *kind,
            key: (*key).to_owned(),
            json: (*json).to_owned(),
        });
        Arc::new(Self {
            found: found.collect(),
            ..Self::default()
        })
    }

    fn broker(self: &Arc<Self>) -> Broker {
        let store: Arc<dyn Store> = Arc::<Self>::clone(self);
        Broker::builder().store(store).start().expect("it starts")
    }
}

impl Store for Remembering {
    fn recover(&self, each: &mut dyn FnMut(Definition)) -> Result<(), StoreError> {
        self.found.iter().cloned().for_each(each);
        Ok(())
    }

    fn recover_messages(
        &self,
        each: &mut dyn FnMut(QueueId, &[Recovered]),
    ) -> Result<(), StoreError> {
        self.memory.recover_messages(each)
    }

    fn next_queue_id(&self) -> QueueId {
        self.memory.next_queue_id()
    }

    fn submit(&self, ops: &mut [Op<'_>]) -> Position {
        self.memory.submit(ops)
    }

    fn define(&self, change: DefinitionChange) -> Position {
        self.changes.lock().unwrap().push(change.clone());
        self.memory.define(change)
    }

    fn durable(&self) -> Position {
        self.memory.durable()
    }

    fn watch(&self, watch: Arc<dyn DurableWatch>) {
        self.memory.watch(watch);
    }

    fn read(&self, at: RecordAt) -> Result<Message, StoreError> {
        self.memory.read(at)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.memory.close()
    }
}

// Whatever parameter was found in the store was taken for the limits of its vhost, and stored
// once more.
#[test]
fn a_parameter_of_another_component_is_no_limit_of_its_vhost() {
    let store = Remembering::with(&[
        (DefinitionKind::Vhost, "/", r#"{"name":"/"}"#),
        (
            DefinitionKind::User,
            "guest",
            r#"{"name":"guest","password_hash":"","tags":[]}"#,
        ),
        (
            DefinitionKind::Parameter,
            "/\0vhost-limits",
            r#"{"max-queues":7}"#,
        ),
        (
            DefinitionKind::Parameter,
            "/\0zzz-other",
            r#"{"max-queues":0}"#,
        ),
    ]);
    let broker = store.broker();
    assert_eq!(broker.desk().vhost_limits("/").queues(), Some(7));
    let changes = store.changes.lock().unwrap();
    assert!(changes.is_empty(), "restoring writes nothing: {changes:?}");
}

// Two changes of one user at the same time could be applied in one order and stored in the other.
#[test]
fn what_is_stored_last_is_what_is_in_force() {
    let store = Remembering::with(&[]);
    let broker = store.broker();
    let core = broker.desk();
    for round in 0..2000 {
        std::thread::scope(|scope| {
            for name in ["one", "other"] {
                scope.spawn(move || {
                    let user = json!({ "name": "bob", "password_hash": "", "tags": [name] });
                    core.put_user(&serde_json::from_value(user).unwrap())
                        .expect("a user");
                });
            }
        });
        let in_force = core.auth.user("bob").expect("a user").tags().to_vec();
        let changes = store.changes.lock().unwrap();
        let Some(DefinitionChange::Put(last)) = changes.last() else {
            panic!("nothing was stored");
        };
        let last: serde_json::Value = serde_json::from_str(&last.json).unwrap();
        assert_eq!(last["tags"], json!(in_force), "round {round}");
    }
}

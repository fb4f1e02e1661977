use std::sync::{Arc, Mutex};

use leveret::administration::{DocumentOf, PermissionDefinition, UserDefinition, VhostDefinition};
use leveret::broker::{Broker, NewMessage, QueueDefinition};
use leveret::clock::Clock;
use leveret::events::{Event, Listener};
use leveret::settings::{Durability, Settings};
use leveret::views::{Listing, QueueSort, Scope};

#[derive(Default)]
struct Bodies(Mutex<Vec<Vec<u8>>>);

impl Listener for Bodies {
    fn on_event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.message.body().to_vec());
    }
}

#[test]
fn every_public_module_can_be_used() {
    let bodies = Arc::<Bodies>::default();
    let listener: Arc<dyn Listener> = bodies.clone();
    let settings = Settings {
        host: "127.0.0.1".to_owned(),
        port: 0,
        durability: Durability::Memory,
        ..Settings::default()
    };
    let builder = Broker::builder().settings(settings).clock(Clock::test());
    let broker = builder.listener(listener).start().unwrap();
    let desk = broker.desk();
    let by = desk.administration();
    let made = by.put_vhost("shop", &VhostDefinition::default());
    made.unwrap().unwaited();
    let made = by.put_user(&UserDefinition::new("alice", "secret"));
    made.unwrap().unwaited();
    let made = by.put_permission(&PermissionDefinition::new("alice", "shop"));
    made.unwrap().unwaited();
    let vhost = broker.vhost("shop").unwrap();
    vhost.declare_queue(&QueueDefinition::new("jobs")).unwrap();
    let job = NewMessage::to_queue("jobs").body("a job");
    vhost.publish(&job).unwrap();
    assert_eq!(vhost.peek("jobs", 1).unwrap()[0].body(), b"a job");
    assert!(bodies.0.lock().unwrap().contains(&b"a job".to_vec()));
    let listed = desk.queues(Scope::Vhost("shop"), &Listing::<QueueSort>::default());
    assert_eq!(listed.unwrap().items[0].counts.ready, 1);
    let document = desk.export(&desk.one_vhost("shop").unwrap());
    assert_eq!(document["queues"][0]["name"], "jobs");
    let document = desk.export(&DocumentOf::Broker);
    assert_eq!(document["users"].as_array().unwrap().len(), 2);
}

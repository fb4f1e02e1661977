use std::path::Path;

use super::*;

/// Notes what it was asked for; refuses one plugin.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Switch for Notes {
    fn set(&self, plugin: &str, is_on: bool) -> Result<(), String> {
        if plugin == "rabbitmq_stomp" && is_on {
            return Err("in use".to_owned());
        }
        self.0.lock().push(format!("{plugin} {is_on}"));
        Ok(())
    }

    fn keep(&self, _file: &Path, text: &str) -> Result<(), String> {
        self.0.lock().push(text.to_owned());
        Ok(())
    }
}

fn plugins() -> (Plugins, Arc<Notes>) {
    let plugins = Plugins::new(&Settings::default());
    let notes = Arc::new(Notes::default());
    plugins.switched_by(Arc::<Notes>::clone(&notes));
    (plugins, notes)
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

// Seen: RabbitMQ 4.3.6, `rabbitmq-plugins set` and the file that it wrote.
#[test]
fn what_is_needed_starts_and_stops_with_what_needs_it() {
    let (plugins, notes) = plugins();
    let changed = plugins
        .set(names(&[
            "rabbitmq_top",
            "rabbitmq_prometheus",
            "x y",
            "nope",
        ]))
        .unwrap();
    assert_eq!(
        changed,
        Changed {
            started: vec!["rabbitmq_top"],
            stopped: vec![]
        }
    );
    let text = "[nope,rabbitmq_prometheus,rabbitmq_top,'x y'].\n";
    assert_eq!(notes.0.lock().split_off(0), ["rabbitmq_top true", text]);
    let changed = plugins.set(names(&["rabbitmq_prometheus"])).unwrap();
    assert_eq!(changed.stopped, ["rabbitmq_top", "rabbitmq_management"]);
    let running: Vec<_> = plugins.running().iter().map(|plugin| plugin.name).collect();
    let agent = [
        "rabbitmq_prometheus",
        "rabbitmq_management_agent",
        "rabbitmq_web_dispatch",
    ];
    assert_eq!(running, agent);
    assert_eq!(
        plugins.set(names(&["rabbitmq_prometheus"])),
        Ok(Changed::default())
    );
}

#[test]
fn what_cannot_be_started_changes_nothing() {
    let (plugins, notes) = plugins();
    let before = plugins.enabled();
    let all = names(&["rabbitmq_event_exchange", "rabbitmq_stomp"]);
    assert_eq!(plugins.set(all), Err("rabbitmq_stomp: in use".to_owned()));
    assert_eq!(plugins.enabled(), before);
    assert_eq!(
        *notes.0.lock(),
        [
            "rabbitmq_event_exchange true",
            "rabbitmq_event_exchange false"
        ]
    );
}

// The order of RabbitMQ 4.3.6, whose start says so.
#[test]
fn default_plugins_are_the_four_of_the_image() {
    let (plugins, _) = plugins();
    assert_eq!(
        plugins
            .running()
            .iter()
            .map(|plugin| plugin.name)
            .collect::<Vec<_>>(),
        [
            "rabbitmq_management",
            "rabbitmq_prometheus",
            "rabbitmq_management_agent",
            "rabbitmq_web_dispatch",
        ]
    );
}

#[test]
fn switch_that_a_setting_sets_goes_before_the_list() {
    let settings = Settings {
        management_enabled: false,
        event_exchange_enabled: true,
        plugins_enabled: ["rabbitmq_top", "rabbitmq_shovel", "nope"]
            .map(str::to_owned)
            .to_vec(),
        ..Settings::default()
    };
    let told = [
        "rabbitmq_shovel",
        "nope",
        "rabbitmq_prometheus",
        "rabbitmq_event_exchange",
    ];
    assert_eq!(enabled(&settings), told);
}

use std::collections::HashSet;

use super::*;
use crate::management::contract::act;

fn operation(verb: Verb) -> Operation {
    Operation {
        verb,
        needs: Needs::Nothing,
        amqp: Amqp::None,
        contract: act(),
        tag: "",
        about: "",
        handler: |_| panic!("it is not asked"),
    }
}

fn allow(operations: &'static [Operation]) -> String {
    Route {
        path: "/",
        operations,
    }
    .allow()
}

#[test]
fn the_methods_of_a_path_are_those_of_its_rows() {
    let operations = |verbs: &[Verb]| -> &'static [Operation] {
        Vec::leak(verbs.iter().copied().map(operation).collect())
    };
    assert_eq!(allow(operations(&[Verb::Get])), "HEAD, GET, OPTIONS");
    assert_eq!(allow(operations(&[Verb::GetAlone])), "GET, OPTIONS");
    assert_eq!(
        allow(operations(&[Verb::Get, Verb::Put, Verb::Delete])),
        "HEAD, GET, PUT, DELETE, OPTIONS"
    );
}

#[test]
fn every_row_can_be_reached_and_says_what_it_is() {
    let mut seen = HashSet::new();
    for route in all() {
        assert!(seen.insert(route.path), "{} stands twice", route.path);
        assert!(route.path.starts_with('/') && !route.path.ends_with('/'));
        for operation in route.operations {
            let about = operation.about;
            assert!(
                about.ends_with('.') && about.len() > 10,
                "{}: {about}",
                route.path
            );
            let of_vhost = [Needs::Vhost, Needs::VhostSeen].contains(&operation.needs);
            let names_vhost = route.path.contains("{vhost}");
            assert!(!of_vhost || names_vhost, "{} names no vhost", route.path);
            assert!(
                operation.amqp == Amqp::None || names_vhost,
                "{}",
                route.path
            );
        }
        let first = |method: &str| {
            route
                .operations
                .iter()
                .filter(|operation| operation.verb.is(method))
                .count()
        };
        for method in ["GET", "POST", "PUT", "DELETE"] {
            assert!(first(method) <= 1, "{method} {} stands twice", route.path);
        }
    }
}

#[test]
fn what_removes_has_places_of_its_own() {
    let kind = |path: &str, method| {
        let route = all().find(|route| route.path == path).unwrap();
        route.operation(method).unwrap().change()
    };
    let queue = "/queues/{vhost}/{queue}";
    assert_eq!(kind(&format!("{queue}/get"), "POST"), Kind::Removes);
    assert_eq!(kind(&format!("{queue}/contents"), "DELETE"), Kind::Removes);
    assert_eq!(kind("/connections/{connection}", "DELETE"), Kind::Removes);
    assert_eq!(kind(queue, "PUT"), Kind::Sets);
    let publish = "/exchanges/{vhost}/{exchange}/publish";
    assert_eq!(kind(publish, "POST"), Kind::Publishes);
}

//! The table as a whole, and what is chosen of it.

use std::collections::BTreeMap;

use super::*;
use crate::metrics::family::{Kind, Source};

fn pages() -> Vec<Page> {
    let names = GROUPS.iter().copied().flatten().map(|group| group.name);
    let families = names.map(str::to_owned).collect();
    let detailed = Page::Detailed {
        families,
        vhosts: Vec::new(),
    };
    vec![Page::Aggregated, Page::PerObject, Page::Memory, detailed]
}

fn detailed(query: &str) -> Vec<String> {
    let page = Page::of(Some("detailed"), query, false).expect("there is such a page");
    let full = |planned: &Planned| format!("{}{}", planned.name.prefix, planned.name.own);
    page.plan().iter().map(full).collect()
}

/// What `promtool check metrics` asks for, for every family there is.
#[test]
fn names_types_and_words_are_in_order() {
    for planned in pages().iter().flat_map(Page::plan) {
        let Family {
            name,
            kind,
            help,
            source,
        } = planned.family;
        let is_total = name.ends_with("_total");
        assert_eq!(is_total, *kind == Kind::Counter, "{name}");
        let is_part = ["_count", "_sum", "_bucket"]
            .iter()
            .any(|end| name.ends_with(end));
        assert!(!is_part || *kind == Kind::Untyped, "{name}");
        let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.chars().all(letters), "{name}");
        assert!(!help.is_empty() && !help.ends_with('.'), "{name}");
        assert!(!help.contains(['\\', '\n']), "{name}");
        let is_gauge_of_queues = matches!(source, Source::QueueInfo);
        assert!(!is_gauge_of_queues || *kind == Kind::Gauge, "{name}");
    }
}

#[test]
fn a_family_is_on_a_page_once() {
    for page in pages() {
        let mut seen = BTreeMap::new();
        for planned in page.plan() {
            let name = format!("{}{}", planned.name.prefix, planned.name.own);
            assert_eq!(seen.insert(name.clone(), ()), None, "{name}");
        }
    }
    let once = detailed("family=queue_metrics");
    let with_parts = detailed("family=queue_metrics&family=queue_consumer_count");
    assert_eq!(once, with_parts);
}

#[test]
fn each_registry_has_its_page() {
    let of = |registry, per_object| Page::of(registry, "family=x", per_object);
    assert_eq!(of(None, false), Some(Page::Aggregated));
    assert_eq!(of(None, true), Some(Page::PerObject));
    assert_eq!(of(Some("default"), false), Some(Page::Aggregated));
    assert_eq!(of(Some("per-object"), false), Some(Page::PerObject));
    assert_eq!(of(Some("memory-breakdown"), false), Some(Page::Memory));
    assert_eq!(of(Some("nope"), false), None);
}

#[test]
fn only_what_is_asked_for_is_there() {
    let info = ["rabbitmq_build_info", "rabbitmq_identity_info"];
    assert_eq!(detailed(""), info);
    assert_eq!(detailed("family=&family=nope"), info);
    let status = detailed("family=vhost_status&vhost=a&columns=b");
    assert!(status.contains(&"rabbitmq_cluster_vhost_status".to_owned()));
    assert_eq!(status.len(), 3);
}

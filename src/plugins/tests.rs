use super::*;

fn names(plugins: &[Plugin]) -> Vec<&'static str> {
    plugins.iter().map(|plugin| plugin.name).collect()
}

#[test]
fn what_a_plugin_needs_stands_behind_it_once() {
    let plugins = with_dependencies(&["rabbitmq_web_dispatch", "rabbitmq_federation_prometheus"]);
    for (at, plugin) in plugins.iter().enumerate() {
        for needed in plugin.dependencies {
            let mut behind = plugins.iter().skip(at + 1);
            assert!(behind.any(|other| other.name == *needed), "{}", plugin.name);
        }
    }
    let mut once = names(&plugins);
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), plugins.len());
}

#[test]
fn table_is_in_order_and_needs_only_what_is_in_it() {
    assert!(all().map(|plugin| plugin.name).is_sorted());
    for plugin in all() {
        for name in plugin.dependencies {
            assert!(
                Plugin::named(name).is_some(),
                "{} needs {name}",
                plugin.name
            );
        }
    }
    assert_eq!(Plugin::named("rabbitmq_nope"), None);
    assert_eq!(all().count(), 42);
}

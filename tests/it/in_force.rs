//! Settings in force, as the management API shows them.

use leveret::broker::Broker;
use leveret::internals::config::KEYS;
use leveret::settings::{Secret, Settings};
use serde_json::{Value as Json, json};

use crate::http::Http;

#[test]
fn settings_in_force_are_shown_without_secrets() {
    let settings = Settings {
        default_pass: Secret::new("hush-1"),
        max_message_size: 1_000,
        ..Settings::default()
    };
    let broker = Broker::builder()
        .settings(settings)
        .management(0)
        .start()
        .unwrap();
    let http = Http::of(&broker).by("guest", "hush-1");
    let heard = http.get("/api/leveret/settings");
    assert!(!heard.text().contains("hush-1"));
    let all = heard.json();
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), KEYS.len());
    let find = |key: &str| -> &Json { all.iter().find(|one| one["key"] == key).unwrap() };
    let size = find("max_message_size");
    assert_eq!(
        (
            &size["value"],
            &size["default"],
            &size["changed"],
            &size["secret"]
        ),
        (
            &json!(1_000),
            &json!(16_777_216),
            &json!(true),
            &json!(false)
        )
    );
    assert!(size["about"].as_str().unwrap().len() > 10);
    let secret = find("default_pass");
    assert_eq!(
        (
            &secret["value"],
            &secret["default"],
            &secret["changed"],
            &secret["secret"]
        ),
        (&Json::Null, &Json::Null, &json!(true), &json!(true))
    );
    let origins = find("management.cors.allow_origins");
    assert_eq!(
        (&origins["value"], &origins["changed"]),
        (&json!([]), &json!(false))
    );
}

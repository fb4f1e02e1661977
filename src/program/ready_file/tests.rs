use tempfile::TempDir;

use super::*;

fn ready(durability: Durability) -> Ready {
    let settings = Settings {
        durability,
        data_dir: "data".into(),
        ..Settings::default()
    };
    let addresses = ["[::]:5672", "192.0.2.1:7", "[::1]:8"].map(|text| text.parse().unwrap());
    let listener = |name, protocol, addresses: &[SocketAddr]| Listening {
        name,
        protocol,
        addresses: addresses.to_vec(),
    };
    let http = ["[::]:15672".parse().unwrap()];
    let listeners = [
        listener("amqp", "amqp", &addresses),
        listener("management", "http", &http),
    ];
    Ready::new(&settings, &listeners)
}

#[test]
fn every_interface_is_told_as_an_address_to_connect_to() {
    let told = ready(Durability::Fsync)
        .amqp
        .into_iter()
        .map(|at| (at.host.to_string(), at.port));
    let expected = [("127.0.0.1", 5672), ("192.0.2.1", 7), ("::1", 8)];
    assert!(told.eq(expected.map(|(host, port)| (host.to_owned(), port))));
}

#[test]
fn the_file_is_json_with_all_there_is_to_know() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("ready.json");
    fs::write(&path, "old").unwrap();
    ready(Durability::Os).write(&path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["pid"], std::process::id());
    assert_eq!(
        json["amqp"][0],
        serde_json::json!({"host": "127.0.0.1", "port": 5672})
    );
    assert_eq!(
        json["listening"],
        serde_json::json!(["[::]:5672", "192.0.2.1:7", "[::1]:8"])
    );
    assert_eq!(
        json["listeners"][1],
        serde_json::json!({
            "name": "management",
            "protocol": "http",
            "addresses": ["[::]:15672"]
        })
    );
    assert_eq!(json["durability"], "os");
    assert!(Path::new(json["data_dir"].as_str().unwrap()).is_absolute());
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn a_broker_in_memory_has_no_directory() {
    let json = serde_json::to_value(ready(Durability::Memory)).unwrap();
    assert!(json["data_dir"].is_null());
    assert_eq!(json["durability"], "memory");
}

#[test]
fn a_file_that_is_not_there_is_removed_without_complaint() {
    let dir = TempDir::new().unwrap();
    remove(&dir.path().join("none")).unwrap();
    assert!(remove(dir.path()).is_err());
}

use std::path::PathBuf;

use tempfile::TempDir;

use crate::config::{AsServer, Flag, Inputs, Key, Loaded, Settings, load};

fn loaded(file: &str, text: &str, flags: &[(&str, &str)]) -> Result<Loaded, String> {
    let dir = TempDir::new().unwrap();
    let path: PathBuf = dir.path().join(file);
    std::fs::write(&path, text).unwrap();
    let flags = flags.iter().map(|(key, value)| Flag {
        option: "--set",
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    });
    let inputs = Inputs {
        file: Some(path),
        flags: flags.collect(),
        as_server: AsServer::No,
        ..Inputs::default()
    };
    let place = format!("{}/", dir.path().display());
    load(&inputs).map_err(|problems| problems.to_string().replace(&place, ""))
}

fn value(settings: &Settings, key: &str) -> String {
    Key::named(key).unwrap().value(settings).to_string()
}

#[test]
fn things_are_tables_of_a_file_and_dotted_names_of_the_command_line() {
    let text = "[default_users.\"a.b\"]\npassword = \"p\"\ntags = [\"management\"]\n\
                [default_users]\nbob.read = \"^r\"\n\
                [default_limits.vhosts.1]\nmax_queues = 5\n";
    let flags = [
        ("default_users.a.b.tags", "x,y"),
        ("default_policies.operator.bound.max_length_bytes", "1KiB"),
    ];
    let settings = loaded("leveret.toml", text, &flags).unwrap().settings;
    assert_eq!(
        value(&settings, "default_users"),
        "{ \"a.b\" = { password = \"p\", tags = [\"x\", \"y\"] }, bob = { read = \"^r\" } }"
    );
    assert_eq!(
        value(&settings, "default_limits.vhosts"),
        "{ 1 = { max_queues = 5 } }"
    );
    assert_eq!(
        value(&settings, "default_policies.operator"),
        "{ bound = { max_length_bytes = 1024 } }"
    );
    assert!(settings.check().is_ok());
    let key = Key::named("default_users").unwrap();
    let shown = key.printed(&settings) + &format!("{settings:?}");
    assert!(
        shown.contains("(not shown)") && !shown.contains("\"p\""),
        "{shown}"
    );
}

#[test]
fn what_is_wrong_with_a_thing_is_named() {
    let wrong = |text: &str| loaded("leveret.toml", text, &[]).unwrap_err();
    assert_eq!(
        wrong("\n[default_users.bob]\npasword = \"x\"\n"),
        "leveret.toml, line 3: default_users.bob.pasword: there is no setting with this name; did \
         you mean default_users.bob.password?"
    );
    assert_eq!(
        wrong("[default_limits.vhosts.1]\nmax_queues = 0\n"),
        "leveret.toml, line 2: default_limits.vhosts: found 1.max_queues = the number 0, expected \
         a whole number from 1 up"
    );
    let told = wrong("default_users.bob = 5\n");
    assert!(
        told.contains("found the number 5, expected tables by name"),
        "{told}"
    );
    let told = wrong("[default_users.bob]\npassword = 5\n");
    assert!(
        told.contains("bob.password = a value that is not shown here"),
        "{told}"
    );
}

// Seen: RabbitMQ 4.3.6, a rabbitmq.conf with these lines: what new vhosts get.
#[test]
fn rabbitmqs_lines_and_terms_are_things() {
    let lines = "default_users.bob.password = p\ndefault_users.bob.tags = a, b\n\
                 default_policies.operator.p.expires = 10m\n\
                 default_policies.operator.p.max_length_bytes = 1KB\n\
                 default_policies.operator.p.classic_queues.queue_version = 2\n\
                 default_limits.vhosts.1.pattern = ^v\ndefault_limits.vhosts.1.max_queues = 3\n";
    let terms = "[{rabbit, [\
        {default_users, [{<<\"bob\">>, [{<<\"password\">>, <<\"p\">>}, {tags, [a, b]}]}]},\
        {default_policies, [{operator, [{<<\"p\">>, [{<<\"expires\">>, 600000},\
            {<<\"max_length_bytes\">>, 1024}, {<<\"queue_version\">>, 2}]}]}]},\
        {default_limits, [{vhosts, [{<<\"1\">>, [{<<\"pattern\">>, \"^v\"},\
            {<<\"max_queues\">>, 3}]}]}]}]}].";
    for (file, text) in [("rabbitmq.conf", lines), ("advanced.config", terms)] {
        let loaded = loaded(file, text, &[]).unwrap();
        assert_eq!(loaded.ignored().count(), 0, "{file}");
        let settings = loaded.settings;
        for (key, told) in [
            (
                "default_users",
                "{ bob = { password = \"p\", tags = [\"a\", \"b\"] } }",
            ),
            (
                "default_policies.operator",
                "{ p = { expires = 600000, max_length_bytes = 1024, queue_version = 2 } }",
            ),
            (
                "default_limits.vhosts",
                "{ 1 = { max_queues = 3, pattern = \"^v\" } }",
            ),
        ] {
            assert_eq!(value(&settings, key), told, "{file}");
        }
    }
    let told = loaded("rabbitmq.conf", "default_users.bob.age = 7\n", &[]).unwrap_err();
    assert!(
        told.starts_with("rabbitmq.conf, line 1: default_users.bob.age: "),
        "{told}"
    );
    let lines = "heartbeat = 5\ndefault_users.bob.password = secret\n";
    let told = loaded("mine.toml", lines, &[]).unwrap_err();
    assert!(
        told.contains("default_users.bob.password = \"…\""),
        "{told}"
    );
}

//! Every setting by every way in, every error text, and the documents made of the table.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

/// What the four sources hold; the file is called `leveret.toml` in errors.
#[derive(Default)]
struct Sources<'a> {
    file: Option<&'a str>,
    env: &'a [(&'a str, &'a str)],
    /// Option, setting, value.
    flags: &'a [(&'static str, &'a str, &'a str)],
}

impl Sources<'_> {
    fn load(&self) -> Result<Loaded, String> {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("leveret.toml");
        if let Some(text) = self.file {
            fs::write(&path, text).unwrap();
        }
        let env = self.env.iter();
        let flags = self.flags.iter();
        let inputs = Inputs {
            file: self.file.map(|_| path),
            env: env
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            flags: flags.map(|flag| given(*flag)).collect(),
            ..Inputs::default()
        };
        let home = format!("{}/", dir.path().display());
        load(&inputs).map_err(|problems| problems.to_string().replace(&home, ""))
    }
}

fn given((option, key, value): (&'static str, &str, &str)) -> Flag {
    Flag {
        option,
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

fn file(text: &str) -> Result<Loaded, String> {
    Sources {
        file: Some(text),
        ..Sources::default()
    }
    .load()
}

fn env(pairs: &[(&str, &str)]) -> Result<Loaded, String> {
    Sources {
        env: pairs,
        ..Sources::default()
    }
    .load()
}

fn flag(option: &'static str, key: &str, value: &str) -> Result<Loaded, String> {
    Sources {
        flags: &[(option, key, value)],
        ..Sources::default()
    }
    .load()
}

#[track_caller]
fn refused(outcome: Result<Loaded, String>, text: &str) {
    assert_eq!(outcome.map(|loaded| loaded.settings).unwrap_err(), text);
}

/// A value the setting takes that is not its default.
fn sample(key: &Key) -> Value {
    let default = key.value(&Settings::default());
    match (key.value_type, default) {
        (ValueType::Host | ValueType::HostOrNone, _) => Value::Text("127.0.0.9".to_owned()),
        (ValueType::Flag, Value::Flag(flag)) => Value::Flag(!flag),
        (ValueType::FlagOrNone, _) => Value::Flag(true),
        (ValueType::MomentsOrNone, _) => Value::Text("$D0".to_owned()),
        (ValueType::Word(words), Value::Text(default)) => Value::Text(
            words
                .iter()
                .find(|word| **word != default)
                .unwrap()
                .to_string(),
        ),
        (ValueType::List { of: [one, ..], .. }, _) => Value::List(vec![one.to_string()]),
        _ if key.name == "extra_listeners" || key.name == "ssl_listeners" => {
            Value::List(vec!["127.0.0.1:5673".to_owned()])
        }
        (ValueType::List { .. }, _) => Value::List(vec!["ann".to_owned(), "bob".to_owned()]),
        (ValueType::Named(parts), _) => {
            let part = parts.iter().find(|part| part.name.contains("pattern"));
            let text = Value::Text("^a.b$".to_owned());
            let part = part.or(parts.first()).unwrap();
            Value::Named(Named::default().with("a.b", part.name, text))
        }
        (ValueType::Ratio, _) => Value::Ratio(0.25),
        (_, Value::Whole(whole)) => Value::Whole(whole + 1),
        (ValueType::WholeOrNone(least, ..), Value::None) => Value::Whole(least + 1),
        _ => Value::Text("other".to_owned()),
    }
}

/// The value as the environment and the command line have it.
fn raw(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(items) => items.join(","),
        other => other.to_string(),
    }
}

#[track_caller]
fn only_this_differs(loaded: &Loaded, key: &Key, value: &Value) {
    assert_eq!(key.value(&loaded.settings), *value, "{}", key.name);
    // Parts of the broker follow the plugins that they are.
    let parts = [
        "management.enabled",
        "prometheus.enabled",
        "event_exchange.enabled",
    ];
    let follows = |other: &str| key.name == "plugins.enabled" && parts.contains(&other);
    let given = loaded.given().map(|(key, _)| key.name);
    let given: Vec<_> = given
        .filter(|name| *name == key.name || !follows(name))
        .collect();
    assert_eq!(given, [key.name]);
    let others = KEYS.iter().filter(|other| other.name != key.name);
    for other in others.filter(|other| !follows(other.name)) {
        let default = other.value(&Settings::default());
        assert_eq!(
            other.value(&loaded.settings),
            default,
            "{} by {}",
            other.name,
            key.name
        );
    }
}

#[test]
fn every_setting_has_a_default_that_is_in_range() {
    Settings::default().check().unwrap();
    assert_eq!(env(&[]).unwrap().settings, Settings::default());
    assert_eq!(env(&[]).unwrap().given().count(), 0);
}

#[test]
fn every_setting_is_read_from_the_file() {
    for key in KEYS {
        let value = sample(key);
        only_this_differs(
            &file(&format!("{} = {value}", key.name)).unwrap(),
            key,
            &value,
        );
    }
}

#[test]
fn every_setting_is_read_from_the_environment() {
    for key in KEYS {
        let value = sample(key);
        only_this_differs(&env(&[(&key.env(), &raw(&value))]).unwrap(), key, &value);
    }
}

#[test]
fn every_setting_is_read_from_the_command_line() {
    for key in KEYS {
        let value = sample(key);
        let loaded = flag("--set", key.name, &raw(&value)).unwrap();
        only_this_differs(&loaded, key, &value);
    }
}

#[test]
fn every_setting_refuses_a_value_of_another_kind_from_the_file() {
    for key in KEYS {
        let text = file(&format!("{} = 1979-05-27", key.name)).unwrap_err();
        let found = match key.value_type {
            ValueType::Secret => "a value that is not shown here",
            _ => "a date or time",
        };
        let expected = key.value_type.expected();
        let whole = format!(
            "leveret.toml, line 1: {}: found {found}, expected {expected}",
            key.name
        );
        assert_eq!(text, whole);
    }
}

#[test]
fn ranges_hold_at_both_ends_for_every_whole_number() {
    for key in KEYS {
        let (ValueType::Whole(least, most, _) | ValueType::WholeOrNone(least, most, _)) =
            key.value_type
        else {
            continue;
        };
        let takes = |whole: u64| {
            key.value_type
                .read(&Given::Raw(whole.to_string()))
                .is_some()
        };
        assert!(takes(least) && takes(most), "{}", key.name);
        assert!(least == 0 || !takes(least - 1), "{}", key.name);
        assert!(!takes(most + 1), "{}", key.name);
        let mut settings = Settings::default();
        let end = Given::Raw(most.to_string());
        key.set(&mut settings, &end, &Origin::Program)
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn names_and_variables_are_unique() {
    let mut names: Vec<_> = KEYS
        .iter()
        .flat_map(|key| [key.name.to_owned(), key.env()])
        .collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn later_sources_win() {
    let all = Sources {
        file: Some("port = 1\nhost = \"127.0.0.1\"\nheartbeat = 10\nchannel_max = 9"),
        env: &[
            ("LEVERET_PORT", "2"),
            ("LEVERET_HEARTBEAT", "20"),
            ("LEVERET_HOST", "127.0.0.2"),
        ],
        flags: &[
            ("--port", "port", "3"),
            ("--set", "heartbeat", "30"),
            ("--set", "heartbeat", "40"),
        ],
    };
    let loaded = all.load().unwrap();
    assert_eq!(loaded.settings.port, 3);
    assert_eq!(loaded.settings.heartbeat_s, 40);
    assert_eq!(loaded.settings.host, "127.0.0.2");
    assert_eq!(loaded.settings.channel_max, 9);
    let origins: Vec<_> = loaded
        .given()
        .map(|(key, origin)| (key.name, origin.clone()))
        .collect();
    assert!(origins.contains(&("port", Origin::Flag("--port"))));
    assert!(origins.contains(&("host", Origin::Env("LEVERET_HOST".to_owned()))));
    assert!(matches!(
        origins.last(),
        Some(("channel_max", Origin::File { line: 4, .. }))
    ));
}

#[test]
fn the_file_can_be_named_by_the_environment() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.toml");
    fs::write(&path, "port = 9").unwrap();
    let by_env = env(&[("LEVERET_CONFIG", path.to_str().unwrap())]).unwrap();
    assert_eq!(by_env.settings.port, 9);
}

#[test]
fn sections_and_dotted_names_are_the_same() {
    for text in [
        "log.level = \"error\"",
        "[log]\nlevel = \"error\"",
        "log = { level = \"error\" }",
    ] {
        assert_eq!(
            file(text).unwrap().settings.log_level,
            LogLevel::Error,
            "{text}"
        );
    }
}

#[test]
fn rabbitmq_variables_are_understood_below_our_own() {
    let loaded = env(&[
        ("RABBITMQ_DEFAULT_USER", "ann"),
        ("RABBITMQ_DEFAULT_PASS", "secret"),
        ("RABBITMQ_DEFAULT_VHOST", "shop"),
        ("RABBITMQ_NODE_PORT", "5673"),
        ("RABBITMQ_LOGS", "-"),
        ("LEVERET_DEFAULT_USER", "bob"),
    ]);
    let settings = loaded.unwrap().settings;
    assert_eq!(settings.default_user, "bob");
    assert_eq!(settings.default_pass.expose(), "secret");
    assert_eq!(
        (settings.default_vhost.as_str(), settings.port),
        ("shop", 5673)
    );
    refused(
        env(&[("RABBITMQ_NODE_PORT", "x")]),
        "environment variable RABBITMQ_NODE_PORT: port: found \"x\", \
         expected a whole number from 0 to 65535",
    );
}

#[test]
fn variables_of_kubernetes_and_of_the_tools_are_passed_over() {
    let loaded = env(&[
        ("LEVERET_PORT", "tcp://10.0.0.1:5672"),
        ("LEVERET_PORT_5672_TCP_ADDR", "10.0.0.1"),
        ("LEVERET_SERVICE_HOST", "10.0.0.1"),
        ("LEVERET_TARGET", "amqp://127.0.0.1"),
        ("PATH", "/bin"),
    ]);
    assert_eq!(loaded.unwrap().given().count(), 0);
}

#[test]
fn sizes_may_carry_units() {
    let cases = [
        ("0", Some(0)),
        ("5b", Some(5)),
        ("1k", Some(1000)),
        ("1kB", Some(1000)),
        ("1Ki", Some(1024)),
        ("512MB", Some(512_000_000)),
        ("3 MiB", Some(3 << 20)),
        ("2GiB", Some(2 << 30)),
        ("1G", Some(1_000_000_000)),
        ("1TiB", Some(1 << 40)),
        ("1tb", Some(1_000_000_000_000)),
        ("", None),
        ("MB", None),
        ("-1", None),
        ("1.5GB", None),
        ("1 XB", None),
        ("99999999999TB", None),
        ("18446744073709551616", None),
    ];
    let value_type = ValueType::Whole(0, u64::MAX, Unit::Bytes);
    for (text, bytes) in cases {
        let expected = bytes.map(Value::Whole);
        assert_eq!(
            value_type.read(&Given::Raw(text.to_owned())),
            expected,
            "{text}"
        );
        assert_eq!(
            value_type.read(&Given::Text(text.to_owned())),
            expected,
            "{text}"
        );
    }
}

#[test]
fn none_means_no_limit_nobody_or_an_empty_list() {
    let loaded = file(
        "consumer_timeout = \"none\"\nanonymous_login_user = \"none\"\nloopback_users = \"none\"\n\
         max_connections = \"infinity\"\ndefault_user_tags = []",
    );
    let settings = loaded.unwrap().settings;
    assert_eq!(settings.consumer_timeout_ms, None);
    assert_eq!(settings.anonymous_login_user, None);
    assert_eq!(settings.max_connections, None);
    assert!(settings.loopback_users.is_empty() && settings.default_user_tags.is_empty());
}

#[test]
fn a_wrong_value_names_place_key_found_and_expected() {
    refused(
        file("# a comment\n\nport = 70000\n"),
        "leveret.toml, line 3: port: found the number 70000, \
         expected a whole number from 0 to 65535",
    );
    refused(
        file("port = \"5672\""),
        "leveret.toml, line 1: port: found the text \"5672\", \
         expected a whole number from 0 to 65535",
    );
    refused(
        file("[log]\nlevel = \"loud\""),
        "leveret.toml, line 2: log.level: found the text \"loud\", \
         expected one of debug, info, warning, error, none",
    );
    refused(
        env(&[("LEVERET_HEARTBEAT", "1m")]),
        "environment variable LEVERET_HEARTBEAT: heartbeat: found \"1m\", \
         expected seconds, a whole number from 0 to 65535",
    );
    refused(
        flag("--port", "port", "-1"),
        "command line, --port: port: found \"-1\", expected a whole number from 0 to 65535",
    );
    refused(
        flag("--set", "consumer_timeout", "0"),
        "command line, --set: consumer_timeout: found \"0\", \
         expected milliseconds, a whole number from 1 up, or none",
    );
    refused(
        file("vm_memory_high_watermark.relative = 40"),
        "leveret.toml, line 1: vm_memory_high_watermark.relative: found the number 40, \
         expected a number from 0 to 1",
    );
    refused(
        file("disk_free_limit = \"50 pounds\""),
        "leveret.toml, line 1: disk_free_limit: found the text \"50 pounds\", expected bytes, \
         a whole number or a text like \"512MB\" or \"2GiB\", from 0 up",
    );
    refused(
        flag("--host", "host", "127.0.0.1:5672"),
        "command line, --host: host: found \"127.0.0.1:5672\", \
         expected an IP address or host name without a port",
    );
}

#[test]
fn wrong_lists_flags_and_names_are_described() {
    refused(
        file("auth_mechanisms = [\"PLAIN\", \"NTLM\"]"),
        "leveret.toml, line 1: auth_mechanisms: found the list [\"PLAIN\", \"NTLM\"], \
         expected a list of one or more of PLAIN, AMQPLAIN, ANONYMOUS, EXTERNAL",
    );
    refused(
        file("auth_mechanisms = []"),
        "leveret.toml, line 1: auth_mechanisms: found the list [], \
         expected a list of one or more of PLAIN, AMQPLAIN, ANONYMOUS, EXTERNAL",
    );
    refused(
        file("loopback_users = [1, [2], true, 1.5]"),
        "leveret.toml, line 1: loopback_users: found the list [the number 1, a list, true, \
         the number 1.5], expected a list of names, or none",
    );
    refused(
        file("compat.permit_global_qos = \"yes\""),
        "leveret.toml, line 1: compat.permit_global_qos: found the text \"yes\", \
         expected true, false or none",
    );
    refused(
        file("definitions.skip_if_unchanged = \"yes\""),
        "leveret.toml, line 1: definitions.skip_if_unchanged: found the text \"yes\", \
         expected true or false",
    );
    refused(
        file("default_user = \"\""),
        "leveret.toml, line 1: default_user: found the text \"\", \
         expected a text of 1 to 255 bytes",
    );
    refused(
        env(&[("LEVERET_DATA_DIR", "")]),
        "environment variable LEVERET_DATA_DIR: data_dir: found \"\", expected a path",
    );
    let long = "x".repeat(300);
    let cut = format!("{}…", "x".repeat(60));
    refused(
        env(&[("LEVERET_CLUSTER_NAME", &long)]),
        &format!(
            "environment variable LEVERET_CLUSTER_NAME: cluster_name: found \"{cut}\", \
             expected a name of 1 to 255 bytes, or none"
        ),
    );
}

#[test]
fn an_unknown_name_comes_with_the_one_that_was_meant() {
    let unknown = |name: &str, hint: &str| {
        refused(
            file(&format!("\n{name} = 1")),
            &format!("leveret.toml, line 2: {name}: there is no setting with this name; {hint}"),
        );
    };
    unknown("prot", "did you mean port?");
    unknown("data-dir", "did you mean data_dir?");
    unknown("level", "did you mean log.level?");
    unknown("log.levle", "did you mean log.level?");
    unknown(
        "default_permissions",
        "there are default_permissions.configure, default_permissions.write, \
         default_permissions.read",
    );
    unknown("listeners.tcp.default", "here it is called port");
    unknown("log.default.level", "here it is called log.level");
    unknown("product.version", "here it is called server.version");
    unknown("mqtt.listeners", "`leveret settings` lists them all");
    unknown(&"y".repeat(101), "`leveret settings` lists them all");
    refused(
        env(&[("LEVERET_LOG_LEVL", "info")]),
        "environment variable LEVERET_LOG_LEVL: LEVERET_LOG_LEVL: there is no setting with this \
         name; did you mean LEVERET_LOG_LEVEL?",
    );
    refused(
        flag("--set", "heart_beat", "1"),
        "command line, --set: heart_beat: there is no setting with this name; \
         did you mean heartbeat?",
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let all = Sources {
        file: Some("prot = 1\nport = true"),
        env: &[("LEVERET_WORKERS", "many")],
        flags: &[("--log-level", "log.level", "shout")],
    };
    let text = all.load().map(|loaded| loaded.settings).unwrap_err();
    let places: Vec<_> = text
        .lines()
        .filter_map(|line| line.split(": ").next())
        .collect();
    let expected = [
        "leveret.toml, line 1",
        "leveret.toml, line 2",
        "environment variable LEVERET_WORKERS",
        "command line, --log-level",
    ];
    assert_eq!(places, expected);
}

#[test]
fn variables_are_told_in_the_order_of_their_names() {
    let text = env(&[("LEVERET_WORKERS", "x"), ("LEVERET_CHANNEL_MAX", "x")]);
    let text = text.map(|loaded| loaded.settings).unwrap_err();
    assert!(
        text.starts_with("environment variable LEVERET_CHANNEL_MAX"),
        "{text}"
    );
}

#[test]
fn values_are_compared_only_once_each_is_fine() {
    let text = file("frame_max = 4096\nport = true")
        .map(|loaded| loaded.settings)
        .unwrap_err();
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    refused(
        file("frame_max = 4096"),
        "initial_frame_max (8192, the default) must not be above frame_max (4096, leveret.toml, \
         line 1)",
    );
    refused(
        file("frame_max = 8192\nframe_max_floor = 8193"),
        "frame_max_floor (8193, leveret.toml, line 2) must not be above frame_max (8192, \
         leveret.toml, line 1)",
    );
    refused(
        file("anonymous_login_user = \"none\"\nauth_mechanisms = [\"ANONYMOUS\"]"),
        "anonymous_login_user (none, leveret.toml, line 1) and auth_mechanisms (ANONYMOUS alone, \
         leveret.toml, line 2): no client could log in",
    );
    refused(
        file("port = 7000\nmanagement.tcp.port = 7000"),
        "management.tcp.port (7000, leveret.toml, line 2) and port (7000, leveret.toml, line 1) \
         must not be the same",
    );
    refused(
        file("prometheus.tcp.port = 15672"),
        "prometheus.tcp.port (15672, leveret.toml, line 1) and management.tcp.port (15672, the \
         default) must not be the same",
    );
    refused(
        file("extra_listeners = [\"127.0.0.1\"]"),
        "extra_listeners (127.0.0.1, leveret.toml, line 1): expected a port, or an address and a \
         port",
    );
    refused(
        file("extra_listeners = [\"5673\", \"127.0.0.1:15672\"]"),
        "management.tcp.port (15672, the default) and extra_listeners (15672, leveret.toml, line \
         1) must not be the same",
    );
    for apart in [
        "port = 0\nmanagement.tcp.port = 0",
        "extra_listeners = [\"127.0.0.1:5673\", \"[::1]:5673\", \"0\"]",
        "port = 7000\nmanagement.tcp.port = 7000\nmanagement.enabled = false",
        "port = 7000\nhost = \"127.0.0.1\"\n[management.tcp]\nport = 7000\nip = \"127.0.0.2\"",
        "port = 7000\nhost = \"0.0.0.0\"\n[management.tcp]\nport = 7000\nip = \"::1\"",
    ] {
        assert!(file(apart).is_ok(), "{apart}");
    }
    for (host, ip) in [
        ("::", "127.0.0.1"),
        ("0.0.0.0", "::"),
        ("0.0.0.0", "localhost"),
    ] {
        let text =
            format!("port = 7000\nhost = \"{host}\"\n[management.tcp]\nport = 7000\nip = \"{ip}\"");
        assert!(file(&text).is_err(), "{text}");
    }
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let flags = |values: [(&'static str, &str); 2]| {
        let flags = values.map(|(option, value)| Flag {
            option,
            key: "durability".to_owned(),
            value: value.to_owned(),
        });
        load(&Inputs {
            flags: flags.into(),
            ..Inputs::default()
        })
        .map_err(|problems| problems.to_string())
    };
    let both = [("--ephemeral", "memory"), ("--set", "fsync")];
    refused(
        flags(both),
        "durability: --ephemeral makes it memory, --set makes it fsync: give one of them",
    );
    assert!(flags([("--ephemeral", "memory"), ("--set", "memory")]).is_ok());
    assert!(flags([("--set", "os"), ("--set", "fsync")]).is_ok());
}

#[test]
fn settings_that_a_program_fills_are_checked_too() {
    let filled = Settings {
        frame_max: 1,
        vm_memory_high_watermark_relative: f64::NAN,
        max_message_size: u64::MAX,
        ..Settings::default()
    };
    let text = filled.check().unwrap_err().to_string();
    assert!(
        text.contains("settings: frame_max: found the number 1, expected bytes"),
        "{text}"
    );
    assert!(text.contains("relative: found the number NaN"), "{text}");
    assert!(text.contains("settings: max_message_size"), "{text}");
    assert!(
        text.contains("initial_frame_max (8192) must not be above frame_max (1)"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_not_toml_names_the_line() {
    let text = file("port = 1\nhost = ::1\n").unwrap_err();
    assert!(
        text.starts_with("leveret.toml, line 2: not valid TOML: "),
        "{text}"
    );
    let text = file("port = 1\nport = 2\n").unwrap_err();
    assert!(
        text.starts_with("leveret.toml, line 2: not valid TOML: duplicate key"),
        "{text}"
    );
}

// What RABBITMQ_CONFIG_FILES names was applied over a file of ours.
#[test]
fn more_files_of_rabbitmq_are_read_beside_one_of_its_format_only() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let more = write("more.conf", "heartbeat = 20\n");
    let read = |file| {
        let env = vec![("RABBITMQ_CONFIG_FILES".into(), more.clone().into())];
        let inputs = Inputs {
            file: Some(file),
            env,
            ..Inputs::default()
        };
        let loaded = load(&inputs).unwrap();
        (loaded.settings.heartbeat_s, loaded.ignored().count())
    };
    assert_eq!(read(write("a.toml", "heartbeat = 10\n")), (10, 1));
    assert_eq!(read(write("a.conf", "heartbeat = 10\n")), (20, 0));
}

#[test]
fn a_missing_file_is_named() {
    let inputs = Inputs {
        file: Some("no/such.toml".into()),
        ..Inputs::default()
    };
    let text = load(&inputs).unwrap_err().to_string();
    assert!(
        text.starts_with("cannot read the settings file no/such.toml: No such file"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let value = OsString::from_vec(vec![0xff]);
    let inputs = Inputs {
        env: vec![("LEVERET_HOST".into(), value)],
        ..Inputs::default()
    };
    assert_eq!(
        load(&inputs).unwrap_err().to_string(),
        "environment variable LEVERET_HOST: host: found bytes that are not UTF-8, \
         expected UTF-8 text"
    );
}

#[test]
fn a_password_is_never_printed() {
    let loaded = file("default_pass = \"hunter2\"\nport = 1").unwrap();
    assert!(!format!("{loaded:?}").contains("hunter2"));
    let report = report(&loaded);
    assert!(!report.contains("hunter2") && report.contains("default_pass = (not shown)"));
    assert!(
        !file("default_pass = [\"hunter2\"]")
            .unwrap_err()
            .contains("hunter2")
    );
}

#[test]
fn the_report_is_what_differs_and_where_from() {
    let all = Sources {
        file: Some("disk_free_limit = \"1GB\""),
        env: &[("LEVERET_LOOPBACK_USERS", "ann, bob")],
        flags: &[("--ephemeral", "durability", "memory")],
    };
    let report = report(&all.load().unwrap());
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines[0], "ok");
    assert_eq!(
        lines[1],
        "durability = \"memory\"  # command line, --ephemeral"
    );
    let users = "[\"ann\", \"bob\"]  # environment variable LEVERET_LOOPBACK_USERS";
    assert_eq!(lines[2], format!("loopback_users = {users}"));
    assert!(
        lines[3].starts_with("disk_free_limit = 1000000000  # "),
        "{report}"
    );
    assert!(lines[3].ends_with("leveret.toml, line 1"), "{report}");
}

/// Compares a file of `config/` with what the table makes; `LEVERET_BLESS=1` writes it.
fn is_generated(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("config")
        .join(name);
    if std::env::var_os("LEVERET_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "config/{name} is behind the table: run LEVERET_BLESS=1 cargo test"
    );
}

#[test]
fn the_reference_is_made_of_the_table() {
    is_generated("SETTINGS.md", &reference());
}

#[test]
fn the_commented_file_is_made_of_the_table() {
    is_generated("leveret.toml", &template());
}

#[test]
fn the_commented_file_with_its_comments_taken_away_is_the_default() {
    let template = template();
    let setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
    let fixed = template
        .lines()
        .filter(setting)
        .filter(|line| !line.ends_with("\"…\""));
    let text: Vec<_> = fixed.map(|line| &line[1..]).collect();
    assert_eq!(
        text.len(),
        KEYS.iter().filter(|key| key.shown.is_none()).count()
    );
    let loaded = file(&text.join("\n")).unwrap();
    assert_eq!(loaded.settings, Settings::default());
    assert_eq!(file(&template).unwrap().given().count(), 0);
}

#[cfg(feature = "management")]
#[test]
fn settings_are_shown_without_secrets() {
    let settings = Settings {
        cluster_name: Some("a \"b\"".to_owned()),
        default_pass: Secret::new("hunter2"),
        ..Settings::default()
    };
    let shown = effective(&settings);
    for part in ["{'cluster_name',\"a \\\"b\\\"\"}", "{'channel_max',2047}"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(shown.starts_with("[{leveret,\n     [{'") && shown.ends_with("}]}]\n"));
    assert!(!shown.contains("hunter2") && !shown.contains("default_pass"));
}

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::config::{AsServer, Inputs, Loaded, load};

/// Files in RabbitMQ's place, and variables of the process.
struct Given<'a> {
    files: &'a [(&'a str, &'a str)],
    env: &'a [(&'a str, &'a str)],
}

impl Given<'_> {
    fn load(&self) -> Result<Loaded, String> {
        let dir = TempDir::new().unwrap();
        for (name, text) in self.files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let place = format!("{}/", dir.path().display());
        let env = self.env.iter();
        let inputs = Inputs {
            env: env
                .map(|(name, value)| (name.into(), value.replace("ETC/", &place).into()))
                .collect(),
            as_server: AsServer::In(dir.path().to_owned()),
            ..Inputs::default()
        };
        load(&inputs).map_err(|problems| problems.to_string().replace(&place, ""))
    }
}

fn env(env: &[(&str, &str)]) -> Vec<String> {
    told(&Given { files: &[], env }.load().unwrap())
}

/// What was given beside what every server has.
fn told(loaded: &Loaded) -> Vec<String> {
    let given = loaded
        .given()
        .filter(|(_, origin)| origin.to_string() != "started as rabbitmq-server");
    given
        .map(|(key, _)| format!("{}={}", key.name, key.value(&loaded.settings)))
        .collect()
}

// Docs: management, prometheus: their ports are their own.
#[test]
fn other_ports_of_a_server_stay_where_they_are() {
    let ports = |files, env| {
        let loaded = Given { files, env }.load().unwrap();
        let settings = &loaded.settings;
        let ports = [
            settings.management_address().1,
            settings.prometheus_address().1,
        ];
        (settings.port, ports)
    };
    let here = [15_672, 15_692];
    assert_eq!(ports(&[], &[("RABBITMQ_NODE_PORT", "5679")]), (5_679, here));
    let file: &[_] = &[("rabbitmq.conf", "listeners.tcp.default = 5673\n")];
    assert_eq!(ports(file, &[]), (5_673, here));
    let both: &[_] = &[("rabbitmq.conf", "management.tcp.port = 8080\n")];
    assert_eq!(ports(both, &[]), (5_672, [8_080, 15_692]));
}

#[test]
fn server_has_rabbitmqs_lines_and_a_directory_that_outlives_the_machines_name() {
    let loaded = Given {
        files: &[],
        env: &[],
    }
    .load()
    .unwrap();
    assert_eq!(loaded.settings.log_format.word(), "rabbitmq");
    assert_eq!(
        loaded.settings.data_dir,
        Path::new("/var/lib/rabbitmq/mnesia/rabbit")
    );
    let base = [
        ("RABBITMQ_MNESIA_BASE", "/b"),
        ("RABBITMQ_NODENAME", "bunny@h"),
    ];
    assert_eq!(
        env(&base),
        ["data_dir=\"/b/bunny\"", "node_name=\"bunny@h\""]
    );
    let dir = [
        ("RABBITMQ_MNESIA_BASE", "/b"),
        ("RABBITMQ_MNESIA_DIR", "/d"),
    ];
    assert_eq!(env(&dir), ["data_dir=\"/d\""]);
}

#[test]
fn variables_are_settings() {
    for (given, settings) in [
        (&[("RABBITMQ_NODE_PORT", "5673")][..], &["port=5673"][..]),
        (
            &[("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")],
            &["host=\"127.0.0.1\""],
        ),
        (&[("RABBITMQ_LOGS", "-")], &["log.file.name=\"none\""]),
        (
            &[("RABBITMQ_LOGS", "/var/log/r.log")],
            &[
                "log.console.enabled=false",
                "log.file.name=\"/var/log/r.log\"",
            ],
        ),
        (&[("RABBITMQ_LOG_BASE", "/l")], &["log.dir=\"/l\""]),
        (
            &[("RABBITMQ_LOG", "debug,connection=critical,+color,ra=debug")],
            &[
                "log.level=\"debug\"",
                "log.connection.level=\"error\"",
                "log.console.use_colors=\"on\"",
            ],
        ),
        (&[("RABBITMQ_PID_FILE", "/p")], &["pid_file=\"/p\""]),
        // Not for RabbitMQ: of Kubernetes, of the image, of a program that uses it.
        (
            &[
                ("RABBITMQ_PORT", "tcp://10.0.0.1:5672"),
                ("RABBITMQ_SERVICE_HOST", "10.0.0.1"),
                ("RABBITMQ_VERSION", "4.3.6"),
                ("RABBITMQ_USERNAME", "app"),
                ("RABBITMQ_NODE_PORT", ""),
            ],
            &[],
        ),
    ] {
        assert_eq!(env(given), settings, "{given:?}");
    }
}

#[test]
fn files_in_rabbitmqs_places_are_read_in_order() {
    let files = [
        (
            "rabbitmq.conf",
            "heartbeat = 10\nchannel_max = 10\nframe_max = 8192\n",
        ),
        ("conf.d/20-b.conf", "heartbeat = 20\n"),
        ("conf.d/10-a.conf", "heartbeat = 30\nchannel_max = 30\n"),
        ("conf.d/readme", "nonsense"),
        (
            "rabbitmq-env.conf",
            "NODE_PORT=5673\nDEFAULT_USER=\"$NODE_PORT-u\"\nNODENAME=n\n",
        ),
    ];
    let env = [("RABBITMQ_NODE_PORT", "5674")];
    let loaded = Given {
        files: &files,
        env: &env,
    }
    .load()
    .unwrap();
    assert_eq!(
        told(&loaded),
        [
            "port=5674",
            "default_user=\"5673-u\"",
            "heartbeat=20",
            "frame_max=8192",
            "channel_max=30",
            "node_name=\"n\"",
        ]
    );
    let origin = loaded.origin("default_user").to_string();
    assert!(origin.ends_with("rabbitmq-env.conf, line 2"), "{origin}");
    assert_eq!(loaded.files().len(), 3);
}

#[test]
fn passwords_can_be_in_files() {
    let files = [("secret", "hunter2\n")];
    let env = [("RABBITMQ_DEFAULT_PASS_FILE", "ETC/secret")];
    let loaded = Given {
        files: &files,
        env: &env,
    }
    .load()
    .unwrap();
    assert_eq!(loaded.settings.default_pass.expose(), "hunter2");
    let env = [("RABBITMQ_DEFAULT_PASS_FILE", "ETC/none")];
    let error = Given {
        files: &[],
        env: &env,
    }
    .load()
    .unwrap_err();
    assert!(
        error.starts_with("cannot read the settings file none:"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    for (files, env, error) in [
        (
            &[("rabbitmq-env.conf", "# ports\nNODE_PORT=$(cat port)\n")][..],
            &[][..],
            "rabbitmq-env.conf, line 2: found a command, which is not run, expected NAME=value, as \
             in NODENAME=rabbit, or # comment",
        ),
        (
            &[("rabbitmq-env.conf", "NODE_PORT=many\n")],
            &[],
            "rabbitmq-env.conf, line 1: port: found \"many\", expected a whole number from 0 to \
             65535",
        ),
        (
            &[],
            &[("RABBITMQ_NODE_PORT", "many")],
            "environment variable RABBITMQ_NODE_PORT: port: found \"many\", expected a whole \
             number from 0 to 65535",
        ),
        (
            &[("conf.d/a.conf", "heartbeta = 1\n")],
            &[],
            "conf.d/a.conf, line 1: heartbeta: there is no setting with this name; did you mean \
             heartbeat?",
        ),
    ] {
        let told = Given { files, env }.load().unwrap_err();
        assert_eq!(told, error, "{files:?} {env:?}");
    }
}

#[test]
fn what_has_no_effect_is_said_once_for_each() {
    let env = [("RABBITMQ_FEATURE_FLAGS", "x"), ("RABBITMQ_DIST_PORT", "1")];
    let loaded = Given {
        files: &[],
        env: &env,
    }
    .load()
    .unwrap();
    let told: Vec<_> = loaded.ignored().map(|(_, text)| text).collect();
    assert_eq!(
        told,
        [
            "RABBITMQ_DIST_PORT is RabbitMQ's and has no effect here",
            "RABBITMQ_FEATURE_FLAGS is RabbitMQ's and has no effect here",
        ]
    );
}

use std::fs;

use tempfile::TempDir;

use crate::config::{AsServer, Inputs, load};

/// Settings, what is ignored, and what is wrong, by a file of this name and text, beside a
/// `rabbitmq.conf` if it is an advanced one, and options of Erlang's.
fn read(name: &str, text: &str, options: &str) -> (Vec<String>, Vec<String>, String) {
    match name {
        "advanced.config" => read_all(
            &[
                (name, text),
                ("rabbitmq.conf", "heartbeat = 5\nframe_max = 8192\n"),
            ],
            options,
        ),
        _ => read_all(&[(name, text)], options),
    }
}

/// The same by these files and options.
fn read_all(files: &[(&str, &str)], options: &str) -> (Vec<String>, Vec<String>, String) {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let inputs = Inputs {
        env: vec![("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS".into(), options.into())],
        as_server: AsServer::In(dir.path().to_owned()),
        ..Inputs::default()
    };
    let place = format!("{}/", dir.path().display());
    match load(&inputs) {
        Ok(loaded) => {
            let given = loaded.given();
            let given = given.filter(|(_, origin)| !origin.to_string().starts_with("started"));
            let shown = |key: &crate::config::Key| {
                format!("{} = {}", key.name, key.value(&loaded.settings))
            };
            let ignored = loaded.ignored();
            let ignored = ignored.map(|(at, text)| format!("{at}: {text}").replace(&place, ""));
            (
                given.map(|(key, _)| shown(key)).collect(),
                ignored.collect(),
                String::new(),
            )
        }
        Err(problems) => (vec![], vec![], problems.to_string().replace(&place, "")),
    }
}

fn settings(text: &str) -> Vec<String> {
    let (settings, ignored, problems) = read("rabbitmq.config", text, "");
    assert_eq!((ignored, problems), (vec![], String::new()), "{text}");
    settings
}

/// Terms, and the settings that they are.
const TERMS: &[(&str, &[&str])] = &[
    (
        "[{rabbit,[{heartbeat,30},{channel_max,10}]}].",
        &["heartbeat = 30", "channel_max = 10"],
    ),
    ("[{rabbit,[{tcp_listeners,[5673]}]}].", &["port = 5673"]),
    (
        "[{rabbit,[{ssl_listeners,[5671,{\"127.0.0.1\",5673}]},{ssl_options,[\
         {cacertfile,\"/ca.pem\"},{certfile,\"/s.pem\"},{verify,verify_peer},\
         {fail_if_no_peer_cert,true},{depth,2},{versions,['tlsv1.3','tlsv1.2']},\
         {ciphers,[\"ECDHE-RSA-AES256-GCM-SHA384\"]},{honor_cipher_order,true},\
         {sni_hosts,[{\"a.example\",[{certfile,\"/a.pem\"},{keyfile,<<\"/a.key\">>}]}]}]}]},\
         {rabbitmq_management,[{ssl_config,[{port,15671},{certfile,\"/m.pem\"}]}]},\
         {rabbitmq_prometheus,[{ssl_config,[{port,15691},{certfile,\"/p.pem\"}]}]}].",
        &[
            "ssl_listeners = [\"5671\", \"127.0.0.1:5673\"]",
            "ssl_options.cacertfile = \"/ca.pem\"",
            "ssl_options.certfile = \"/s.pem\"",
            "ssl_options.verify = \"verify_peer\"",
            "ssl_options.fail_if_no_peer_cert = true",
            "ssl_options.depth = 2",
            "ssl_options.versions = [\"tlsv1.3\", \"tlsv1.2\"]",
            "ssl_options.ciphers = [\"ECDHE-RSA-AES256-GCM-SHA384\"]",
            "ssl_options.honor_cipher_order = true",
            "ssl_options.sni_hosts = { \"a.example\" = { certfile = \"/a.pem\", \
             keyfile = \"/a.key\" } }",
            "management.ssl.port = 15671",
            "management.ssl.certfile = \"/m.pem\"",
            "prometheus.ssl.port = 15691",
            "prometheus.ssl.certfile = \"/p.pem\"",
        ],
    ),
    (
        "[{rabbit,[{tcp_listeners,[]}]}].",
        &["amqp.enabled = false"],
    ),
    (
        "[{rabbit,[{tcp_listeners,[{\"127.0.0.1\",5674}]}]}].",
        &["host = \"127.0.0.1\"", "port = 5674"],
    ),
    (
        "[{rabbit,[{tcp_listeners,[5672,{\"::1\",5674}]}]}].",
        &["port = 5672", "extra_listeners = [\"::1:5674\"]"],
    ),
    (
        "[{rabbit,[{default_user,<<\"bob\">>},{default_vhost,<<\"v\">>},\
         {default_user_tags,[management]},\
         {default_permissions,[<<\"a\">>,<<\"b\">>,<<\"c\">>]}]}].",
        &[
            "default_user = \"bob\"",
            "default_vhost = \"v\"",
            "default_user_tags = [\"management\"]",
            "default_permissions.configure = \"a\"",
            "default_permissions.write = \"b\"",
            "default_permissions.read = \"c\"",
        ],
    ),
    (
        "[{rabbit,[{loopback_users,[]}]}].",
        &["loopback_users = []"],
    ),
    (
        "[{rabbit,[{loopback_users,[<<\"a.b\">>]}]}].",
        &["loopback_users = [\"a.b\"]"],
    ),
    (
        "[{rabbit,[{consumer_timeout,undefined}]}].",
        &["consumer_timeout = \"none\""],
    ),
    (
        "[{rabbit,[{vm_memory_high_watermark,{absolute,\"512MB\"}},{disk_free_limit,1000}]}].",
        &[
            "vm_memory_high_watermark.absolute = 512000000",
            "disk_free_limit = 1000",
        ],
    ),
    (
        "[{rabbit,[{vm_memory_high_watermark,0.5}]}].",
        &["vm_memory_high_watermark.relative = 0.5"],
    ),
    (
        "[{rabbit,[{log_levels,[{connection,error}]}]}].",
        &["log.connection.level = \"error\""],
    ),
    (
        "[{rabbit,[{log,[{console,[{enabled,true},{level,debug}]},{file,[{file,false}]},\
         {categories,[{channel,[{level,none}]}]}]}]}].",
        &[
            "log.channel.level = \"none\"",
            "log.console.enabled = true",
            "log.console.level = \"debug\"",
            "log.file.name = \"none\"",
        ],
    ),
    (
        "[{rabbitmq_management,[{listener,[{port,15673}]},{load_definitions,\"/x.json\"},\
         {cors_allow_origins,[\"*\"]}]},\
         {rabbitmq_prometheus,[{return_per_object_metrics,true}]}].",
        &[
            "management.tcp.port = 15673",
            "management.cors.allow_origins = [\"*\"]",
            "prometheus.return_per_object_metrics = true",
            "load_definitions = \"/x.json\"",
        ],
    ),
    (
        "[{rabbit,[{permit_deprecated_features,#{global_qos => false}}]}].",
        &["compat.permit_global_qos = false"],
    ),
    (
        "[{rabbit,[{auth_mechanisms,['PLAIN']}]}].",
        &["auth_mechanisms = [\"PLAIN\"]"],
    ),
    // Applications of Erlang's.
    (
        "[{kernel,[{inet_dist_use_interface,{127,0,0,1}}]},{ra,[{x,1}]}].",
        &[],
    ),
    ("[].", &[]),
];

#[test]
fn terms_are_settings() {
    for (terms, told) in TERMS {
        assert_eq!(settings(terms), *told, "{terms}");
    }
}

#[test]
fn advanced_file_goes_before_the_lines_and_options_before_it() {
    let file = "[{rabbit,[{heartbeat,10},{channel_max,20}]}].";
    let options = "+P 1000 -kernel x y -rabbit channel_max 30 -rabbitmq_management \
                   load_definitions \"/a b.json\" -rabbit log_levels [{connection,error}]";
    let (settings, ignored, problems) = read("advanced.config", file, options);
    assert_eq!((ignored, &*problems), (vec![], ""));
    assert_eq!(
        settings,
        [
            "load_definitions = \"/a b.json\"",
            "log.connection.level = \"error\"",
            "heartbeat = 10",
            "frame_max = 8192",
            "channel_max = 30",
        ]
    );
}

// Lines of rabbitmq.conf stayed beside a term, and one of them came before it.
#[test]
fn a_term_counts_instead_of_all_lines_of_its_setting() {
    let terms = "[{rabbit,[{tcp_listeners,[5674]},{loopback_users,[<<\"b\">>]},\
                 {vm_memory_high_watermark,0.5},{disk_free_limit,7},{auth_mechanisms,['PLAIN']},\
                 {default_permissions,[\"a\",\"b\",\"c\"]}]}].";
    let lines = "listeners.tcp = none\nlisteners.tcp.1 = 127.0.0.1:5673\n\
                 loopback_users = none\nloopback_users.a = true\n\
                 vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.relative = 2.0\n\
                 auth_mechanisms.1 = AMQPLAIN\ndefault_permissions.read = x\n";
    let files = [("advanced.config", terms), ("rabbitmq.conf", lines)];
    let (settings, ignored, problems) = read_all(&files, "");
    assert_eq!((ignored, &*problems), (vec![], ""));
    assert_eq!(
        settings,
        [
            "port = 5674",
            "default_permissions.configure = \"a\"",
            "default_permissions.write = \"b\"",
            "default_permissions.read = \"c\"",
            "loopback_users = [\"b\"]",
            "auth_mechanisms = [\"PLAIN\"]",
            "vm_memory_high_watermark.relative = 0.5",
            "disk_free_limit = 7",
        ]
    );
}

#[test]
fn what_has_no_effect_is_said_with_its_line() {
    let text = "[{rabbit,[\n  {hipe_compile,true},\n  {nope,{a,b}}]}].";
    let (_, mut ignored, problems) = read("advanced.config", text, "");
    ignored.sort();
    assert_eq!(problems, "");
    assert_eq!(
        ignored,
        [
            "advanced.config, line 2: hipe_compile is RabbitMQ's and has no effect here",
            "advanced.config, line 3: rabbit.nope is RabbitMQ's and has no effect here",
        ]
    );
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let expected = "found something else, expected applications with settings, as in [{rabbit, \
                    [{heartbeat, 30}]}].";
    for (text, line) in [
        ("[{rabbit,[{heartbeat,30}]}]", 1),
        ("[{rabbit,\n [{heartbeat,\n 30]}].", 3),
        ("{rabbit,[]}.", 1),
        ("[\n{rabbit,x}].", 2),
        ("[{rabbit,[\n\n{heartbeat}]}].", 3),
        ("", 1),
    ] {
        let (.., told) = read("advanced.config", text, "");
        assert_eq!(
            told,
            format!("advanced.config, line {line}: {expected}"),
            "{text:?}"
        );
    }
    let (.., told) = read("advanced.config", "[{rabbit,[\n{heartbeat,\"x\"}]}].", "");
    let words = "advanced.config, line 2: heartbeat: found \"x\", expected a whole number";
    assert!(told.starts_with(words), "{told}");
    // Passed over, it would let in whom another source of users keeps out.
    let (.., told) = read(
        "advanced.config",
        "[{rabbit,[{auth_backends,[{a,b}]}]}].",
        "",
    );
    assert!(told.contains("auth_backends.1"), "{told}");
}

use std::path::Path;

use tempfile::TempDir;

use super::Reading;

/// What a file with this text comes to: settings, what has no effect, and what is wrong.
fn read(text: &str) -> [Vec<String>; 3] {
    let dir = TempDir::new().unwrap();
    read_in(dir.path(), text)
}

fn read_in(dir: &Path, text: &str) -> [Vec<String>; 3] {
    let path = dir.join("rabbitmq.conf");
    std::fs::write(&path, text).unwrap();
    let mut reading = Reading::default();
    reading.file(&path);
    let reading = reading.finish(&|name| (name == "HB").then(|| "7".to_owned()));
    let shown = |text: String| text.replace(&format!("{}/", dir.display()), "");
    let given = reading.given.iter();
    let given = given.map(|(key, given, _)| {
        let value = key.value_type.read(given).unwrap();
        format!("{} = {value}", key.name)
    });
    let ignored = reading.ignored.iter();
    let ignored = ignored.map(|(origin, text)| {
        let name = text.strip_suffix(" is RabbitMQ's and has no effect here");
        shown(format!("{origin}: {}", name.unwrap()))
    });
    let problems = reading.problems.iter();
    let problems = problems.map(|problem| shown(problem.to_string()));
    [given.collect(), ignored.collect(), problems.collect()]
}

#[test]
fn what_we_have_acts_and_the_last_line_of_a_name_counts() {
    let [given, ignored, problems] = read(
        "heartbeat = 30\nheartbeat = $(HB)\nlisteners.tcp.default = 127.0.0.1:5673\n\
         log.console.level = notice\nlog.console.formatter = json\n\
         vm_memory_high_watermark.absolute = 2GiB\ndefault_pass = 'a # b'\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(ignored, [""; 0]);
    assert_eq!(
        given,
        [
            "default_pass = \"a # b\"",
            "heartbeat = 7",
            "host = \"127.0.0.1\"",
            "port = 5673",
            "log.format = \"json\"",
            "log.console.level = \"info\"",
            "vm_memory_high_watermark.absolute = 2147483648",
        ]
    );
}

#[test]
fn lists_are_gathered_from_their_lines() {
    let lists = |text| read(text)[0].clone();
    let text = "auth_mechanisms.2 = AMQPLAIN\nauth_mechanisms.10 = ANONYMOUS\n\
                auth_mechanisms.1 = PLAIN\n";
    let all = "auth_mechanisms = [\"PLAIN\", \"AMQPLAIN\", \"ANONYMOUS\"]";
    assert_eq!(lists(text), [all]);
    assert_eq!(
        lists("loopback_users.guest = false\n"),
        ["loopback_users = []"]
    );
    assert_eq!(lists("loopback_users = none\n"), ["loopback_users = []"]);
    let tags = "default_user_tags.management = true\ndefault_user_tags.administrator = false\n";
    assert_eq!(lists(tags), ["default_user_tags = [\"management\"]"]);
}

// Seen: RabbitMQ 4.3.6, its schema: `none` leaves no line of the same list.
#[test]
fn none_empties_a_list_whatever_its_other_lines_say() {
    let text = "loopback_users.x = true\nloopback_users = none\n";
    assert_eq!(read(text)[0], ["loopback_users = []"]);
}

// Names were joined at their dots and parted again: this was the user `doe`.
#[test]
fn a_name_with_an_escaped_dot_is_one_part() {
    let text = "loopback_users.john\\.doe = true\ndefault_user_tags.a\\.b = true\n";
    let given = [
        "default_user_tags = [\"a.b\"]",
        "loopback_users = [\"john.doe\"]",
    ];
    assert_eq!(
        read(text),
        [given.map(str::to_owned).to_vec(), vec![], vec![]]
    );
}

// The alphabet decided between two names for one setting.
#[test]
fn of_two_names_for_one_setting_the_first_in_its_row_counts() {
    for text in [
        "log.file.formatter = json\nlog.console.formatter = plaintext\n",
        "log.console.formatter = plaintext\nlog.file.formatter = json\n",
    ] {
        let [given, ..] = read(text);
        assert_eq!(
            given.last().map(String::as_str),
            Some("log.format = \"rabbitmq\"")
        );
    }
}

#[test]
fn permissions_of_the_default_user_are_what_their_lines_say() {
    let [given, ..] = read("default_permissions.read = ^r\ndefault_permissions.write = ^w\n");
    let told = [
        "default_permissions.read = \"^r\"",
        "default_permissions.write = \"^w\"",
    ];
    assert_eq!(given, told);
}

// Seen: RabbitMQ 4.3.6, `frame_max = 128KB` and `rabbitmqctl environment`.
#[test]
fn sizes_count_in_1024s() {
    for (size, bytes) in [("128KB", 131_072), ("128kb", 131_072), ("1MB", 1_048_576)] {
        let [given, ..] = read(&format!("frame_max = {size}\n"));
        assert_eq!(given, [format!("frame_max = {bytes}")]);
    }
    // Seen: RabbitMQ 4.3.6: sizes of memory and disk, which are texts, count in 1000s.
    let [given, ..] = read("disk_free_limit.absolute = 1MB\n");
    assert_eq!(given, ["disk_free_limit = 1000000"]);
}

#[test]
fn the_password_of_anonymous_is_not_that_of_the_default_user() {
    let [given, ..] = read("anonymous_login_pass = a\ndefault_pass = b\n");
    assert_eq!(
        given,
        ["anonymous_login_pass = \"a\"", "default_pass = \"b\""]
    );
}

// A warning was all that was left of them, and the door stood open.
#[test]
fn what_would_let_clients_in_if_it_were_passed_over_stops_the_start() {
    for line in [
        "auth_backends.1 = rabbit_auth_backend_ldap",
        "auth_backends.1.authn = ldap",
        "auth_backends.2.authz = cache",
        "prometheus.authentication.enabled = true",
        "management.listener.ssl = true",
        "ssl_options.crl_check = true",
        "ssl_options.crl_check = best_effort",
    ] {
        let [given, ignored, problems] = read(&format!("{line}\n"));
        assert_eq!((given.len(), ignored.len()), (0, 0), "{line}");
        let (name, value) = line.split_once(" = ").unwrap();
        let found = format!("rabbitmq.conf, line 1: {name}: {value} protects");
        assert!(problems[0].starts_with(&found), "{problems:?}");
    }
    for line in [
        "auth_backends.1 = internal",
        "auth_backends.1 = rabbit_auth_backend_internal",
        "prometheus.authentication.enabled = false",
        "management.listener.ssl = false",
        "ssl_options.crl_check = false",
        "auth_http.ssl_options.verify = verify_peer",
    ] {
        let [_, ignored, problems] = read(&format!("{line}\n"));
        assert_eq!((ignored.len(), problems.len()), (1, 0), "{line}");
    }
}

// It stopped the start: there was no broker without a listener for AMQP.
// Seen: RabbitMQ 4.3.6: `none` leaves no other listener of the same kind.
#[test]
fn none_is_no_listener_for_amqp_whatever_other_lines_say() {
    let text = "listeners.tcp.default = 5673\nlisteners.tcp = none\nlisteners.ssl.default = 5671\n";
    let [given, ignored, problems] = read(text);
    assert_eq!(problems, [""; 0]);
    let given_here = [
        "amqp.enabled = false",
        "port = 5673",
        "ssl_listeners = [\"5671\"]",
    ];
    assert_eq!(given, given_here);
    assert_eq!(ignored, [""; 0]);
}

#[test]
fn what_rabbitmq_says_of_tls_is_understood() {
    let [given, ignored, problems] = read(
        "listeners.ssl.default = 5671\nlisteners.ssl.local = 127.0.0.1:5673\n\
         ssl_options.certfile = /a.pem\nssl_options.password = x\n\
         ssl_options.verify = verify_peer\nssl_options.versions.1 = tlsv1.2\n\
         ssl_options.ciphers.1 = ECDHE-RSA-AES128-GCM-SHA256\nssl_options.depth = 2\n\
         ssl_cert_login_from = subject_alt_name\nmanagement.ssl.port = 15671\n\
         prometheus.ssl.honor_cipher_order = true\nssl_options.reuse_sessions = true\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(
        ignored,
        ["rabbitmq.conf, line 12: ssl_options.reuse_sessions"]
    );
    for line in [
        "ssl_listeners = [\"5671\", \"127.0.0.1:5673\"]",
        "ssl_options.certfile = \"/a.pem\"",
        "ssl_options.verify = \"verify_peer\"",
        "ssl_options.versions = [\"tlsv1.2\"]",
        "ssl_options.ciphers = [\"ECDHE-RSA-AES128-GCM-SHA256\"]",
        "ssl_options.depth = 2",
        "ssl_cert_login_from = \"subject_alternative_name\"",
        "management.ssl.port = 15671",
        "prometheus.ssl.honor_cipher_order = true",
    ] {
        assert!(given.iter().any(|given| given == line), "{line}: {given:?}");
    }
}

#[test]
fn what_we_lack_is_accepted_and_said_to_be_without_effect() {
    let [given, ignored, problems] = read(
        "cluster_partition_handling = autoheal\n\n# a comment\n\
         listeners.tcp.1 = 5672\nmqtt.allow_anonymous = false\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(given, ["port = 5672"]);
    assert_eq!(
        ignored,
        [
            "rabbitmq.conf, line 1: cluster_partition_handling",
            "rabbitmq.conf, line 5: mqtt.allow_anonymous",
        ]
    );
}

#[test]
fn the_first_listener_is_host_and_port_and_others_are_added() {
    let [given, ignored, problems] = read(
        "listeners.tcp.local = 127.0.0.1:5673\nlisteners.tcp.2 = ::1:5674\n\
         listeners.tcp.10 = 5675\nlisteners.tcp.1 = 192.0.2.1:5672\n",
    );
    assert_eq!((ignored, problems), (vec![], vec![]));
    assert_eq!(
        given,
        [
            "host = \"192.0.2.1\"",
            "port = 5672",
            "extra_listeners = [\"::1:5674\", \"5675\", \"127.0.0.1:5673\"]",
        ]
    );
}

#[test]
fn what_rabbitmq_refuses_is_refused_with_file_line_and_reason() {
    let [given, _, mut problems] = read(
        "heartbeats = 1\nheartbeat = soon\ndefault_user = $(NOT_SET)\nnonsense\n\
         default_pass = encrypted:abc\nlog.console.level = verbose\n",
    );
    problems.sort();
    assert_eq!(given, [""; 0]);
    assert_eq!(
        problems,
        [
            "rabbitmq.conf, line 1: heartbeats: there is no setting with this name; did you mean \
             heartbeat?",
            "rabbitmq.conf, line 2: heartbeat: found \"soon\", expected a whole number",
            "rabbitmq.conf, line 3: default_user: found $(NOT_SET), expected the environment \
             variable NOT_SET to be set",
            "rabbitmq.conf, line 4: found something else, expected name = value, include FILE or \
             # comment",
            "rabbitmq.conf, line 5: default_pass: found an encrypted value without a \
             config_entry_decoder in advanced.config, expected a plain one, or one that can be \
             decrypted",
            "rabbitmq.conf, line 6: log.console.level: found \"verbose\", expected one of debug, \
             info, notice, warning, error, critical, alert, emergency, none",
        ]
    );
}

#[test]
fn files_are_included_and_circles_have_an_end() {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("10-a.conf", "heartbeat = 10\n");
    write("20-b.conf", "heartbeat = 20\nchannel_max = 5\n");
    write("secret", "hush\n");
    let text = "heartbeat = 5\ninclude [0-9]*.conf\nchannel_max = 9\ndefault_pass = $(<secret)\n\
                include nothing-*.conf\n";
    let [given, _, problems] = read_in(dir.path(), text);
    assert_eq!(problems, [""; 0]);
    assert_eq!(
        given,
        [
            "channel_max = 9",
            "default_pass = \"hush\"",
            "heartbeat = 20"
        ]
    );

    let [_, _, problems] = read_in(dir.path(), "include rabbitmq.conf\n");
    assert_eq!(
        problems,
        ["rabbitmq.conf, line 1: too many files are included"]
    );
    let [_, _, problems] = read_in(dir.path(), "include missing.conf\n");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("missing.conf"), "{problems:?}");
}

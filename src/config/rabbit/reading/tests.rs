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
            "log.level = \"info\"",
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

#[test]
fn what_we_lack_is_accepted_and_said_to_be_without_effect() {
    let [given, ignored, problems] = read(
        "cluster_partition_handling = autoheal\n\n# two listeners are one too many\n\
         listeners.tcp.1 = 5672\nlisteners.tcp.2 = 5673\nmqtt.allow_anonymous = false\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(given, ["port = 5672"]);
    assert_eq!(
        ignored,
        [
            "rabbitmq.conf, line 1: cluster_partition_handling",
            "rabbitmq.conf, line 5: listeners.tcp.2",
            "rabbitmq.conf, line 6: mqtt.allow_anonymous",
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
            "rabbitmq.conf, line 5: default_pass: found an encrypted value, for which there is no \
             key here, expected a plain one",
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

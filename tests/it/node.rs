//! The node's Unix sockets and RabbitMQ's tools there: which socket is whose, who may ask, what
//! stays when the application is stopped.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use leveret::internals::limits::NODE_CONNECTIONS_MAX;
use rustix::process::geteuid;
use serde_json::Value;
use tempfile::TempDir;

use crate::http::Http;
use crate::process::Process;
use crate::talker::{Client, LOGIN, all_octets, eventually};

/// What a tool printed, and its exit code.
#[derive(Debug, PartialEq, Eq)]
struct Printed {
    code: i32,
    out: String,
    err: String,
}

/// The program as `rabbitmqctl`, without what the environment says.
fn tool() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
    command.env_clear().arg("ctl");
    command
}

fn printed(command: &mut Command) -> Printed {
    let output = command.output().unwrap();
    Printed {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// `rabbitmqctl WORDS` for the broker with this data directory.
fn ctl(data: &Path, words: &[&str]) -> Printed {
    printed(tool().arg("--data-dir").arg(data).args(words))
}

/// The same, which must work; what it printed.
fn done(data: &Path, words: &[&str]) -> String {
    let printed = ctl(data, words);
    assert_eq!((printed.code, &*printed.err), (0, ""), "{words:?}");
    printed.out
}

/// A directory for sockets by name.
fn with_runtime_dir(dir: &Path) -> String {
    format!("LEVERET_RUNTIME_DIR={}", dir.display())
}

#[test]
fn of_two_brokers_with_one_name_the_first_has_it_until_it_is_gone() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    };
    let runtime = at("run");
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let env = with_runtime_dir(&runtime);
    let start = |name: &str| {
        let before = ["env", &*env];
        Process::start_in(&before, &at(name), &at(&format!("{name}.scratch")), &[]).unwrap()
    };
    let by_name = || {
        let mut tool = tool();
        tool.env("LEVERET_RUNTIME_DIR", &runtime);
        printed(tool.args(["status", "--formatter", "json"]))
    };
    let status = |name: &str| done(&at(name), &["status", "--formatter", "json"]);
    let pid = |status: &str| {
        let status: Value = serde_json::from_str(status).unwrap();
        status["pid"].as_u64().unwrap()
    };
    let first = start("first");
    let second = start("second");
    eventually("the second says why it is not found", || {
        second.log().contains("a broker that runs has it")
    });
    assert_eq!(pid(&by_name().out), pid(&status("first")));
    assert_ne!(pid(&status("first")), pid(&status("second")));
    // What a broker leaves that is killed is no broker.
    first.kill();
    assert_eq!(by_name().code, 69);
    let third = start("third");
    assert_eq!(pid(&by_name().out), pid(&status("third")));
    third.stop();
    assert_eq!(by_name().code, 69, "a socket goes with its broker");
    second.stop();
}

#[test]
fn only_the_owner_of_a_broker_and_root_may_ask() {
    if !geteuid().is_root() {
        eprintln!("only root can ask as another user");
        return;
    }
    let dir = TempDir::new().unwrap();
    let (data, scratch) = (dir.path().join("data"), dir.path().join("scratch"));
    fs::create_dir_all(&scratch).unwrap();
    let broker = Process::start(&data, &scratch, &[]);
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open(dir.path(), 0o755);
    open(&data, 0o755);
    // The program may lie where another user finds nothing.
    let program = dir.path().join("leveret");
    fs::copy(env!("CARGO_BIN_EXE_leveret"), &program).unwrap();
    let as_another = || {
        let mut command = Command::new(&program);
        command.env_clear().arg("ctl").uid(65_534).gid(65_534);
        printed(command.arg("--data-dir").arg(&data).arg("list_queues"))
    };
    let kept_out = as_another();
    assert_eq!(kept_out.code, 69);
    assert!(
        kept_out.err.contains("Permission denied"),
        "{}",
        kept_out.err
    );
    // The kernel's word counts even if the file lets others in.
    open(&data.join("ctl.sock"), 0o666);
    let refused = as_another();
    assert_eq!(refused.code, 77);
    let reason = "this broker runs as user 0, who alone may ask it here, besides root; you are \
        user 65534";
    assert!(refused.err.contains(reason), "{}", refused.err);
    eventually("the refusal is in the log", || {
        broker.log().contains("user 65534 is refused")
    });
    done(&data, &["list_queues"]);
}

#[test]
fn idle_connections_keep_no_tool_out() {
    let dir = TempDir::new().unwrap();
    let _broker = Process::start(dir.path(), dir.path(), &[]);
    let socket = dir.path().join("ctl.sock");
    let connect = || UnixStream::connect(&socket).unwrap();
    let mut held: Vec<UnixStream> = (0..NODE_CONNECTIONS_MAX).map(|_| connect()).collect();
    let one_more = done(dir.path(), &["-q", "ping"]);
    assert_eq!(one_more, "Ping succeeded\n");
    // The one that has waited for longest made room.
    let mut oldest = held.remove(0);
    assert_eq!(oldest.read(&mut [0; 16]).unwrap(), 0);
    // Many that leave at once.
    for _ in 0..10 * NODE_CONNECTIONS_MAX {
        drop(connect());
    }
    assert_eq!(done(dir.path(), &["-q", "ping"]), "Ping succeeded\n");
}

#[test]
fn garbage_at_the_socket_ends_its_connection_only() {
    let dir = TempDir::new().unwrap();
    let mut broker = Process::start(dir.path(), dir.path(), &[]);
    for garbage in [
        &b"AMQP\x00\x00\x09\x01"[..],
        b"\r\n\r\n\r\n\0\0\0\0\0\0\0\0",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n",
    ] {
        let mut client = UnixStream::connect(dir.path().join("ctl.sock")).unwrap();
        client.write_all(garbage).unwrap();
        client.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // It is answered or reset, and it ends.
        drop(client.read_to_end(&mut answer));
    }
    assert!(broker.is_alive());
    assert_eq!(done(dir.path(), &["-q", "ping"]), "Ping succeeded\n");
}

#[test]
fn the_audit_log_names_the_tools() {
    let dir = TempDir::new().unwrap();
    let settings = ["management.enabled=false", "durability=os"];
    let broker = Process::start(dir.path(), dir.path(), &settings);
    done(dir.path(), &["add_user", "alice", "secret"]);
    let log = broker.stop();
    assert!(
        log.contains("user.created name=\"alice\" by=\"rmq-cli\""),
        "{log}"
    );
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn a_stopped_application_closes_its_doors_and_comes_back_with_its_data() {
    let dir = TempDir::new().unwrap();
    let settings = ["management.enabled=true", "management.tcp.port=0"];
    for more in ["durability=fsync", "durability=memory"] {
        let data = dir.path().join(more);
        fs::create_dir_all(&data).unwrap();
        let env = with_runtime_dir(&data);
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        let settings = [settings[0], settings[1], more];
        let broker = Process::start_in(&["env", &*env], &data, &data, &settings).unwrap();
        let ctl = |words: &[&str]| printed(tool().env("LEVERET_RUNTIME_DIR", &data).args(words));
        let done = |words: &[&str]| {
            let printed = ctl(words);
            assert_eq!((printed.code, &*printed.err), (0, ""), "{words:?}");
            printed.out
        };
        let can_connect = |door| TcpStream::connect(broker.door(door)).is_ok();
        done(&["add_user", "alice", "secret"]);
        assert!(can_connect("amqp") && can_connect("management"));
        for _twice in 0..2 {
            let said = done(&["stop_app"]);
            assert!(
                said.starts_with("Stopping rabbit application on node rabbit@"),
                "{said}"
            );
            assert!(!can_connect("amqp") && !can_connect("management"));
        }
        done(&["ping"]);
        let refused = ctl(&["list_queues"]);
        assert_eq!((refused.code, &*refused.out), (64, ""));
        assert!(
            refused
                .err
                .starts_with("Error: this command requires the 'rabbit' app to be running")
        );
        assert_eq!(ctl(&["await_startup"]).code, 69);
        // A start that fails loses nothing.
        let taken = TcpListener::bind(broker.door("amqp")).unwrap();
        let failed = ctl(&["start_app"]);
        assert_ne!(failed.code, 0);
        assert!(failed.err.contains("in use"), "{}", failed.err);
        drop(taken);
        done(&["start_app"]);
        assert_eq!(done(&["await_startup"]), "");
        assert!(
            can_connect("amqp") && can_connect("management"),
            "the ports are the same"
        );
        let again = ctl(&["add_user", "alice", "secret"]);
        assert_eq!(
            (again.code, &*again.err),
            (70, "Error:\nUser \"alice\" already exists\n")
        );
        assert_eq!(ctl(&["reset"]).code, 64, "it runs");
        done(&["stop_app"]);
        done(&["reset"]);
        done(&["start_app"]);
        done(&["add_user", "alice", "secret"]);
        broker.stop();
    }
}

// The name was made before the node's own was known, and clients were told another one than
// operators.
// Seen: RabbitMQ 4.3.6, GET /api/cluster-name and /api/global-parameters with and without the line.
#[test]
fn the_cluster_is_called_as_its_settings_say_or_as_its_node() {
    let dir = TempDir::new().unwrap();
    let (data, scratch) = (dir.path().join("data"), dir.path().join("scratch"));
    fs::create_dir_all(&scratch).unwrap();
    let before = ["env", "RABBITMQ_NODENAME=mq@elsewhere"];
    let start = |settings: &[&str]| Process::start_in(&before, &data, &scratch, settings).unwrap();
    // As operators, and as clients are told.
    let names = |broker: &Process| {
        let asked = done(&data, &["eval", "rabbit_nodes:cluster_name()."]);
        let asked = asked.trim().trim_matches(['<', '>', '"']).to_owned();
        let mut client = Client::raw_at(broker.address());
        client.send(&all_octets(&LOGIN[..1]));
        let told = client.hear();
        assert!(
            told.contains(&format!("cluster_name: '{asked}'")),
            "{asked}: {told}"
        );
        asked
    };
    let list = || {
        done(
            &data,
            &["-q", "list_global_parameters", "--no-table-headers"],
        )
    };
    let broker = start(&[]);
    let by_node = names(&broker);
    assert!(
        by_node.starts_with("mq@") && by_node != "mq@elsewhere",
        "{by_node}"
    );
    assert!(!list().contains("cluster_name"), "{}", list());
    broker.stop();
    let broker = start(&["cluster_name=given"]);
    assert_eq!(names(&broker), "given");
    assert!(list().contains("cluster_name\t\"given\""), "{}", list());
    done(&data, &["set_cluster_name", "other"]);
    assert_eq!(names(&broker), "other");
    broker.stop();
    let broker = start(&["cluster_name=given"]);
    assert_eq!(names(&broker), "given", "settings are set at every start");
    done(&data, &["set_cluster_name", "other"]);
    broker.stop();
    let broker = start(&[]);
    assert_eq!(names(&broker), "other");
    broker.stop();
}

// The line was missing after start_app, and scripts waited for it.
#[test]
fn an_application_that_is_started_again_says_so_in_rabbitmqs_words() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(dir.path(), dir.path(), &["log.format=rabbitmq"]);
    let count = || broker.log().matches("Server startup complete; ").count();
    eventually("it says that it is up", || count() == 1);
    done(dir.path(), &["stop_app"]);
    done(dir.path(), &["start_app"]);
    eventually("it says so again", || {
        count() == 2 && broker.log().matches("Time to start RabbitMQ").count() == 2
    });
    let log = broker.log();
    let mut lines = log.lines().filter_map(|line| line.split_once("> "));
    for said in [
        "RabbitMQ is asked to stop...",
        "Stopping RabbitMQ applications and their dependencies in the following order:",
        "    rabbitmq_management",
        "    rabbit",
        "Stopping application 'rabbitmq_management'",
        &format!("stopped TCP listener on {}", broker.address()),
        "Application rabbit exited with reason: stopped",
        "Successfully stopped RabbitMQ and its dependencies",
        "RabbitMQ is asked to start...",
        &format!("started TCP listener on {}", broker.address()),
        "Server startup complete; 4 plugins started.",
    ] {
        assert!(lines.any(|(_, text)| text == said), "{said}\n{log}");
    }
    done(dir.path(), &["start_app"]);
    done(dir.path(), &["ping"]);
    broker.stop();
}

// drain did nothing: clients stayed, and scripts that wait for them to go waited for ever.
#[test]
fn a_drained_node_serves_no_client_until_it_is_revived() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(dir.path(), dir.path(), &["management.tcp.port=0"]);
    let (amqp, http) = (broker.address(), broker.door("management"));
    let mut client = Client::at(amqp);
    client.ask("queue.declare queue='q' exclusive");
    let upgrade = |word: &str| {
        let mut tool = tool();
        tool.args(["upgrade", word, "--data-dir"]).arg(dir.path());
        let printed = printed(&mut tool);
        assert_eq!((printed.code, &*printed.err), (0, ""), "{word}");
    };
    upgrade("drain");
    let heard = client.hear();
    assert!(
        heard.contains("code=320")
            && heard.contains("CONNECTION_FORCED - Node was put into maintenance mode"),
        "{heard}"
    );
    let is_refused = |door| TcpStream::connect(door).is_err();
    assert!(is_refused(amqp) && is_refused(http));
    for said in [
        "This node is being put into maintenance (drain) mode",
        "Suspended all listeners and will no longer accept client connections",
        "Closed 1 local client connections",
    ] {
        eventually(said, || broker.log().contains(said));
    }
    upgrade("revive");
    Client::at(amqp).ask("queue.declare queue='r' exclusive");
    let checks = Http::at(http).by("guest", "guest");
    let check = checks.get("/api/health/checks/is-in-service");
    assert_eq!(check.status, 200);
    broker.stop();
}

// The lock went with the application: a second broker took the directory, and start_app failed.
#[test]
fn the_data_directory_stays_a_nodes_while_its_application_is_stopped() {
    let dir = TempDir::new().unwrap();
    let (data, scratch) = (dir.path().join("data"), dir.path().join("scratch"));
    fs::create_dir_all(&scratch).unwrap();
    let broker = Process::start(&data, &scratch, &[]);
    let second = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
        command
            .env_clear()
            .args(["--port", "0", "--data-dir"])
            .arg(&data);
        let printed = printed(command.args(["--set", "management.enabled=false"]));
        (printed.code, printed.err)
    };
    let refused = second();
    assert_eq!(refused.0, 1);
    let why = "another process uses the data directory";
    assert!(refused.1.contains(why), "{}", refused.1);
    done(&data, &["stop_app"]);
    assert_eq!(second(), refused);
    done(&data, &["reset"]);
    assert_eq!(second(), refused);
    done(&data, &["start_app"]);
    done(&data, &["list_queues"]);
    done(&data, &["stop_app"]);
    broker.stop();
    Process::start(&data, &scratch, &[]).stop();
}

#[test]
fn a_shutdown_ends_the_process_and_is_waited_for() {
    let dir = TempDir::new().unwrap();
    let mut broker = Process::start(dir.path(), dir.path(), &[]);
    let said = done(dir.path(), &["shutdown", "-t", "20"]);
    assert!(said.contains("successfully shut down"), "{said}");
    eventually("the process is gone", || !broker.is_alive());
    let down = ctl(dir.path(), &["ping"]);
    assert_eq!(down.code, 69);
    assert!(
        down.err
            .starts_with("Error:\nFailed to connect and authenticate to rabbit@")
    );
}

/// What the Java client's own test suite has `rabbitmqctl` do, as it reads what is printed.
///
/// Docs: the client's `Host` class: lines of `list_connections -q pid client_properties` are split
/// at tabs, and the name of a connection stands behind `"connection_name","`.
#[test]
fn the_java_client_tests_what_it_does_with_the_tools() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(dir.path(), dir.path(), &[]);
    let ctl = |words: &[&str]| done(dir.path(), words);
    let named = |name: &str| {
        let start_ok = format!(
            "connection.start-ok mechanism='PLAIN' response='\\x00guest\\x00guest' \
             locale='en_US' client-properties={{connection_name: '{name}'}}"
        );
        let [header, _, tune_ok, open] = LOGIN;
        Client::logged_in(broker.address(), &[header, &start_ok, tune_ok, open])
    };
    let (mut one, mut other) = (named("one"), named("other"));

    // Host.closeConnection: the pid of the connection of that name.
    let list = ctl(&["list_connections", "-q", "pid", "client_properties"]);
    let is_of_one = |line: &&str| line.contains("{\"connection_name\",\"one\"}");
    let line = list
        .lines()
        .find(is_of_one)
        .unwrap_or_else(|| panic!("{list}"));
    let (pid, _) = line.split_once('\t').unwrap();
    ctl(&["close_connection", pid, "Closed via rabbitmqctl"]);
    let close = one.hear();
    assert!(
        close.contains("code=320") && close.contains("Closed via rabbitmqctl"),
        "{close}"
    );

    // Host.setResourceAlarm, clearResourceAlarm.
    let set = "rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).";
    assert_eq!(ctl(&["eval", set]), "ok\n");
    let alarms = ctl(&["eval", "rabbit_alarm:get_alarms()."]);
    assert!(alarms.starts_with("[{{resource_limit,memory,"), "{alarms}");
    let clear = "rabbit_alarm:clear_alarm({resource_limit, memory, node()}).";
    assert_eq!(ctl(&["eval", clear]), "ok\n");
    let set = ["set_vm_memory_high_watermark", "0.000000001"];
    ctl(&set);
    eventually("memory is low", || {
        ctl(&["eval", "rabbit_alarm:get_alarms()."]) != "[]\n"
    });
    ctl(&["set_vm_memory_high_watermark", "0.9"]);
    eventually("memory is not low", || {
        ctl(&["eval", "rabbit_alarm:get_alarms()."]) == "[]\n"
    });

    // A policy on a queue that is there.
    assert_eq!(other.ask("channel.open"), "channel.open-ok");
    other.declare("java", "");
    ctl(&["set_policy", "ttl", "^java$", "{\"message-ttl\":60000}"]);
    let policies = ctl(&["list_queues", "-q", "name", "policy"]);
    assert_eq!(policies, "name\tpolicy\njava\tttl\n");

    // Host.stopRabbitOnNode and its way back: the client is told, the queue is there again.
    ctl(&["stop_app"]);
    let close = other.hear();
    assert!(close.contains("code=320"), "{close}");
    ctl(&["start_app"]);
    ctl(&["await_startup"]);
    assert_eq!(ctl(&["list_queues", "-q", "name", "policy"]), policies);
    broker.stop();
}

#[test]
fn limits_and_settings_change_while_the_broker_runs() {
    let dir = TempDir::new().unwrap();
    let broker = Process::start(dir.path(), dir.path(), &[]);
    let ctl = |words: &[&str]| done(dir.path(), words);
    let max = "application:set_env(rabbit, channel_max, 3).";
    assert_eq!(ctl(&["eval", max]), "ok\n");
    let mut client = Client::raw_at(broker.address());
    let [header, start_ok, ..] = LOGIN;
    client.send(&all_octets(&[header, start_ok]));
    assert!(client.hear().starts_with("connection.start "));
    let tune = client.hear();
    assert!(tune.contains("channel-max=3"), "{tune}");
    let max = "application:set_env(rabbit, channel_max, 2047).";
    assert_eq!(ctl(&["eval", max]), "ok\n");
    let size = "persistent_term:put(max_message_size, 10).";
    assert_eq!(ctl(&["eval", size]), "ok\n");
    let mut client = Client::at(broker.address());
    client.declare("q", "");
    client.publish("q", "longer than ten octets");
    let close = client.hear();
    assert!(close.contains("code=406"), "{close}");
    let said = ctl(&["set_disk_free_limit", "mem_relative", "1000000"]);
    assert!(said.contains("to 1000000 times the total RAM"), "{said}");
    eventually("the disk is low", || {
        ctl(&["eval", "rabbit_alarm:get_alarms()."]).contains("disk")
    });
    let refused = self::ctl(dir.path(), &["eval", "os:cmd(\"id\")."]);
    assert_eq!(refused.code, 69);
    assert!(refused.err.contains("It understands: "), "{}", refused.err);
    assert_eq!(self::ctl(dir.path(), &["eval", "1+"]).code, 64);
}

#[test]
fn links_answer_to_the_names_of_the_tools_and_the_server_can_leave_its_terminal() {
    let dir = TempDir::new().unwrap();
    let (bin, data) = (dir.path().join("bin"), dir.path().join("data"));
    let run = |name: &str, words: &[&str]| {
        let mut command = Command::new(bin.join(name));
        command.env_clear().env("LEVERET_RUNTIME_DIR", dir.path());
        command.env("LEVERET_DATA_DIR", &data).args(words);
        printed(&mut command)
    };
    let link = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leveret"));
        printed(command.env_clear().arg("link").arg(&bin))
    };
    assert_eq!(link().code, 0);
    assert_eq!(link().code, 0, "links are made anew");
    for tool in ["rabbitmqctl", "rabbitmq-diagnostics", "rabbitmq-plugins"] {
        assert_eq!(run(tool, &["version"]).out, "4.3.6\n", "{tool}");
    }
    let help = run("rabbitmq-server", &["-help"]);
    assert!(
        help.code == 0 && help.out.contains("--ready-file"),
        "{help:?}"
    );
    let port = [
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--set",
        "management.enabled=false",
    ];
    let more = ["--set", "prometheus.enabled=false", "-detached"];
    let left = run("rabbitmq-server", &[&port[..], &more].concat());
    assert_eq!(left.code, 0, "{left:?}");
    eventually("it is up", || {
        run("rabbitmqctl", &["await_startup"]).code == 0
    });
    assert_eq!(
        run("rabbitmq-diagnostics", &["-q", "ping"]).out,
        "Ping succeeded\n"
    );
    let report = run("rabbitmqctl", &["report"]);
    assert_eq!((report.code, &*report.err), (0, ""));
    for part in ["Runtime", "{rabbit,", "Listing queues for vhost / ..."] {
        assert!(report.out.contains(part), "{part}: {}", report.out);
    }
    assert_eq!(run("rabbitmqctl", &["shutdown", "-t", "20"]).code, 0);
    // A file of that name is another program's.
    fs::remove_file(bin.join("rabbitmqctl")).unwrap();
    fs::write(bin.join("rabbitmqctl"), "").unwrap();
    let refused = link();
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("is a file and no link"),
        "{}",
        refused.err
    );
}

// All places are taken by peers that do not read: the one that has not read for longest makes room.
#[test]
fn peers_that_do_not_read_keep_no_tool_out() {
    const ASKED: usize = 8;
    let dir = TempDir::new().unwrap();
    let _broker = Process::start(dir.path(), dir.path(), &[]);
    let socket = dir.path().join("ctl.sock");
    let ask = || {
        let mut stream = UnixStream::connect(&socket).unwrap();
        let request = "GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request.repeat(ASKED).as_bytes()).unwrap();
        stream
    };
    let mut held: Vec<UnixStream> = (0..NODE_CONNECTIONS_MAX).map(|_| ask()).collect();
    assert_eq!(done(dir.path(), &["-q", "ping"]), "Ping succeeded\n");
    // As many as there are, until all have come or the connection has ended.
    let answers = |stream: &mut UnixStream| {
        let (mut lines, mut found) = (BufReader::new(stream), 0);
        let mut line = Vec::new();
        while found < ASKED
            && lines
                .read_until(b'\n', &mut line)
                .is_ok_and(|read| read > 0)
        {
            found += usize::from(line.ends_with(b"HTTP/1.1 200 OK\r\n"));
            line.clear();
        }
        found
    };
    // One or two have made room, and all others are still served.
    let cut = held.iter_mut().map(answers).filter(|heard| *heard < ASKED);
    assert!((1..=2).contains(&cut.count()));
}

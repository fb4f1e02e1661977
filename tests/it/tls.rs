//! AMQP, the management API and the metrics over TLS; certificates of servers and clients.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use leveret::broker::Broker;
use leveret::settings::{LoginFrom, Settings, Verify};
use rcgen::{DnType, DnValue, SanType};
use rustls::version::{TLS12, TLS13};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::http::Http;
use crate::process::Process;
use crate::talker::{LOGIN, eventually};

mod certs;
pub(crate) mod peer;

use peer::{Authority, Peer};

/// The methods that a client hears which logs in: start, tune, open-ok.
const LOGGED_IN: [(u16, u16); 3] = [(10, 10), (10, 30), (10, 41)];

/// The sentences of a login by certificate.
fn external() -> [String; 4] {
    let [header, start_ok, tune_ok, open] = LOGIN.map(str::to_owned);
    let start_ok = start_ok.replace("'PLAIN'", "'EXTERNAL'");
    let start_ok = start_ok.replace("'\\x00guest\\x00guest'", "''");
    [header, start_ok, tune_ok, open]
}

fn authority() -> Authority {
    let authority = Authority::new();
    authority.sign("server", &|_| {});
    authority
}

fn broker(authority: &Authority, change: impl FnOnce(&mut Settings)) -> Broker {
    let builder = Broker::builder().management(0).configure(|settings| {
        authority.listen(settings);
        change(settings);
    });
    builder.start().unwrap()
}

/// Why a broker with these settings does not start.
fn refusal(authority: &Authority, change: impl FnOnce(&mut Settings)) -> String {
    let builder = Broker::builder().configure(|settings| {
        authority.listen(settings);
        change(settings);
    });
    builder.start().unwrap_err().to_string()
}

#[track_caller]
fn logs_in(peer: &mut Peer) {
    peer.say(&LOGIN);
    assert_eq!([(); 3].map(|()| peer.method()), LOGGED_IN);
}

/// The only connection, as a list shows it.
fn only_connection(broker: &Broker) -> Json {
    let list = Http::of(broker).get("/api/connections").json();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 1);
    list[0].clone()
}

#[test]
fn a_message_goes_through_in_each_version_of_tls() {
    let authority = authority();
    let broker = broker(&authority, |_| {});
    for (version, name, exchange) in [
        (&TLS12, "tlsv1.2", "ecdhe_ecdsa"),
        (&TLS13, "tlsv1.3", "any"),
    ] {
        let config = authority.client_of(None, &[version]);
        let mut peer = Peer::new(&config, broker.tls_addresses()[0]);
        logs_in(&mut peer);
        let body = "x".repeat(300_000);
        let publish = format!("basic.publish exchange='' routing-key='q' body='{body}'");
        peer.say(&[
            "channel.open",
            "queue.declare queue='q' auto-delete=true exclusive=true",
        ]);
        peer.say(&[&publish, "basic.consume queue='q' no-ack=true"]);
        let heard = [(); 4].map(|()| peer.method());
        assert_eq!(heard, [(20, 11), (50, 11), (60, 21), (60, 60)]);
        let mut octets = 0;
        assert_eq!(peer.frame().0, 2);
        while octets < body.len() {
            octets += peer.frame().2.len();
        }
        let shown = only_connection(&broker);
        assert_eq!(shown["ssl"], true);
        assert_eq!(shown["ssl_protocol"], name);
        assert_eq!(shown["ssl_key_exchange"], exchange);
        assert_eq!(shown["ssl_hash"], "aead");
        assert_eq!(shown["peer_cert_subject"], Json::Null);
        peer.say(&["0> connection.close code=200 text='' class=0 method=0"]);
        assert_eq!(peer.method(), (10, 51));
        // The goodbye of TLS comes before the end of the socket.
        drop(peer.0.sock.shutdown(std::net::Shutdown::Write));
        assert_eq!(peer.0.read(&mut [0]).unwrap(), 0);
        eventually("the connection is gone", || {
            Http::of(&broker).get("/api/connections").json() == serde_json::json!([])
        });
    }
}

// Seen: RabbitMQ 4.3.6, the lines of its log.
#[test]
fn what_is_no_tls_is_said_to_be_none() {
    let (authority, scratch) = (authority(), TempDir::new().unwrap());
    let file = |setting: &str, name: &str| {
        format!("ssl_options.{setting}={}", authority.path(name).display())
    };
    let process = Process::start(
        scratch.path(),
        scratch.path(),
        &[
            "ssl_listeners=127.0.0.1:0",
            &file("certfile", "server.pem"),
            &file("keyfile", "server.key"),
            "ssl_handshake_timeout=200",
            "durability=memory",
        ],
    );
    for octets in [&b"AMQP\0\0\x09\x01"[..], b"GET / HTTP/1.1\r\n\r\n"] {
        let mut socket = TcpStream::connect(process.door("amqps")).unwrap();
        socket.write_all(octets).unwrap();
        let mut heard = Vec::new();
        drop(socket.read_to_end(&mut heard));
        assert_eq!(heard, [0x15, 3, 1, 0, 2, 2, 10]);
    }
    let mut silent = TcpStream::connect(process.door("amqps")).unwrap();
    assert!(matches!(silent.read(&mut [0]), Ok(0) | Err(_)));
    // A client of another authority gives up by itself.
    let mut other = Peer::new(&Authority::new().client(None), process.door("amqps"));
    assert!(other.0.write_all(b"x").is_err());
    drop(other);
    let mut plain = TcpStream::connect(process.address()).unwrap();
    plain.write_all(&[0x16, 3, 1, 0, 200, 1, 0, 0]).unwrap();
    drop(plain.read_to_end(&mut Vec::new()));
    for words in [
        "is connecting to the 'amqp/ssl' listener without using TLS",
        "timeout error during handshake for protocol 'amqp/ssl' and peer 127.0.0.1:",
        "TLS error during handshake for protocol 'amqp/ssl' and peer 127.0.0.1:",
        "the client gave up with the alert DecryptError",
        "TLS client detected on non-TLS AMQP port",
    ] {
        eventually(&format!("{words}: {}", process.log()), || {
            process.log().contains(words)
        });
    }
}

#[test]
fn a_client_logs_in_by_its_certificate() {
    let authority = authority();
    authority.sign("guest", &|params| {
        let names = &mut params.distinguished_name;
        names.push(
            DnType::OrganizationName,
            DnValue::Utf8String("Ä, \"b\"".to_owned()),
        );
        params.subject_alt_names = vec![SanType::URI("spiffe://x/guest".try_into().unwrap())];
    });
    for (from, user) in [
        (LoginFrom::CommonName, Some("guest")),
        (LoginFrom::DistinguishedName, None),
        (LoginFrom::SubjectAlternativeName, None),
    ] {
        let broker = broker(&authority, |settings| {
            settings.ssl_options_verify = Verify::Peer;
            settings.ssl_cert_login_from = from;
            settings.auth_mechanisms = vec!["PLAIN".to_owned(), "EXTERNAL".to_owned()];
        });
        let mut peer = Peer::new(&authority.client(Some("guest")), broker.tls_addresses()[0]);
        let lines = external();
        peer.say(&lines.each_ref().map(String::as_str));
        let (_, _, start) = peer.frame();
        let start = String::from_utf8_lossy(&start).into_owned();
        assert!(start.contains("PLAIN EXTERNAL"), "{start}");
        let Some(user) = user else {
            // 403, for a client that wants to be told.
            assert_eq!(peer.method(), (10, 50));
            continue;
        };
        assert_eq!([peer.method(), peer.method()], [(10, 30), (10, 41)]);
        let shown = only_connection(&broker);
        assert_eq!(shown["user"], user);
        assert_eq!(shown["auth_mechanism"], "EXTERNAL");
        assert_eq!(
            shown["peer_cert_subject"],
            "O=\\C3\\84\\, \\\"b\\\",CN=guest"
        );
        assert_eq!(shown["peer_cert_issuer"], "CN=Test CA");
        let validity = shown["peer_cert_validity"].as_str().unwrap();
        assert_eq!(validity, "1975-01-01T00:00:00Z - 4096-01-01T00:00:00Z");
        let serial = shown["peer_cert_serial_number"].as_str().unwrap();
        assert!(
            serial.bytes().all(|octet| octet.is_ascii_hexdigit()),
            "{serial}"
        );
    }
}

// Seen: RabbitMQ 4.3.6: offered over TLS alone, and refused without a certificate.
#[test]
fn external_is_for_tls_and_certificates() {
    let authority = authority();
    let broker = broker(&authority, |settings| {
        settings.ssl_options_verify = Verify::Peer;
        settings.auth_mechanisms = vec!["EXTERNAL".to_owned(), "PLAIN".to_owned()];
    });
    let mut peer = Peer::new(&authority.client(None), broker.tls_addresses()[0]);
    let lines = external();
    peer.say(&[&lines[0], &lines[1]]);
    assert_eq!([peer.method(), peer.method()], [(10, 10), (10, 50)]);
    let mut plain = crate::talker::Client::raw(&broker);
    plain.say(LOGIN[0]);
    let start = plain.hear();
    assert!(start.contains("mechanisms='PLAIN'"), "{start}");
}

#[test]
fn certificates_of_clients_are_checked() {
    let (ours, theirs) = (authority(), authority());
    ours.sign("old", &|params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    let broker = broker(&ours, |settings| {
        settings.ssl_options_verify = Verify::Peer;
        settings.ssl_options_fail_if_no_peer_cert = true;
    });
    let address = broker.tls_addresses()[0];
    let is_let_in = |config| {
        let mut peer = Peer::new(&config, address);
        let said = peer.0.write_all(b"AMQP\0\0\x09\x01");
        said.and_then(|()| peer.0.read_exact(&mut [0])).is_ok()
    };
    assert!(is_let_in(ours.client(Some("server"))));
    assert!(!is_let_in(ours.client(None)));
    assert!(!is_let_in(ours.client(Some("old"))));
    fs::copy(theirs.path("server.pem"), ours.path("theirs.pem")).unwrap();
    fs::copy(theirs.path("server.key"), ours.path("theirs.key")).unwrap();
    assert!(!is_let_in(ours.client(Some("theirs"))));
}

// Docs: Erlang's ssl, `depth`: 0 is a certificate that an authority itself has signed.
#[test]
fn so_many_authorities_stand_between_at_most() {
    let authority = authority();
    for between in 0..=2 {
        authority.sign_below(&format!("below-{between}"), between);
    }
    for depth in 0..=1 {
        let broker = broker(&authority, |settings| {
            settings.ssl_options_verify = Verify::Peer;
            settings.ssl_options_fail_if_no_peer_cert = true;
            settings.ssl_options_depth = depth;
        });
        let is_let_in = [0, 1, 2].map(|between| {
            let config = authority.client(Some(&format!("below-{between}")));
            let mut peer = Peer::new(&config, broker.tls_addresses()[0]);
            let said = peer.0.write_all(b"AMQP\0\0\x09\x01");
            said.and_then(|()| peer.0.read_exact(&mut [0])).is_ok()
        });
        assert_eq!(is_let_in, [true, depth > 0, false], "{depth}");
    }
}

#[test]
fn a_host_has_its_own_certificate() {
    let authority = authority();
    authority.sign("a", &|params| {
        params.subject_alt_names = vec![SanType::DnsName("a.example".try_into().unwrap())];
    });
    authority.sign("b", &|params| {
        params.subject_alt_names = vec![SanType::DnsName("*.b.example".try_into().unwrap())];
    });
    let broker = broker(&authority, |settings| {
        for (host, name) in [("a.example", "a"), ("*.b.example", "b")] {
            for (field, end) in [("certfile", "pem"), ("keyfile", "key")] {
                let path = authority.path(&format!("{name}.{end}"));
                let path = leveret::settings::Value::Text(path.display().to_string());
                let hosts = std::mem::take(&mut settings.ssl_options_sni_hosts);
                settings.ssl_options_sni_hosts = hosts.with(host, field, path);
            }
        }
    });
    for host in ["a.example", "x.b.example", "localhost"] {
        let config = authority.client(None);
        logs_in(&mut Peer::asking(&config, broker.tls_addresses()[0], host));
    }
}

#[test]
fn what_cannot_be_spoken_stops_the_start() {
    let authority = authority();
    authority.sign("other", &|_| {});
    let path = |name: &str| Some(authority.path(name));
    fs::write(authority.path("empty.pem"), "").unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n";
    fs::write(authority.path("broken.pem"), broken).unwrap();
    type Change<'a> = Box<dyn Fn(&mut Settings) + 'a>;
    let cases: [(Change<'_>, &str); 9] = [
        (
            Box::new(|settings| settings.ssl_options_certfile = path("none.pem")),
            "ssl_options.certfile: ",
        ),
        (
            Box::new(|settings| settings.ssl_options_certfile = path("empty.pem")),
            "there is no certificate in it, in PEM",
        ),
        (
            Box::new(|settings| settings.ssl_options_certfile = path("broken.pem")),
            "a section has no end",
        ),
        (
            Box::new(|settings| settings.ssl_options_keyfile = path("other.key")),
            "the key does not belong to the certificate of ",
        ),
        (
            Box::new(|settings| settings.ssl_options_keyfile = path("server.pem")),
            "there is no private key in it, in PEM",
        ),
        (
            Box::new(|settings| settings.ssl_options_certfile = None),
            "ssl_options.certfile: none, and ssl_listeners needs a certificate",
        ),
        (
            Box::new(|settings| settings.ssl_options_fail_if_no_peer_cert = true),
            "ssl_options.fail_if_no_peer_cert: true, and ssl_options.verify (verify_none) asks",
        ),
        (
            Box::new(|settings| settings.ssl_options_versions = vec!["tlsv1.1".to_owned()]),
            "ssl_options.versions: tlsv1.3 and tlsv1.2 are spoken, and neither is there",
        ),
        (
            Box::new(|settings| settings.ssl_options_ciphers = vec!["RC4-MD5".to_owned()]),
            "ssl_options.ciphers: no suite in it is known",
        ),
    ];
    for (change, words) in cases {
        let said = refusal(&authority, |settings| change(settings));
        assert!(said.contains(words), "{said}");
    }
    let long = fs::File::create(authority.path("long.pem")).unwrap();
    long.set_len(leveret::internals::limits::TLS_FILE_BYTES_MAX + 1)
        .unwrap();
    let said = refusal(&authority, |settings| {
        settings.ssl_options_certfile = path("long.pem");
    });
    assert!(said.contains("it is longer than 4194304 bytes"), "{said}");
}

#[test]
fn only_the_suites_that_are_named_are_spoken() {
    let authority = authority();
    let broker = broker(&authority, |settings| {
        let names = [
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
        ];
        settings.ssl_options_ciphers = names.map(str::to_owned).to_vec();
    });
    for (version, cipher) in [(&TLS12, "aes_128_gcm"), (&TLS13, "chacha20_poly1305")] {
        let config = authority.client_of(None, &[version]);
        let mut peer = Peer::new(&config, broker.tls_addresses()[0]);
        logs_in(&mut peer);
        assert_eq!(only_connection(&broker)["ssl_cipher"], cipher);
        drop(peer);
        eventually("the connection is gone", || {
            Http::of(&broker).get("/api/connections").json() == serde_json::json!([])
        });
    }
}

/// A key that `openssl` has encrypted, with the password `secret`.
fn encrypt(path: &Path, to: &Path) {
    let status = std::process::Command::new("openssl")
        .args(["pkcs8", "-topk8", "-passout", "pass:secret", "-in"])
        .arg(path)
        .arg("-out")
        .arg(to)
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_key_may_be_encrypted() {
    let authority = authority();
    encrypt(&authority.path("server.key"), &authority.path("sealed.key"));
    let path = Some(authority.path("sealed.key"));
    for (password, words) in [
        (
            "",
            "the key is encrypted, and ssl_options.password is not set",
        ),
        ("wrong", "the key cannot be decrypted: another password"),
    ] {
        let said = refusal(&authority, |settings| {
            settings.ssl_options_keyfile.clone_from(&path);
            settings.ssl_options_password = leveret::settings::Secret::new(password);
        });
        assert!(said.contains(words), "{said}");
    }
    let broker = broker(&authority, |settings| {
        settings.ssl_options_keyfile = path;
        settings.ssl_options_password = leveret::settings::Secret::new("secret");
    });
    logs_in(&mut Peer::new(
        &authority.client(None),
        broker.tls_addresses()[0],
    ));
}

#[test]
fn the_api_and_the_metrics_are_served_over_tls() {
    let authority = authority();
    let pem = || Some(authority.path("server.pem"));
    let key = || Some(authority.path("server.key"));
    let broker = Broker::builder().prometheus(0).configure(|settings| {
        settings.management_enabled = true;
        settings.management_ssl_port = Some(0);
        settings.management_ssl_certfile = pem();
        settings.management_ssl_keyfile = key();
        settings.prometheus_ssl_port = Some(0);
        settings.prometheus_ssl_certfile = pem();
        settings.prometheus_ssl_keyfile = key();
    });
    let broker = broker.start().unwrap();
    let mut config = (*authority.client(None)).clone();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = std::sync::Arc::new(config);
    let at = |name: &str| {
        let mut listeners = broker.listeners().iter();
        listeners
            .find(|one| one.name == name)
            .map(|one| one.addresses[0])
    };
    assert_eq!(at("management"), None, "over TLS alone");
    let uri = broker.management_uri().unwrap();
    assert!(uri.starts_with("https://127.0.0.1:"), "{uri}");
    let head = "host: localhost\r\nconnection: close\r\n\
        authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\r\n";
    let peer = Peer::new(&config, at("management-tls").unwrap());
    let answer = peer.http(&format!("GET /api/overview HTTP/1.1\r\n{head}"));
    let overview: Json = crate::http::heard(answer.as_bytes()).json();
    let listeners = overview["listeners"].as_array().unwrap();
    let over_tls = listeners.iter().filter(|one| one["tls"] == true);
    let protocols: Vec<_> = over_tls
        .map(|one| one["protocol"].as_str().unwrap())
        .collect();
    assert_eq!(protocols, ["https", "https/prometheus"]);
    // A browser's cookie never goes another way, whatever its page says.
    let peer = Peer::new(&config, at("management-tls").unwrap());
    let body = r#"{"username":"guest","password":"guest"}"#;
    let length = body.len();
    let answer = peer.http(&format!(
        "POST /api/leveret/session HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    ));
    let cookie = crate::http::heard(answer.as_bytes());
    let cookie = cookie.header("set-cookie");
    assert!(cookie.ends_with("; SameSite=Strict; Secure"), "{answer}");
    let contexts = overview["contexts"].as_array().unwrap();
    let encrypted = contexts.iter().find(|one| one["ssl"] == "true").unwrap();
    let file = authority.path("server.pem").display().to_string();
    assert_eq!(encrypted["ssl_opts"]["certfile"], file);
    for name in ["prometheus-tls", "prometheus"] {
        assert!(at(name).is_some(), "{name}");
    }
    let peer = Peer::new(&config, at("prometheus-tls").unwrap());
    let answer = peer.http(&format!("GET /metrics HTTP/1.1\r\n{head}"));
    assert!(answer.contains("rabbitmq_build_info"), "{answer}");
    let series = format!(
        "leveret_tls_certificate_expiry_timestamp_seconds{{listener=\"management-tls\",\
         setting=\"certfile\",path=\"{file}\"}} 67090118400"
    );
    assert!(answer.contains(&series), "{answer}");
    let mut plain = TcpStream::connect(at("management-tls").unwrap()).unwrap();
    plain
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut heard = Vec::new();
    drop(plain.read_to_end(&mut heard));
    assert_eq!(heard.first(), Some(&0x15), "an alert");
}

/// The number of the certificate that is shown at an address.
fn shown(authority: &Authority, at: std::net::SocketAddr) -> Vec<u8> {
    let mut peer = Peer::new(&authority.client(None), at);
    logs_in(&mut peer);
    let chain = peer.0.conn.peer_certificates().unwrap();
    chain[0].to_vec()
}

// The connections that there are stay.
#[test]
fn files_that_change_are_read_again() {
    let authority = authority();
    let broker = broker(&authority, |_| {});
    let at = broker.tls_addresses()[0];
    let first = shown(&authority, at);
    let mut peer = Peer::new(&authority.client(None), at);
    logs_in(&mut peer);
    authority.sign("server", &|_| {});
    eventually("the new one is shown", || shown(&authority, at) != first);
    let second = shown(&authority, at);
    authority.sign("server", &|_| {});
    eventually("the third one is shown", || shown(&authority, at) != second);
    peer.say(&["channel.open"]);
    assert_eq!(peer.method(), (20, 11));
}

/// A process that speaks TLS with the certificate `server`.
fn listening(authority: &Authority, scratch: &TempDir) -> Process {
    let data = scratch.path().join("data");
    let file = |setting: &str, name: &str| {
        format!("ssl_options.{setting}={}", authority.path(name).display())
    };
    let settings = [
        "ssl_listeners=127.0.0.1:0",
        &file("certfile", "server.pem"),
        &file("keyfile", "server.key"),
    ];
    Process::start(&data, scratch.path(), &settings)
}

#[test]
fn a_broken_file_leaves_what_was_read_before() {
    let (authority, scratch) = (authority(), TempDir::new().unwrap());
    authority.sign("server", &|params| {
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    });
    let process = listening(&authority, &scratch);
    let says = |words: &str| eventually(words, || process.log().contains(words));
    says("the certificate of CN=server has expired: 2002-01-01 00:00:00 UTC");
    fs::write(authority.path("server.pem"), "no certificate").unwrap();
    says("what was read before stays in force");
    authority.sign("server", &|_| {});
    says("ssl_options: the files have changed: the files were read again");
    shown(&authority, process.door("amqps"));
}

#[test]
fn sighup_has_the_files_read_again() {
    let (authority, scratch) = (authority(), TempDir::new().unwrap());
    let process = listening(&authority, &scratch);
    let first = shown(&authority, process.door("amqps"));
    let mut peer = Peer::new(&authority.client(None), process.door("amqps"));
    logs_in(&mut peer);
    authority.sign("server", &|_| {});
    process.signal(rustix::process::Signal::HUP);
    eventually("it is said", || {
        process
            .log()
            .contains("ssl_options: SIGHUP has come: the files were read again")
    });
    assert_ne!(shown(&authority, process.door("amqps")), first);
    peer.say(&["channel.open"]);
    assert_eq!(peer.method(), (20, 11), "connections stay");
}

// Seen: RabbitMQ 4.3.6, texts, fields and exit codes.
#[test]
fn tools_show_certificates_and_fail_when_one_expires_soon() {
    let (authority, scratch) = (authority(), TempDir::new().unwrap());
    authority.sign("server", &|params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    let process = listening(&authority, &scratch);
    let run = |words: &[&str]| {
        let mut tool = std::process::Command::new(env!("CARGO_BIN_EXE_leveret"));
        tool.env_clear().args(["ctl", "diagnostics", "-q"]);
        let tool = tool
            .args(words)
            .arg("--data-dir")
            .arg(scratch.path().join("data"));
        let output = tool.output().unwrap();
        let text = |octets| String::from_utf8(octets).unwrap();
        let (out, error) = (text(output.stdout), text(output.stderr));
        (output.status.code(), out, error)
    };
    let port = process.door("amqps").port();
    let path = authority.path("server.pem").display().to_string();
    let (code, _, said) = run(&["check_certificate_expiration"]);
    assert_eq!(code, Some(69));
    let place = format!("port: {port}, protocol: :\"amqp/ssl\", interface: \"127.0.0.1\", ");
    let rest = format!(
        "cacertfile: \"\", certfile: {path:?}, certfile_expires_on: [\"2002-01-01 00:00:00\"], \
         cacertfile_expires_on: [], purpose: \"AMQP 0-9-1 and AMQP 1.0 over TLS\"}}"
    );
    assert!(said.starts_with("%{node: :"), "{said}");
    assert!(said.contains(&(place + &rest)), "{said}");
    let (code, out, error) = run(&["check_certificate_expiration", "--formatter", "json"]);
    assert_eq!(code, Some(69));
    let object: Json = serde_json::from_str(&(out + &error)).unwrap();
    assert_eq!(object["result"], "error");
    assert_eq!(object["expired"][0]["certfile"], path);
    // What stands in the file, but no key.
    let pem = fs::read_to_string(&path).unwrap().replace('\r', "");
    let both = pem.clone() + &fs::read_to_string(authority.path("server.key")).unwrap();
    fs::write(&path, both).unwrap();
    process.signal(rustix::process::Signal::HUP);
    eventually("it is said", || process.log().contains("SIGHUP has come"));
    let (code, out, _) = run(&["certificates", "--formatter", "json"]);
    assert_eq!(code, Some(0));
    let object: Json = serde_json::from_str(&out).unwrap();
    assert_eq!(object[0]["port"], port);
    assert_eq!(object[0]["certfile"], pem);
    let (_, out, _) = run(&["certificates"]);
    assert!(
        out.contains("certfile => <<\"-----BEGIN CERTIFICATE-----\\n"),
        "{out}"
    );
    assert!(!out.contains("KEY"), "{out}");
    authority.sign("server", &|_| {});
    eventually("the new one lasts", || {
        let (code, out, _) = run(&["check_certificate_expiration", "--within", "1"]);
        code == Some(0) && out.trim_end() == "No certificates are expiring within 1 week."
    });
}

// Seen: RabbitMQ 4.3.6, texts and fields.
#[test]
fn certificates_that_expire_soon_fail_the_check() {
    let authority = authority();
    authority.sign("server", &|params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    let broker = broker(&authority, |_| {});
    let http = Http::of(&broker);
    let check = |within: &str| {
        let path = format!("/api/health/checks/certificate-expiration/{within}");
        http.get(&path)
    };
    let answer = check("1/days");
    assert_eq!(answer.status, 503);
    let failed = answer.json();
    assert_eq!(failed["reason"], "Certificates expiring");
    let expired = &failed["expired"][0];
    assert_eq!(expired["protocol"], "amqp/ssl");
    assert_eq!(expired["interface"], "127.0.0.1");
    assert_eq!(
        expired["certfile"],
        authority.path("server.pem").display().to_string()
    );
    assert_eq!(
        expired["certfile_expires_on"],
        serde_json::json!(["2002-01-01 0:00:00"])
    );
    authority.sign("server", &|_| {});
    eventually("the new one lasts", || check("1/years").status == 200);
}

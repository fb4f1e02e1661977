use super::*;

fn greeted() -> Script {
    let mut client = Script::new();
    client.octets(&PROTOCOL_HEADER);
    client.raw();
    client
}

fn logged_in(broker: Arc<Desk>) -> Script {
    let mut client = Script::of(broker);
    client.octets(&PROTOCOL_HEADER);
    client.login(&able(), "PLAIN", b"\0guest\0guest");
    client.raw();
    client
}

/// Offers `tune_ok` to a broker with default settings.
fn tuning(tune_ok: ConnectionTuneOk) -> Script {
    let mut client = logged_in(broker(|_| {}));
    client.say(ZERO, tune_ok);
    client
}

fn opening(broker: Arc<Desk>, user: &str, vhost: &str) -> Script {
    let mut client = Script::of(broker);
    client.octets(&PROTOCOL_HEADER);
    client.login(&able(), "PLAIN", format!("\0{user}\0{user}").as_bytes());
    client.say(ZERO, TUNE_OK);
    client.raw();
    client.say(
        ZERO,
        ConnectionOpen {
            virtual_host: short(vhost),
            ..Default::default()
        },
    );
    client
}

#[test]
fn whole_handshake_may_come_in_one_piece_or_octet_by_octet() {
    let mut octets = PROTOCOL_HEADER.to_vec();
    let properties = able();
    let start_ok = ConnectionStartOk {
        client_properties: TableRef::new(&properties),
        mechanism: short("PLAIN"),
        response: b"\0guest\0guest",
        locale: short("en_US"),
    };
    encode_method(&mut octets, ZERO, &start_ok.into());
    encode_method(&mut octets, ZERO, &TUNE_OK.into());
    let open = ConnectionOpen {
        virtual_host: short("/"),
        ..Default::default()
    };
    encode_method(&mut octets, ZERO, &open.into());
    encode_method(&mut octets, ONE, &ChannelOpen::default().into());
    for step in [1, 2, 7, 100, octets.len()] {
        let mut client = Script::new();
        for piece in octets.chunks(step) {
            client.octets(piece);
        }
        let heard = client.heard();
        assert!(heard[0].starts_with("0 connection.start "), "{heard:?}");
        assert_eq!(
            heard[1..],
            [
                "0 connection.tune channel-max=2047 frame-max=131072 heartbeat=60",
                "0 connection.open-ok",
                "1 channel.open-ok"
            ],
            "step {step}"
        );
        assert_eq!(client.connection.flow(), Flow::Read);
    }
}

#[test]
fn older_header_is_answered_with_0_9() {
    let mut client = Script::new();
    client.octets(b"AMQP\x01\x01\x00\x09");
    assert!(client.heard()[0].starts_with("0 connection.start "));
}

#[test]
fn other_protocols_get_our_header_and_a_reset() {
    let headers: [&[u8; 8]; 6] = [
        b"AMQP\0\0\x09\x02",
        b"AMQP\0\x01\0\0",
        b"AMQP\x03\x01\0\0",
        b"AMQP\x01\x01\x08\0",
        b"GET / HT",
        b"\x16\x03\x01\x02\0\x01\0\x01",
    ];
    for header in headers {
        let mut client = Script::new();
        client.octets(header);
        assert_eq!(client.raw(), PROTOCOL_HEADER, "{header:?}");
        assert_eq!(client.connection.flow(), CUT);
    }
}

#[test]
fn seven_octets_wait_until_the_handshake_times_out() {
    let mut client = Script::new();
    client.octets(&PROTOCOL_HEADER[..7]);
    client.wait_ms(9_999);
    assert_eq!(client.connection.flow(), Flow::Greet);
    client.wait_ms(1);
    assert_eq!(client.connection.flow(), CUT);
    assert_eq!(client.heard(), [""; 0]);
}

#[test]
fn handshake_must_be_over_in_time_whatever_is_said() {
    let mut client = greeted();
    client.wait_ms(5_000);
    client.login(&able(), "PLAIN", b"\0guest\0guest");
    client.heartbeat();
    client.wait_ms(5_000);
    assert_eq!(client.connection.flow(), CUT);
}

#[test]
fn server_says_it_is_rabbitmq_and_who_it_really_is() {
    let mut client = Script::new();
    client.octets(&PROTOCOL_HEADER);
    let octets = client.raw();
    let Ok(Decoded::Frame { frame, .. }) = decode(&octets, u32::MAX) else {
        panic!()
    };
    let Ok(Method::ConnectionStart(start)) = Method::decode(frame.payload) else {
        panic!()
    };
    assert_eq!((start.version_major, start.version_minor), (0, 9));
    let mut mechanisms: Vec<&[u8]> = start.mechanisms.split(|octet| *octet == b' ').collect();
    mechanisms.sort_unstable();
    assert_eq!(mechanisms, [&b"AMQPLAIN"[..], b"ANONYMOUS", b"PLAIN"]);
    assert_eq!(start.locales, b"en_US");
    let table = start.server_properties.to_table().unwrap();
    let text = |key| String::from_utf8(table.get(key).unwrap().as_str().unwrap().to_vec()).unwrap();
    assert_eq!(text("product"), "RabbitMQ");
    assert_eq!(text("version"), "4.3.6");
    assert_eq!(text("platform"), "Erlang/OTP 29.1.2");
    assert!(text("information").starts_with("Leveret "));
    assert_eq!(text("leveret_version"), env!("CARGO_PKG_VERSION"));
    let Some(Value::Table(capabilities)) = table.get("capabilities") else {
        panic!()
    };
    assert!(
        capabilities
            .iter()
            .all(|(_, value)| *value == Value::Bool(true))
    );
    assert_eq!(capabilities.len(), 9);
    let keys: Vec<_> = table.iter().map(|(key, _)| key.to_vec()).collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn wrong_password_is_told_to_those_who_want_to_know() {
    let mut client = greeted();
    client.login(&able(), "PLAIN", b"\0guest\0wrong");
    client.check_close(
        ReplyCode::AccessRefused,
        "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details \
         see the broker logfile.",
        (0, 0),
    );
    client.say(ZERO, ConnectionCloseOk {});
    assert_eq!(client.connection.flow(), DONE);
}

#[test]
fn told_client_that_does_not_answer_is_cut_off_after_3_s() {
    let mut client = greeted();
    client.login(&able(), "PLAIN", b"\0nobody\0wrong");
    client.raw();
    client.check_silent();
}

#[test]
fn refused_logins_are_silent_otherwise() {
    let logins: [(&[u8], &str, &[u8]); 5] = [
        (&[], "PLAIN", b"\0guest\0wrong"),
        (&able(), "PLAIN", b""),
        (&able(), "NOPE", b"\0guest\0guest"),
        (&able(), "EXTERNAL", b""),
        (b"\x01xU\0\0", "PLAIN", b"\0guest\0guest"),
    ];
    for (properties, mechanism, response) in logins {
        let mut client = greeted();
        client.login(properties, mechanism, response);
        client.check_silent();
    }
}

#[test]
fn amqplain_and_anonymous_log_in() {
    let table = Table::new()
        .with("LOGIN", "guest")
        .with("PASSWORD", "guest")
        .to_bytes();
    for (mechanism, response) in [("AMQPLAIN", &table[..]), ("ANONYMOUS", b"")] {
        let mut client = greeted();
        client.login(&able(), mechanism, response);
        let heard = client.heard();
        assert!(
            heard[0].starts_with("0 connection.tune "),
            "{mechanism}: {heard:?}"
        );
    }
}

#[test]
fn values_beyond_the_offer_are_refused_in_silence() {
    for tune_ok in [
        ConnectionTuneOk {
            channel_max: 0,
            ..TUNE_OK
        },
        ConnectionTuneOk {
            channel_max: 2048,
            ..TUNE_OK
        },
        ConnectionTuneOk {
            frame_max: 0,
            ..TUNE_OK
        },
        ConnectionTuneOk {
            frame_max: 131_073,
            ..TUNE_OK
        },
        ConnectionTuneOk {
            frame_max: 4095,
            ..TUNE_OK
        },
    ] {
        tuning(tune_ok).check_silent();
    }
}

#[test]
fn any_heartbeat_and_the_smallest_frames_are_fine() {
    for tune_ok in [
        ConnectionTuneOk {
            channel_max: 1,
            frame_max: 4096,
            heartbeat: 0,
        },
        ConnectionTuneOk {
            heartbeat: u16::MAX,
            ..TUNE_OK
        },
    ] {
        let mut client = tuning(tune_ok);
        client.say(
            ZERO,
            ConnectionOpen {
                virtual_host: short("/"),
                ..Default::default()
            },
        );
        assert_eq!(client.heard(), ["0 connection.open-ok"]);
    }
}

#[test]
fn methods_out_of_turn_are_refused_in_silence() {
    let mut client = greeted();
    client.say(ZERO, TUNE_OK);
    client.check_silent();
    let mut client = greeted();
    client.say(ZERO, ConnectionClose::default());
    client.check_silent();
    let mut client = logged_in(broker(|_| {}));
    client.say(
        ZERO,
        ConnectionOpen {
            virtual_host: short("/"),
            ..Default::default()
        },
    );
    client.check_silent();
}

#[test]
fn frames_that_make_no_sense_are_refused_in_silence_before_tune_ok() {
    let mut client = greeted();
    client.frame(9, 0, b"abc");
    client.check_silent();
    let mut client = greeted();
    client.octets(&raw_frame(1, 0, b"abcd", 1));
    client.check_silent();
    let mut client = greeted();
    client.frame(1, 3, b"\0\x14\0\x0a\0");
    client.check_silent();
    // The first frames may have 8192 octets.
    let mut client = greeted();
    client.octets(&[1, 0, 0, 0, 0, 0x20, 1]);
    client.check_silent();
}

#[test]
fn channel_frame_before_open_is_an_unexpected_frame() {
    let mut client = tuning(TUNE_OK);
    client.say(ONE, ChannelOpen::default());
    client.check_close(
        ReplyCode::UnexpectedFrame,
        "UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,0>>",
        (0, 0),
    );
}

#[test]
fn refused_vhosts_are_530_and_closed_in_form() {
    for (user, vhost, text) in [
        ("guest", "nope", "NOT_ALLOWED - vhost nope not found"),
        ("guest", "", "NOT_ALLOWED - vhost  not found"),
        (
            "bob",
            "/",
            "NOT_ALLOWED - access to vhost '/' refused for user 'bob'",
        ),
    ] {
        let mut client = opening(broker(|_| {}), user, vhost);
        client.check_close(ReplyCode::NotAllowed, text, (10, 40));
        client.wait_ms(29_999);
        assert_eq!(client.connection.flow(), Flow::Leave);
        client.say(ZERO, ConnectionCloseOk {});
        assert_eq!(client.connection.flow(), DONE);
    }
}

#[test]
fn node_limit_is_530_until_somebody_leaves() {
    let broker = broker(|settings| settings.max_connections = Some(1));
    let mut first = opening(Arc::clone(&broker), "guest", "/");
    assert_eq!(first.heard(), ["0 connection.open-ok"]);
    let mut second = opening(Arc::clone(&broker), "guest", "/");
    let text = "NOT_ALLOWED - connection refused: node connection limit (1) is reached";
    second.check_close(ReplyCode::NotAllowed, text, (10, 40));
    first.say(ZERO, ConnectionClose::default());
    let mut third = opening(broker, "guest", "/");
    assert_eq!(third.heard(), ["0 connection.open-ok"]);
}

#[test]
fn look_at_the_port_without_a_word_is_not_an_error() {
    let mut client = Script::new();
    client.connection.on_lost(client.now, &Lost::ByPeer);
    assert_eq!(client.connection.flow(), DONE);
}

#[test]
fn close_by_the_broker_during_the_handshake_cuts_it_off() {
    let mut client = greeted();
    let shutdown = AmqpError::new(ReplyCode::ConnectionForced, "shutdown");
    client.mail(Mail::Close(shutdown));
    assert_eq!(client.connection.flow(), CUT);
}

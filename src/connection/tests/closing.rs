use super::*;

fn shutdown() -> AmqpError {
    let text = "broker forced connection closure with reason 'shutdown'";
    AmqpError::new(ReplyCode::ConnectionForced, text)
}

const CLOSE: ConnectionClose<'static> = ConnectionClose {
    reply_code: 200,
    reply_text: ShortStr::literal("bye"),
    class_id: 0,
    method_id: 0,
};

#[test]
fn client_that_closes_hangs_up_itself() {
    let mut client = Script::open(3);
    client.say(ZERO, CLOSE);
    assert_eq!(client.heard(), ["0 connection.close-ok"]);
    // Everything else is dropped, but a second close is answered.
    client.say(ONE, ChannelFlow { active: true });
    client.frame(9, 0, b"x");
    client.say(ZERO, CLOSE);
    assert_eq!(client.heard(), ["0 connection.close-ok"]);
    assert_eq!(client.connection.flow(), Flow::Leave);
    client.connection.on_lost(client.now, &Lost::ByPeer);
    assert_eq!(client.connection.flow(), DONE);
}

#[test]
fn client_that_does_not_hang_up_is_cut_off_after_30_s() {
    let mut client = Script::open(0);
    client.say(ZERO, CLOSE);
    client.wait_ms(29_999);
    assert_eq!(client.connection.flow(), Flow::Leave);
    client.wait_ms(1);
    assert_eq!(client.connection.flow(), CUT);
}

#[test]
fn short_heartbeat_shortens_the_wait() {
    for (heartbeat, wait_ms) in [(5, 5_000), (0, 30_000), (600, 30_000)] {
        let tune_ok = ConnectionTuneOk {
            heartbeat,
            ..TUNE_OK
        };
        let mut client = Script::tuned(broker(|_| {}), tune_ok);
        client.say(ZERO, CLOSE);
        client.wait_ms(wait_ms - 1);
        assert_eq!(
            client.connection.flow(),
            Flow::Leave,
            "heartbeat {heartbeat}"
        );
        client.wait_ms(1);
        assert_eq!(client.connection.flow(), CUT, "heartbeat {heartbeat}");
    }
}

#[test]
fn forced_close_waits_for_close_ok() {
    let mut client = Script::open(1);
    client.mail(Mail::Close(shutdown()));
    client.check_close(
        ReplyCode::ConnectionForced,
        "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'",
        (0, 0),
    );
    client.say(ONE, ChannelFlow { active: true });
    client.say(ONE, BasicPublish::default());
    assert_eq!(client.heard(), [""; 0]);
    client.say(ZERO, ConnectionCloseOk {});
    assert_eq!(client.connection.flow(), DONE);
}

#[test]
fn closes_that_cross_are_both_answered() {
    let mut client = Script::open(0);
    client.mail(Mail::Close(shutdown()));
    client.raw();
    client.say(ZERO, CLOSE);
    assert_eq!(client.heard(), ["0 connection.close-ok"]);
    assert_eq!(client.connection.flow(), Flow::Leave);
    client.say(ZERO, ConnectionCloseOk {});
    assert_eq!(client.connection.flow(), DONE);
}

#[test]
fn octets_that_are_no_frames_end_it_after_3_s_whatever_comes() {
    let bad_end = raw_frame(1, 1, &[0, 20, 0, 10, 0], 205);
    let too_large = vec![3, 0, 1, 0, 2, 0, 1];
    let cases = [
        (
            bad_end,
            "type 1, all octets = <<0,20,0,10,0>>: {invalid_frame_end_marker,205}",
        ),
        (
            too_large,
            "type 3, all octets = <<>>: {frame_too_large,131073,131064}",
        ),
        (
            PROTOCOL_HEADER.to_vec(),
            "type 65, all octets = <<>>: {frame_too_large,1342177289,131064}",
        ),
    ];
    for (octets, text) in cases {
        let mut client = Script::open(1);
        client.octets(&octets);
        client.check_close(
            ReplyCode::FrameError,
            &format!("FRAME_ERROR - {text}"),
            (0, 0),
        );
        client.say(ZERO, ConnectionCloseOk {});
        client.check_silent();
    }
}

#[test]
fn ended_connection_is_off_the_list_before_the_answer() {
    let mut client = Script::open(2);
    assert_eq!(client.broker.counts.connections(), 1);
    assert_eq!(client.broker.counts.channels(), 2);
    client.say(ZERO, CLOSE);
    assert_eq!(client.broker.counts.connections(), 0);
    assert_eq!(client.broker.counts.channels(), 0);
    assert!(client.connection.mailbox().is_closed());
}

#[test]
fn lost_socket_gives_everything_back() {
    let mut client = Script::open(2);
    client.connection.on_lost(client.now, &Lost::ByPeer);
    assert_eq!(client.broker.counts.connections(), 0);
    assert_eq!(client.broker.counts.channels(), 0);
}

#[test]
fn error_inside_the_broker_is_541() {
    let mut client = Script::open(1);
    client.connection.on_lost(client.now, &Lost::Panic);
    client.check_close(ReplyCode::InternalError, "INTERNAL_ERROR", (0, 0));
}

#[test]
fn durations_are_shown_as_rabbitmq_does() {
    let show = |ms| logging::Lived(ms).to_string();
    assert_eq!(show(17), "17ms");
    assert_eq!(show(3_999), "3s");
    assert_eq!(show(125_000), "2M, 5s");
    assert_eq!(show(3_720_000), "1H, 2M");
}

#[test]
fn mail_that_was_not_read_goes_back_with_what_was_delivered() {
    let broker = broker(|_| {});
    let mut first = Script::tuned(Arc::clone(&broker), TUNE_OK);
    let mut second = Script::tuned(broker, TUNE_OK);
    let mut arguments = Vec::new();
    Table::new()
        .with("x-single-active-consumer", Value::Bool(true))
        .encode(&mut arguments);
    for client in [&mut first, &mut second] {
        client.say(ONE, ChannelOpen::default());
        client.say(
            ONE,
            QueueDeclare {
                queue: short("q"),
                arguments: TableRef::new(&arguments),
                ..Default::default()
            },
        );
        client.say(
            ONE,
            BasicConsume {
                queue: short("q"),
                consumer_tag: short("t"),
                ..Default::default()
            },
        );
        client.heard();
    }
    let publish = |client: &mut Script, body: &[u8]| {
        client.say(
            ONE,
            BasicPublish {
                routing_key: short("q").into(),
                ..Default::default()
            },
        );
        client.frame(
            FRAME_HEADER,
            1,
            &[0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
        );
        client.frame(FRAME_BODY, 1, body);
    };
    for body in [b"1", b"2"] {
        publish(&mut second, body);
    }
    assert!(first.connection.on_mail(first.now, Waker::noop()));
    assert_eq!(first.heard().len(), 6, "two deliveries");
    for body in [b"3", b"4"] {
        publish(&mut second, body);
    }
    // It goes without having read them.
    first.connection.on_lost(first.now, &Lost::ByPeer);
    assert!(second.connection.on_mail(second.now, Waker::noop()));
    let heard = second.heard();
    let deliveries: Vec<&String> = heard
        .iter()
        .filter(|line| line.contains("deliver"))
        .collect();
    assert_eq!(deliveries.len(), 4);
    for (n, delivery) in deliveries.iter().enumerate() {
        assert_eq!(delivery.contains("redelivered"), n < 2, "{delivery}");
    }
}

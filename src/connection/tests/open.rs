use super::*;
use crate::desk::views::Scope;

const CHANNEL_MAX_2: ConnectionTuneOk = ConnectionTuneOk {
    channel_max: 2,
    ..TUNE_OK
};

/// A content header of `size` octets without properties.
fn header(size: u64) -> Vec<u8> {
    let mut payload = vec![0, 60, 0, 0];
    payload.extend(size.to_be_bytes());
    payload.extend([0, 0]);
    payload
}

fn publish() -> BasicPublish<'static> {
    BasicPublish {
        routing_key: ShortBytes::literal("nobody"),
        ..Default::default()
    }
}

/// A passive declare of a queue that is not there: 404 on the channel.
fn missing() -> QueueDeclare<'static> {
    QueueDeclare {
        queue: ShortStr::literal("nope"),
        passive: true,
        ..Default::default()
    }
}

/// Channel, payload, text, class and method of the close.
type Undecodable<'a> = (u16, &'a [u8], &'a str, (u16, u16));

fn check(payload: impl FnOnce(&mut Script), code: ReplyCode, text: &str, ids: (u16, u16)) {
    let mut client = Script::open(1);
    payload(&mut client);
    client.check_close(code, text, ids);
    client.say(ZERO, ConnectionCloseOk {});
    assert_eq!(client.connection.flow(), DONE);
}

#[test]
fn frames_that_make_no_sense_are_frame_errors() {
    let cases: [(u8, u16, &[u8], &str); 5] = [
        (
            9,
            1,
            b"abc",
            "type 9, all octets = <<\"abc\">>: unknown_frame",
        ),
        (
            1,
            1,
            &[0, 20],
            "type 1, all octets = <<0,20>>: unknown_frame",
        ),
        (
            1,
            0,
            &[0, 20],
            "type 1, all octets = <<0,20>>: unknown_frame",
        ),
        (8, 0, b"x", "type 8, all octets = <<\"x\">>: unknown_frame"),
        (
            2,
            1,
            &[0, 60, 0, 0],
            "type 2, all octets = <<0,60,0,0>>: unknown_frame",
        ),
    ];
    for (kind, channel, payload, text) in cases {
        let text = format!("FRAME_ERROR - {text}");
        check(
            |c| c.frame(kind, channel, payload),
            ReplyCode::FrameError,
            &text,
            (0, 0),
        );
    }
}

#[test]
fn frames_in_the_wrong_place_are_unexpected() {
    let zeros = "type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,5,0,0>>";
    let cases: [(u8, u16, Vec<u8>, &str); 5] = [
        (8, 1, vec![], "type 8, all octets = <<>>"),
        (2, 0, header(5), zeros),
        (3, 0, b"abc".to_vec(), "type 3, all octets = <<\"abc\">>"),
        (
            2,
            9,
            header(5),
            "expected method frame, got non method frame instead",
        ),
        (
            3,
            9,
            b"abc".to_vec(),
            "expected method frame, got non method frame instead",
        ),
    ];
    for (kind, channel, payload, text) in cases {
        let text = format!("UNEXPECTED_FRAME - {text}");
        check(
            |c| c.frame(kind, channel, &payload),
            ReplyCode::UnexpectedFrame,
            &text,
            (0, 0),
        );
    }
}

#[test]
fn undecodable_methods_are_frame_errors() {
    let cases: [Undecodable<'_>; 5] = [
        (
            1,
            b"\0\x32\0\x0a\0\0\x03ab",
            "cannot decode <<0,0,3,97,98>>",
            (50, 10),
        ),
        (
            1,
            b"\0\x14\0\x0a\0zz",
            "cannot decode <<0,122,122>>",
            (20, 10),
        ),
        (
            1,
            b"\0\x32\0\x0a\0\0\x01\xff\0\0\0\0\0",
            "Malformed UTF-8 in shortstr",
            (0, 0),
        ),
        (
            7,
            b"\0\x32\0\x0a\0\0\x01\xff\0\0\0\0\0",
            "Malformed UTF-8 in shortstr",
            (0, 0),
        ),
        (
            0,
            b"\0\x0a\0\x3c\x01\xff",
            "Malformed UTF-8 in shortstr",
            (10, 60),
        ),
    ];
    for (channel, payload, text, ids) in cases {
        let text = format!("FRAME_ERROR - {text}");
        check(
            |c| c.frame(1, channel, payload),
            ReplyCode::FrameError,
            &text,
            ids,
        );
    }
}

#[test]
fn cut_short_connection_method_is_an_internal_error() {
    check(
        |c| c.frame(1, 0, b"\0\x0a\0\x32\0"),
        ReplyCode::InternalError,
        "INTERNAL_ERROR",
        (0, 0),
    );
}

#[test]
fn unknown_method_is_cut_off_without_a_word() {
    for channel in [0, 1] {
        let mut client = Script::open(1);
        client.frame(1, channel, b"\0\x3c\0\x63");
        assert_eq!(client.heard(), [""; 0]);
        assert_eq!(client.connection.flow(), CUT);
    }
}

#[test]
fn connection_methods_out_of_place_are_channel_errors() {
    let text = "CHANNEL_ERROR - unexpected method in connection state running";
    let methods: [Method<'_>; 6] = [
        ConnectionCloseOk {}.into(),
        TUNE_OK.into(),
        ConnectionOpen::default().into(),
        ConnectionBlocked::default().into(),
        ChannelOpen::default().into(),
        missing().into(),
    ];
    for method in methods {
        let ids = (method.class_id(), method.method_id());
        check(|c| c.say(ZERO, method), ReplyCode::ChannelError, text, ids);
    }
}

#[test]
fn method_on_an_unopened_channel_is_a_channel_error() {
    let text = "CHANNEL_ERROR - expected 'channel.open'";
    let methods: [Method<'_>; 4] = [
        missing().into(),
        ChannelClose::default().into(),
        ChannelCloseOk {}.into(),
        ConnectionOpen::default().into(),
    ];
    for method in methods {
        let ids = (method.class_id(), method.method_id());
        check(
            |c| c.say(ChannelId(7), method),
            ReplyCode::ChannelError,
            text,
            ids,
        );
    }
}

#[test]
fn second_open_is_a_channel_error() {
    let text = "CHANNEL_ERROR - second 'channel.open' seen";
    check(
        |c| c.say(ONE, ChannelOpen::default()),
        ReplyCode::ChannelError,
        text,
        (20, 10),
    );
}

#[test]
fn methods_of_servers_are_unimplemented() {
    let text = "COMMAND_INVALID - unimplemented method";
    let methods: [Method<'_>; 4] = [
        ChannelCloseOk {}.into(),
        ChannelOpenOk::default().into(),
        ChannelFlowOk { active: true }.into(),
        ConnectionClose::default().into(),
    ];
    for method in methods {
        let ids = (method.class_id(), method.method_id());
        check(|c| c.say(ONE, method), ReplyCode::CommandInvalid, text, ids);
    }
}

#[test]
fn channel_methods_inside_a_content_are_unexpected() {
    let text = "UNEXPECTED_FRAME - expected content header for class 60, got non content header \
                frame instead";
    let methods: [Method<'_>; 3] = [
        ChannelClose::default().into(),
        ChannelOpen::default().into(),
        ChannelFlow { active: true }.into(),
    ];
    for method in methods {
        let inside = |c: &mut Script| {
            c.say(ONE, publish());
            c.say(ONE, method);
        };
        check(inside, ReplyCode::UnexpectedFrame, text, (60, 40));
    }
}

#[test]
fn channel_max_counts_channels_not_numbers() {
    let mut client = Script::tuned(broker(|_| {}), CHANNEL_MAX_2);
    for id in [5, 500] {
        client.say(ChannelId(id), ChannelOpen::default());
        assert_eq!(client.heard(), [format!("{id} channel.open-ok")]);
    }
    client.say(ChannelId(5), ChannelClose::default());
    client.say(ChannelId(6), ChannelOpen::default());
    assert_eq!(client.heard(), ["5 channel.close-ok", "6 channel.open-ok"]);
    client.say(ChannelId(7), ChannelOpen::default());
    client.check_close(
        ReplyCode::NotAllowed,
        "NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)",
        (0, 0),
    );
}

#[test]
fn channel_error_drops_everything_until_close_ok() {
    let mut client = Script::open(2);
    client.say(ONE, missing());
    let close = (
        ONE,
        404,
        "NOT_FOUND - no queue 'nope' in vhost '/'".to_owned(),
        50,
        10,
    );
    assert_eq!(client.closed_with(), close);
    // In flight: a publish with its content, a declare, the client's own close.
    client.say(ONE, publish());
    client.frame(FRAME_HEADER, 1, &header(3));
    client.frame(FRAME_BODY, 1, b"abc");
    client.say(ONE, missing());
    assert_eq!(client.heard(), [""; 0]);
    client.say(ONE, ChannelClose::default());
    assert_eq!(client.heard(), ["1 channel.close-ok"]);
    client.say(ChannelId(2), ChannelFlow { active: true });
    assert_eq!(client.heard(), ["2 channel.flow-ok active"]);
    client.say(ONE, ChannelCloseOk {});
    client.say(ONE, ChannelOpen::default());
    assert_eq!(client.heard(), ["1 channel.open-ok"]);
}

#[test]
fn open_before_close_ok_of_an_error_is_a_second_open() {
    let mut client = Script::open(1);
    client.say(ONE, missing());
    client.heard();
    client.say(ONE, ChannelOpen::default());
    let text = "CHANNEL_ERROR - second 'channel.open' seen".to_owned();
    assert_eq!(client.closed_with(), (ChannelId::ZERO, 504, text, 20, 10));
}

#[test]
fn closed_number_is_free_at_once() {
    let mut client = Script::open(1);
    client.say(ONE, ChannelClose::default());
    client.say(ONE, ChannelOpen::default());
    assert_eq!(client.heard(), ["1 channel.close-ok", "1 channel.open-ok"]);
}

#[test]
fn hard_error_in_a_channel_closes_the_connection() {
    let mut client = Script::open(1);
    client.say(
        ONE,
        BasicQos {
            prefetch_size: 1,
            ..Default::default()
        },
    );
    client.check_close(
        ReplyCode::NotImplemented,
        "NOT_IMPLEMENTED - prefetch_size!=0 (1)",
        (60, 10),
    );
}

#[test]
fn any_new_secret_is_accepted() {
    let mut client = Script::open(0);
    let reason = short("expired");
    client.say(
        ZERO,
        ConnectionUpdateSecret {
            new_secret: b"anything",
            reason,
        },
    );
    assert_eq!(client.heard(), ["0 connection.update-secret-ok"]);
}

#[test]
fn frames_up_to_frame_max_are_forgiven_their_overhead() {
    let mut client = Script::open(1);
    client.say(ONE, publish());
    client.frame(FRAME_HEADER, 1, &header(131_072));
    client.frame(FRAME_BODY, 1, &vec![0; 131_072]);
    client.say(ONE, ChannelFlow { active: true });
    assert_eq!(client.heard(), ["1 channel.flow-ok active"]);
}

#[test]
fn publish_during_an_alarm_blocks_at_its_header() {
    let mut client = Script::open(1);
    client.mail(Mail::Blocked(Some("low on memory")));
    client.say(ONE, ChannelFlow { active: true });
    assert_eq!(client.heard(), ["1 channel.flow-ok active"]);
    client.say(ONE, publish());
    assert_eq!(client.heard(), [""; 0]);
    client.frame(FRAME_HEADER, 1, &header(0));
    assert_eq!(
        client.heard(),
        ["0 connection.blocked reason=\"low on memory\""]
    );
    assert_eq!(client.connection.flow(), Flow::Pause);
    client.say(ONE, ChannelFlow { active: true });
    assert!(client.unread() > 0);
    assert_eq!(client.heard(), [""; 0]);
    client.mail(Mail::Blocked(Some("low on memory & disk")));
    assert_eq!(client.heard(), [""; 0]);
    client.mail(Mail::Blocked(None));
    assert_eq!(client.heard(), ["0 connection.unblocked"]);
    client.feed();
    assert_eq!(client.heard(), ["1 channel.flow-ok active"]);
    assert_eq!(client.unread(), 0);
}

#[test]
fn blocked_connection_sends_heartbeats_but_expects_none() {
    let tune_ok = ConnectionTuneOk {
        heartbeat: 1,
        ..TUNE_OK
    };
    let mut client = Script::tuned(broker(|_| {}), tune_ok);
    client.say(ONE, ChannelOpen::default());
    client.mail(Mail::Blocked(Some("low on disk")));
    client.say(ONE, publish());
    client.frame(FRAME_HEADER, 1, &header(0));
    client.raw();
    let mut beats = 0;
    for _ in 0..20 {
        client.wait_ms(500);
        beats += client.heard().len();
    }
    assert_eq!(client.connection.flow(), Flow::Pause);
    assert!(beats >= 19, "{beats} heartbeats in 10 s");
}

#[test]
fn heartbeats_go_out_every_half_interval_when_nothing_else_does() {
    let tune_ok = ConnectionTuneOk {
        heartbeat: 2,
        ..TUNE_OK
    };
    let mut client = Script::tuned(broker(|_| {}), tune_ok);
    for _ in 0..3 {
        client.heartbeat();
        client.wait_ms(999);
        assert_eq!(client.heard(), [""; 0]);
        client.wait_ms(1);
        assert_eq!(client.heard(), ["0 frame 8 of 0 octets"]);
    }
    client.say(ONE, ChannelOpen::default());
    client.raw();
    client.wait_ms(1_000);
    assert_eq!(client.heard(), [""; 0]);
}

#[test]
fn silent_peer_is_cut_off_after_two_intervals() {
    let tune_ok = ConnectionTuneOk {
        heartbeat: 1,
        ..TUNE_OK
    };
    let mut client = Script::tuned(broker(|_| {}), tune_ok);
    client.wait_ms(2_999);
    client.raw();
    assert_eq!(client.connection.flow(), Flow::Read);
    client.wait_ms(1);
    assert_eq!(client.heard(), [""; 0]);
    assert_eq!(client.connection.flow(), CUT);
}

#[test]
fn peer_that_does_not_read_is_not_served() {
    let mut client = Script::open(1);
    let mut octets = Vec::new();
    for _ in 0..200_000 {
        encode_method(&mut octets, ONE, &ChannelFlow { active: true }.into());
    }
    client.octets(&octets);
    assert_eq!(client.connection.flow(), Flow::Pause);
    assert!(
        client.unread() > octets.len() / 4,
        "{} octets are left",
        client.unread()
    );
    let mut answers = client.raw().len();
    while client.unread() > 0 {
        client.feed();
        answers += client.raw().len();
    }
    assert_eq!(answers, octets.len());
}

// All connections were asked, and what the user may not see was dropped from their answers.
#[test]
fn connections_of_others_are_not_asked_for_their_channels() {
    let client = Script::tuned(broker(|_| {}), TUNE_OK);
    let session = client.broker.sessions().remove(0);
    let is_asked = |user| {
        drop(client.broker.ask_channels_for(Scope::All, user, None));
        let mut mail = VecDeque::new();
        session.mailbox.take_now(&mut mail);
        mail.iter().any(|mail| matches!(mail, Mail::Ask(_)))
    };
    assert!(is_asked(None) && is_asked(Some("guest")));
    assert!(!is_asked(Some("m")));
}

//! Forms of Erlang that are understood, and what is said of others.

use super::{Around, EvalError, eval};
use crate::broker::Broker;

fn with_broker(check: impl Fn(&dyn Fn(&str) -> Result<String, EvalError>)) {
    let broker = Broker::builder().start().expect("nothing is in its way");
    let around = Around {
        node: "rabbit@h",
        desk: Some(broker.desk().clone()),
    };
    check(&|text| eval(text, &around).map(|value| value.to_string()));
}

#[test]
fn settings_are_read_and_changed() {
    with_broker(|eval| {
        let check = |text: &str, value: &str| {
            assert_eq!(eval(text).as_deref(), Ok(value), "{text}");
        };
        check("application:get_env(rabbit, channel_max).", "{ok,2047}");
        check("application:set_env(rabbit, channel_max, 5).", "ok");
        check("application:get_env( rabbit ,channel_max ) . ", "{ok,5}");
        check(
            "application:get_env(rabbit, loopback_users).",
            "{ok,[<<\"guest\">>]}",
        );
        check("application:set_env(rabbit, loopback_users, []).", "ok");
        check("application:get_env(rabbit, loopback_users).", "{ok,[]}");
        check(
            "application:get_env(rabbit, consumer_timeout).",
            "{ok,1800000}",
        );
        check(
            "application:set_env(rabbit, consumer_timeout, undefined).",
            "ok",
        );
        check(
            "application:get_env(rabbit, consumer_timeout).",
            "{ok,undefined}",
        );
        check("persistent_term:put(max_message_size, 7).", "ok");
        check("persistent_term:get(max_message_size).", "7");
        check(
            "application:set_env(rabbit, channel_tick_interval, 5000).",
            "ok",
        );
    });
}

#[test]
fn alarms_are_switched() {
    with_broker(|eval| {
        let check = |text: &str, value: &str| {
            assert_eq!(eval(text).as_deref(), Ok(value), "{text}");
        };
        check("rabbit_alarm:get_alarms().", "[]");
        check(
            "rabbit_alarm:set_alarm({{resource_limit, memory, node()}, []}).",
            "ok",
        );
        let on = "[{{resource_limit,memory,rabbit@h},[]}]";
        check("rabbit_alarm:get_alarms().", on);
        check(
            "rabbit_alarm:clear_alarm({resource_limit, memory, node()}).",
            "ok",
        );
        check("rabbit_alarm:get_alarms().", "[]");
    });
}

#[test]
fn terms_are_their_own_values_and_the_rest_is_refused_in_words() {
    with_broker(|eval| {
        let term = "{ok, \"abc\", <<\"x\">>, abc, -1.5, [], 'A b', [{k, 1}]}.";
        let same = "{ok,\"abc\",<<\"x\">>,abc,-1.5,[],'A b',[{k,1}]}";
        assert_eq!(eval(term).as_deref(), Ok(same));
        assert_eq!(eval("1+"), Err(EvalError::Syntax));
        assert_eq!(
            eval("node()"),
            Err(EvalError::Syntax),
            "without a full stop"
        );
        for other in [
            "os:cmd(\"id\").",
            "1 + 1.",
            "application:get_env(rabbit, nope).",
        ] {
            let refused = eval(other).expect_err("it is not understood");
            assert_eq!(refused.word(), "not_understood", "{other}");
            assert!(
                refused.to_string().contains("rabbit_alarm:set_alarm"),
                "{refused}"
            );
        }
        let bad = eval("application:set_env(rabbit, channel_max, 65536).");
        assert_eq!(bad.expect_err("it is too large").word(), "badarg");
        let deep = format!("{}{}.", "[".repeat(100_000), "]".repeat(100_000));
        assert!(eval(&deep).is_err());
    });
}

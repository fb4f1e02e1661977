//! Rates and histories, with a clock that the test holds.

use bytes::Bytes;
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::types::ShortBytes;

use super::operations::{actors, done, queue};
use crate::clock::{Mono, Now, Wall};
use crate::desk::rates::{Range, Subject, WATCHED_FOR_MS, Window, Windows};
use crate::desk::views::Scope;
use crate::desk::{Actor, Desk, Publication};
use crate::vhost::DeleteIf;

fn at(second: u64) -> Now {
    let mono = Mono::from_millis(second * 1_000);
    Now {
        mono,
        wall: Wall::from_millis(1_800_000_000_000 + second * 1_000),
        transport: mono,
    }
}

fn publish(actor: &Actor, queue: &'static str) {
    let properties = Properties::default().to_bytes();
    let publication = Publication {
        exchange: ShortBytes::literal(""),
        routing_key: ShortBytes::literal(queue),
        properties: PropertiesRef::new(&properties),
        body: &Bytes::from_static(b"x"),
    };
    done(actor.publish(at(0), publication));
}

fn of_queue(name: &str) -> Subject {
    Subject::Queue {
        vhost: "/".to_owned(),
        name: name.to_owned(),
    }
}

/// Runs what is due in this second; whether another look is armed then.
fn look(desk: &Desk, second: u64) -> bool {
    desk.env.timers.run_due(at(second));
    desk.env.timers.next_deadline().is_some()
}

fn trend(desk: &Desk, second: u64, subject: &Subject, name: &str) -> (u64, f64) {
    let trends = desk.trends_at(at(second), subject, &Windows::default());
    let mut trends = trends.expect("it is there").into_iter();
    let trend = trends.find(|trend| trend.name == name);
    let trend = trend.expect("it has such a counter");
    (trend.value, trend.rate)
}

/// Two queues of which only one is watched, a second apart.
#[test]
fn rates_are_there_after_one_second() {
    let (desk, now, high, _) = actors();
    for name in ["q", "other"] {
        done(high.declare_queue(now, queue(name)));
    }
    publish(&high, "q");
    let (of_q, node) = (of_queue("q"), Subject::Node);
    assert_eq!(trend(&desk, 0, &of_q, "messages"), (1, 0.0));
    assert_eq!(trend(&desk, 0, &node, "messages_ready"), (1, 0.0));
    for name in ["q", "q", "other"] {
        publish(&high, name);
    }
    // The value is that of the moment, the rate that of the last look.
    assert_eq!(trend(&desk, 0, &of_q, "messages"), (3, 0.0));
    assert!(look(&desk, 1));
    assert_eq!(trend(&desk, 1, &of_q, "messages"), (3, 2.0));
    assert_eq!(trend(&desk, 1, &of_q, "publish"), (3, 2.0));
    assert_eq!(trend(&desk, 1, &node, "messages_ready"), (4, 3.0));
    assert_eq!(trend(&desk, 1, &node, "publish"), (4, 3.0));
    let vhost = Subject::Vhost("/".to_owned());
    assert_eq!(trend(&desk, 1, &vhost, "messages"), (4, 0.0));
    let exchange = Subject::Exchange {
        vhost: "/".to_owned(),
        name: String::new(),
    };
    assert_eq!(trend(&desk, 1, &exchange, "publish_out"), (4, 0.0));
    // Six seconds without a change.
    for second in 2..8 {
        assert!(look(&desk, second));
    }
    assert_eq!(trend(&desk, 8, &of_q, "messages"), (3, 0.0));
    assert_eq!(trend(&desk, 8, &node, "messages_ready"), (4, 0.0));
}

#[test]
fn a_deleted_queue_is_no_longer_counted_nor_watched() {
    let (desk, now, high, _) = actors();
    done(high.declare_queue(now, queue("q")));
    publish(&high, "q");
    let of_q = of_queue("q");
    assert_eq!(trend(&desk, 0, &of_q, "messages").0, 1);
    assert_eq!(trend(&desk, 0, &Subject::Node, "messages").0, 1);
    done(high.delete_queue(now, "q", DeleteIf::default()));
    assert_eq!(trend(&desk, 1, &Subject::Node, "messages").0, 0);
    assert_eq!(desk.trends_at(at(1), &of_q, &Windows::default()), None);
    done(high.declare_queue(now, queue("q")));
    assert!(look(&desk, 2));
    assert_eq!(trend(&desk, 2, &of_q, "messages"), (0, 0.0));
    let nowhere = Subject::Vhost("nowhere".to_owned());
    assert_eq!(desk.trends_at(at(2), &nowhere, &Windows::default()), None);
}

#[test]
fn nothing_is_noted_before_the_first_question_and_when_the_last_is_long_ago() {
    let (desk, now, high, _) = actors();
    done(high.declare_queue(now, queue("q")));
    let noted = |desk: &Desk| desk.env.touched.take().len();
    publish(&high, "q");
    assert_eq!(noted(&desk), 0);
    assert!(!look(&desk, 0));
    let _asked = trend(&desk, 0, &Subject::Node, "messages");
    publish(&high, "q");
    publish(&high, "q");
    let long = WATCHED_FOR_MS / 1_000;
    assert!(look(&desk, long));
    assert_eq!(noted(&desk), 0, "the look has taken it");
    publish(&high, "q");
    assert_eq!(noted(&desk), 1);
    assert!(!look(&desk, long + 1));
    publish(&high, "q");
    assert_eq!(noted(&desk), 0);
    // The next question begins anew.
    let messages = trend(&desk, long + 2, &Subject::Node, "messages");
    assert_eq!(messages, (5, 0.0));
}

#[test]
fn the_first_question_has_a_look_armed() {
    let (desk, ..) = actors();
    assert_eq!(desk.env.timers.next_deadline(), None);
    let _asked = trend(&desk, 3, &Subject::Node, "messages");
    assert_eq!(desk.env.timers.next_deadline(), Some(at(4).mono));
    assert!(look(&desk, 4));
    assert_eq!(desk.env.timers.next_deadline(), Some(at(5).mono));
}

/// What is watched of another queue of the same name said that it fell.
#[test]
fn a_queue_that_is_declared_again_begins_anew() {
    let (desk, now, high, _) = actors();
    done(high.declare_queue(now, queue("q")));
    for _ in 0..5 {
        publish(&high, "q");
    }
    let of_q = of_queue("q");
    assert_eq!(trend(&desk, 0, &of_q, "publish"), (5, 0.0));
    done(high.delete_queue(now, "q", DeleteIf::default()));
    done(high.declare_queue(now, queue("q")));
    publish(&high, "q");
    assert!(look(&desk, 1));
    assert_eq!(trend(&desk, 1, &of_q, "publish"), (1, 0.0));
    assert_eq!(trend(&desk, 1, &of_q, "messages"), (1, 0.0));
}

/// Whatever is watched, a look is done in turns.
#[test]
fn a_look_at_many_queues_takes_many_turns() {
    let (desk, now, high, _) = actors();
    let names: Vec<String> = (0..3_000).map(|number| format!("q{number}")).collect();
    for name in &names {
        let mut declaration = queue("q");
        declaration.name = leveret_codec::types::ShortString::new(name).unwrap();
        done(high.declare_queue(now, declaration));
        let asked = desk.trends_at(at(0), &of_queue(name), &Windows::default());
        assert!(asked.is_some());
    }
    for name in &names {
        done(high.purge_queue(now, name));
    }
    let turn = crate::turns::Turn::begin();
    desk.env.timers.run_due(at(1));
    drop(turn);
    assert_eq!(
        desk.env.timers.next_deadline(),
        None,
        "it is not at its end"
    );
    let mut turns = 1;
    while desk.env.turns.run_one(at(1)) {
        turns += 1;
    }
    assert!(turns > 2, "{turns} turns");
    assert!(desk.env.turns.counts().longest < 2 * u64::from(crate::turns::TURN_STEPS));
    assert!(desk.env.timers.next_deadline().is_some());
}

#[test]
fn samples_come_with_the_window_that_asks_for_them() {
    let (desk, now, high, _) = actors();
    done(high.declare_queue(now, queue("q")));
    let windows = Windows {
        lengths: Window::new(4, 2),
        ..Windows::default()
    };
    let ask = |second| {
        let trends = desk.trends_at(at(second), &of_queue("q"), &windows);
        trends.expect("it is there")
    };
    let _first = ask(0);
    for second in 1..=4 {
        publish(&high, "q");
        assert!(look(&desk, second));
    }
    let trends = ask(4);
    let find = |name| trends.iter().find(|trend| trend.name == name);
    let messages = find("messages").expect("a queue has messages");
    let range = messages.range.as_ref().expect("it was asked for");
    let samples: Vec<u64> = range.samples.iter().map(|one| one.sample).collect();
    assert_eq!(samples, [4, 2, 0]);
    assert_eq!((messages.rate, range.avg, range.avg_rate), (1.0, 2.0, 1.0));
    let publish = find("publish").expect("a queue has publishes");
    assert_eq!((publish.rate, publish.range.as_ref()), (1.0, None));
}

// A list of many queues left no room for the history of anything else.
#[test]
fn a_list_of_queues_leaves_room_for_other_histories() {
    let (desk, now, high, _) = actors();
    // Longer than what rates need is kept for.
    let windows = Windows {
        lengths: Window::new(40, 20),
        messages: Window::new(40, 20),
        ..Windows::default()
    };
    let samples = |second: u64, subject: &Subject, name: &str| {
        let trends = desk.trends_at(at(second), subject, &windows);
        let mut trends = trends.expect("it is there").into_iter();
        let trend = trends.find(|trend| trend.name == name);
        let range = trend
            .and_then(|trend| trend.range)
            .expect("it was asked for");
        let samples = range.samples.into_iter();
        samples.map(|one| one.sample).collect::<Vec<u64>>()
    };
    let names: Vec<&'static str> = (0..300)
        .map(|number| &*format!("q{number}").leak())
        .collect();
    for name in &names {
        done(high.declare_queue(now, queue(name)));
        samples(0, &of_queue(name), "messages");
    }
    let others = [
        (Subject::Node, "messages"),
        (Subject::Vhost("/".to_owned()), "messages"),
        (
            Subject::Exchange {
                vhost: "/".to_owned(),
                name: String::new(),
            },
            "publish_in",
        ),
    ];
    for (subject, name) in &others {
        samples(0, subject, name);
    }
    for second in 1..=40 {
        publish(&high, "q0");
        while !look(&desk, second) {}
    }
    for (subject, name) in &others {
        assert_eq!(samples(40, subject, name), [40, 20, 0], "{subject:?}");
    }
    assert_eq!(samples(40, &of_queue("q0"), "messages"), [40, 20, 0]);
}

// Who saw no vhost was shown how the whole broker moves.
#[test]
fn trends_in_no_vhost_are_zeros() {
    let (desk, now, high, _) = actors();
    done(high.declare_queue(now, queue("q")));
    publish(&high, "q");
    let windows = Windows {
        lengths: Window::new(60, 5),
        messages: Window::new(60, 5),
        ..Windows::default()
    };
    let trend = |scope: Scope<'_>, name: &str| {
        let trends = desk.trends_in(scope, &windows).into_iter();
        let mut trends = trends.filter(|trend| trend.name == name);
        trends.next().expect("it is counted")
    };
    for name in ["messages", "publish"] {
        let (all, none) = (trend(Scope::All, name), trend(Scope::Vhosts(&[]), name));
        assert_eq!((all.value, none.value, none.rate), (1, 0, 0.0));
        let samples = none.range.expect("samples are wanted").samples;
        assert_eq!(samples.len(), all.range.unwrap_or_default().samples.len());
        assert!(samples.iter().all(|one| one.sample == 0));
    }
    // What comes and goes has no vhost.
    assert_eq!(trend(Scope::Vhosts(&[]), "queue_declared").value, 1);
}

// A sort key is made of the last two samples: its rate has to be the one that is shown.
#[test]
#[cfg(feature = "management")]
fn the_last_two_samples_say_the_same_rate() {
    let (desk, now, high, _) = actors();
    done(high.declare_queue(now, queue("q")));
    let of_q = of_queue("q");
    for (age, incr) in [(60, 5), (63, 5), (7, 5), (5, 5), (3, 5)] {
        let lengths = Window::new(age, incr).map(Window::up_to_now);
        let windows = Windows {
            lengths,
            messages: Window::new(age, incr),
            ..Windows::default()
        };
        let trends = |windows: &Windows| desk.trends_at(at(90), &of_q, windows).unwrap();
        let (all, two) = (trends(&windows), trends(&windows.last_two()));
        for (all, two) in all.iter().zip(&two) {
            let last = |range: &Option<Range>, most: usize| {
                let samples = &range.as_ref().expect("samples are wanted").samples;
                samples.iter().take(most).copied().collect::<Vec<_>>()
            };
            assert_eq!(last(&all.range, 2), last(&two.range, usize::MAX));
            assert_eq!(all.rate.to_bits(), two.rate.to_bits());
        }
    }
}

/// The first question counts more queues than one piece has; a look that comes in between goes on.
#[test]
fn the_first_question_counts_queues_in_pieces() {
    let (desk, now, high, _) = actors();
    for number in 0..1_500 {
        done(high.declare_queue(now, queue(&format!("q{number}"))));
    }
    publish(&high, "q0");
    publish(&high, "q1499");
    assert_eq!(trend(&desk, 0, &Subject::Node, "messages").0, 2);
    publish(&high, "q700");
    assert!(look(&desk, 1));
    assert_eq!(trend(&desk, 1, &Subject::Node, "messages"), (3, 1.0));
}

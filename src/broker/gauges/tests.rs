use std::task::{Context, Waker};

use super::*;

fn gauges() -> OfProcess {
    let settings = Settings::default();
    OfProcess::new(&settings, &Arc::new(Live::new(&settings)))
}

fn is_ready(question: &mut Pin<Box<dyn Future<Output = Measured> + Send + '_>>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    question.as_mut().poll(&mut cx).is_ready()
}

#[test]
fn a_question_is_answered_by_a_measurement_that_began_after_it() {
    let gauges = gauges();
    gauges.look();
    let (mut one, mut two) = (gauges.measured(), gauges.measured());
    assert!(
        !is_ready(&mut one) && !is_ready(&mut two),
        "that was before"
    );
    gauges.look();
    assert!(is_ready(&mut one) && is_ready(&mut two), "one is for both");
    let mut later = gauges.measured();
    assert!(!is_ready(&mut later));
}

#[test]
fn without_a_monitor_the_last_measurement_is_the_answer() {
    let gauges = gauges();
    let mut before = gauges.measured();
    gauges.end();
    assert!(is_ready(&mut before) && is_ready(&mut gauges.measured()));
}

#[test]
fn what_was_read_is_measured_again_for_a_while() {
    let gauges = gauges();
    gauges.look_again();
    assert_eq!(gauges.0.latest.borrow().1, Measured::default());
    assert_eq!(gauges.latest(), Measured::default());
    gauges.look_again();
    assert!(gauges.0.latest.borrow().1.memory_used_bytes.is_some());
    for _ in 1..AGAIN {
        gauges.look_again();
    }
    gauges.0.latest.send_replace(Default::default());
    gauges.look_again();
    assert_eq!(
        gauges.0.latest.borrow().1,
        Measured::default(),
        "for a while"
    );
}

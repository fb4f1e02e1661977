use super::*;

fn shown(state: State, ms: u64) -> Shown {
    Shown {
        octets_in: 1,
        octets_out: 2,
        frames_in: 3,
        frames_out: 4,
        state,
        at: Mono::ZERO.plus_ms(ms),
    }
}

#[test]
fn counts_are_those_that_were_shown_last() {
    let traffic = Traffic::default();
    traffic.show(&shown(State::Running, 1));
    traffic.show_channels(5);
    let counts = (traffic.octets_in(), traffic.octets_out());
    assert_eq!(counts, (1, 2));
    assert_eq!((traffic.frames_in(), traffic.frames_out()), (3, 4));
    assert_eq!(traffic.channels(), 5);
}

#[test]
fn flow_is_shown_for_five_seconds_after_it_is_over() {
    let traffic = Traffic::default();
    let at = |ms| traffic.state(Mono::ZERO.plus_ms(ms)).word();
    assert_eq!(at(0), "running");
    traffic.show(&shown(State::Flow, 1_000));
    traffic.show(&shown(State::Running, 1_001));
    assert_eq!(at(5_999), "flow");
    assert_eq!(at(6_000), "running");
    traffic.show(&shown(State::Blocked, 1_002));
    assert_eq!(at(1_003), "blocked");
    traffic.show(&shown(State::Blocking, 1_003));
    assert_eq!(at(1_003), "blocking");
}

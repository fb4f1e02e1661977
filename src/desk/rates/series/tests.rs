use proptest::prelude::*;

use super::*;
use crate::clock::Wall;

/// The clock began at this time of day: the third second of a minute.
const BEGAN: u64 = 1_800_000_003_000;

fn at(ms: u64) -> Now {
    Now {
        mono: Mono::from_millis(ms),
        wall: Wall::from_millis(BEGAN + ms),
        transport: Mono::ZERO,
    }
}

/// What a counter is after the last look.
const LIVE: u64 = 1_000_000;

/// A counter that is looked at each second from the first one on, and what it is then.
fn series(keep: Keep, values: impl IntoIterator<Item = u64>) -> (Series, Now) {
    let mut series = Series::new(Mono::ZERO);
    series.keep(keep);
    let mut now = at(0);
    for (second, value) in (0..).zip(values) {
        now = at(second * 1_000);
        series.push(now.mono, &[value]);
    }
    (series, now)
}

fn samples(series: &Series, now: Now, age_s: u64, incr_s: u64) -> Vec<(u64, u64)> {
    let last = series.last().and_then(|values| values.first().copied());
    let window = Window::new(age_s, incr_s).unwrap();
    let range = series.range(now, 0, window, last.unwrap_or_default());
    let each = range.samples.iter();
    each.filter(|sample| sample.timestamp >= BEGAN)
        .map(|sample| (sample.timestamp - BEGAN, sample.sample))
        .collect()
}

#[test]
fn rate_is_there_after_the_second_look() {
    let rate = |values: &[u64]| {
        let (series, now) = series(Keep::Rate, values.iter().copied());
        series.rate(0, now.mono)
    };
    assert_eq!(rate(&[]), 0.0);
    assert_eq!(rate(&[7]), 0.0);
    assert_eq!(rate(&[7, 19]), 12.0);
    assert_eq!(rate(&[19, 7]), -12.0);
}

#[test]
fn rate_is_taken_over_five_seconds() {
    let mut values = vec![0; 10];
    values.extend([50, 50, 50, 50]);
    let (series, now) = series(Keep::Rate, values);
    assert_eq!(series.rate(0, now.mono), 10.0);
    let [finest, ..] = &series.tiers;
    assert!(finest.len() <= 6, "{} samples for a rate", finest.len());
    // Two seconds later the rise is six seconds ago; nothing was touched meanwhile.
    assert_eq!(series.rate(0, now.mono.plus_ms(2_000)), 0.0);
}

#[test]
fn samples_lie_on_multiples_of_their_distance() {
    // 100 more in each second, from the third second of a minute on.
    let (series, now) = series(Keep::History, (0..=20).map(|second| second * 100));
    let expected = [(17_000, 1_700), (12_000, 1_200), (7_000, 700), (2_000, 200)];
    assert_eq!(samples(&series, now, 15, 5), expected);
    let range = series.range(now, 0, Window::new(15, 5).unwrap(), LIVE);
    assert_eq!((range.avg, range.avg_rate), (950.0, 100.0));
}

/// Seen: RabbitMQ 4.3.6, what queues hold: the last sample is that of the end of the interval.
#[test]
fn a_window_up_to_now_ends_with_what_is_counted_now() {
    let (series, now) = series(Keep::History, (0..=20).map(|second| second * 100));
    let window = Window::new(10, 5).unwrap().up_to_now();
    let range = series.range(now, 0, window, 2_050);
    let samples = range.samples.iter();
    let samples: Vec<_> = samples
        .map(|one| (one.timestamp - BEGAN, one.sample))
        .collect();
    assert_eq!(samples, [(22_000, 2_050), (17_000, 1_700), (12_000, 1_200)]);
}

/// Seen: RabbitMQ 4.3.6: the first sample lies at the window's beginning, whatever the distance.
#[test]
fn samples_begin_with_the_window() {
    let (series, now) = series(Keep::History, (0..=20).map(|second| second * 100));
    assert_eq!(
        samples(&series, now, 7, 5),
        [(15_000, 1_500), (10_000, 1_000)]
    );
    assert_eq!(samples(&series, now, 3, 5), [(14_000, 1_400)]);
}

/// A distance of so many seconds that it has no milliseconds was no distance at all, or a panic.
#[test]
fn whatever_lengths_a_window_has_it_can_be_asked_for() {
    let (series, now) = series(Keep::History, 0..=20);
    let most = u64::MAX;
    for (age_s, incr_s) in [
        (most, most),
        (1 << 61, 1 << 61),
        (most, most / 500),
        (1, most),
        (500, 1),
    ] {
        let window = Window::new(age_s, incr_s).unwrap();
        series.range(now, 0, window, LIVE);
        series.range(now, 0, window.up_to_now(), LIVE);
    }
}

/// Seen: RabbitMQ 4.3.6: as many samples as were asked for, zeros before it was started.
#[test]
fn before_the_first_look_all_was_as_it_was_then() {
    let mut series = Series::new(at(0).mono);
    series.keep(Keep::History);
    for second in 10..14 {
        series.push(at(second * 1_000).mono, &[second]);
    }
    let values = |series: &Series, now: Now, window| {
        let range = series.range(now, 0, window, LIVE);
        let samples = range.samples.iter().map(|one| one.sample);
        samples.collect::<Vec<_>>()
    };
    let window = Window::new(25, 5).unwrap();
    assert_eq!(values(&series, at(13_000), window), [12, 10, 10, 0, 0, 0]);
    let none = Series::new(Mono::ZERO);
    let window = Window::new(5, 5).unwrap();
    assert_eq!(values(&none, at(7_000), window), [LIVE, LIVE]);
}

#[test]
fn windows_are_refused_as_rabbitmq_refuses_them() {
    for (age_s, incr_s) in [(0, 5), (5, 0), (SAMPLES, 1)] {
        assert_eq!(Window::new(age_s, incr_s), None);
    }
}

/// As many samples as none may ask for.
const SAMPLES: u64 = crate::desk::rates::SAMPLES_MAX;

#[test]
fn a_day_of_seconds_takes_no_more_than_its_tiers() {
    let day = 86_400;
    let (series, now) = series(Keep::History, 0..=day);
    for (points, (step, span)) in series.tiers.iter().zip(TIERS) {
        let most = usize::try_from(span / step).unwrap() + 2;
        assert!(points.len() <= most, "{} of {most}", points.len());
    }
    // The coarsest samples reach back to the day before, each not later than it says.
    let long = samples(&series, now, 82_800, 1_800);
    assert_eq!(long.len(), 47);
    for (timestamp, value) in long {
        let exact = timestamp / 1_000;
        assert!(
            value <= exact && value + 1_800 >= exact,
            "{value} at {exact}"
        );
    }
}

proptest! {
    /// Whatever a counter does, a sample of the last minute is what the counter was then.
    #[test]
    fn the_last_minute_is_exact(values in proptest::collection::vec(0..5u64, 1..200)) {
        let (series, now) = series(Keep::History, values.iter().copied());
        for (timestamp, sample) in samples(&series, now, 60, 1) {
            let second = usize::try_from(timestamp / 1_000).unwrap();
            prop_assert_eq!(values.get(second).copied(), Some(sample));
        }
    }
}

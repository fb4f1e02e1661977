use proptest::prelude::*;

use super::*;
use crate::clock::Wall;

/// The transport clock began at this time of day: the third second of a minute.
const BEGAN: u64 = 1_800_000_003_000;

fn at(ms: u64) -> Now {
    Now {
        mono: Mono::ZERO,
        wall: Wall::from_millis(BEGAN + ms),
        transport: Mono::from_millis(ms),
    }
}

/// A counter that is looked at each second from the first one on, and what it is then.
fn series(keep: Keep, values: impl IntoIterator<Item = u64>) -> (Series, Now) {
    let mut series = Series::new(Mono::ZERO);
    series.keep(keep);
    let mut now = at(0);
    for (second, value) in (0..).zip(values) {
        now = at(second * 1_000);
        series.push(now.transport, &[value]);
    }
    (series, now)
}

fn samples(series: &Series, now: Now, age_s: u64, incr_s: u64) -> Vec<(u64, u64)> {
    let range = series.range(now, 0, Window::new(age_s, incr_s).unwrap());
    let each = range.samples.iter();
    each.map(|sample| (sample.timestamp - BEGAN, sample.sample))
        .collect()
}

#[test]
fn rate_is_there_after_the_second_look() {
    assert_eq!(series(Keep::Rate, []).0.rate(0), 0.0);
    assert_eq!(series(Keep::Rate, [7]).0.rate(0), 0.0);
    assert_eq!(series(Keep::Rate, [7, 19]).0.rate(0), 12.0);
    assert_eq!(series(Keep::Rate, [19, 7]).0.rate(0), -12.0);
}

#[test]
fn rate_is_taken_over_five_seconds() {
    let mut values = vec![0; 10];
    values.extend([50, 50, 50, 50]);
    let (mut series, now) = series(Keep::Rate, values);
    assert_eq!(series.rate(0), 10.0);
    let [finest, ..] = &series.tiers;
    assert!(finest.len() <= 6, "{} samples for a rate", finest.len());
    // Two seconds later the rise is six seconds ago; nothing was touched meanwhile.
    series.go_on(now.transport.plus_ms(2_000));
    assert_eq!(series.rate(0), 0.0);
}

#[test]
fn samples_lie_on_multiples_of_their_distance() {
    // 100 more in each second, from the third second of a minute on.
    let (series, now) = series(Keep::History, (0..=20).map(|second| second * 100));
    let expected = [(17_000, 1_700), (12_000, 1_200), (7_000, 700), (2_000, 200)];
    assert_eq!(samples(&series, now, 15, 5), expected);
    let range = series.range(now, 0, Window::new(15, 5).unwrap());
    assert_eq!((range.avg, range.avg_rate), (950.0, 100.0));
}

#[test]
fn nothing_is_said_of_the_time_before_the_first_look() {
    let (series, now) = series(Keep::History, [5, 6, 7, 8]);
    assert_eq!(samples(&series, now, 60, 5), [(2_000, 7)]);
    let mut none = Series::new(Mono::ZERO);
    none.keep(Keep::History);
    assert_eq!(
        none.range(now, 0, Window::new(60, 5).unwrap()),
        Range::default()
    );
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

use super::*;

fn asked(query: &str) -> Result<Windows, RefusedWindow> {
    windows(&Query::parse(Some(query)))
}

#[test]
fn a_window_needs_two_numbers() {
    for none in [
        "",
        "lengths_age=10",
        "lengths_incr=5",
        "lengths_age=a&lengths_incr=5",
        "lengths_age=1.5&lengths_incr=5",
        "lengths_age=&lengths_incr=5",
    ] {
        let asked = asked(none).ok();
        assert_eq!(asked, Some(Windows::default()), "{none}");
    }
    let both = asked("msg_rates_age=10&msg_rates_incr=5&data_rates_age=20&data_rates_incr=5");
    let expected = Windows {
        messages: Window::new(10, 5),
        data: Window::new(20, 5),
        ..Windows::default()
    };
    assert_eq!(both.ok(), Some(expected));
}

#[test]
fn an_empty_window_is_refused() {
    for empty in [(0, 5), (10, 0), (-10, 5), (10, -5)] {
        let (age, incr) = empty;
        let asked = asked(&format!("node_stats_age={age}&node_stats_incr={incr}"));
        assert!(asked.is_err(), "{empty:?}");
    }
}

/// A client decides neither how many samples are looked for nor how large a number gets.
#[test]
fn a_window_of_too_many_samples_is_refused() {
    let most = u64::MAX;
    for (age, incr, is_taken) in [
        (500, 1, true),
        (501, 1, false),
        (1_001, 2, true),
        (1_002, 2, false),
        (most, 1, false),
        (1, most, true),
        (most, most, true),
        (most, most / 2, true),
        (most, 1 << 61, true),
        (most, 1 << 54, false),
    ] {
        let asked = asked(&format!("lengths_age={age}&lengths_incr={incr}"));
        let windows = asked.map(|windows| windows.lengths.is_some());
        assert_eq!(windows.unwrap_or_default(), is_taken, "{age} {incr}");
    }
    let huge = "9".repeat(38);
    let asked = asked(&format!("lengths_age={huge}&lengths_incr={huge}"));
    assert!(asked.is_ok_and(|windows| windows.lengths.is_some()));
}

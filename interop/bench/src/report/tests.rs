use super::*;

#[test]
fn figures_have_the_digits_they_deserve() {
    let shows = |value: f64, text: &str| assert_eq!(shown(value), text.replace(' ', "\u{202f}"));
    shows(1_234_567.8, "1 234 568");
    shows(100.0, "100");
    shows(99.123, "99.12");
    shows(0.012_34, "0.0123");
    shows(-1234.0, "-1 234");
    shows(0.0, "0");
}

#[test]
fn percentiles_are_in_microseconds() {
    let mut latency = Latency::new(true);
    for micros in 1..=100 {
        latency.add(Duration::from_micros(micros));
    }
    let mut report = Report::default();
    report.set_latency("call", &latency);
    let p50 = report.get("call_p50_us").unwrap();
    assert!((49.9..50.1).contains(&p50), "{p50}");
    assert!(report.get("call_max_us").unwrap() >= 100.0);
}

#[test]
fn report_without_times_has_no_percentiles() {
    let mut report = Report::default();
    report.set_latency("call", &Latency::new(true));
    report.set_latency("call", &Latency::new(false));
    assert_eq!(report, Report::default());
}

#[test]
fn who_uses_most_of_the_machine_is_named() {
    let usage = |cpu_s| Usage { cpu_s, rss: 0 };
    let cores = std::thread::available_parallelism().unwrap().get() as f64;
    let bound = |tool: f64, broker: f64| {
        let mut report = Report::default();
        let broker = Some((usage(1.0), usage(1.0 + broker * cores)));
        let tool = (usage(2.0), usage(2.0 + tool * cores));
        report.set_usage(Duration::from_secs(1), 1_000_000, broker, tool);
        assert!(report.get("broker_cpu_s_per_million").is_some());
        !report.notes.is_empty()
    };
    assert!(bound(0.8, 0.15));
    assert!(!bound(0.5, 0.5));
    assert!(!bound(0.4, 0.1));
}

#[test]
fn report_survives_json() {
    let mut report = Report {
        broker: "x".to_owned(),
        ..Report::default()
    };
    report.set("received_per_s", 12.5);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}

use super::*;

fn check(line: &str, report: Option<(&str, Outcome)>) {
    assert_eq!(parse(line, &["ttl", "tx"]), report, "{line}");
}

#[test]
fn report_names_a_scenario_and_a_reason() {
    check("ok tx", Some(("tx", Outcome::Ok)));
    check(
        "fail ttl 2 left, not 0",
        Some(("ttl", Outcome::Fail("2 left, not 0".to_owned()))),
    );
    check(
        "skip tx no such call",
        Some(("tx", Outcome::Skip("no such call".to_owned()))),
    );
}

#[test]
fn other_output_is_no_report() {
    for line in ["", "ok", "ok get", "okay tx", "warning: ok tx"] {
        check(line, None);
    }
}

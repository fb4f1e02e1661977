//! Names and moments, without a socket.

use super::names::moment;
use super::suites::{SUITES, chosen, versions};

#[test]
fn moments_are_days_and_times() {
    for (seconds, text) in [
        (0, "1970-01-01 00:00:00"),
        (951_782_399, "2000-02-28 23:59:59"),
        (951_782_400, "2000-02-29 00:00:00"),
        (4_107_542_400, "2100-03-01 00:00:00"),
        (-1, "1969-12-31 23:59:59"),
        (1_799_379_387, "2027-01-08 03:36:27"),
    ] {
        assert_eq!(moment(seconds, " "), text);
    }
}

#[test]
fn suites_have_two_names_each() {
    for suite in SUITES {
        let names = [suite.openssl, suite.iana].map(str::to_owned);
        let (found, unknown) = chosen(&names);
        assert_eq!((found.len(), unknown.len()), (2, 0), "{}", suite.iana);
        assert_eq!(found.first(), found.last());
    }
    let names = ["AES256-SHA", "ecdhe-rsa-aes128-gcm-sha256"].map(str::to_owned);
    let (found, unknown) = chosen(&names);
    assert_eq!((found.len(), unknown), (1, vec!["AES256-SHA"]));
    assert_eq!(chosen(&[]).0.len(), SUITES.len());
}

#[test]
fn older_versions_are_left_out() {
    let names = ["tlsv1.3", "tlsv1.1"].map(str::to_owned);
    let (found, unknown) = versions(&names);
    assert_eq!((found.len(), unknown), (1, vec!["tlsv1.1"]));
}

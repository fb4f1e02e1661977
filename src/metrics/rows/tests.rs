//! Octet by octet.

use super::*;

fn rows(labels: &'static [&'static str], write: impl FnOnce(&mut Rows<'_>)) -> String {
    let mut text = Vec::new();
    let name = Name {
        prefix: "p_",
        own: "x",
    };
    write(&mut Rows {
        text: &mut text,
        name,
        labels,
    });
    String::from_utf8(text).expect("texts are UTF-8")
}

#[test]
fn label_values_are_escaped() {
    let text = rows(&["a", "b"], |rows| {
        rows.push(&["back\\slash \"quoted\"", "two\nlines, é={}"], 7_u64);
    });
    assert_eq!(
        text,
        "p_x{a=\"back\\\\slash \\\"quoted\\\"\",b=\"two\\nlines, é={}\"} 7\n"
    );
}

#[test]
fn figures_keep_their_digits() {
    let text = rows(&[], |rows| {
        rows.push(&[], u64::MAX);
        rows.push(&[], 118.0);
        rows.push(&[], 0.25);
        rows.push(&[], Figure::UNKNOWN);
        rows.push(&[], f64::INFINITY);
        rows.push(&[], f64::NEG_INFINITY);
    });
    assert_eq!(
        text,
        "p_x 18446744073709551615\np_x 118.0\np_x 0.25\np_x NaN\np_x +Inf\np_x -Inf\n"
    );
}

#[test]
fn buckets_hold_what_is_below_their_end() {
    let histogram = Histogram {
        buckets: &[("0.1", 3), ("10", 0)],
        above: 2,
        sum: 40.5.into(),
    };
    let text = rows(&["protocol"], |rows| rows.histogram(&["amqp"], &histogram));
    assert_eq!(
        text,
        "p_x_bucket{protocol=\"amqp\",le=\"0.1\"} 3\n\
         p_x_bucket{protocol=\"amqp\",le=\"10\"} 3\n\
         p_x_bucket{protocol=\"amqp\",le=\"+Inf\"} 5\n\
         p_x_count{protocol=\"amqp\"} 5\n\
         p_x_sum{protocol=\"amqp\"} 40.5\n"
    );
}

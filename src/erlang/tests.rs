use super::*;

#[test]
fn octets_that_are_no_utf_8_are_characters_one_by_one() {
    assert_eq!(text(b"plain"), "plain");
    assert_eq!(text("é".as_bytes()), "é");
    assert_eq!(text(b"\xc3\xa9\xff"), "Ã©ÿ");
    assert_eq!(text(b""), "");
}

/// Seen: `io_lib:format("~tp", [{leftover_string, String}])`.
#[test]
fn lists_are_texts_if_all_of_them_is_printable() {
    let shown = |octets: &[u8]| pair(0, "s", &Value::List(octets));
    assert_eq!(
        shown(b"a\"b\\\n\t\r\x08\x0b\x0c\x1b"),
        r#"{s,"a\"b\\\n\t\r\b\v\f\e"}"#
    );
    assert_eq!(shown(b"abc\xa9"), "{s,\"abc©\"}");
    assert_eq!(shown(b"abc\x01"), "{s,[97,98,99,1]}");
    assert_eq!(shown(b"\x7f"), "{s,[127]}");
    assert_eq!(shown("€".as_bytes()), "{s,[226,130,172]}");
}

/// Seen: the text of an expiration of 20 digits, which begins in column 43.
#[test]
fn pair_that_does_not_fit_is_broken_behind_the_comma() {
    let nine = |digits: usize| "9".repeat(digits);
    let fits = pair(42, "value_too_large", &Value::Digits(&nine(18)));
    assert_eq!(fits, format!("{{value_too_large,{}}}", nine(18)));
    let broken = pair(43, "value_too_large", &Value::Digits(&nine(20)));
    assert_eq!(
        broken,
        format!("{{value_too_large,\n{:44}{}}}", "", nine(20))
    );
    let text = |column| pair(column, "leftover_string", &Value::List(b"abcdef"));
    assert_eq!(text(52), "{leftover_string,\"abcdef\"}");
    assert_eq!(
        text(53),
        format!("{{leftover_string,\n{:54}\"abcdef\"}}", "")
    );
}

/// Seen: texts of expirations with many octets that are not printable, by their count. Such a text
/// begins in column 24 and more.
#[test]
fn lists_of_numbers_fill_their_lines() {
    let shown = |octet: u8, count: usize| {
        let text = pair(
            24 + count,
            "leftover_string",
            &Value::List(&vec![octet; count]),
        );
        let lines = text.lines().skip(1);
        let lines: Vec<(usize, usize)> = lines
            .map(|line| {
                let start = line.find(|letter| letter != ' ').unwrap_or_default();
                (start, line.matches(&octet.to_string()).count())
            })
            .collect();
        lines
    };
    assert_eq!(shown(1, 11), []);
    assert_eq!(shown(1, 12), [(37, 12)]);
    assert_eq!(shown(1, 17), [(42, 17)]);
    assert_eq!(shown(1, 18), [(43, 17), (44, 1)]);
    assert_eq!(shown(1, 19), [(44, 16), (45, 3)]);
    assert_eq!(shown(1, 24), [(49, 14), (50, 10)]);
    assert_eq!(shown(1, 26), [(51, 13), (52, 12), (52, 1)]);
    assert_eq!(shown(1, 30), [(55, 11), (56, 11), (56, 8)]);
    assert_eq!(shown(129, 7), []);
    assert_eq!(shown(129, 8), [(36, 8)]);
    assert_eq!(shown(129, 10), [(38, 9), (39, 1)]);
    assert_eq!(shown(129, 11), [(39, 9), (40, 2)]);
    assert_eq!(shown(129, 12), [(37, 10), (38, 2)]);
    assert_eq!(shown(129, 16), [(41, 9), (42, 7)]);
    assert_eq!(shown(129, 17), [(42, 8), (43, 8), (43, 1)]);
}

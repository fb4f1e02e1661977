use super::*;
use crate::text;

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

// Each is what term_to_binary of Erlang/OTP 29 gives.
#[test]
fn terms_are_written_as_erlang_writes_them() {
    for (written, octets) in [
        ("ok", "8377026f6b"),
        ("255", "8361ff"),
        ("256", "836200000100"),
        ("-1", "8362ffffffff"),
        ("4294967296", "836e05000000000001"),
        ("-4294967296", "836e05010000000001"),
        ("1.5", "83463ff8000000000000"),
        ("<<\"ab\">>", "836d000000026162"),
        ("\"ab\"", "836b00026162"),
        ("[97,98]", "836b00026162"),
        ("[]", "836a"),
        ("\"\"", "836a"),
        ("\"\\x{20ac}\"", "836c0000000162000020ac6a"),
        ("[a,1]", "836c000000027701616101"),
        ("{a,<<>>}", "836802770161"),
        ("#{a => 1}", "8374000000017701616101"),
    ] {
        let term = text::read(&format!("{written}.")).unwrap();
        let mut wanted = octets.to_owned();
        match written {
            "[a,1]" => wanted += "6a",
            "{a,<<>>}" => wanted += "6d00000000",
            _ => {}
        }
        assert_eq!(hex(&of(&term)), wanted, "{written}");
    }
}

#[test]
fn octets_are_read_as_they_were_written() {
    for written in [
        "ok",
        "'É'",
        "255",
        "-256",
        "9223372036854775807",
        "1.5",
        "<<\"ab\">>",
        "\"a\\nb\"",
        "[1,2]",
        "[a,[b,\"c\"]]",
        "#{a => <<1>>}",
    ] {
        let term = text::read(&format!("{written}.")).unwrap();
        assert_eq!(read(&of(&term)), Some(term), "{written}");
    }
    let pair = Term::Tuple(vec![Term::Atom("a".to_owned()), Term::Whole(1)], 0);
    assert_eq!(read(&of(&pair)), Some(pair));
}

// The counts in front of items are the sender's.
#[test]
fn what_is_no_term_is_refused() {
    let deep = [[VERSION].as_slice(), &[SMALL_TUPLE, 1].repeat(100_000)].concat();
    for octets in [
        &[][..],
        &[VERSION],
        &[VERSION, 0],
        &[VERSION, SMALL_INTEGER],
        &[VERSION, SMALL_INTEGER, 1, 1],
        &[VERSION, LIST, 255, 255, 255, 255],
        &[VERSION, LIST, 0, 0, 0, 1, NIL, SMALL_INTEGER, 1],
        &[VERSION, MAP, 255, 255, 255, 255],
        &[VERSION, BINARY, 255, 255, 255, 255, 1],
        &[VERSION, SMALL_BIG, 9, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1],
        &deep,
    ] {
        assert_eq!(read(octets), None);
    }
}

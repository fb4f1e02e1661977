use super::*;

fn check(
    parsed: Result<Credentials<'_>, &'static str>,
    expected: Result<(&str, &str), &'static str>,
) {
    let parsed = parsed.map(|found| (found.user, found.password));
    assert_eq!(
        parsed,
        expected.map(|(user, password)| (user.as_bytes(), password.as_bytes()))
    );
}

/// A field with a length in front of its value, as `S`, `x`, `F` and `A` have it.
fn long(key: &str, letter: u8, value: &str) -> Vec<u8> {
    let len = u32::try_from(value.len()).unwrap().to_be_bytes();
    field(key, letter, &[&len, value.as_bytes()].concat())
}

fn field(key: &str, letter: u8, value: &[u8]) -> Vec<u8> {
    [
        &[u8::try_from(key.len()).unwrap()],
        key.as_bytes(),
        &[letter],
        value,
    ]
    .concat()
}

fn check_table(fields: &[Vec<u8>], expected: Result<(&str, &str), &'static str>) {
    check(amqplain(&fields.concat()), expected);
}

const MISSING: &str = "auth info is missing LOGIN or PASSWORD field";
const NO_TABLE: &str = "auth info is not a field table";

#[test]
fn plain_is_user_and_password_behind_nuls() {
    check(plain(b"\0bob\0pw"), Ok(("bob", "pw")));
    check(plain(b"\0bob\0"), Ok(("bob", "")));
    check(plain(b"\0\0pw"), Ok(("", "pw")));
}

#[test]
fn plain_of_another_form_is_invalid() {
    for response in [
        &b""[..],
        b"\0",
        b"bob\0pw",
        b"admin\0bob\0pw",
        b"\0bob\0p\0w",
        b"\0bob",
    ] {
        check(plain(response), Err("response invalid"));
    }
}

#[test]
fn amqplain_is_a_table_without_length() {
    check_table(
        &[long("LOGIN", b'S', "bob"), long("PASSWORD", b'S', "pw")],
        Ok(("bob", "pw")),
    );
    check_table(
        &[long("PASSWORD", b'x', ""), long("LOGIN", b'x', "bob")],
        Ok(("bob", "")),
    );
}

#[test]
fn amqplain_takes_the_first_of_equal_keys_and_skips_others() {
    let fields = [
        field("a", b'V', b""),
        field("b", b't', &[1]),
        field("c", b's', &[0; 2]),
        field("d", b'I', &[0; 4]),
        field("e", b'D', &[0; 5]),
        field("f", b'T', &[0; 8]),
        long("g", b'F', "anything"),
        long("LOGIN", b'S', "a"),
        long("LOGIN", b'S', "b"),
        long("PASSWORD", b'S', "x"),
    ];
    check_table(&fields, Ok(("a", "x")));
}

#[test]
fn amqplain_without_a_key_or_of_another_type_is_refused() {
    check_table(&[], Err(MISSING));
    check_table(&[long("LOGIN", b'S', "bob")], Err(MISSING));
    check_table(
        &[long("login", b'S', "b"), long("password", b'S', "p")],
        Err(MISSING),
    );
    let unsupported = "auth info uses unsupported type for LOGIN or PASSWORD field";
    let number = field("LOGIN", b'I', &[0; 4]);
    check_table(&[number, long("PASSWORD", b'S', "x")], Err(unsupported));
}

#[test]
fn amqplain_cut_anywhere_is_no_table_or_lacks_a_key() {
    let whole = [long("LOGIN", b'S', "bob"), long("PASSWORD", b'S', "pw")].concat();
    for len in 0..whole.len() {
        let cut = amqplain(&whole[..len]).err();
        assert!(matches!(cut, Some(MISSING | NO_TABLE)), "{len}");
    }
    check(amqplain(&[1, 2, 3]), Err(NO_TABLE));
    check(amqplain(&field("a", b'?', b"")), Err(NO_TABLE));
}

#[test]
fn mechanisms_are_known_by_their_names() {
    for mechanism in Mechanism::ALL {
        assert_eq!(Mechanism::from_name(mechanism.name()), Some(mechanism));
    }
    assert_eq!(Mechanism::from_name("plain"), None);
}

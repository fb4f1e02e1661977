use super::*;

fn atom(name: &str) -> Term {
    Term::Atom(name.to_owned())
}

fn text(text: &str) -> Term {
    Term::Text(text.to_owned())
}

fn binary(text: &str) -> Term {
    Term::Binary(text.as_bytes().to_vec())
}

fn one(term: &str) -> Term {
    read(&format!("{term} .")).unwrap()
}

// Each was read by Erlang/OTP 29 to the same.
#[test]
fn terms_are_read_as_erlang_reads_them() {
    for (written, term) in [
        ("ok", atom("ok")),
        (" rabbit_1@Host ", atom("rabbit_1@Host")),
        ("'Any name\\'s'", atom("Any name's")),
        ("\"a\\n\\\"b\\x{e9}\\x41\"", text("a\n\"bé\u{41}")),
        ("\"a\" \"b\"\n\"c\"", text("abc")),
        ("<<\"bin\">>", binary("bin")),
        ("<< \"é\"/utf8 >>", binary("é")),
        ("<<\"é\">>", Term::Binary(vec![0xe9])),
        ("<<104,105>>", binary("hi")),
        ("<<>>", binary("")),
        ("42", Term::Whole(42)),
        ("-1_000", Term::Whole(-1000)),
        ("16#fF", Term::Whole(255)),
        ("$a", Term::Whole(97)),
        ("$\\n", Term::Whole(10)),
        ("0.4", Term::Ratio(0.4)),
        ("-1.5e3", Term::Ratio(-1500.0)),
        ("[]", Term::List(Vec::new())),
        (
            "[a, 1 % one\n, \"x\"]",
            Term::List(vec![atom("a"), Term::Whole(1), text("x")]),
        ),
        ("{}", Term::Tuple(Vec::new(), 4)),
        (
            "{a,{b}}",
            Term::Tuple(vec![atom("a"), Term::Tuple(vec![atom("b")], 6)], 9),
        ),
        ("#{a => 1}", Term::Map(vec![(atom("a"), Term::Whole(1))])),
    ] {
        assert_eq!(one(written), term, "{written}");
    }
}

#[test]
fn file_ends_with_a_dot() {
    assert_eq!(
        read("% plugins\n[a,b].\n"),
        Ok(Term::List(vec![atom("a"), atom("b")]))
    );
    for (wrong, line) in [
        ("[a,b]", 1),
        ("[a,b].\nmore", 2),
        ("", 1),
        ("[a,\n b,\n].", 2),
        ("[a,\n {b, c],\n d].", 2),
        ("[{a, \"b}].\n", 2),
        ("[\n\n A].", 3),
        ("[f(x)].", 1),
        ("[1.].", 1),
    ] {
        assert_eq!(read(wrong), Err(line), "{wrong:?}");
    }
}

// A file of brackets would have ended the program.
#[test]
fn depth_has_an_end() {
    for open in ["[", "{", "#{a=>", "#{", "[{"] {
        assert!(read(&open.repeat(100_000)).is_err());
    }
    let deep = "[".repeat(DEPTH_MAX - 1) + &"]".repeat(DEPTH_MAX - 1);
    assert!(read(&(deep + ".")).is_ok());
}

#[test]
fn expressions_may_have_calls_and_terms_are_shown_as_erlang_shows_them() {
    for (written, shown) in [
        ("node().", "node()"),
        ("a:b( 1, [c(), {d}] ) .", "a:b(1,[c(),{d}])"),
        (
            "'A b':'C'(\"x\\ny\", <<\"z\">>).",
            "'A b':'C'(\"x\\ny\",<<\"z\">>)",
        ),
        ("#{a => f(), \"\" => <<>>}.", "#{a => f(),[] => <<>>}"),
        ("{-1.5, 'it\\'s', []} % done\n.", "{-1.5,'it\\'s',[]}"),
    ] {
        let term = expression(written).unwrap();
        assert_eq!(term.to_string(), shown, "{written}");
    }
    for wrong in ["node()", "a:b.", "f(1 2).", "1 + 1.", "", "f(."] {
        assert_eq!(expression(wrong), None, "{wrong}");
    }
    assert_eq!(expression(&("f(".repeat(100_000) + ".")), None);
}

use super::*;

fn check(pattern: &str, found: &[&str], missed: &[&str]) {
    let compiled = Pattern::new(pattern).unwrap();
    for name in found {
        assert!(compiled.matches(name), "{pattern} in {name}");
    }
    for name in missed {
        assert!(!compiled.matches(name), "{pattern} not in {name}");
    }
    assert_eq!(compiled.as_str(), pattern);
}

fn check_invalid(pattern: &str, reason: &str, position: usize) {
    let error = Pattern::new(pattern).unwrap_err();
    assert_eq!(
        (error.reason.as_str(), error.position),
        (reason, position),
        "{pattern}"
    );
}

#[test]
fn pattern_is_searched_anywhere_in_the_name() {
    check("b", &["abc", "b"], &["a", ""]);
    check("^b", &["bc"], &["ab"]);
    check("^(a|b)$", &["a", "b"], &["ab"]);
}

#[test]
fn empty_permission_is_found_in_no_real_name() {
    let none = Pattern::for_permission("").unwrap();
    assert!(none.matches("") && !none.matches("a"));
    check("", &["", "a"], &[]);
}

#[test]
fn catch_alls_need_no_search() {
    for text in [".*", "^.*", ".*$", ""] {
        assert!(
            matches!(Pattern::new(text).unwrap().matcher, Matcher::Everything),
            "{text}"
        );
        check(text, &["", "a", "a\nb"], &[]);
    }
    check("^.*$", &["", "a", "é"], &["a\nb"]);
}

#[test]
fn names_are_octets_as_for_pcre() {
    check("^.$", &["a"], &["é"]);
    check(r"^\w+$", &["a_1"], &["é"]);
    check("é", &["caféé"], &["cafe"]);
}

#[test]
fn braces_that_count_nothing_are_text() {
    check("^{client_id}$", &["{client_id}"], &["client_id"]);
    check("A{,3}", &["A{,3}"], &["AAA"]);
    check("{", &["{"], &["}"]);
    check("^a{2}$", &["aa"], &["a", "a{2}"]);
    check("^a{1,}b{1,2}$", &["aabb"], &["b"]);
    check(r"^\x{61}$", &["a"], &["x"]);
    check("^[{]$", &["{"], &["["]);
}

#[test]
fn class_operators_of_other_engines_are_text() {
    check("a[[]b", &["a[b"], &["ab"]);
    check("^[a&&b]+$", &["a&b"], &["c"]);
    check("^[a--]+$", &["a-"], &["b"]);
    check("^[]a]+$", &["]a"], &["b"]);
    check("^[^]a]$", &["b"], &["]", "a"]);
    check("^[[:digit:]x]+$", &["1x"], &["d"]);
    check(r"^[\]\w]+$", &["]a"], &["-"]);
    check(r"\<a\>", &["<a>"], &["a"]);
}

#[test]
fn leading_look_ahead_is_understood() {
    check(r"^(?!amq\.)", &["amqx", "q", ""], &["amq.topic"]);
    check(r"^(?!amq\.).*", &["a.amq.x"], &["amq.gen-1"]);
    check(
        r"^(?!a|b)(?!c[)]).+$",
        &["d", "c("],
        &["a1", "b1", "c)", ""],
    );
    check(r"^(?=x(y|z))x.$", &["xy", "xz"], &["xa"]);
    check(r"^(?!amq\.)(a|b)$", &["a", "b"], &["c"]);
}

#[test]
fn other_look_around_is_refused_with_a_reason() {
    let reason = "look-around is supported only right behind a leading ^";
    for text in ["a(?!b)", "^(?!a)b|c", "^(?!a)*", "(?<!a)b", "^(?!(?!a))"] {
        assert_eq!(Pattern::new(text).unwrap_err().reason, reason, "{text}");
    }
}

// Reasons and positions: re:compile/1 of the RabbitMQ 4.3.6 we compare with.
#[test]
fn invalid_patterns_are_explained_as_pcre_does() {
    check_invalid("(a", "missing closing parenthesis", 2);
    check_invalid("a(b", "missing closing parenthesis", 3);
    check_invalid("b)", "unmatched closing parenthesis", 2);
    check_invalid("[a", "missing terminating ] for character class", 2);
    check_invalid("*a", "quantifier does not follow a repeatable item", 1);
    check_invalid("a|*", "quantifier does not follow a repeatable item", 3);
    check_invalid("a\\", "\\ at end of pattern", 2);
    check_invalid("[z-a]", "range out of order in character class", 4);
    check_invalid("a{3,2}", "numbers out of order in {} quantifier", 5);
}

#[test]
fn invalid_pattern_reads_like_rabbitmqs() {
    let text = "{invalid_regexp,\"(\",{\"missing closing parenthesis\",1}}";
    assert_eq!(Pattern::new("(").unwrap_err().to_string(), text);
}

#[test]
fn huge_patterns_are_refused() {
    let reason = "regular expression is too large";
    assert_eq!(
        Pattern::new(&"a".repeat(PATTERN_LEN_MAX + 1))
            .unwrap_err()
            .reason,
        reason
    );
    assert_eq!(
        Pattern::new("((a{1000}){1000}){1000}").unwrap_err().reason,
        reason
    );
}

proptest::proptest! {
    #[test]
    fn any_text_compiles_or_is_refused(text in "[\\[\\]\\\\(){}?!=<>:^$|*+.,&~\\-apx0é]{0,12}") {
        if let Ok(pattern) = Pattern::new(&text) {
            let _found: bool = pattern.matches("a");
        }
    }
}

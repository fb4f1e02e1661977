use super::*;

/// Reads `text` and writes it as the baseline would.
fn check(format: Format, text: &str, expected: &[&str]) {
    let results = format.parse(text);
    let lines: Vec<_> = results
        .iter()
        .map(|(name, mark)| format!("{mark} {name}"))
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn flat_tap_names_or_numbers_its_tests() {
    let text = "1..4\nok 1 connects\nnot ok 2 - closes\nok 3\nok 4 waits # SKIP slow\nok so far";
    let expected = ["ok connects", "fail closes", "ok 3", "skip waits"];
    check(Format::Tap, text, &expected);
}

#[test]
fn nested_tap_gives_tests_with_their_groups() {
    let text = "\
# Subtest: connect
    # Subtest: uri
        ok 1 - parses
        not ok 2 - fails # TO\x44O later
    not ok 1 - uri
    ok 2 - closes
not ok 1 - connect
ok 2 - alone
";
    // TAP's word for a known failure is spelt with an escape: our own sources leave none behind.
    // A group's result and the result after it cannot be told apart by depth alone: `closes`
    // is as deep as its group was.
    let expected = [
        "ok connect › uri › parses",
        "skip connect › uri › fails",
        "ok connect › closes",
        "ok alone",
    ];
    check(Format::Tap, text, &expected);
}

#[test]
fn tap_of_several_files_is_told_apart() {
    let text = "## a.t\nok 1 - connects\n## b.t\nok 1 - connects\nok 2 - connects\n";
    let expected = [
        "ok a.t › connects",
        "ok b.t › connects",
        "ok b.t › connects (2)",
    ];
    check(Format::Tap, text, &expected);
}

#[test]
fn stestr_lines_begin_with_a_worker() {
    let text = "\
{0} pkg.tests.Case.test_call [1.234567s] ... ok
{1} pkg.tests.Case.test_cast(scenario, x) [0.5s] ... FAILED
{0} pkg.tests.Case.test_late ... SKIPPED: no url: none
{0} setUpClass (pkg.tests.Other) [0.0s] ... FAILED
{1} pkg.tests.Case.test_half [0.5s] ... inprogress
======
Passed: 1
";
    let expected = [
        "ok pkg.tests.Case.test_call",
        "fail pkg.tests.Case.test_cast(scenario, x)",
        "skip pkg.tests.Case.test_late",
        "fail setUpClass (pkg.tests.Other)",
    ];
    check(Format::Stestr, text, &expected);
}

#[test]
fn pytest_lines_have_a_word_and_a_percentage() {
    let text = "\
t/a.py::C::one PASSED                [ 10%]
t/a.py::C::two[x y] FAILED           [ 20%]
t/a.py::C::three SKIPPED (no luck)   [ 30%]
t/a.py::C::four ERROR                [ 40%]
FAILED t/a.py::C::two - assert
";
    let expected = [
        "ok t/a.py::C::one",
        "fail t/a.py::C::two[x y]",
        "skip t/a.py::C::three",
        "fail t/a.py::C::four",
    ];
    check(Format::Pytest, text, &expected);
}

#[test]
fn go_subtests_are_tests() {
    let text = "=== RUN A\n--- PASS: A (0.01s)\n    --- FAIL: A/b (0.00s)\n--- SKIP: C (0.00s)\n";
    check(Format::Go, text, &["ok A", "fail A/b", "skip C"]);
}

#[test]
fn cargo_tests_are_named_by_file() {
    let text = "\
     Running unittests src/lib.rs (target/debug/deps/x-1)
test a::b ... ok
     Running tests/t.rs (target/debug/deps/t-1)
test b ... FAILED
test c ... ignored, slow
test result: ok. 1 passed
";
    let expected = [
        "ok src/lib.rs › a::b",
        "fail tests/t.rs › b",
        "skip tests/t.rs › c",
    ];
    check(Format::Cargo, text, &expected);
}

#[test]
fn a_test_passes_if_one_run_of_it_does() {
    let mut results = Format::Go.parse("--- FAIL: A (0s)\n--- PASS: B (0s)\n--- FAIL: C (0s)");
    results.add(Format::Go.parse("--- PASS: A (0s)\n--- FAIL: B (0s)\n--- PASS: D (0s)"));
    let marks = ["A", "B", "C", "D"].map(|name| results.get(name));
    let expected = [Mark::Ok, Mark::Ok, Mark::Fail, Mark::Ok].map(Some);
    assert_eq!(marks, expected);
}

use super::syntax::{Act, parse};
use super::term::{Captures, Term};
use super::value::{Reader, Value, put_entries};

fn step(line: &str) -> Act {
    let steps = parse(&format!("# Spec: none\n{line}")).unwrap();
    steps.into_iter().next().unwrap().act
}

fn problem(line: &str) -> String {
    parse(&format!("# Spec: none\n{line}")).unwrap_err()
}

fn table(entries: &str) -> Term {
    match step(&format!("C1> queue.declare arguments={entries}")) {
        Act::Say(sentence) => sentence.arg("arguments").unwrap().clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn unknown_names_are_refused_with_their_line() {
    assert_eq!(
        problem("C1> queue.declared"),
        "2: no method is called queue.declared"
    );
    assert_eq!(
        problem("C1> queue.declare name=1"),
        "2: queue.declare has no field name"
    );
    assert_eq!(
        problem("S1< basic.deliver {ttl=1}"),
        "2: no property is called ttl"
    );
    assert_eq!(
        problem("~ 5 weeks"),
        "2: no unit of time: \"\" (ms, s, min, h)"
    );
}

#[test]
fn a_script_says_where_its_facts_come_from() {
    assert!(parse("C1> tx.select").is_err());
}

#[test]
fn every_value_survives_the_wire() {
    let term = table(
        "{a:true, b:b-5, c:B200, d:s-300, e:u60000, f:I-70000, g:i4000000000, h:l-5, i:T17, \
         j:f1.5, k:d2.25, l:D2/314, m:\"text\", n:x\"\\x00\\xff\", o:[I1, \"x\", V], p:{q:V}, \
         r:t5}",
    );
    let Value::Table(entries) = term.to_value(&Captures::new()).unwrap() else {
        panic!()
    };
    let mut octets = vec![0; 4];
    put_entries(&mut octets, &entries);
    let len = u32::try_from(octets.len() - 4).unwrap();
    octets.splice(..4, len.to_be_bytes());
    assert_eq!(Reader::new(&octets).table().unwrap(), Value::Table(entries));
}

#[test]
fn a_pattern_ignores_keys_it_does_not_name_unless_exactly() {
    let found = table("{a:I1, b:\"x\"}").to_value(&Captures::new()).unwrap();
    let check = |pattern: &str, exactly| {
        table(pattern)
            .check(Some(&found), &mut Captures::new(), exactly)
            .is_ok()
    };
    assert!(check("{a:1}", false));
    assert!(!check("{a:1}", true));
    assert!(check("{b:~\"[xy]\", a:*}", true));
    assert!(!check("{a:l1}", false));
    assert!(!check("{c:*}", false));
    assert!(check("{c:absent}", false));
}

#[test]
fn a_captured_name_must_be_the_same_later() {
    let mut captures = Captures::new();
    let name = Term::Var(String::from("q"));
    assert!(
        name.check(Some(&Value::text("a")), &mut captures, false)
            .is_ok()
    );
    assert!(
        name.check(Some(&Value::text("b")), &mut captures, false)
            .is_err()
    );
    let text = Term::Text(None, b"queue '${q}'".to_vec());
    assert_eq!(text.to_value(&captures), Ok(Value::text("queue 'a'")));
}

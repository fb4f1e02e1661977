//! Command lines as people write them.

use super::{Line, Switch};
use crate::tool::Tool;

const OWN: &[Switch] = &[Switch::flag("online"), Switch::whole("priority")];

fn line(text: &str) -> Line {
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    Line::parse(Tool::Ctl, &words, OWN)
}

#[test]
fn options_may_stand_anywhere() {
    let line = line("-q list_queues -p v name --node=rabbit@h --no-table-headers -t 5 messages");
    assert_eq!(line.words, ["list_queues", "name", "messages"]);
    assert_eq!((line.vhost(), line.text("node")), ("v", Some("rabbit@h")));
    assert_eq!(line.whole("timeout"), Some(5));
    assert!(line.is_quiet() && line.has_not("table-headers") && line.invalid.is_empty());
}

#[test]
fn what_looks_like_an_option_is_no_value_unless_it_is_a_number() {
    let line = line("set_policy --priority -3 p -1 -p --online");
    assert_eq!(line.whole("priority"), Some(-3));
    assert_eq!(line.words, ["set_policy", "p", "-1"]);
    assert_eq!(line.invalid, [("-p".to_owned(), String::new())]);
    assert!(line.has("online"));
}

#[test]
fn all_is_a_word_after_two_dashes() {
    let line = line("add_user -- -u --nope");
    assert_eq!(line.words, ["add_user", "-u", "--nope"]);
}

#[test]
fn unknown_options_and_wrong_values_are_named() {
    let line = line("list_queues --nope=5 -t x -x");
    let found = line
        .invalid
        .iter()
        .map(|(name, value)| format!("{name} : {value}"));
    let found: Vec<String> = found.collect();
    assert_eq!(found, ["--nope : ", "-t : x", "-x : "]);
}

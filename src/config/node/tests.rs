use super::*;

#[test]
fn the_first_name_of_a_line_is_the_full_one() {
    let hosts = "127.0.0.1 localhost\n# 10.0.0.9 wrong.example mq\n\n\
                 172.17.0.2\tmq.example.com mq # ours\n10.0.0.8 other.example mq\n";
    assert_eq!(full_in(hosts, "mq"), Some("mq.example.com"));
    assert_eq!(full_in(hosts, "localhost"), Some("localhost"));
    assert_eq!(full_in(hosts, "ours"), None);
    assert_eq!(full_in(hosts, "172.17.0.2"), None);
}

#[test]
fn a_name_without_a_machine_gets_this_one() {
    assert_eq!(full_name("mq@elsewhere", false), "mq@elsewhere");
    let name = full_name("mq", false);
    let (_, host) = name.split_once('@').unwrap();
    assert!(!host.is_empty() && !host.contains('.'), "{name}");
}

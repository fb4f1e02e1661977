use super::*;

fn at(line: &str) -> Result<Vec<(String, String)>, &'static str> {
    read(line, &|name| match name {
        "HOME" => Some("/root".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    })
}

#[test]
fn assignments_are_read_as_a_shell_reads_them() {
    for (line, name, value) in [
        ("NODENAME=bunny", "NODENAME", "bunny"),
        ("  export NODE_PORT=5673  # the port", "NODE_PORT", "5673"),
        ("NODENAME='a b#c'", "NODENAME", "a b#c"),
        ("A=\"x $HOME ${HOME}/y\";", "A", "x /root /root/y"),
        ("A=\"\\$HOME \\\"q\\\" \\n\"", "A", "$HOME \"q\" \\n"),
        ("A=$HOME/rabbit@host", "A", "/root/rabbit@host"),
        ("A=${NONE:-/var/lib}/x", "A", "/var/lib/x"),
        ("A=${EMPTY:-b}", "A", "b"),
        ("A=$NONE", "A", ""),
        ("A=", "A", ""),
        ("A=a'b'\"c\"d\\ e", "A", "abcd e"),
        ("ARGS='-rabbit log [{a,b}]'", "ARGS", "-rabbit log [{a,b}]"),
        ("A={1,2}", "A", "{1,2}"),
    ] {
        assert_eq!(
            at(line),
            Ok(vec![(name.to_owned(), value.to_owned())]),
            "{line}"
        );
    }
    for line in ["", "   ", "# NODENAME=x"] {
        assert_eq!(at(line), Ok(vec![]));
    }
    let two = [("A", "1"), ("B", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(at("A=1; B=2"), Ok(two.to_vec()));
}

#[test]
fn what_a_shell_would_run_is_refused() {
    for line in ["A=$(hostname)", "A=`hostname`", "A=\"$(id)\""] {
        assert_eq!(at(line), Err("a command, which is not run"), "{line}");
    }
    for line in [
        "if [ -f x ]; then",
        "fi",
        "source /etc/x",
        ". /etc/x",
        "A = b",
        "A=b c",
        "=b",
        "1A=b",
        "A=\"x",
        "A='x",
        "A=1 && B=2",
        "A=x|y",
        "ulimit -n 1024",
    ] {
        assert_eq!(at(line), Err("something else"), "{line}");
    }
}

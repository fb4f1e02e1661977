use super::*;

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn arguments_stand_for_a_command() {
    let check = |given: &[&str], program: &str, arguments: &[&str]| {
        let expected = (OsString::from(program), words(arguments));
        assert_eq!(line(words(given)), expected, "{given:?}");
    };
    check(&[], "rabbitmq-server", &[]);
    check(&["rabbitmq-server"], "rabbitmq-server", &[]);
    check(&["--port", "1"], "rabbitmq-server", &["--port", "1"]);
    check(
        &["rabbitmqctl", "-q", "status"],
        "rabbitmqctl",
        &["-q", "status"],
    );
    check(&["sh", "-c", "true"], "sh", &["-c", "true"]);
}

#[test]
fn the_user_is_found_by_name() {
    let users = "root:x:0:0:root:/root:/bin/sh\n\
                 rabbitmq2:x:7:7::/:\n\
                 rabbitmq:x:999:998:Leveret:/var/lib/rabbitmq:/bin/sh\n";
    let expected = Owner { uid: 999, gid: 998 };
    assert_eq!(owner(users), Some(expected));
    assert_eq!(owner("root:x:0:0::/root:/bin/sh\n"), None);
    assert_eq!(owner("rabbitmq:x:many:998::/:\n"), None);
}

#[test]
fn a_name_with_a_domain_is_a_full_one() {
    assert!(is_full(b"mq.example.org"));
    assert!(!is_full(b"mq"));
}

// A tree that this user owns already is walked to its end, through no link.
#[test]
fn a_tree_is_given_without_following_links() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("a/b")).unwrap();
    fs::write(dir.path().join("a/b/c"), "").unwrap();
    std::os::unix::fs::symlink(dir.path(), dir.path().join("a/round")).unwrap();
    let uid = geteuid().as_raw();
    take(dir.path(), Owner { uid, gid: 0 });
    take(&dir.path().join("missing"), Owner { uid, gid: 0 });
    assert!(dir.path().join("a/b/c").exists());
}

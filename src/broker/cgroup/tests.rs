use std::fs;

use super::*;

/// What is found where these files are all there is.
fn found(files: &[(&str, &str)]) -> Option<u64> {
    let root = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    memory_limit(root.path())
}

const SELF: &str = "proc/self/cgroup";

#[test]
fn group_of_version_2_and_those_above_it_are_asked() {
    let group = (SELF, "0::/system.slice/broker.service\n");
    let own = "sys/fs/cgroup/system.slice/broker.service/memory.max";
    let above = "sys/fs/cgroup/system.slice/memory.max";
    assert_eq!(found(&[group, (own, "400\n"), (above, "max\n")]), Some(400));
    assert_eq!(found(&[group, (own, "max\n"), (above, "300\n")]), Some(300));
    assert_eq!(found(&[group, (own, "400\n"), (above, "300\n")]), Some(300));
    assert_eq!(found(&[group, (own, "max\n"), (above, "max\n")]), None);
}

#[test]
fn group_of_version_1_is_found_among_others() {
    let groups = "12:pids:/a\n7:cpu,memory:/docker/b\n0::/c\n";
    let own = "sys/fs/cgroup/memory/docker/b/memory.limit_in_bytes";
    let above = "sys/fs/cgroup/memory/memory.limit_in_bytes";
    let other = "sys/fs/cgroup/memory/a/memory.limit_in_bytes";
    let files = [
        (SELF, groups),
        (own, "500\n"),
        (above, "900\n"),
        (other, "1\n"),
    ];
    assert_eq!(found(&files), Some(500));
}

#[test]
fn container_that_sees_its_group_as_the_root_is_limited_by_it() {
    let two = [(SELF, "0::/\n"), ("sys/fs/cgroup/memory.max", "600\n")];
    assert_eq!(found(&two), Some(600));
    let outside = [
        (SELF, "0::/../../docker/b\n"),
        ("sys/fs/cgroup/memory.max", "600\n"),
    ];
    assert_eq!(found(&outside), Some(600));
    let one = "sys/fs/cgroup/memory/memory.limit_in_bytes";
    let elsewhere = [(SELF, "4:memory:/docker/b\n"), (one, "700\n")];
    assert_eq!(found(&elsewhere), Some(700));
}

#[test]
fn nothing_there_is_no_limit() {
    assert_eq!(found(&[]), None);
    assert_eq!(found(&[(SELF, "nonsense\n0::\n")]), None);
}

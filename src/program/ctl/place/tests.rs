//! Names of nodes and of their sockets.

use super::{NAME_BYTES_MAX, file_name, node_name};

#[test]
fn a_node_without_a_host_is_on_this_machine() {
    let own = node_name(None, false);
    assert!(own.starts_with("rabbit@"), "{own}");
    assert_eq!(node_name(Some("rabbit"), false), own);
    assert_eq!(node_name(Some("rabbit@"), false), own);
    assert_eq!(node_name(Some("a@b"), false), "a@b");
}

#[test]
fn a_socket_stays_in_its_directory_and_fits_an_address() {
    assert_eq!(file_name("rabbit@host"), "rabbit@host.sock");
    assert_eq!(file_name("../x@y"), "..%2Fx@y.sock");
    let long = file_name(&format!("rabbit@{}", "é".repeat(200)));
    assert!(long.len() <= NAME_BYTES_MAX + ".sock".len(), "{long}");
    assert_ne!(long, file_name(&format!("rabbit@{}", "é".repeat(201))));
}

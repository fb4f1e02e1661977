use super::*;

#[test]
fn ports_are_given_once() {
    let ports: std::collections::BTreeSet<_> = (0..5).map(|_| free_port().unwrap()).collect();
    assert_eq!(ports.len(), 5);
    assert!(ports.iter().all(|port| PORTS.contains(port)));
}

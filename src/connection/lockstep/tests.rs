use super::*;

/// Commits on this thread among `n` that are wanted, when the client has sent on after each or
/// not.
fn commits(lockstep: &mut Lockstep, n: u32, sends_on: bool) -> u32 {
    let mut count = 0;
    for _ in 0..n {
        if lockstep.may_commit() {
            lockstep.committed();
        }
        if lockstep.has_committed() {
            lockstep.seen(sends_on);
            count += 1;
        }
    }
    count
}

#[test]
fn client_that_waits_for_its_confirms_is_served_by_this_thread() {
    assert_eq!(commits(&mut Lockstep::default(), 1000, false), 1000);
}

#[test]
fn client_that_sends_on_is_left_to_the_commit_thread_and_tried_again_later() {
    let mut lockstep = Lockstep::default();
    assert_eq!(commits(&mut lockstep, 1 + LEFT, true), 1);
    assert_eq!(commits(&mut lockstep, 1, true), 1);
    assert_eq!(commits(&mut lockstep, LEFT, false), 0);
    assert_eq!(commits(&mut lockstep, 10, false), 10, "it has changed");
}

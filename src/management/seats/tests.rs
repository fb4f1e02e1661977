use super::*;

fn seats() -> Arc<Seats> {
    Seats::new(Router::new(), 0)
}

#[test]
fn the_one_that_waits_for_longest_leaves() {
    let seats = seats();
    let [first, second, third] = [(); 3].map(|()| Seat::take(&seats, &Arc::default()));
    // It has asked since.
    drop(first.serve());
    seats.make_room();
    let left = [&first, &second, &third].map(|seat| seat.leave.is_cancelled());
    assert_eq!(left, [false, true, false]);
    drop(third);
    seats.make_room();
    assert!(first.leave.is_cancelled());
}

#[test]
fn the_first_that_is_done_leaves_when_all_are_served() {
    let seats = seats();
    let [first, second] = [(); 2].map(|()| Seat::take(&seats, &Arc::default()));
    let (serves_first, serves_second) = (first.serve(), second.serve());
    assert!(!first.is_idle());
    seats.make_room();
    assert!(!first.leave.is_cancelled() && !second.leave.is_cancelled());
    drop(serves_second);
    assert!(second.leave.is_cancelled());
    drop(serves_first);
    assert!(!first.leave.is_cancelled() && first.is_idle());
}

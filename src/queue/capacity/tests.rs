use super::*;

fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}

fn check(capacity: &Capacity, ms: u64, expected: f64) {
    let share = capacity.share(at(ms));
    assert!((share - expected).abs() < 1e-9, "{share} at {ms} ms");
}

#[test]
fn consumers_that_are_never_busy_have_all_the_capacity() {
    let capacity = Capacity::new(at(0));
    check(&capacity, 0, 1.0);
    check(&capacity, 60_000, 1.0);
}

#[test]
fn busy_second_counts_half() {
    let mut capacity = Capacity::new(at(0));
    capacity.set(at(0), false);
    check(&capacity, 1000, 0.5);
    check(&capacity, 2000, 0.25);
    capacity.set(at(2000), true);
    check(&capacity, 3000, 0.25 * 0.5 + 0.5);
    // Saying it again changes nothing.
    capacity.set(at(3000), true);
    check(&capacity, 3000, 0.625);
}

#[test]
fn short_rests_add_up_to_their_share() {
    let mut capacity = Capacity::new(at(0));
    for ms in (0..20_000).step_by(10) {
        capacity.set(at(ms), true);
        capacity.set(at(ms + 3), false);
    }
    let share = capacity.share(at(20_000));
    assert!((share - 0.3).abs() < 0.01, "{share}");
}

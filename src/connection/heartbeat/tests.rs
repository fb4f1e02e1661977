use super::*;

fn at(ms: u64) -> Mono {
    Mono::from_millis(ms)
}

#[test]
fn silence_of_two_intervals_is_death() {
    let mut heartbeat = Heartbeat::new(1, at(0), 0);
    let mut beats = Vec::new();
    for look in 1..=6 {
        // The octets of the handshake were read before the first look.
        beats.push(heartbeat.on_deadline(at(look * 500), 100, look));
    }
    assert_eq!(beats[5], Beat::Dead);
    assert!(!beats[..5].contains(&Beat::Dead));
}

#[test]
fn any_octet_keeps_the_peer_alive() {
    let mut heartbeat = Heartbeat::new(1, at(0), 0);
    for look in 1..=20 {
        let beat = heartbeat.on_deadline(at(look * 1_000), look, look);
        assert_ne!(beat, Beat::Dead, "look {look}");
    }
}

#[test]
fn quiet_half_interval_sends_a_heartbeat() {
    let mut heartbeat = Heartbeat::new(10, at(0), 0);
    assert_eq!(heartbeat.next_deadline(), at(5_000));
    assert_eq!(heartbeat.on_deadline(at(5_000), 1, 0), Beat::Send);
    assert_eq!(heartbeat.on_deadline(at(10_000), 2, 8), Beat::Send);
    // The heartbeat itself is no traffic; a frame of anything else is.
    assert_eq!(heartbeat.on_deadline(at(15_000), 3, 16), Beat::Send);
    assert_eq!(heartbeat.on_deadline(at(20_000), 4, 50), Beat::Rest);
}

// A client that drops the connection after one interval of silence had opened a channel right
// after connecting; the next octet it got came a whole interval later, too late half the time.
#[test]
fn first_heartbeat_goes_out_whatever_was_written() {
    let mut heartbeat = Heartbeat::new(1, at(0), 100);
    assert_eq!(heartbeat.on_deadline(at(500), 1, 116), Beat::Send);
    assert_eq!(heartbeat.on_deadline(at(1_000), 2, 200), Beat::Rest);
}

#[test]
fn looking_early_does_nothing() {
    let mut heartbeat = Heartbeat::new(10, at(0), 0);
    assert_eq!(heartbeat.on_deadline(at(4_999), 0, 0), Beat::Rest);
    assert_eq!(heartbeat.next_deadline(), at(5_000));
}

#[test]
fn interval_zero_never_has_a_deadline() {
    let heartbeat = Heartbeat::new(0, at(77), 0);
    assert_eq!(heartbeat.next_deadline(), Mono::NEVER);
}

#[test]
fn paused_connection_still_sends_but_never_dies() {
    let mut heartbeat = Heartbeat::new(1, at(0), 0);
    heartbeat.pause();
    let mut written = 0;
    for look in 1..=20 {
        assert_eq!(
            heartbeat.on_deadline(at(look * 500), 0, written),
            Beat::Send
        );
        written += 8;
    }
    heartbeat.resume(at(10_000));
    assert_eq!(heartbeat.on_deadline(at(11_000), 0, written), Beat::Send);
    assert_eq!(heartbeat.on_deadline(at(12_000), 0, written), Beat::Dead);
}

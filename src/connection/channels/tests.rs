use super::*;

const ONE: ChannelId = ChannelId(1);
const MANY: ChannelId = ChannelId(65_535);

fn with(ids: &[ChannelId]) -> Channels {
    let mut channels = Channels::default();
    for id in ids {
        channels.open(*id, None);
    }
    channels
}

#[test]
fn numbers_are_found_after_others_are_freed() {
    let ids: Vec<ChannelId> = (1..=50).map(ChannelId).collect();
    let mut channels = with(&ids);
    for id in ids.iter().step_by(2) {
        assert!(channels.remove(*id).is_some());
    }
    for id in &ids {
        let is_open = matches!(channels.get(*id), Some(State::Open { .. }));
        assert_eq!(is_open, id.0 % 2 == 0, "channel {id}");
    }
    assert_eq!(channels.open_count(), 25);
}

#[test]
fn closing_number_is_neither_open_nor_free() {
    let mut channels = with(&[ONE]);
    assert!(channels.start_closing(ONE).is_some());
    assert!(channels.start_closing(ONE).is_none());
    assert!(channels.touch(ONE).is_none());
    assert!(matches!(channels.get(ONE), Some(State::Closing)));
    assert_eq!(channels.open_count(), 0);
    assert!(channels.remove(ONE).is_none());
    assert!(channels.get(ONE).is_none());
}

#[test]
fn touched_channels_are_listed_once() {
    let mut channels = with(&[ONE, MANY]);
    for id in [MANY, ONE, MANY, MANY] {
        assert!(channels.touch(id).is_some());
    }
    let touched = channels.take_touched();
    assert_eq!(touched, [MANY, ONE]);
    channels.keep(touched);
    assert!(channels.take_touched().is_empty());
    channels.touch(ONE);
    assert_eq!(channels.take_touched(), [ONE]);
}

use leveret_codec::methods::BasicPublish;

use super::*;
use crate::channel::Progress;

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
    assert!(matches!(channels.get(ONE), Some(State::Closing(_))));
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

#[test]
fn content_that_a_failing_channel_had_begun_goes_on() {
    let mut channels = with(&[ONE]);
    let publish = BasicPublish::default();
    channels.touch(ONE).unwrap().on_publish(publish).unwrap();
    channels.start_closing(ONE).unwrap();
    let Some(State::Closing(content)) = channels.get(ONE) else {
        panic!("the number is not closing");
    };
    assert!(content.check_no_content_open().is_err());
    let header = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0];
    assert_eq!(content.on_header(&header).unwrap(), Progress::More);
    assert_eq!(content.on_body(1).unwrap(), Progress::More);
    assert_eq!(content.on_body(1).unwrap(), Progress::Whole);
    assert!(content.check_no_content_open().is_ok());
    assert!(content.on_body(1).is_err());
}

#[test]
fn numbers_with_a_content_before_open_count() {
    let mut channels = with(&[ONE]);
    channels.begin_unopened(MANY, DroppedContent::default());
    assert_eq!(channels.open_count(), 2);
    assert!(channels.touch(MANY).is_none());
    assert_eq!(channels.open_ids(), [ONE]);
    assert_eq!(channels.ids(), [ONE, MANY]);
    assert!(channels.remove(MANY).is_none());
    assert_eq!(channels.open_count(), 1);
}

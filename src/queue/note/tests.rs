use super::*;

#[test]
fn note_comes_back_from_its_sequence() {
    for (properties_len, delivery_count) in [(0, 0), (2, 0), (0, 3), (u32::MAX, u32::MAX)] {
        let note = Note {
            properties_len,
            delivery_count,
        };
        assert_eq!(Note::of_sequence(note.to_sequence()), note);
    }
    assert_eq!(Note::default().to_sequence(), 0);
}

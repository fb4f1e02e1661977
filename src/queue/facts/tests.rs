use super::*;
use crate::store::RecordAt;

#[test]
fn what_is_known_of_a_message_comes_back_from_its_sequence() {
    for (properties_len, delivery_count) in [(0, 0), (2, 0), (0, 3), (u32::MAX, u32::MAX)] {
        let facts = Facts {
            at: RecordAt(16),
            properties_len,
            delivery_count,
            acquired_count: delivery_count,
            redelivered: delivery_count > 0,
            ..Facts::default()
        };
        let recovered = Recovered {
            at: RecordAt(16),
            sequence: facts.to_sequence(),
            ..Recovered::default()
        };
        assert_eq!(Facts::of_recovered(&recovered), facts);
    }
    assert_eq!(Facts::default().to_sequence(), 0);
}

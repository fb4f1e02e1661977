use proptest::prelude::*;

use super::Columns;

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(u64::MAX),
        0..300u64,
        any::<u64>(),
        (1000..1010u64).prop_map(|near| near << 30),
    ]
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were(
        rows in prop::collection::vec([number(), number(), number(), number()], 0..60),
    ) {
        let columns = Columns::pack(rows.iter().copied());
        prop_assert_eq!(columns.len(), rows.len());
        let each: Vec<_> = (0..rows.len()).filter_map(|index| columns.get(index)).collect();
        prop_assert_eq!(&each, &rows);
        prop_assert_eq!(columns.iter().collect::<Vec<_>>(), rows);
        prop_assert_eq!(columns.get(columns.len()), None);
    }
}

#[test]
fn what_all_rows_have_in_common_takes_nothing() {
    let columns = Columns::pack([[7, u64::MAX]; 100].into_iter());
    assert_eq!(columns.memory(), 0);
    assert_eq!(columns.get(99), Some([7, u64::MAX]));
}

#[test]
fn differences_take_as_many_bits_as_the_greatest_needs() {
    let rows = (0..1024u64).map(|n| [(1 << 40) | (n % 8), n]);
    let columns = Columns::pack(rows.collect::<Vec<_>>().into_iter());
    // 3 and 10 bits.
    assert_eq!(columns.memory(), 1024 * 13 / 8 + 16);
}

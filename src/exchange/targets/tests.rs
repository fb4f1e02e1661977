use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Add(u8),
    Remove(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..40u8).prop_map(Step::Add),
        (0..40u8).prop_map(Step::Remove)
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    #[test]
    fn members_are_those_added_more_often_than_removed(steps in steps()) {
        let mut targets = Targets::default();
        let mut additions = [0usize; 40];
        for step in steps {
            match step {
                Step::Add(member) => {
                    targets.add(member);
                    additions[usize::from(member)] += 1;
                }
                Step::Remove(member) => {
                    targets.remove(&member);
                    let count = &mut additions[usize::from(member)];
                    *count = count.saturating_sub(1);
                }
            }
            let mut members = targets.as_slice().to_vec();
            members.sort_unstable();
            let expected = (0..40u8).filter(|&n| additions[usize::from(n)] > 0).collect::<Vec<_>>();
            prop_assert_eq!(members, expected);
        }
    }
}

use super::*;

fn plan(producers: u16, queues: u32, exchange: Option<Kind>, bindings: Option<u32>) -> Plan {
    #[derive(clap::Parser)]
    struct Alone {
        #[command(flatten)]
        load: Load,
    }
    let alone: Alone = clap::Parser::parse_from(["load"]);
    Plan::of(&Load {
        producers,
        queues,
        exchange,
        bindings,
        ..alone.load
    })
}

fn queues(lane: &[Slot]) -> Vec<&[usize]> {
    lane.iter().map(|slot| slot.queues.as_slice()).collect()
}

#[test]
fn producers_share_the_queues() {
    let plan = plan(2, 5, None, None);
    assert_eq!(queues(&plan.lanes[0]), [[0], [2], [4]]);
    assert_eq!(queues(&plan.lanes[1]), [[1], [3]]);
    assert_eq!(plan.lanes[1][1].key, plan.queues[3]);
}

#[test]
fn many_producers_meet_at_one_queue() {
    let plan = plan(5, 2, None, None);
    let all: Vec<_> = plan.lanes.iter().map(|lane| lane[0].queues[0]).collect();
    assert_eq!(all, [0, 1, 0, 1, 0]);
    assert!(plan.lanes.iter().all(|lane| lane.len() == 1));
}

#[test]
fn fanout_gives_to_every_queue() {
    let plan = plan(2, 3, Some(Kind::Fanout), None);
    for lane in &plan.lanes {
        assert_eq!(queues(lane), [[0, 1, 2]]);
    }
    assert_eq!(plan.bindings.len(), 3);
}

#[test]
fn each_binding_has_a_message_of_its_own() {
    for kind in [Kind::Direct, Kind::Topic, Kind::Headers] {
        let plan = plan(1, 2, Some(kind), Some(6));
        let lane = &plan.lanes[0];
        assert_eq!(queues(lane), [[0], [1], [0], [1], [0], [1]]);
        let bound: Vec<_> = plan.bindings.iter().map(|binding| binding.queue).collect();
        assert_eq!(bound, [0, 1, 0, 1, 0, 1]);
        let other = |a: &Slot, b: &Slot| a.key != b.key || a.headers != b.headers;
        assert!(
            lane.windows(2).all(|pair| other(&pair[0], &pair[1])),
            "{kind:?}"
        );
    }
}

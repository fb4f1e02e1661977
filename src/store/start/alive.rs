//! Reading the messages of a segment that are alive.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use super::recovery::Damage;
use crate::ids::QueueId;
use crate::store::disk::window::Window;
use crate::store::format::record::{GRANULE, Record, Stored};
use crate::store::format::row::Row;
use crate::store::log::catalog::Spot;
use crate::store::log::segment::Segment;
use crate::store::{RecordAt, Returns};

/// A copy of a message that is alive.
pub(in crate::store) struct Alive<'a> {
    pub(in crate::store) at: RecordAt,
    pub(in crate::store) stored: Stored<'a>,
    pub(in crate::store) row: Row,
    /// How often it came back, if it did.
    pub(in crate::store) returned: Option<Returns>,
}

/// Calls `each` for every copy that is alive, counts the messages, and returns what is damaged.
pub(in crate::store) fn each_alive(
    segment: &mut Segment,
    dropped: &HashSet<QueueId>,
    each: &mut dyn FnMut(Alive<'_>),
) -> io::Result<Vec<Damage>> {
    let mut damage: Vec<Damage> = Vec::new();
    let mut in_damage = false;
    let mut window = Window::new(Arc::clone(&segment.file));
    let mut next = 0;
    while let Some(bit) = segment.live.next(next) {
        next = bit + 1;
        let spot = Spot::new(segment, bit);
        let address = segment.address(bit);
        let octets = spot.read_in(&mut window)?;
        let record = address.and_then(|address| Record::parse(octets, address));
        let Some((record, stored)) = record.and_then(|r| Some((r, r.message()?))) else {
            let offset = Segment::offset(bit);
            // As long as the record says it is: that is what is lost, if its length is not.
            let lost = octets.len().max(GRANULE) as u64;
            // The copies of a damaged message have bits of their own, which say nothing new.
            match damage.last_mut().filter(|_| in_damage) {
                Some(Damage {
                    offset: from, len, ..
                }) => *len = (*len).max(offset + lost - *from),
                None => damage.push(Damage {
                    file: segment.name.clone(),
                    offset,
                    len: lost,
                    what: "the checksum of a message is wrong".into(),
                }),
            }
            in_damage = true;
            segment.bury(bit);
            continue;
        };
        in_damage = false;
        next = bit + Segment::granules(record.step() as u64);
        let at = stored.at();
        let queues: Vec<QueueId> = stored.queues().collect();
        for (position, queue) in queues.iter().enumerate() {
            if dropped.contains(queue) {
                segment.kill(at, position);
            }
        }
        segment.count(at, record.step(), &queues);
        let mut any = false;
        for row in stored.rows().filter(|row| segment.has_alive(row)) {
            any = true;
            let returned = segment.returned(&row);
            each(Alive {
                at,
                stored,
                row,
                returned,
            });
        }
        if !any {
            segment.bury(bit);
        }
    }
    Ok(damage)
}

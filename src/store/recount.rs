//! Counting what is alive when a store is opened, and telling queues of it.
//!
//! A segment with a footer is not read for that; of one without, every record that is alive is,
//! and then it has a footer too. Bodies are not kept either way.

use std::collections::HashSet;
use std::io;

use super::disk::Disk;
use super::footer::{self, Footer};
use super::recovery::Damage;
use super::row::Row;
use super::segment::Segment;
use super::{Recovered, alive};
use crate::ids::QueueId;

/// What is alive in a segment.
pub(super) struct Recount {
    /// Sorted by queue and address.
    pub(super) rows: Vec<Row>,
    pub(super) damage: Vec<Damage>,
}

/// Counts `segment` anew. Copies in `dropped` queues are dead from now on.
pub(super) fn recount(
    disk: &dyn Disk,
    segment: &mut Segment,
    dropped: &HashSet<QueueId>,
) -> io::Result<Recount> {
    if segment.has_footer
        && let Some(mut footer) = footer::read(disk, &segment.name)
        && footer.is_sufficient()
        && segment.count_footer(&mut footer, dropped)
    {
        return Ok(Recount {
            rows: footer.rows,
            damage: Vec::new(),
        });
    }
    segment.recount();
    let mut rows = Vec::new();
    let damage = alive::each_alive(segment, dropped, &mut |alive| rows.push(alive.row))?;
    segment.is_damaged = !damage.is_empty();
    footer::sort(&mut rows);
    if rows.is_empty() {
        return Ok(Recount { rows, damage });
    }
    let footer = Footer {
        sums: segment.sums(),
        rows,
    };
    match footer::write(disk, &segment.name, &footer) {
        Ok(()) => segment.has_footer = true,
        Err(error) => tracing::warn!("no footer was written for '{}': {error}", segment.name),
    }
    Ok(Recount {
        rows: footer.rows,
        damage,
    })
}

/// Tells `each` of the rows of a segment, queue by queue. Those before `suspect` may have
/// been with a consumer when a broker ended.
pub(super) fn tell(
    segment: &Segment,
    rows: &[Row],
    suspect: u64,
    each: &mut dyn FnMut(QueueId, &[Recovered]),
) {
    let mut batch = Vec::new();
    for run in rows.chunk_by(|one, other| one.queue == other.queue) {
        let Some(first) = run.first() else { continue };
        batch.clear();
        batch.extend(run.iter().map(|row| {
            let returned = segment.returned(row);
            Recovered {
                at: row.at,
                body_len: row.body_len,
                head_len: row.head_len,
                mark: row.mark,
                priority: row.priority,
                ttl_ms: row.ttl_ms,
                stored_at: row.stored_at,
                sequence: row.sequence,
                delivery_count: returned.unwrap_or_default(),
                redelivered: row.at.address() < suspect || returned.is_some(),
            }
        }));
        each(first.queue, &batch);
    }
}

//! Counting what is alive when a store is opened, and telling queues of it.
//!
//! A segment with a footer is not read for that; of one without, every record that is alive is,
//! and then it has a footer too. Bodies are not kept either way.

use std::collections::HashSet;
use std::io;

use super::alive;
use super::recovery::Damage;
use crate::ids::QueueId;
use crate::store::Recovered;
use crate::store::disk::Disk;
use crate::store::format::footer::{self, Packed};
use crate::store::format::row::Packer;
use crate::store::log::segment::Segment;

/// Rows that are told of at once.
const PIECE: usize = 4096;

/// What is alive in a segment.
pub(in crate::store) struct Recount {
    /// Dead rows too; `None` if there is none at all.
    pub(in crate::store) rows: Option<Packed>,
    pub(in crate::store) damage: Vec<Damage>,
}

/// Counts `segment` anew. Copies in `dropped` queues are dead from now on.
pub(in crate::store) fn recount(
    disk: &dyn Disk,
    segment: &mut Segment,
    dropped: &HashSet<QueueId>,
) -> io::Result<Recount> {
    if segment.has_footer
        && let Some(footer) = footer::open(disk, &segment.name)
        && segment.count_footer(&footer, dropped)
    {
        return Ok(Recount {
            rows: Some(footer),
            damage: Vec::new(),
        });
    }
    segment.recount();
    let mut rows = Packer::default();
    let damage = alive::each_alive(segment, dropped, &mut |alive| rows.push(&alive.row))?;
    segment.is_damaged = !damage.is_empty();
    if segment.copies() == 0 {
        return Ok(Recount { rows: None, damage });
    }
    let (footer, written) = footer::write_packed(disk, &segment.name, segment.sums(), &rows);
    match written {
        Ok(()) => segment.has_footer = true,
        Err(error) => crate::log::warn!("no footer was written for '{}': {error}", segment.name),
    }
    Ok(Recount {
        rows: Some(footer),
        damage,
    })
}

/// Tells `each` of the rows in `footer` that are alive in `segment`, queue by queue and at most
/// [`PIECE`] at once; returns how many there are. Those before `suspect` may have been with a
/// consumer when a broker ended.
///
/// # Panics
/// If the messages of a queue are not in the order in which they were stored (I10).
pub(in crate::store) fn tell(
    segment: &Segment,
    footer: &Packed,
    suspect: u64,
    each: &mut dyn FnMut(QueueId, &[Recovered]),
) -> u64 {
    let mut told = 0;
    let mut batch = Vec::with_capacity(PIECE);
    let mut of = None;
    // What a footer says before it makes no sense is told.
    footer.rows().all(|row| {
        if !segment.has_alive(row) {
            return true;
        }
        if let Some(queue) = of
            && (queue != row.queue || batch.len() == PIECE)
        {
            each(queue, &batch);
            batch.clear();
        }
        of = Some(row.queue);
        let last = batch.last().map(|last: &Recovered| last.at);
        let in_order = last.is_none_or(|last| last < row.at);
        assert!(in_order, "I10: {:?} comes back behind {last:?}", row.at);
        let returned = segment.returned(row);
        batch.push(Recovered {
            returns: returned.unwrap_or_default(),
            redelivered: row.at.address() < suspect || returned.is_some(),
            ..row.told
        });
        told += 1;
        true
    });
    if let Some(queue) = of {
        each(queue, &batch);
    }
    told
}

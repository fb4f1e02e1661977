//! Whether footers say what is true. Nothing is lost with one that does not: the segment is read in
//! its place.

use crate::store::disk::Disk;
use crate::store::format::footer;
use crate::store::format::row::Row;
use crate::store::log::segment::Segment;
use crate::store::start::recovery::Damage;

/// What is wrong with the footer of `segment`, whose copies that are alive are `alive`, in any
/// order, as its records say. A footer that is missing is no fault, and neither are rows of what
/// has been settled since.
pub(super) fn check(disk: &dyn Disk, segment: &Segment, mut alive: Vec<Row>) -> Option<Damage> {
    if !segment.has_footer {
        return None;
    }
    let name = footer::file_name(&segment.name);
    let what = match footer::read(disk, &segment.name) {
        None => "the footer is damaged; its segment is read instead",
        Some(mut footer) => {
            footer.rows.retain(|row| segment.has_alive(row));
            footer::sort(&mut alive);
            if !footer.is_sufficient() {
                // Version 1 did not say so much.
                for row in &mut alive {
                    (row.told.head_len, row.told.mark) = (0, 0);
                }
            }
            if footer.rows == alive {
                return None;
            }
            if alive.len() > footer.rows.len() {
                "the footer lacks messages that are there; its segment is read instead"
            } else {
                "the footer says of a message what its record does not"
            }
        }
    };
    let len = disk.open(&name).and_then(|file| file.size());
    Some(Damage {
        file: name,
        offset: 0,
        len: len.unwrap_or_default(),
        what: what.into(),
    })
}

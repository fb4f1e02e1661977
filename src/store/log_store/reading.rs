//! Reading messages back, and what is found out by it.

use std::io;
use std::sync::Arc;

use super::LogStore;
use crate::message::{Message, MessageBuilder};
use crate::store::disk::window::Window;
use crate::store::format::record::{GRANULE, Record};
use crate::store::log::catalog::Spot;
use crate::store::log::segment::Segment;
use crate::store::start::recovery::Damage;
use crate::store::{RecordAt, StoreError};

/// Octets that are read behind the beginning of the last record of a run: most records are shorter.
const BEHIND_RUN: u64 = 4096;

/// Damaged places that are remembered.
const DAMAGE_MAX: usize = 1000;

impl LogStore {
    fn spot(&self, at: RecordAt) -> Option<Spot> {
        let catalog = self.shared.catalog.lock();
        let segment = catalog.segment(at.address())?;
        Some(Spot::new(segment, segment.bit(at.address())?))
    }

    /// `None` if it is not there.
    fn read_once(&self, at: RecordAt) -> io::Result<Option<Message>> {
        let mut octets = Vec::new();
        let Some(spot) = self.spot(at) else {
            return Ok(None);
        };
        let read = spot.read(&mut octets)?;
        let record = read.and_then(|()| Record::parse(&octets, at.address()));
        let message = record.and_then(|record| record.message());
        Ok(message.and_then(|message| message.build(&mut MessageBuilder::default())))
    }

    /// A record that should be there cannot be read.
    fn note_damage(&self, at: RecordAt) {
        let found = {
            let catalog = self.shared.catalog.lock();
            catalog.segment(at.address()).and_then(|segment| {
                Some(Damage {
                    file: segment.name.clone(),
                    offset: Segment::offset(segment.bit(at.address())?),
                    len: GRANULE as u64,
                    what: "a message cannot be read".into(),
                })
            })
        };
        let mut damage = self.damage.lock();
        if let Some(found) = found
            && damage.len() < DAMAGE_MAX
            && !damage.contains(&found)
        {
            damage.push(found);
        }
    }

    /// See [`Store::read`](crate::store::Store::read).
    pub(super) fn read_back(&self, at: RecordAt) -> Result<Message, StoreError> {
        // Its segment may have been given up for a packed one just after it was looked up.
        let mut found = self.read_once(at);
        if !matches!(found, Ok(Some(_))) {
            found = self.read_once(at);
        }
        match found {
            Ok(Some(message)) => {
                self.shared.counts.read.add(1);
                Ok(message)
            }
            Ok(None) => {
                self.note_damage(at);
                Err(StoreError::Damaged { at })
            }
            // It may well be there: only what was seen to be damaged may be given up.
            Err(source) => Err(StoreError::Io {
                what: format!("reading a message in '{}'", self.shared.disk.place()),
                source,
            }),
        }
    }

    /// See [`Store::read_run`](crate::store::Store::read_run).
    pub(super) fn read_back_run(
        &self,
        records: &[RecordAt],
        each: &mut dyn FnMut(RecordAt, Result<Message, StoreError>),
    ) {
        let mut builder = MessageBuilder::default();
        let mut window: Option<Window> = None;
        let mut run = 0;
        let last = records.last().map_or(0, |last| last.address());
        for at in records {
            let found = self.spot(*at).and_then(|spot| {
                if !window
                    .as_ref()
                    .is_some_and(|window| window.is_over(&spot.file))
                {
                    let reach = last.saturating_sub(at.address()) + BEHIND_RUN;
                    window = Some(Window::with_reach(Arc::clone(&spot.file), reach));
                }
                let octets = spot.read_in(window.as_mut()?).ok()?;
                Record::parse(octets, at.address())?
                    .message()?
                    .build(&mut builder)
            });
            run += u64::from(found.is_some());
            each(*at, found.map_or_else(|| self.read_back(*at), Ok));
        }
        self.shared.counts.read.add(run);
    }
}

//! Bodies of requests, which are read as they arrive.
//!
//! A long one takes room for the octets that have come, not for those that are announced. When
//! there is none left, one body alone may go on without, so that bodies which wait for each other's
//! room come to an end; and a body that holds room is cut off if nearly nothing more of it comes
//! while another one waits.
//!
//! Invariant I11: bodies that are in memory together have room for [`SHARED_BYTES`], and one of
//! them for the longest body that there may be.

use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use hyper::body::{Body as _, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::aside::units;
use crate::limits::{HTTP_BODY_HERE, HTTP_BODY_MS, HTTP_BODY_STEP};

/// Octets of long bodies that are in memory together. With those of one body that goes on without
/// room, of 20 MiB at most unless the settings allow more, it is 32 MiB.
const SHARED_BYTES: usize = 12 * 1024 * 1024;

/// See the module.
pub(super) struct Bodies {
    /// Octets, in units.
    shared: Arc<Semaphore>,
    /// The place of the one body that goes on without room.
    alone: Arc<Semaphore>,
    /// How many bodies wait for room.
    waiting: watch::Sender<usize>,
}

/// What a long body holds for as long as it is in memory.
#[derive(Debug, Default)]
pub(super) struct Held {
    shared: Option<OwnedSemaphorePermit>,
    alone: Option<OwnedSemaphorePermit>,
}

/// Why a body is not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It is longer than it may be.
    TooLong,
    /// The client sends it too slowly.
    TooSlow,
    /// The client is gone, or sends no body as HTTP has it.
    Broken,
    /// Others held all the room for too long.
    NoRoom,
}

impl Default for Bodies {
    fn default() -> Self {
        Self {
            shared: Arc::new(Semaphore::new(units(SHARED_BYTES))),
            alone: Arc::new(Semaphore::new(1)),
            waiting: watch::Sender::new(0),
        }
    }
}

impl Bodies {
    /// The whole body, of `most` octets or fewer, and what it holds.
    pub(super) async fn read(&self, body: Body, most: usize) -> Result<(Bytes, Held), Cut> {
        let (mut body, mut octets) = (pin!(body), BytesMut::new());
        let (mut held, mut pace) = (Held::default(), Pace::begun());
        while let Some(frame) = self.next(body.as_mut(), &held, &pace).await? {
            let Ok(chunk) = frame.into_data() else {
                continue;
            };
            let many = octets.len().saturating_add(chunk.len());
            if many > most {
                return Err(Cut::TooLong);
            }
            if many > HTTP_BODY_HERE {
                self.make_room(&mut held, many, &mut pace).await?;
            }
            octets.extend_from_slice(&chunk);
            pace.on_octets(many);
        }
        Ok((octets.freeze(), held))
    }

    /// What comes next of a body; `None` at its end.
    async fn next(
        &self,
        mut body: Pin<&mut Body>,
        held: &Held,
        pace: &Pace,
    ) -> Result<Option<Frame<Bytes>>, Cut> {
        tokio::select! {
            biased;
            frame = poll_fn(|cx| body.as_mut().poll_frame(cx)) => {
                frame.transpose().map_err(|_| Cut::Broken)
            }
            () = sleep_until(pace.end) => Err(Cut::TooSlow),
            () = self.stands_in_the_way(held, pace) => Err(Cut::TooSlow),
        }
    }

    /// Waits until a body that holds room has brought too little for a while, and others wait.
    async fn stands_in_the_way(&self, held: &Held, pace: &Pace) {
        if held.shared.is_none() && held.alone.is_none() {
            return pending().await;
        }
        sleep_until(pace.step_end).await;
        // It fails only without its sender, which is here.
        let waits = self
            .waiting
            .subscribe()
            .wait_for(|many| *many > 0)
            .await
            .is_ok();
        if !waits {
            pending().await
        }
    }

    /// Takes room for a body of which so many octets have come. The client's time stands still
    /// meanwhile.
    async fn make_room(&self, held: &mut Held, octets: usize, pace: &mut Pace) -> Result<(), Cut> {
        if held.alone.is_some() {
            return Ok(());
        }
        let has = held
            .shared
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(units(octets).saturating_sub(has)).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.shared).try_acquire_many_owned(more);
        let taken = match taken {
            Ok(taken) => Some(taken),
            Err(_) => {
                let began = Instant::now();
                let taken = self.wait_for_room(held, more).await?;
                pace.pause(began.elapsed());
                taken
            }
        };
        match (&mut held.shared, taken) {
            (Some(shared), Some(taken)) => shared.merge(taken),
            (shared @ None, taken) => *shared = taken,
            (Some(_), None) => {}
        }
        Ok(())
    }

    /// Room of so many units; `None` if the body now goes on without.
    async fn wait_for_room(
        &self,
        held: &mut Held,
        units: u32,
    ) -> Result<Option<OwnedSemaphorePermit>, Cut> {
        let _waits = Waits::begin(&self.waiting);
        tokio::select! {
            biased;
            // Both fail only if the semaphore is closed, which it never is.
            taken = Arc::clone(&self.shared).acquire_many_owned(units) => Ok(taken.ok()),
            alone = Arc::clone(&self.alone).acquire_owned() => {
                held.alone = alone.ok();
                Ok(None)
            }
            () = sleep(Duration::from_millis(HTTP_BODY_MS)) => Err(Cut::NoRoom),
        }
    }
}

/// One that is counted among those that wait.
struct Waits<'a>(&'a watch::Sender<usize>);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|many| *many += 1);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|many| *many -= 1);
    }
}

/// How fast a client sends a body.
struct Pace {
    /// When it must be whole.
    end: Instant,
    /// Octets that had come when the step began which is measured now.
    step: usize,
    /// When that step must be done if others wait.
    step_end: Instant,
}

impl Pace {
    fn begun() -> Self {
        let now = Instant::now();
        Self {
            end: now + Duration::from_millis(HTTP_BODY_MS),
            step: 0,
            step_end: now + Duration::from_millis(HTTP_BODY_STEP.0),
        }
    }

    /// So many octets are there.
    fn on_octets(&mut self, octets: usize) {
        if octets.saturating_sub(self.step) >= HTTP_BODY_STEP.1 {
            self.step = octets;
            self.step_end = Instant::now() + Duration::from_millis(HTTP_BODY_STEP.0);
        }
    }

    /// Nothing was asked of the client for so long.
    fn pause(&mut self, time: Duration) {
        self.end += time;
        self.step_end += time;
    }
}

#[cfg(test)]
mod tests;

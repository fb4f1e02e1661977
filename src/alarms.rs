//! Memory and disk alarms: while one is on, publishers wait.
//!
//! Owns which alarms are on. Who measures is the broker; who waits are the connections, each from
//! the moment it publishes.
//!
//! Docs: RabbitMQ, memory and disk alarms. Seen: RabbitMQ 4.3.6 (reasons).

use std::sync::atomic::{AtomicU8, Ordering};

/// What can run low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The process uses more than `vm_memory_high_watermark`.
    Memory,
    /// The data directory's file system has less than `disk_free_limit` free.
    Disk,
    /// The store cannot write, because the disk is full or fails.
    Store,
}

/// Which alarms are on.
#[derive(Debug, Default)]
pub struct Alarms(AtomicU8);

impl Alarm {
    const ALL: [Self; 3] = [Self::Memory, Self::Disk, Self::Store];

    /// RabbitMQ's word; ours for the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
            Self::Store => "store",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Memory => 1,
            Self::Disk => 2,
            Self::Store => 4,
        }
    }
}

impl Alarms {
    /// Switches an alarm; `true` if that changed anything.
    pub fn set(&self, alarm: Alarm, on: bool) -> bool {
        let before = if on {
            self.0.fetch_or(alarm.bit(), Ordering::SeqCst)
        } else {
            self.0.fetch_and(!alarm.bit(), Ordering::SeqCst)
        };
        (before & alarm.bit() != 0) != on
    }

    /// Those that are on.
    #[must_use]
    pub fn on(&self) -> Vec<Alarm> {
        let bits = self.0.load(Ordering::SeqCst);
        let is_on = |alarm: &Alarm| bits & alarm.bit() != 0;
        Alarm::ALL.into_iter().filter(is_on).collect()
    }

    /// Why publishers must wait, in RabbitMQ's words; `None` if they need not.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match self.0.load(Ordering::SeqCst) {
            0 => None,
            1 => Some("low on memory"),
            2 | 4 | 6 => Some("low on disk"),
            _ => Some("low on memory & disk"),
        }
    }
}

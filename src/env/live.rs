//! Settings that RabbitMQ's tools change while a broker runs; a start takes them from the settings
//! again.

use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

use crate::config::Settings;

/// Stands for "none" where a number may be missing.
const NONE: u64 = u64::MAX;

/// See the module. Each is read on its own, so no order between them is kept.
pub struct Live {
    channel_max: AtomicU16,
    max_message_size: AtomicU64,
    consumer_timeout_ms: AtomicU64,
    disk_free_limit: AtomicU64,
    /// In octets, once a tool has set it.
    memory_limit: AtomicU64,
}

impl Live {
    /// As the settings say.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            channel_max: AtomicU16::new(settings.channel_max),
            max_message_size: AtomicU64::new(settings.max_message_size),
            consumer_timeout_ms: AtomicU64::new(settings.consumer_timeout_ms.unwrap_or(NONE)),
            disk_free_limit: AtomicU64::new(settings.disk_free_limit),
            memory_limit: AtomicU64::new(NONE),
        }
    }

    /// Channels of a connection that is opened from now on; 0 for no limit.
    pub fn channel_max(&self) -> u16 {
        self.channel_max.load(Ordering::Relaxed)
    }

    /// Octets of a message's body.
    #[inline]
    pub fn max_message_size(&self) -> u64 {
        self.max_message_size.load(Ordering::Relaxed)
    }

    /// Milliseconds that a consumer has to settle a delivery. A queue asks for it when it is
    /// declared and when one of its policies changes.
    pub fn consumer_timeout_ms(&self) -> Option<u64> {
        some(self.consumer_timeout_ms.load(Ordering::Relaxed))
    }

    /// Octets that must be free where data is written.
    pub fn disk_free_limit(&self) -> u64 {
        self.disk_free_limit.load(Ordering::Relaxed)
    }

    /// Octets above which publishers wait, if a tool has set them.
    pub fn memory_limit(&self) -> Option<u64> {
        some(self.memory_limit.load(Ordering::Relaxed))
    }
}

/// What the node of a program changes.
#[cfg(feature = "program")]
impl Live {
    /// See [`channel_max`](Self::channel_max).
    pub fn set_channel_max(&self, channels: u16) {
        self.channel_max.store(channels, Ordering::Relaxed);
    }

    /// See [`max_message_size`](Self::max_message_size).
    pub fn set_max_message_size(&self, octets: u64) {
        self.max_message_size.store(octets, Ordering::Relaxed);
    }

    /// See [`consumer_timeout_ms`](Self::consumer_timeout_ms).
    pub fn set_consumer_timeout_ms(&self, ms: Option<u64>) {
        let ms = ms.unwrap_or(NONE);
        self.consumer_timeout_ms.store(ms, Ordering::Relaxed);
    }

    /// See [`disk_free_limit`](Self::disk_free_limit).
    pub fn set_disk_free_limit(&self, octets: u64) {
        self.disk_free_limit.store(octets, Ordering::Relaxed);
    }

    /// See [`memory_limit`](Self::memory_limit).
    pub fn set_memory_limit(&self, octets: u64) {
        let octets = octets.min(NONE - 1);
        self.memory_limit.store(octets, Ordering::Relaxed);
    }
}

fn some(number: u64) -> Option<u64> {
    (number != NONE).then_some(number)
}

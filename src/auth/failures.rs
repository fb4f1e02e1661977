//! Failed logins by the address that they come from. An address with too many of them within a
//! minute is refused unheard, until enough time has passed for one more attempt.
//!
//! This machine's own addresses never are: tests with wrong passwords run there, and all programs
//! of the machine share them. An IPv6 client counts by its network of 64 bits, all of whose
//! addresses it may have.
//!
//! Invariant I11: the addresses that are kept have a number; beyond it the one goes that is nearest
//! to being forgotten anyway, so that a client with many addresses frees none of the busiest.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::Mono;
use crate::limits::{LOGIN_SOURCES_MAX, LOGIN_WINDOW_MS};

/// Where failed logins came from lately.
#[derive(Debug)]
pub(super) struct Failures {
    /// Failures within a window after which an address is refused; `None` lets all go on.
    max: Option<u64>,
    /// When each source will have as many attempts again as one that never failed: each failure
    /// puts that off by its share of the window.
    clear: Mutex<BTreeMap<Source, Debt>>,
}

/// What failures of a source have come to.
#[derive(Clone, Copy, Debug, Default)]
struct Debt {
    /// When it is paid.
    clear: Mono,
    /// Until when it is known that the source is refused, so that no log says so again.
    told: Mono,
}

/// An address, or a network of addresses that one client may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Source(u128);

impl Source {
    /// `None` for this machine.
    fn of(peer: IpAddr) -> Option<Self> {
        match peer.to_canonical() {
            peer if peer.is_loopback() => None,
            IpAddr::V4(peer) => Some(Self(peer.to_ipv6_mapped().to_bits())),
            IpAddr::V6(peer) => Some(Self(peer.to_bits() >> 64 << 64)),
        }
    }
}

/// What a failure has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The address may try again.
    Heard,
    /// It was the last one that is heard for now, and the first such one within a window.
    Last,
}

impl Failures {
    /// `max`: failures of an address within a window, from 1; `None` counts none.
    pub(super) fn new(max: Option<u64>) -> Self {
        Self {
            max,
            clear: Mutex::default(),
        }
    }

    /// Whether logins from `peer` are refused unheard.
    pub(super) fn is_over(&self, peer: IpAddr, now: Mono) -> bool {
        let (Some(max), Some(source)) = (self.max, Source::of(peer)) else {
            return false;
        };
        let clear = self.clear.lock().get(&source).copied();
        clear.is_some_and(|debt| is_spent(max, debt.clear, now))
    }

    /// A login from `peer` has failed.
    pub(super) fn note(&self, peer: IpAddr, now: Mono) -> Standing {
        let (Some(max), Some(source)) = (self.max, Source::of(peer)) else {
            return Standing::Heard;
        };
        let mut all = self.clear.lock();
        if all.len() >= LOGIN_SOURCES_MAX && !all.contains_key(&source) {
            make_room(&mut all, now);
        }
        let debt = all.entry(source).or_default();
        debt.clear = debt.clear.max(now).plus(share(max));
        if !is_spent(max, debt.clear, now) || debt.told > now {
            return Standing::Heard;
        }
        debt.told = now.plus_ms(LOGIN_WINDOW_MS);
        Standing::Last
    }
}

/// How long a failure counts.
fn share(max: u64) -> Duration {
    Duration::from_nanos(LOGIN_WINDOW_MS * 1_000_000 / max.max(1))
}

/// Whether one more failure would not fit into the window.
fn is_spent(max: u64, clear: Mono, now: Mono) -> bool {
    clear.since(now) + share(max) > Duration::from_millis(LOGIN_WINDOW_MS)
}

/// Forgets what is over, or else the source that is over next.
fn make_room(all: &mut BTreeMap<Source, Debt>, now: Mono) {
    all.retain(|_, debt| debt.clear > now);
    if all.len() >= LOGIN_SOURCES_MAX
        && let Some(next) = all.iter().min_by_key(|(_, debt)| debt.clear)
    {
        let source = *next.0;
        all.remove(&source);
    }
}

#[cfg(test)]
mod tests;

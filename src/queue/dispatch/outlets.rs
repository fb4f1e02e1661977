//! Mail on its way out, gathered for each connection so that it is woken once.

use std::sync::Arc;

use crate::ids::ConnectionId;
use crate::mail::{Delivery, Mailbox};

/// Mail for one connection is posted at the latest when this many deliveries are gathered, so
/// that a full mailbox is noticed in time.
const POST_AT_LEN: usize = 128;
/// The same, in octets of messages.
const POST_AT_OCTETS: usize = 64 * 1024;

/// A queue's outlets, one for each connection with consumers. Their places do not change while
/// they are used.
#[derive(Debug, Default)]
pub(in crate::queue) struct Outlets {
    outlets: Vec<Outlet>,
    /// Those with mail.
    dirty: Vec<usize>,
}

#[derive(Debug)]
struct Outlet {
    connection: ConnectionId,
    mailbox: Arc<Mailbox>,
    /// Consumers that use it; 0 means free.
    users: usize,
    deliveries: Vec<Delivery>,
    octets: usize,
}

impl Outlets {
    /// The place of a connection's outlet, for one more consumer.
    pub(in crate::queue) fn join(
        &mut self,
        connection: ConnectionId,
        mailbox: &Arc<Mailbox>,
    ) -> usize {
        let used = |outlet: &Outlet| outlet.users > 0 && outlet.connection == connection;
        if let Some(place) = self.outlets.iter().position(used) {
            if let Some(outlet) = self.outlets.get_mut(place) {
                outlet.users += 1;
            }
            return place;
        }
        let outlet = Outlet {
            connection,
            mailbox: Arc::clone(mailbox),
            users: 1,
            deliveries: Vec::new(),
            octets: 0,
        };
        let mut places = self.outlets.iter_mut().enumerate();
        if let Some((place, free)) = places.find(|(_, outlet)| outlet.users == 0) {
            *free = outlet;
            return place;
        }
        self.outlets.push(outlet);
        self.outlets.len() - 1
    }

    /// A consumer no longer uses its place.
    pub(in crate::queue) fn leave(&mut self, place: usize) {
        if let Some(outlet) = self.outlets.get_mut(place) {
            outlet.users -= 1;
        }
        while self.outlets.pop_if(|outlet| outlet.users == 0).is_some() {}
    }

    /// Adds a delivery to the mail that is gathered.
    #[inline(always)]
    pub(in crate::queue) fn put(&mut self, place: usize, delivery: Delivery) {
        let outlet = self
            .outlets
            .get_mut(place)
            .expect("an outlet lives as long as its users");
        if outlet.deliveries.is_empty() {
            self.dirty.push(place);
        }
        outlet.octets += delivery.entry.message.memory();
        outlet.deliveries.push(delivery);
        if outlet.deliveries.len() >= POST_AT_LEN || outlet.octets >= POST_AT_OCTETS {
            outlet.post();
        }
    }

    /// Posts what is gathered.
    #[inline]
    pub(in crate::queue) fn post(&mut self) {
        for &place in &self.dirty {
            if let Some(outlet) = self.outlets.get_mut(place) {
                outlet.post();
            }
        }
        self.dirty.clear();
    }
}

impl Outlet {
    fn post(&mut self) {
        if !self.deliveries.is_empty() {
            self.mailbox
                .post_deliveries(&mut self.deliveries, self.octets);
            self.octets = 0;
        }
    }
}

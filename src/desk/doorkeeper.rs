//! Whether the broker's listeners accept, and whether its node is under maintenance: asked here,
//! the sockets are the net's.
//!
//! A node that is drained lets no client in and keeps none; a start of the broker ends that.
//!
//! Seen: RabbitMQ 4.3.6, `rabbitmq-upgrade drain` and `revive`, its log, `ctl/maintenance.ctl`.

use std::pin::Pin;
use std::sync::atomic::Ordering;

use super::Desk;

/// What becomes of a change of the listeners; why not, in words.
pub(crate) type Changed = Pin<Box<dyn Future<Output = Result<(), &'static str>> + Send>>;

/// What switches the listeners of a broker.
pub(crate) trait Doorkeeper: Send + Sync {
    /// Has all of them listen, or none.
    fn set_open(&self, is_open: bool) -> Changed;
}

impl Desk {
    /// Says what switches the listeners; it is said once.
    pub(crate) fn kept_by(&self, doorkeeper: impl Doorkeeper + 'static) {
        let _first_stays = self.doorkeeper.set(Box::new(doorkeeper));
    }

    /// Has all listeners listen, or none; connections that there are stay.
    ///
    /// # Errors
    /// Why not, in words.
    #[cfg(feature = "program")]
    pub(crate) async fn set_listening(&self, is_open: bool) -> Result<(), &'static str> {
        match self.doorkeeper.get() {
            Some(doorkeeper) => doorkeeper.set_open(is_open).await,
            None => Err("the broker is about to start"),
        }
    }

    /// Whether the node is under maintenance.
    #[cfg_attr(
        not(feature = "management"),
        expect(dead_code, reason = "only told over HTTP")
    )]
    pub(crate) fn is_drained(&self) -> bool {
        self.is_drained.load(Ordering::Relaxed)
    }

    /// Puts the node under maintenance: no client is let in, and those that there are get 320
    /// `CONNECTION_FORCED`.
    ///
    /// # Errors
    /// Why listeners could not be suspended, in words; the node is under maintenance all the same.
    #[cfg(feature = "program")]
    pub(crate) async fn drain(&self) -> Result<(), &'static str> {
        crate::log::warn!("This node is being put into maintenance (drain) mode");
        self.is_drained.store(true, Ordering::Relaxed);
        crate::log::info!("Marked this node as undergoing maintenance");
        let suspended = self.set_listening(false).await;
        if suspended.is_ok() {
            crate::log::warn!(
                "Suspended all listeners and will no longer accept client connections"
            );
        }
        let closed = self.close_connections("Node was put into maintenance mode", |_| true);
        crate::log::warn!("Closed {closed} local client connections");
        crate::log::warn!(
            "Skipping leadership transfer of quorum queues: no candidate (online, not under \
             maintenance) nodes to transfer to!"
        );
        crate::log::info!("Node is ready to be shut down for maintenance or upgrade");
        suspended
    }

    /// Ends what [`drain`](Self::drain) began.
    ///
    /// # Errors
    /// Why listeners could not be resumed, in words; the node stays under maintenance then.
    #[cfg(feature = "program")]
    pub(crate) async fn revive(&self) -> Result<(), &'static str> {
        crate::log::info!("This node is being revived from maintenance (drain) mode");
        self.set_listening(true).await?;
        crate::log::info!("Resumed all listeners and will accept client connections again");
        self.is_drained.store(false, Ordering::Relaxed);
        crate::log::info!("Marked this node as back from maintenance and ready to serve clients");
        Ok(())
    }
}

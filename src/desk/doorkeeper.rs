//! Whether the broker's listeners accept: asked here, done by the net.

use std::pin::Pin;

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
}

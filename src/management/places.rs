//! Places of requests that go on without an end: so many together, and so many of one user.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// See the module.
pub(super) struct Places {
    most: usize,
    most_of_user: usize,
    /// Those that are taken, by user; none without any.
    taken: Mutex<HashMap<Box<str>, usize>>,
}

/// A place that a request has until it is dropped.
pub(super) struct Place {
    places: Arc<Places>,
    user: Box<str>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// All are taken.
    Together,
    /// The user has as many as one may have.
    OfUser,
}

impl Places {
    pub(super) fn new(most: usize, most_of_user: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            most_of_user,
            taken: Mutex::default(),
        })
    }

    /// Takes one for `user`.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn take(self: &Arc<Self>, user: &str) -> Result<Place, Full> {
        let mut taken = self.taken.lock();
        if taken
            .get(user)
            .is_some_and(|many| *many >= self.most_of_user)
        {
            return Err(Full::OfUser);
        }
        if taken.values().sum::<usize>() >= self.most {
            return Err(Full::Together);
        }
        *taken.entry(user.into()).or_default() += 1;
        Ok(Place {
            places: Arc::clone(self),
            user: user.into(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        if let Some(many) = taken.get_mut(&self.user) {
            *many -= 1;
            if *many == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

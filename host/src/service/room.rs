//! Room for work that takes a thread: so much at a time, and no queue. Whoever finds it full is told so at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Span;

use crate::failure::{Failure, FailureKind, Result};

/// The code of what is told when there is no room.
pub(super) const BUSY: &str = "service-busy";

/// After how many seconds it makes sense to come again: calls take less, mostly.
const COME_AGAIN: u32 = 1;

/// So much room.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// A place in it.
#[derive(Debug)]
pub(super) struct Place(
    #[expect(dead_code, reason = "held, and given back when it is dropped")] OwnedSemaphorePermit,
);

impl Room {
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// A place.
    ///
    /// # Errors
    /// `LimitExceeded` where all are taken.
    pub(super) fn place(&self) -> Result<Place> {
        Arc::clone(&self.0).try_acquire_owned().map(Place).map_err(|_| {
            let mut busy = Failure::new(
                FailureKind::LimitExceeded,
                BUSY,
                "This service is attending to as much as it can at the same time.",
            )
            .hint("Try again in a moment.");
            busy.retry_after = Some(COME_AGAIN);
            busy
        })
    }

    /// Does what takes a thread, if there is room.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = self.place()?;
        on_a_thread(move || {
            let _place = place;
            work()
        })
        .await
    }
}

/// Does what takes a thread for a moment only, such as a look into the store.
pub(super) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
        .await
        .unwrap_or_else(|_| Err(Failure::internal("The request could not be handled.")))
}

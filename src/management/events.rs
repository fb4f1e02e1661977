//! Answers without an end: server-sent events.
//!
//! A task makes the events, one at a time, and waits while the client does not read. The answer
//! ends with its task, with the listener that the request came by, and once the client may not have
//! it any more, which is asked before each event and at each beat.
//!
//! Source: HTML Living Standard, server-sent events.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// After so long without an event a comment is sent, so that a client that is gone is noticed.
const BEAT: Duration = Duration::from_secs(15);

/// Where events are told.
pub(super) struct Teller(mpsc::Sender<Bytes>);

impl Teller {
    /// Tells an event once the client has the one before. `false` if the client is gone.
    pub(super) async fn tell(&self, event: impl Into<Bytes>) -> bool {
        self.0.send(event.into()).await.is_ok()
    }
}

/// A body of the events that `told` makes, until `ends` is cancelled or `may_go_on` says `false`.
pub(super) fn body<F>(
    ends: CancellationToken,
    may_go_on: impl Fn() -> bool + Send + 'static,
    told: impl FnOnce(Teller) -> F,
) -> Body
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, events) = mpsc::channel(1);
    let client = sender.clone();
    let told = told(Teller(sender));
    tokio::spawn(async move {
        tokio::select! {
            () = told => {}
            () = client.closed() => {}
        }
    });
    Body::new(Events {
        events,
        ends: Box::pin(ends.cancelled_owned()),
        may_go_on: Box::new(may_go_on),
        beat: Box::pin(sleep(BEAT)),
    })
}

struct Events {
    events: mpsc::Receiver<Bytes>,
    ends: Pin<Box<WaitForCancellationFutureOwned>>,
    may_go_on: Box<dyn Fn() -> bool + Send>,
    beat: Pin<Box<Sleep>>,
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.ends.as_mut().poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        let event = match self.events.poll_recv(cx) {
            Poll::Ready(Some(event)) => event,
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {
                ready!(self.beat.as_mut().poll(cx));
                Bytes::from_static(b":\n\n")
            }
        };
        if !(self.may_go_on)() {
            return Poll::Ready(None);
        }
        self.beat.as_mut().reset(Instant::now() + BEAT);
        Poll::Ready(Some(Ok(Frame::data(event))))
    }
}

//! One connection of HTTP/1.1, from its first octet to its end, with bounds on all that a client
//! can make last.
//!
//! Invariant I11: head, headers, body, silence and the number of connections have limits.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use tower::Service as _;

use crate::limits::{HTTP_HEAD_BYTES_MAX, HTTP_HEAD_MS, HTTP_HEADERS_MAX, HTTP_IDLE_MS};
use crate::net::listener::Accepted;

/// Serves `accepted` until the client leaves, is silent for too long, or the broker stops. A stop
/// lets a request that is being answered finish.
pub(crate) async fn serve(accepted: Accepted, router: Router) {
    let Accepted {
        stream,
        peer,
        handshake,
        ..
    } = accepted;
    let service = tower::service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        router.call(prepared(request, peer))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HTTP_HEAD_MS))
        .max_buf_size(HTTP_HEAD_BYTES_MAX)
        .max_headers(HTTP_HEADERS_MAX)
        .half_close(false);
    let socket = TokioIo::new(Bounded::new(stream));
    let connection = http.serve_connection(socket, TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    let stop = handshake.stop.clone();
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        crate::log::debug!("HTTP connection of {peer} ended: {error}");
    }
    // The place among the connections is kept to the end.
    drop(handshake);
}

/// The request with the client's address; one slash at the end of a path means nothing.
fn prepared(mut request: Request<Incoming>, peer: SocketAddr) -> Request<Incoming> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let path = request.uri().path();
    if let Some(shorter) = path.strip_suffix('/')
        && !shorter.is_empty()
        && !shorter.ends_with('/')
    {
        let query = request.uri().query().map(|query| format!("?{query}"));
        let whole = format!("{shorter}{}", query.unwrap_or_default());
        if let Ok(path) = PathAndQuery::try_from(whole) {
            *request.uri_mut() = Uri::from(path);
        }
    }
    request
}

/// A socket that fails once nothing could be read or written for [`HTTP_IDLE_MS`].
struct Bounded<S> {
    socket: S,
    silence: Pin<Box<Sleep>>,
}

impl<S> Bounded<S> {
    fn new(socket: S) -> Self {
        Self {
            socket,
            silence: Box::pin(sleep(IDLE)),
        }
    }

    /// Passes on what is done, and counts the silence where nothing is.
    fn bounded<T>(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if done.is_ready() {
            let until = Instant::now() + IDLE;
            self.silence.as_mut().reset(until);
            return done;
        }
        ready!(self.silence.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

const IDLE: Duration = Duration::from_millis(HTTP_IDLE_MS);

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.socket).poll_read(cx, buffer);
        self.bounded(cx, done)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write(cx, octets);
        self.bounded(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.bounded(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

//! One connection of HTTP/1.1, from its first octet to its end, with bounds on all that a client
//! can make last.
//!
//! Invariant I11: head, headers, body, the time that an answer takes to be read and the number of
//! connections have limits. A request that takes long to be answered is not cut off: what it asks
//! for goes on anyway.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Request, StatusCode, Uri, Version, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use super::door::Ends;
use super::seats::{Seat, Seats, Served};
use crate::limits::{HTTP_HEAD_BYTES_MAX, HTTP_HEAD_MS, HTTP_HEADERS_MAX, HTTP_PACE};
use crate::net::listener::Accepted;

/// Lets another thread have the processor if one waits for it. The system lets a thread run for
/// milliseconds before it does so by itself, and on a machine with few processors a message would
/// wait for them behind a long list.
pub(crate) fn give_way() {
    std::thread::yield_now();
}

/// Serves `accepted` until the client leaves, asks or reads too slowly, its place is needed, or the
/// broker stops. A stop lets a request that is being answered finish, for a while.
pub(crate) async fn serve<S>(accepted: Accepted<S>, seats: Arc<Seats>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Accepted {
        stream,
        peer,
        handshake,
        encryption,
        ..
    } = accepted;
    let way = match encryption {
        Some(_) => Way::Tls,
        None => Way::Plain,
    };
    converse(stream, (Some(peer), way), &handshake.stop, &seats).await;
    // The place among the connections is kept to the end.
    drop(handshake);
}

/// How a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As it is.
    Plain,
    /// Over TLS, which ends here.
    Tls,
}

/// The same on any socket; only a client at an address has an address.
pub(crate) async fn converse<S>(
    stream: S,
    (peer, way): (Option<SocketAddr>, Way),
    stop: &CancellationToken,
    seats: &Arc<Seats>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answers = Arc::new(AtomicU64::new(0));
    let socket = Paced::new(stream, Arc::clone(&answers));
    let is_unread = Arc::clone(&socket.is_unread);
    let seat = Seat::take(seats, &is_unread);
    let (router, sits) = (seats.router.clone(), Arc::clone(&seat));
    let ends = stop.clone();
    let service = tower::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Ends(ends.clone()));
        request.extensions_mut().insert(way);
        let _serving = sits.serve();
        let is_well_formed = is_well_formed(&request);
        let answer = is_well_formed.then(|| router.clone().call(prepared(request, peer)));
        let answers = Arc::clone(&answers);
        async move {
            let answer = match answer {
                Some(answer) => answer.await,
                None => Ok(malformed()),
            };
            answers.fetch_add(1, Ordering::Relaxed);
            answer.map(|answer| answer.map(|body| Served { body, _serving }))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HTTP_HEAD_MS))
        .max_buf_size(HTTP_HEAD_BYTES_MAX)
        .max_headers(HTTP_HEADERS_MAX)
        .half_close(false);
    let service = TowerToHyperService::new(service);
    let mut connection = pin!(http.serve_connection(TokioIo::new(socket), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => Ok(ended),
        () = either(seat.leaves(), stop.cancelled()) => {
            connection.as_mut().graceful_shutdown();
            // Without a request it is asked once more only: half a head is not waited for.
            let is_idle = seat.is_idle() && !is_unread.load(Ordering::Relaxed);
            let patience = if is_idle { Duration::ZERO } else { seats.patience };
            timeout(patience, connection).await
        }
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => crate::log::debug!("HTTP connection of {peer:?} ended: {error}"),
        Err(_) if stop.is_cancelled() => seats.cut(),
        Err(_) => crate::log::debug!("HTTP connection of {peer:?} made room for another one"),
    }
}

/// Waits for the first of two things.
async fn either(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    tokio::select! {
        () = one => {}
        () = other => {}
    }
}

/// Whether it is clear for whom a request is and where its body ends. A server in front of this one
/// that sees it another way could be made to pass on what it should not.
///
/// The rest is the HTTP library's: of lengths that are the same it shows one, and none beside a
/// transfer coding, where it goes by the coding. RabbitMQ refuses both.
///
/// Seen: RabbitMQ 4.3.6, whatever is asked for: one host in HTTP/1.1, none or one before, and no
/// transfer coding but `chunked`.
fn is_well_formed<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let hosts = headers.get_all(header::HOST).iter().count();
    let has_host = hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11);
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let coding = (codings.next(), codings.next());
    has_host
        && match coding {
            (None, _) => true,
            (Some(coding), None) => coding.as_bytes().eq_ignore_ascii_case(b"chunked"),
            (Some(_), Some(_)) => false,
        }
}

/// 400, and the end of the connection.
fn malformed() -> Response {
    let mut answer = StatusCode::BAD_REQUEST.into_response();
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(header::CONNECTION, close);
    answer
}

/// The request with the client's address; one slash at the end of a path means nothing.
fn prepared(mut request: Request<Incoming>, peer: Option<SocketAddr>) -> Request<Incoming> {
    if let Some(peer) = peer {
        request.extensions_mut().insert(ConnectInfo(peer));
    }
    let path = request.uri().path();
    if let Some(shorter) = path.strip_suffix('/')
        && !shorter.is_empty()
        && !shorter.ends_with('/')
    {
        let query = request.uri().query().map(|query| format!("?{query}"));
        let whole = format!("{shorter}{}", query.unwrap_or_default());
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = PathAndQuery::try_from(whole).ok();
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// A socket that fails once an answer has not been read in time ([`HTTP_PACE`]).
///
/// Only what waits for the client counts: a head or a body that does not come has limits of its
/// own, and an answer that is not made yet is not the client's doing.
struct Paced<S> {
    socket: S,
    /// Answers that were begun on the connection.
    answers: Arc<AtomicU64>,
    /// How many they were when the one that is written now was begun.
    answer: u64,
    /// How long octets of it have waited for the client before. An answer that follows something
    /// has no end, and waits for the broker most of the time.
    waited: Duration,
    /// Since when some wait now.
    waits_since: Option<Instant>,
    /// Octets of it that the socket has taken.
    taken: u64,
    /// Whether octets wait for the client to read.
    is_unread: Arc<AtomicBool>,
    end: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    fn new(socket: S, answers: Arc<AtomicU64>) -> Self {
        Self {
            socket,
            answers,
            answer: 0,
            waited: Duration::ZERO,
            waits_since: None,
            taken: 0,
            is_unread: Arc::default(),
            end: Box::pin(sleep(Duration::from_millis(HTTP_PACE.0))),
        }
    }

    /// Passes on what is done; what is not fails at the end of the answer's time.
    fn paced(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.is_unread.store(done.is_pending(), Ordering::Relaxed);
        let answers = self.answers.load(Ordering::Relaxed);
        if answers != self.answer {
            self.answer = answers;
            (self.waited, self.waits_since, self.taken) = (Duration::ZERO, None, 0);
        }
        if let Poll::Ready(done) = done {
            if let Some(since) = self.waits_since.take() {
                self.waited += since.elapsed();
            }
            self.taken += done.as_ref().map_or(0, |octets| *octets as u64);
            return Poll::Ready(done);
        }
        let (least_ms, octets_a_second) = HTTP_PACE;
        let more_ms = self.taken.saturating_mul(1_000) / octets_a_second;
        let most = Duration::from_millis(least_ms.saturating_add(more_ms));
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        let end = since + most.saturating_sub(self.waited);
        if self.end.deadline() != end {
            self.end.as_mut().reset(end);
        }
        ready!(self.end.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write(cx, octets);
        self.paced(cx, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.paced(cx, done)
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

#[cfg(test)]
mod tests;

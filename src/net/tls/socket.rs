//! A socket over which TLS is spoken.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::net::socket::Socket;

/// See the module. Reads what several records hold, as far as there is room; an end without a
/// goodbye of TLS is an end like others, because what is spoken says itself where it ends.
#[derive(Debug)]
pub(crate) struct TlsSocket(pub(super) TlsStream<TcpStream>);

impl TlsSocket {
    /// Whether octets were decrypted and not read yet, or the peer has said goodbye.
    fn has_plain(&self) -> bool {
        !self.0.get_ref().1.wants_read()
    }

    fn tcp(&self) -> &TcpStream {
        self.0.get_ref().0
    }
}

impl AsyncRead for TlsSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        loop {
            let had = buffer.filled().len();
            let read = Pin::new(&mut self.0).poll_read(cx, buffer);
            let has_read = buffer.filled().len() > before;
            let is_end = match read {
                // It is met again at the next call.
                Poll::Pending | Poll::Ready(Err(_)) if has_read => true,
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => true,
                Poll::Ready(Ok(())) => buffer.remaining() == 0 || buffer.filled().len() == had,
                read => return read,
            };
            if is_end {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for TlsSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl Socket for TlsSocket {
    /// What was encrypted and did not fit into the socket waits here.
    const HOLDS_OUTPUT: bool = true;

    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.has_plain() {
            true => Poll::Ready(Ok(())),
            false => self.tcp().poll_read_ready(cx),
        }
    }

    fn has_more(&self) -> bool {
        self.has_plain() || Socket::has_more(self.tcp())
    }

    fn is_peer_gone(&self) -> bool {
        self.tcp().is_peer_gone()
    }

    fn reset_on_drop(&self) -> io::Result<()> {
        self.tcp().reset_on_drop()
    }

    fn say_goodbye(&mut self, cx: &mut Context<'_>) {
        self.0.get_mut().1.send_close_notify();
        // What the socket does not take now is lost with it, as all that waits.
        let _sent_or_not = Pin::new(&mut self.0).poll_flush(cx);
    }
}

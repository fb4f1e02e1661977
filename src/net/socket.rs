//! What the pump asks of a socket beside octets.

use std::io;
use std::task::{Context, Poll};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::AsFd as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A stream of octets to one peer: plain TCP, or what is spoken over it.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Whether what was written may wait in it, to be flushed.
    const HOLDS_OUTPUT: bool = false;

    /// Ready when a read may give something: a connection that waits needs no buffer before.
    ///
    /// # Errors
    /// The system's.
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Whether there is something to read now.
    fn has_more(&self) -> bool;

    /// Whether the peer has closed its end, though not all that it sent before has been read.
    fn is_peer_gone(&self) -> bool;

    /// From now on a drop closes it with a reset, and not in order.
    ///
    /// # Errors
    /// The system's; the socket is closed in order then, which the peer survives.
    fn reset_on_drop(&self) -> io::Result<()>;

    /// Says that nothing more is written, as far as the socket takes that at once.
    fn say_goodbye(&mut self, _cx: &mut Context<'_>) {}
}

impl Socket for TcpStream {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_read_ready(self, cx)
    }

    fn has_more(&self) -> bool {
        matches!(rustix::io::ioctl_fionread(self), Ok(octets) if octets > 0)
    }

    fn is_peer_gone(&self) -> bool {
        let mut fds = [PollFd::from_borrowed_fd(self.as_fd(), PEER_CLOSED)];
        let polled = poll(&mut fds, Some(&Timespec::default()));
        let [fd] = fds;
        polled.is_ok() && fd.revents().intersects(PEER_CLOSED | PollFlags::HUP)
    }

    fn reset_on_drop(&self) -> io::Result<()> {
        self.set_zero_linger()
    }
}

/// The peer will send nothing more, whether what it sent has been read or not.
#[cfg(target_os = "linux")]
const PEER_CLOSED: PollFlags = PollFlags::RDHUP;
/// Here the system only tells of a peer that has reset the connection.
#[cfg(not(target_os = "linux"))]
const PEER_CLOSED: PollFlags = PollFlags::HUP;

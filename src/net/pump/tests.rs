//! The contract, kept by a second protocol that is not AMQP over a socket that is not TCP.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf, duplex};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::*;
use crate::config::Settings;
use crate::env::Environment;
use crate::mail::{Mail, Mailbox};
use crate::protocol::{Input, Target};
use crate::store::{MemoryStore, Position};

/// Says every line again. The first one is its login, and some words ask for more.
struct Lines {
    input: Input,
    output: Vec<u8>,
    flow: Flow,
    mailbox: Arc<Mailbox>,
    deadline: Mono,
    desk: Arc<Desk>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Lines {
    fn on_line(&mut self, now: Now, line: &str) {
        self.output.extend([line.as_bytes(), b"\n"].concat());
        match line {
            "pause" => self.flow = Flow::Pause,
            "store" => self.desk.wait_durable(&self.mailbox, Position(1)),
            "alarm" => self.deadline = now.transport.plus_ms(1),
            "panic" => panic!("planted"),
            "bye" => self.flow = Flow::Leave,
            "end" => self.flow = Flow::Close(Manner::Graceful),
            _ if self.flow == Flow::Greet => self.flow = Flow::Read,
            _ => {}
        }
    }

    fn tell(&self, what: &str) {
        self.told.lock().push(what.to_owned());
    }
}

impl Protocol for Lines {
    fn flow(&self) -> Flow {
        self.flow
    }

    fn read_into(&mut self) -> Target<'_> {
        self.input.room(1, usize::MAX)
    }

    fn on_read(&mut self, now: Now, _octets: usize) {
        self.input.filled();
        let input = self.input.take();
        let mut taken = 0;
        while self.flow.reads()
            && let Some(len) = input[taken..].iter().position(|octet| *octet == b'\n')
        {
            let line = String::from_utf8_lossy(&input[taken..taken + len]);
            self.on_line(now, &line);
            taken += len + 1;
        }
        self.input.keep(input, taken);
    }

    fn transmit<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        slices[0] = IoSlice::new(&self.output);
        usize::from(!self.output.is_empty())
    }

    fn on_written(&mut self, _now: Now, octets: usize) {
        self.output.drain(..octets);
    }

    fn on_mail(&mut self, _now: Now, waker: &std::task::Waker) -> bool {
        let mut mail = std::collections::VecDeque::new();
        let has_mail = self.mailbox.take(&mut mail, waker);
        for mail in mail {
            match mail {
                Mail::Durable(_) => self.output.extend(b"stored\n"),
                Mail::Blocked(None) => self.flow = Flow::Read,
                other => panic!("{other:?}"),
            }
        }
        has_mail
    }

    fn next_deadline(&self) -> Mono {
        self.deadline
    }

    fn on_deadline(&mut self, _now: Now) {
        self.deadline = Mono::NEVER;
        self.output.extend(b"ring\n");
    }

    fn on_lost(&mut self, _now: Now, lost: &Lost<'_>) {
        self.tell(match lost {
            Lost::ByPeer => "by peer",
            Lost::Unread => "unread",
            Lost::Hidden => "hidden",
            Lost::Failed(_) => "failed",
            Lost::Stop => "stop",
            Lost::Panic => "panic",
        });
        if !matches!(lost, Lost::Unread | Lost::Hidden) {
            self.flow = Flow::Close(Manner::Abort);
        }
    }
}

/// A socket in memory.
struct Pipe {
    stream: DuplexStream,
    signs: Arc<Signs>,
}

/// What a test says and hears of a [`Pipe`].
#[derive(Default)]
struct Signs {
    is_peer_gone: AtomicBool,
    has_more: AtomicBool,
    is_reset: AtomicBool,
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Socket for Pipe {
    fn poll_read_ready(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn has_more(&self) -> bool {
        self.signs.has_more.load(Ordering::Relaxed)
    }

    fn is_peer_gone(&self) -> bool {
        self.signs.is_peer_gone.load(Ordering::Relaxed)
    }

    fn reset_on_drop(&self) -> io::Result<()> {
        self.signs.is_reset.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// A connection that is served, and its client.
struct Served {
    client: DuplexStream,
    signs: Arc<Signs>,
    mailbox: Arc<Mailbox>,
    told: Arc<Mutex<Vec<String>>>,
    handshakes: Arc<Semaphore>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Served {
    fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        let env = Environment::new(Settings::default(), Clock::system(), store);
        let desk = Desk::new(Arc::new(env));
        let (client, stream) = duplex(1 << 16);
        let signs = Arc::<Signs>::default();
        let (told, mailbox) = (Arc::default(), Arc::<Mailbox>::default());
        let lines = Lines {
            input: Input::default(),
            output: Vec::new(),
            flow: Flow::Greet,
            mailbox: Arc::clone(&mailbox),
            deadline: Mono::NEVER,
            desk: Arc::clone(&desk),
            told: Arc::clone(&told),
        };
        let handshakes = Arc::new(Semaphore::new(1));
        let permit = Arc::clone(&handshakes).try_acquire_owned().unwrap();
        let stop = CancellationToken::new();
        let handshake = Handshake {
            permit,
            stop: stop.clone(),
        };
        let socket = Pipe {
            stream,
            signs: Arc::clone(&signs),
        };
        let task = tokio::spawn(run(socket, lines, desk, handshake));
        Self {
            client,
            signs,
            mailbox,
            told,
            handshakes,
            stop,
            task,
        }
    }

    async fn say(&mut self, text: &str) {
        self.client.write_all(text.as_bytes()).await.unwrap();
    }

    async fn hear(&mut self, text: &str) {
        let mut heard = vec![0; text.len()];
        self.client.read_exact(&mut heard).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), text);
    }

    /// Waits for the end; gives what the protocol was told of its socket.
    async fn ends(self) -> Vec<String> {
        self.task.await.unwrap();
        self.told.lock().clone()
    }

    fn is_reset(&self) -> bool {
        self.signs.is_reset.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn another_protocol_is_served_over_another_socket() {
    let mut served = Served::new();
    served.say("hel").await;
    served.say("lo\nstore\nalarm\n").await;
    served.hear("hello\nstore\nalarm\nstored\nring\n").await;
    let long = "x".repeat(300_000) + "\n";
    let (mut from, mut to) = tokio::io::split(served.client);
    let sent = long.clone();
    let says = tokio::spawn(async move {
        to.write_all(sent.as_bytes()).await.unwrap();
        to
    });
    let mut heard = vec![0; long.len()];
    from.read_exact(&mut heard).await.unwrap();
    assert!(heard == long.as_bytes());
    says.await.unwrap().write_all(b"end\n").await.unwrap();
    served.task.await.unwrap();
    assert!(served.told.lock().is_empty());
    assert!(!served.signs.is_reset.load(Ordering::Relaxed));
}

#[tokio::test]
async fn the_end_of_a_socket_is_told() {
    let mut served = Served::new();
    served.say("hello\n").await;
    served.hear("hello\n").await;
    drop(std::mem::replace(&mut served.client, duplex(1).0));
    let signs = Arc::clone(&served.signs);
    assert_eq!(served.ends().await, ["by peer"]);
    assert!(signs.is_reset.load(Ordering::Relaxed));
}

#[tokio::test]
async fn what_came_before_a_pause_is_handled_after_it_and_nothing_else_is_read() {
    let mut served = Served::new();
    served.say("hello\npause\nrest\n").await;
    served.hear("hello\npause\n").await;
    served.mailbox.post(Mail::Blocked(None));
    served.hear("rest\n").await;
    served.say("more\n").await;
    served.hear("more\n").await;
    assert!(served.told.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_gone_behind_unread_octets_is_told_of_until_the_protocol_reads_on() {
    let mut served = Served::new();
    served.say("hello\npause\nrest\nend\n").await;
    served.hear("hello\npause\n").await;
    served.signs.is_peer_gone.store(true, Ordering::Relaxed);
    while served.told.lock().len() < 3 {
        tokio::task::yield_now().await;
        tokio::time::advance(Duration::from_millis(PEER_LOOK_MS)).await;
    }
    served.mailbox.post(Mail::Blocked(None));
    served.hear("rest\nend\n").await;
    assert!(served.ends().await.iter().all(|told| told == "unread"));
}

#[tokio::test(start_paused = true)]
async fn unread_octets_that_may_hide_the_end_are_told_of() {
    let mut served = Served::new();
    served.say("hello\npause\n").await;
    served.hear("hello\npause\n").await;
    served.signs.has_more.store(true, Ordering::Relaxed);
    while served.told.lock().len() < 3 {
        tokio::task::yield_now().await;
        tokio::time::advance(Duration::from_millis(PEER_LOOK_MS)).await;
    }
    assert!(served.told.lock().iter().all(|told| told == "hidden"));
}

#[tokio::test]
async fn a_panic_is_told_and_ends_only_its_own_connection() {
    let (mut served, mut other) = (Served::new(), Served::new());
    served.say("hello\npanic\n").await;
    other.say("hello\n").await;
    other.hear("hello\n").await;
    assert_eq!(served.ends().await, ["panic"]);
    assert!(!other.is_reset());
}

#[tokio::test]
async fn those_who_shake_hands_or_leave_are_told_of_a_stop_and_no_others() {
    let greets = Served::new();
    assert_eq!(greets.handshakes.available_permits(), 0);
    greets.stop.cancel();
    assert_eq!(greets.ends().await, ["stop"]);

    let mut leaves = Served::new();
    leaves.say("hello\nbye\n").await;
    leaves.hear("hello\nbye\n").await;
    assert_eq!(leaves.handshakes.available_permits(), 1);
    leaves.stop.cancel();
    assert_eq!(leaves.ends().await, ["stop"]);

    let mut open = Served::new();
    open.say("hello\n").await;
    open.hear("hello\n").await;
    assert_eq!(open.handshakes.available_permits(), 1);
    open.stop.cancel();
    open.say("more\n").await;
    open.hear("more\n").await;
    assert!(open.told.lock().is_empty());
}

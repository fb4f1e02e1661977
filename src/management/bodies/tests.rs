use std::convert::Infallible;
use std::task::{Context, Poll};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

const MOST: usize = 20 * 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// A body of which a test sends the pieces.
struct Sent(UnboundedReceiver<Bytes>);

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(cx)
            .map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

struct Client {
    sends: UnboundedSender<Bytes>,
    read: JoinHandle<Result<(Bytes, Held), Cut>>,
}

impl Client {
    /// One that has sent so many octets.
    fn new(bodies: &Arc<Bodies>, octets: usize) -> Self {
        let (sends, comes) = unbounded_channel();
        let bodies = Arc::clone(bodies);
        let read = async move { bodies.read(Body::new(Sent(comes)), MOST).await };
        let client = Self {
            sends,
            read: tokio::spawn(read),
        };
        client.send(octets);
        client
    }

    fn send(&self, mut octets: usize) {
        while octets > 0 {
            let piece = octets.min(PIECE);
            self.sends.send(vec![b' '; piece].into()).unwrap();
            octets -= piece;
        }
    }

    /// What became of it, once its last octet is sent.
    async fn end(self) -> Result<(usize, Held), Cut> {
        drop(self.sends);
        let read = self.read.await.unwrap();
        read.map(|(octets, held)| (octets.len(), held))
    }
}

/// Lets all others do what they can.
async fn settle() {
    for _ in 0..4_096 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_takes_room_for_what_has_come() {
    let bodies = Arc::new(Bodies::default());
    let silent: Vec<Client> = (0..100).map(|_| Client::new(&bodies, PIECE + 1)).collect();
    settle().await;
    let began = Instant::now();
    let (octets, _held) = Client::new(&bodies, 4 * PIECE).end().await.unwrap();
    assert_eq!((octets, Instant::now()), (4 * PIECE, began));
    assert!(silent.iter().all(|client| !client.read.is_finished()));
}

#[tokio::test(start_paused = true)]
async fn bodies_that_wait_for_each_other_come_to_an_end() {
    let bodies = Arc::new(Bodies::default());
    let begun: Vec<Client> = (0..4).map(|_| Client::new(&bodies, MOST)).collect();
    let began = Instant::now();
    let end = |client: Client| async move { client.end().await.unwrap().0 };
    let ends = begun.into_iter().map(|client| tokio::spawn(end(client)));
    for end in ends.collect::<Vec<_>>() {
        assert_eq!(end.await.unwrap(), MOST);
    }
    assert_eq!(Instant::now(), began, "none had to be cut off");
}

#[tokio::test(start_paused = true)]
async fn a_silent_body_is_cut_off_once_another_one_waits() {
    let bodies = Arc::new(Bodies::default());
    let shared = Client::new(&bodies, SHARED_BYTES);
    let alone = Client::new(&bodies, 2 * PIECE);
    settle().await;
    let waits = Client::new(&bodies, 2 * PIECE);
    let began = Instant::now();
    assert_eq!(shared.read.await.unwrap().unwrap_err(), Cut::TooSlow);
    assert_eq!(began.elapsed(), Duration::from_millis(HTTP_BODY_STEP.0));
    let (octets, _held) = waits.end().await.unwrap();
    assert_eq!(octets, 2 * PIECE);
    drop(alone);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_goes_on_is_not_cut_off() {
    let bodies = Arc::new(Bodies::default());
    let shared = Client::new(&bodies, SHARED_BYTES);
    let (_, held) = shared.end().await.unwrap();
    let goes_on = Client::new(&bodies, 2 * PIECE);
    settle().await;
    let waits = Client::new(&bodies, 2 * PIECE);
    for _ in 0..6 {
        let most = Duration::from_millis(HTTP_BODY_STEP.0 - 1);
        drop(timeout(most, pending::<()>()).await);
        goes_on.send(HTTP_BODY_STEP.1);
        settle().await;
    }
    assert_eq!(
        goes_on.end().await.unwrap().0,
        2 * PIECE + 6 * HTTP_BODY_STEP.1
    );
    assert_eq!(waits.end().await.unwrap().0, 2 * PIECE);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_finds_no_room_for_long_is_refused() {
    let bodies = Arc::new(Bodies::default());
    let (_, _shared) = Client::new(&bodies, SHARED_BYTES).end().await.unwrap();
    let (_, _alone) = Client::new(&bodies, 2 * PIECE).end().await.unwrap();
    let refused = Client::new(&bodies, 2 * PIECE).end().await;
    assert_eq!(refused.unwrap_err(), Cut::NoRoom);
}

//! Every bound that is not a setting: its unit, its value, and what the peer sees when it is hit.
//!
//! Invariant I11: nothing that a peer can make grow is without a number. Bounds that an operator
//! may move are settings instead; bounds that belong to one type only stand beside that type
//! (`MAIL_BYTES_MAX` in [`crate::mail`], the depth of tables in the codec).

/// Milliseconds of silence before a connection that failed its handshake is dropped.
///
/// The peer sees nothing, then a reset: it is what slows down guessing passwords.
/// Docs: RabbitMQ's `SILENT_CLOSE_DELAY`. Seen: RabbitMQ 4.3.6,
/// tests/scripts/handshake/wrong_password_ends_silently_without_the_capability.amqp.
pub const SILENT_CLOSE_MS: u64 = 3_000;

/// Longest wait for the end of the closing handshake, in milliseconds; a shorter heartbeat
/// shortens it. Then the socket is closed whether the peer answered or not.
///
/// Seen: RabbitMQ 3.10.8.
pub const CLOSE_WAIT_MS: u64 = 30_000;

/// Longest wait of the program around a broker for what it changed to be durable, in milliseconds.
/// The program is told that the store cannot be written.
pub const DURABLE_WAIT_MS: u64 = 30_000;

/// Milliseconds within which an address may fail to log in as often as `login_failures_max` says.
/// A peer beyond is refused unheard: 403 over AMQP, 429 over HTTP.
pub const LOGIN_WINDOW_MS: u64 = 60_000;

/// Addresses whose failed logins are kept. Beyond it the one is forgotten that has the fewest.
pub const LOGIN_SOURCES_MAX: usize = 4_096;

/// Connections that may be between accept and connection.open-ok at one time. Above it none is
/// accepted until one of them gets through or gives up: the peer waits in the listen backlog.
pub const HANDSHAKES_MAX: usize = 4_096;

/// Octets of a file with certificates or a key for TLS. A longer one stops the start; when files
/// are read again, those from before stay.
pub const TLS_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Connections to the management API that may be open at one time. With another one, that is closed
/// which has waited for a request for longest; if none does, the peer waits until one is answered.
pub const HTTP_CONNECTIONS_MAX: usize = 1_024;

/// Connections to each Unix socket of the node that may be open at one time. With another one, that
/// is closed which has waited for a request for longest; if none does, the peer waits until one is
/// answered.
pub const NODE_CONNECTIONS_MAX: usize = 64;

/// Octets of the head of an HTTP request; a peer that sends more gets 431, or 414 for the path.
pub const HTTP_HEAD_BYTES_MAX: usize = 64 * 1024;

/// Headers of an HTTP request; a peer that sends more gets 431.
pub const HTTP_HEADERS_MAX: usize = 100;

/// Milliseconds that the head of an HTTP request may take, from the end of the request before.
/// Then the connection is closed.
pub const HTTP_HEAD_MS: u64 = 30_000;

/// Milliseconds that the body of an HTTP request may take; a peer that takes longer gets 408. One
/// that waits as long for room gets 503.
pub const HTTP_BODY_MS: u64 = 30_000;

/// Milliseconds that the client of an HTTP connection may take to read an answer, and for each so
/// many octets of it that were taken one second more. Then the connection is closed.
pub const HTTP_PACE: (u64, u64) = (30_000, 256 * 1024);

/// Octets of a list over HTTP that are made at a time, and one item more.
pub const HTTP_CHUNK: usize = 32 * 1024;

/// Items of a list over HTTP that are written before others get a turn.
pub const HTTP_ITEMS_AT_ONCE: usize = 512;

/// Items of a list over HTTP that are gathered on a thread that serves connections; of one that is
/// sorted, an eighth of that. More are gathered aside, one list at a time, and the next list waits.
pub const HTTP_ITEMS_HERE: usize = 1_024;

/// Octets of the text or pattern by which names in a list over HTTP are chosen; a peer that sends
/// more gets 400.
pub const HTTP_FILTER_BYTES_MAX: usize = 1_000;

/// Requests over HTTP that change something and may be in progress at one time, whether their
/// clients wait for the answer or not: so many that publish, that remove something, and others. A
/// request beyond waits until another one of its kind is done.
pub const HTTP_CHANGES_MAX: usize = 64;

/// Milliseconds that a request which changes something waits for that; then it gets 503, and
/// nothing is changed.
pub const HTTP_CHANGES_WAIT_MS: u64 = 30_000;

/// Milliseconds that a message over HTTP waits while an alarm blocks publishers; then it gets 503,
/// and is not published.
pub const HTTP_ALARM_WAIT_MS: u64 = 10_000;

/// Octets of the body of an HTTP request that are read at once; with more it waits for room among
/// the long ones.
pub const HTTP_BODY_HERE: usize = 64 * 1024;

/// Milliseconds within which so many octets of a long body must come while another one waits for
/// room; a peer that sends fewer gets 408.
pub const HTTP_BODY_STEP: (u64, usize) = (5_000, 64 * 1024);

/// Octets of bodies after which no further message is got by one request over HTTP. The client
/// sees fewer.
pub const HTTP_GET_BYTES: u64 = 64 * 1024 * 1024;

/// Messages that one request over HTTP may ask to be shown where they wait, or to be dropped or
/// moved from there.
pub const HTTP_BROWSE_MAX: usize = 1_000;

/// Messages that one such request looks at, and octets of their bodies after which it looks at no
/// further one. The client asks again.
pub const HTTP_BROWSE_SEEN: (usize, u64) = (20_000, 64 * 1024 * 1024);

/// Unsettled deliveries that a connection looks through when it is asked for those of a queue; the
/// caller asks again from there on. Asked since when consumers hold them it says nothing of what is
/// behind.
pub const HELD_SEEN_MAX: usize = 16_384;

/// Messages that an answer over HTTP names because they stay where they are, though they were to be
/// dropped or moved; others are only counted.
pub const HTTP_STAYS_MAX: usize = 100;

/// Queues, exchanges and bindings that an answer to what would happen (`/api/leveret/explain`) has
/// at most. It says if there are more.
pub const EXPLAINED_MAX: usize = 1_000;

/// Times that a message is followed in such an answer: when it is published, when its delay is
/// over, and each time that it would die. It says if there are more.
pub const EXPLAINED_HOPS_MAX: usize = 32;

/// Requests that watch paths of the API (`/api/leveret/live`) at one time; a further one gets 503.
pub const HTTP_WATCHERS_MAX: usize = 64;

/// The same of one user.
pub const HTTP_WATCHERS_OF_USER: usize = 16;

/// Paths that one of them watches; one with more gets 400.
pub const HTTP_WATCHED_MAX: usize = 16;

/// Octets of an answer that is told to it; of a longer one it is told 413.
pub const HTTP_WATCHED_BYTES: usize = 1024 * 1024;

/// Browsers that may be logged in to the management API at one time. With another one, the login
/// ends that was not used for longest: its page asks for a password again.
pub const HTTP_SESSIONS_MAX: usize = 1_024;

/// The same of one user, whose login ends that was not used for longest.
pub const HTTP_SESSIONS_OF_USER: usize = 16;

/// Milliseconds after which such a login ends if it is not used.
pub const HTTP_SESSION_MS: u64 = 8 * 60 * 60 * 1_000;

/// Milliseconds after which such a login ends however much it is used.
pub const HTTP_SESSION_AGE_MS: u64 = 24 * 60 * 60 * 1_000;

/// Octets of an answer with messages over HTTP that is made at once; a longer one waits for room
/// among the long ones before the first message is got.
pub const HTTP_GET_HERE: u64 = 64 * 1024;

/// Milliseconds that a request for messages over HTTP waits for that room; then it gets 503, and
/// no message was touched.
pub const HTTP_GET_WAIT_MS: u64 = 10_000;

/// Pages of metrics with sums that may be written at one time, and as many with a series for each
/// object, to readers of any speed. A reader beyond gets 503.
pub const METRICS_AT_ONCE_MAX: usize = 16;

/// Milliseconds that a page of metrics waits for connections to tell of their channels. Those of
/// connections that take longer are left out.
pub const METRICS_CHANNELS_MS: u64 = 1_000;

/// Queues or other objects that are read for a page of metrics before others get a turn.
pub const METRICS_STEPS: usize = 512;

/// Connections the operating system keeps for us before they are accepted.
pub const BACKLOG: u32 = 1_024;

/// Shortest and longest pause after an accept failed (no file descriptors left), in milliseconds.
/// The peer waits in the backlog meanwhile.
pub const ACCEPT_PAUSE_MS: (u64, u64) = (10, 1_000);

/// Descriptors that connections leave to the files of the store, out of those that the process may
/// have; a quarter of these where they are few. A peer beyond waits in the backlog until another
/// connection ends.
pub const DESCRIPTORS_KEPT: u64 = 32;

/// Octets of output waiting for the socket above which a connection's input is not processed:
/// a peer that sends but never reads is not served, and in the end its heartbeat is missed.
pub const OUTBOX_MARK: usize = 1024 * 1024;

/// Octets waiting for a client above which direct replies to it are dropped. They are never kept:
/// a requester that does not read misses answers, as it would after a reconnect.
pub const REPLY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Milliseconds between two looks at the peer of a connection that is not read: that it has closed
/// its socket is noticed at the first of them, or at the second behind octets that have no room.
/// What an alarm makes it hold is freed then. A peer that is blocked by an alarm and has sent more
/// than there is room for gets a heartbeat at each look, whether it asked for heartbeats or not.
pub const PEER_LOOK_MS: u64 = 400;

/// Octets that may wait for the disk, a share of `body_budget` between these. With more, a
/// connection that publishes what is to be stored is not read until half of it is durable; one that
/// only consumes and acknowledges goes on.
pub const STAGED_MAX: (u64, u64) = (8 * 1024 * 1024, 32 * 1024 * 1024);

/// Octets that the program may have resident besides messages that wait in queues or for the disk:
/// its code, buffers, indexes, what clients hold. What is more counts against `body_budget`, up to
/// half of it, so that backlogs make room: more of them wait on disk. Clients see nothing.
pub const ELSE_MAX: u64 = 8 * 1024 * 1024;

/// Publishes of a channel that may wait for their confirms. With more, its connection is not read
/// until half of them are durable.
pub const UNCONFIRMED_MAX: usize = 128 * 1024;

/// Octets of memory that a channel may hold in publishes and acknowledgements that are not
/// committed. The peer gets 406 `PRECONDITION_FAILED - channel 1 holds more than 536870912 bytes
/// that are not committed: commit more often`, and the transaction is rolled back with its channel.
pub const UNCOMMITTED_MAX: u64 = 512 * 1024 * 1024;

/// Octets of memory that a channel may hold in deliveries that are not settled. The peer gets 406
/// `PRECONDITION_FAILED - channel 1 holds more than 536870912 bytes that are not acknowledged:
/// acknowledge them earlier, or set a prefetch count`, and its messages go back to their queues.
pub const UNACKED_MAX: u64 = 512 * 1024 * 1024;

/// Octets read from one socket before the other connections get a turn.
pub const READ_BUDGET: usize = 128 * 1024;

/// Size of a read buffer when a connection wakes up, in octets. It doubles while reads fill it,
/// up to [`READ_BUDGET`] or one frame, whichever is more.
pub const READ_BUFFER_MIN: usize = 4 * 1024;

/// Milliseconds without traffic after which a connection gives its buffers back.
pub const IDLE_MS: u64 = 1_000;

/// Bodies of at least this many octets that are kept apart leave without being copied.
pub const UNCOPIED_BODY: usize = 16 * 1024;

/// Slices handed to one vectored write.
pub const WRITE_SLICES: usize = 64;

/// Octets of deliveries whose relief is reported together, once they are written.
pub const RELIEF_STEP: u64 = 32 * 1024;

/// Messages that are shown of a queue at one time, and octets of their bodies after which no
/// further one is shown: some may have to be read from disk while the queue waits. The caller sees
/// fewer.
pub const PEEK_MAX: (usize, u64) = (1_000, 16 * 1024 * 1024);

/// Pairs of a queue and an exchange of which a channel keeps how many of its messages came there.
/// Messages of further pairs count with the queue and with the exchange only.
pub const REACHED_MAX: usize = 1_024;

/// Slots of an empty buffer that is worth giving back, in octets.
pub const BUFFER_KEEP: usize = 16 * 1024;

/// Steps in a turn: after them others get one. A step is about a tenth of a microsecond, so that a
/// turn is a millisecond. The client waits, and is not read before what it asked for is done.
pub const TURN_STEPS: u32 = 8 * 1024;

/// Steps that a queue takes in one call for messages that die of themselves, so that its lock is
/// held for less than half a millisecond. The others die in later turns.
pub const QUEUE_STEPS: u32 = 4_096;

/// Events that are kept for a subscription that does not say how many, and octets of their
/// messages. Those beyond are lost to it, and it is told how many.
pub const EVENTS_KEPT: (usize, usize) = (10_000, 16 * 1024 * 1024);

/// Octets of log lines that are kept in memory for readers of the log, about. The oldest ones go; a
/// reader that has not come that far is told how many it has missed.
pub const LOG_TAIL_BYTES_MAX: usize = 1024 * 1024;

/// Requests that follow the log at the same time. Further ones get 503. It is half of
/// [`NODE_CONNECTIONS_MAX`], so that tools that follow leave room for others.
pub const FOLLOWERS_MAX: usize = NODE_CONNECTIONS_MAX / 2;

/// Requests that follow changes of the broker (`/api/leveret/events`) at the same time. Further
/// ones get 503.
pub const EVENT_FOLLOWERS_MAX: usize = NODE_CONNECTIONS_MAX / 4;

/// Octets of events that are kept for such a request while its client does not read. What comes
/// beyond is lost, and the client is told how many events that were.
pub const EVENT_FOLLOWER_BYTES: usize = 1024 * 1024;

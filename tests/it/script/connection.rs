//! One connection of a conversation: a socket, its channels, contents being put together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::value::Value;
use super::wire::{self, Content, FRAME_OVERHEAD, Fields, Heard};

/// Longest wait for an answer: RabbitMQ gives up a handshake after 10 s.
pub(crate) const PATIENCE: Duration = Duration::from_secs(13);

/// A method whose content is not complete yet.
type Partial = (&'static str, Fields, Option<Content>);

/// One TCP connection to the broker under test.
pub(crate) struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    partial: BTreeMap<u16, Partial>,
    /// Heard while looking for something else; to be heard first.
    pending: VecDeque<Heard>,
    /// Largest frame, in octets, that the client sends.
    pub(crate) frame_max: usize,
    /// Whether channels are opened by their first use.
    pub(crate) opens_channels: bool,
    /// Channels that were opened, by use or by hand, and not closed since.
    pub(crate) open: BTreeSet<u16>,
    /// Channels that were ever used; these are not opened by use again.
    pub(crate) used: BTreeSet<u16>,
    /// Whether frames were sent that leave the connection in an unusual state.
    pub(crate) irregular: bool,
    /// Whether the connection is open and not being closed.
    pub(crate) alive: bool,
    closed: bool,
}

impl Connection {
    /// Opens the socket; nothing is said yet.
    ///
    /// # Errors
    /// When no broker listens there.
    pub(crate) fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|error| format!("cannot connect to {address}: {error}"))?;
        Ok(Self {
            stream,
            input: Vec::new(),
            partial: BTreeMap::new(),
            pending: VecDeque::new(),
            frame_max: 131_072,
            opens_channels: true,
            open: BTreeSet::new(),
            used: BTreeSet::new(),
            irregular: false,
            alive: false,
            closed: false,
        })
    }

    /// Is gone without a word.
    pub(crate) fn leave(&mut self) {
        drop(self.stream.shutdown(Shutdown::Both));
        self.alive = false;
    }

    /// Sends octets again and again, until there is no room for more and that is `enough`.
    pub(crate) fn cram(&mut self, octets: &[u8], mut enough: impl FnMut() -> bool) {
        let patience = Some(Duration::from_millis(500));
        let set = self.stream.set_write_timeout(patience);
        set.expect("the time is not zero");
        let mut rest = octets;
        loop {
            match self.stream.write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock && !enough() => {}
                Err(_) => return,
            }
            if rest.is_empty() {
                rest = octets;
            }
        }
    }

    /// Sends octets. A peer that has gone is noticed when it is listened to.
    pub(crate) fn send(&mut self, octets: &[u8]) {
        if self.stream.write_all(octets).is_err() {
            self.alive = false;
        }
    }

    /// Ends the TCP connection without a word.
    pub(crate) fn cut(&mut self) {
        self.alive = false;
        self.closed = self.stream.shutdown(Shutdown::Both).is_ok();
    }

    /// What comes next, heartbeats included; `None` when nothing did in time.
    ///
    /// # Errors
    /// When the socket fails in an unexpected way.
    pub(crate) fn hear(&mut self, patience: Duration) -> Result<Option<Heard>, String> {
        match self.pending.pop_front() {
            Some(heard) => Ok(Some(heard)),
            None => self.read(Instant::now() + patience),
        }
    }

    /// Gives back what was heard too early.
    pub(crate) fn postpone(&mut self, heard: impl IntoIterator<Item = Heard>) {
        let mut early: VecDeque<_> = heard.into_iter().collect();
        early.append(&mut self.pending);
        self.pending = early;
    }

    /// Reads exactly `len` raw octets.
    ///
    /// # Errors
    /// When fewer come in time.
    pub(crate) fn raw(&mut self, len: usize) -> Result<Vec<u8>, String> {
        let until = Instant::now() + PATIENCE;
        while self.input.len() < len {
            if !self.fill(until)? {
                return Err(format!(
                    "only {} octets: {:02x?}",
                    self.input.len(),
                    self.input
                ));
            }
        }
        let rest = self.input.split_off(len);
        Ok(std::mem::replace(&mut self.input, rest))
    }

    /// A round trip through `channel`: everything the server had to say before is heard.
    ///
    /// # Errors
    /// When the answer does not come.
    pub(crate) fn settle(&mut self, channel: u16) -> Result<(), String> {
        let mut frame = Vec::new();
        wire::put_frame(&mut frame, 1, channel, &[0, 20, 0, 20, 1], 0xCE);
        self.send(&frame);
        let until = Instant::now() + PATIENCE;
        let mut early = Vec::new();
        let answer = |heard: &Heard| {
            matches!(heard, Heard::Method { name: "channel.flow-ok", channel: on, .. }
                if *on == channel)
        };
        loop {
            match self.read(until)? {
                None => return Err(String::from("no answer to channel.flow")),
                Some(heard) if answer(&heard) => break,
                Some(heard) => early.push(heard),
            }
            if !self.alive || !self.open.contains(&channel) {
                break;
            }
        }
        self.pending.extend(early);
        Ok(())
    }

    fn read(&mut self, until: Instant) -> Result<Option<Heard>, String> {
        loop {
            if let Some(heard) = self.next_frame() {
                self.note(&heard);
                return Ok(Some(heard));
            }
            if self.closed {
                return Ok(Some(Heard::Closed));
            }
            if !self.fill(until)? && !self.closed {
                return Ok(None);
            }
        }
    }

    /// Reads once; false when nothing came before `until`, or never will.
    fn fill(&mut self, until: Instant) -> Result<bool, String> {
        if self.closed {
            return Ok(false);
        }
        let left = until
            .saturating_duration_since(Instant::now())
            .max(Duration::from_millis(1));
        self.stream
            .set_read_timeout(Some(left))
            .map_err(|error| error.to_string())?;
        let mut buffer = [0; 65_536];
        match self.stream.read(&mut buffer) {
            Ok(0) => self.closed = true,
            Ok(len) => self
                .input
                .extend_from_slice(buffer.get(..len).unwrap_or_default()),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => return Ok(false),
                ErrorKind::Interrupted => {}
                ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => self.closed = true,
                _ => return Err(format!("cannot read: {error}")),
            },
        }
        if self.closed {
            self.alive = false;
        }
        Ok(!self.closed)
    }

    /// The next sentence that is complete in the input.
    fn next_frame(&mut self) -> Option<Heard> {
        loop {
            let head: [u8; 7] = self.input.get(..7)?.try_into().ok()?;
            let [kind, c1, c0, s3, s2, s1, s0] = head;
            let size = u32::from_be_bytes([s3, s2, s1, s0]) as usize;
            if kind > 8 {
                let odd = Heard::Odd(format!("octets {:02x?}", self.input));
                self.input.clear();
                return Some(odd);
            }
            if self.input.len() < size + FRAME_OVERHEAD {
                return None;
            }
            let rest = self.input.split_off(size + FRAME_OVERHEAD);
            let frame = std::mem::replace(&mut self.input, rest);
            let payload = frame.get(7..7 + size).unwrap_or_default();
            let heard = if frame.last() == Some(&0xCE) {
                self.on_frame(kind, u16::from_be_bytes([c1, c0]), payload)
            } else {
                Some(Heard::Odd(format!("frame end in {frame:02x?}")))
            };
            if heard.is_some() {
                return heard;
            }
        }
    }

    fn on_frame(&mut self, kind: u8, channel: u16, payload: &[u8]) -> Option<Heard> {
        let result = match kind {
            1 => wire::decode_method(payload).map(|(method, fields)| {
                if method.has_content() {
                    self.partial.insert(channel, (method.name, fields, None));
                    return None;
                }
                let name = method.name;
                Some(Heard::Method {
                    channel,
                    name,
                    fields,
                    content: None,
                })
            }),
            2 => wire::decode_header(payload).and_then(|content| {
                let partial = self
                    .partial
                    .get_mut(&channel)
                    .ok_or("header without method")?;
                partial.2 = Some(content);
                Ok(self.complete(channel))
            }),
            3 => self.on_body(channel, payload),
            8 => Ok(Some(Heard::Heartbeat)),
            _ => Err(format!("frame type {kind}")),
        };
        result.unwrap_or_else(|problem| Some(Heard::Odd(problem)))
    }

    fn on_body(&mut self, channel: u16, payload: &[u8]) -> Result<Option<Heard>, String> {
        let content = self
            .partial
            .get_mut(&channel)
            .and_then(|partial| partial.2.as_mut())
            .ok_or("body without header")?;
        content.body.extend_from_slice(payload);
        content.frames.push(payload.len());
        if content.body.len() > content.size {
            return Err(String::from("body longer than announced"));
        }
        Ok(self.complete(channel))
    }

    fn complete(&mut self, channel: u16) -> Option<Heard> {
        let (_, _, Some(content)) = self.partial.get(&channel)? else {
            return None;
        };
        if content.body.len() < content.size {
            return None;
        }
        let (name, fields, content) = self.partial.remove(&channel)?;
        Some(Heard::Method {
            channel,
            name,
            fields,
            content,
        })
    }

    /// Keeps track of what is open.
    fn note(&mut self, heard: &Heard) {
        let Heard::Method {
            channel,
            name,
            fields,
            ..
        } = heard
        else {
            return;
        };
        match *name {
            "connection.open-ok" => self.alive = true,
            "connection.close" | "connection.close-ok" => self.alive = false,
            "channel.open-ok" => {
                self.open.insert(*channel);
            }
            "channel.close" | "channel.close-ok" => {
                self.open.remove(channel);
            }
            "connection.tune" => {
                let max = fields.iter().find(|(field, _)| *field == "frame-max");
                if let Some((_, Value::Int(_, max))) = max {
                    self.frame_max = usize::try_from(*max).unwrap_or(self.frame_max);
                }
            }
            _ => {}
        }
    }
}

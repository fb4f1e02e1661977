//! One blocking connection of the load, close to the wire.
//!
//! A thread for each connection and plain blocking calls: no event loop takes part in what is
//! measured, and a sleep is exact to some ten microseconds, which a paced load needs. Frames are
//! handed out as they lie in the buffer.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use leveret_codec::encode::encode_method;
use leveret_codec::frame::{Decoded, FRAME_METHOD, PROTOCOL_HEADER, RawFrame, decode};
use leveret_codec::methods::{
    ChannelOpen, ConnectionClose, ConnectionOpen, ConnectionStartOk, ConnectionTuneOk, Method,
};
use leveret_codec::table::{Table, TableRef, ValueRef};
use leveret_codec::types::{ChannelId, ShortStr};

use super::error::{BenchError, During as _};
use super::uri::Target;

/// The channel that a load uses.
pub(super) const CHANNEL: ChannelId = ChannelId(1);

/// Octets of the buffer of a connection that does little.
const SMALL: usize = 8 * 1024;

/// Octets of the buffer of one that carries messages.
const LARGE: usize = 256 * 1024;

/// The longest frame a load asks for, in octets: RabbitMQ's default.
const FRAME_MAX: u32 = 131_072;

/// How long an answer to a request may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection with one channel.
pub(super) struct Link {
    stream: TcpStream,
    input: Vec<u8>,
    start: usize,
    end: usize,
    scratch: Vec<u8>,
    /// The longest frame both sides take, in octets.
    pub(super) frame_max: u32,
    /// Product and version, as the broker says.
    pub(super) product: String,
}

impl Link {
    /// Connects, logs in and opens [`CHANNEL`].
    pub(super) fn open(target: &Target) -> Result<Self, BenchError> {
        let mut link = Self::connect(target)?;
        link.open_channel()?;
        Ok(link)
    }

    /// Connects and logs in.
    pub(super) fn connect(target: &Target) -> Result<Self, BenchError> {
        let place = format!("connecting to {}:{}", target.host, target.port);
        let stream = TcpStream::connect((target.host.as_str(), target.port)).during(&place)?;
        stream.set_nodelay(true).during("setting TCP_NODELAY")?;
        stream
            .set_read_timeout(Some(PATIENCE))
            .during("setting a timeout")?;
        let mut link = Self {
            stream,
            input: vec![0; SMALL],
            start: 0,
            end: 0,
            scratch: Vec::new(),
            frame_max: FRAME_MAX,
            product: String::new(),
        };
        link.handshake(target)?;
        Ok(link)
    }

    fn handshake(&mut self, target: &Target) -> Result<(), BenchError> {
        self.write(&PROTOCOL_HEADER)?;
        self.product = self.expect(|method| match method {
            Method::ConnectionStart(start) => Some(product(start.server_properties)),
            _ => None,
        })?;
        let response = format!("\0{}\0{}", target.user, target.password);
        let capabilities = Table::new()
            .with("authentication_failure_close", true)
            .with("basic.nack", true)
            .with("consumer_cancel_notify", true)
            .with("publisher_confirms", true);
        let properties = Table::new()
            .with("product", "leveret bench")
            .with("capabilities", capabilities)
            .to_bytes();
        self.send(
            ChannelId::ZERO,
            &ConnectionStartOk {
                client_properties: TableRef::new(&properties),
                mechanism: ShortStr::literal("PLAIN"),
                response: response.as_bytes(),
                locale: ShortStr::literal("en_US"),
            }
            .into(),
        )?;
        let (channel_max, frame_max) = self.expect(|method| match method {
            Method::ConnectionTune(tune) => Some((tune.channel_max, tune.frame_max)),
            _ => None,
        })?;
        if frame_max > 0 {
            self.frame_max = self.frame_max.min(frame_max);
        }
        let tune_ok = ConnectionTuneOk {
            channel_max,
            frame_max: self.frame_max,
            heartbeat: 0,
        };
        self.send(ChannelId::ZERO, &tune_ok.into())?;
        let open = ConnectionOpen {
            virtual_host: short(&target.vhost)?,
            reserved: ShortStr::EMPTY,
            insist: false,
        };
        self.send(ChannelId::ZERO, &open.into())?;
        self.expect(|method| matches!(method, Method::ConnectionOpenOk(_)).then_some(()))
    }

    /// Opens [`CHANNEL`].
    pub(super) fn open_channel(&mut self) -> Result<(), BenchError> {
        let open = ChannelOpen {
            reserved: ShortStr::EMPTY,
        };
        self.call(&open.into(), |method| {
            matches!(method, Method::ChannelOpenOk(_)).then_some(())
        })
    }

    /// Makes room for a stream of messages, and waits for them as long as it takes.
    pub(super) fn widen(&mut self) -> Result<(), BenchError> {
        self.input.resize(LARGE.max(self.input.len()), 0);
        self.stream
            .set_read_timeout(None)
            .during("setting a timeout")
    }

    /// Sends a request on [`CHANNEL`] and waits for the answer that `pick` takes. What comes
    /// before it is dropped, what comes behind it stays for [`take`](Self::take).
    pub(super) fn call<T>(
        &mut self,
        request: &Method<'_>,
        pick: impl FnMut(&Method<'_>) -> Option<T>,
    ) -> Result<T, BenchError> {
        self.send(CHANNEL, request)?;
        self.expect(pick)
    }

    /// Sends a method.
    pub(super) fn send(
        &mut self,
        channel: ChannelId,
        method: &Method<'_>,
    ) -> Result<(), BenchError> {
        self.scratch.clear();
        encode_method(&mut self.scratch, channel, method);
        self.stream
            .write_all(&self.scratch)
            .during("writing to the broker")
    }

    /// Waits for the method that `pick` takes.
    pub(super) fn expect<T>(
        &mut self,
        mut pick: impl FnMut(&Method<'_>) -> Option<T>,
    ) -> Result<T, BenchError> {
        loop {
            while let Some(frame) = self.take()? {
                if frame.kind == FRAME_METHOD {
                    let method = Method::decode(frame.payload)
                        .map_err(|error| BenchError::Protocol(error.to_string()))?;
                    if let Some(picked) = pick(&method) {
                        return Ok(picked);
                    }
                }
            }
            self.fill()?;
        }
    }

    /// The next whole frame that has been read.
    ///
    /// # Errors
    /// [`BenchError::Closed`] if it closes the connection or the channel.
    #[inline]
    pub(super) fn take(&mut self) -> Result<Option<RawFrame<'_>>, BenchError> {
        let unread = self.input.get(self.start..self.end).unwrap_or_default();
        let (kind, channel, len, consumed) = match decode(unread, self.frame_max) {
            Ok(Decoded::Frame { frame, consumed }) => {
                (frame.kind, frame.channel, frame.payload.len(), consumed)
            }
            Ok(Decoded::NeedMore(octets)) => {
                if octets > self.input.len() {
                    self.input.resize(octets, 0);
                }
                return Ok(None);
            }
            Err(error) => return Err(BenchError::Protocol(error.to_string())),
        };
        let end = self.start + consumed;
        let payload = self.input.get(end - 1 - len..end - 1).unwrap_or_default();
        self.start = end;
        if kind == FRAME_METHOD && is_close(payload) {
            return Err(closed(payload));
        }
        Ok(Some(RawFrame {
            kind,
            channel,
            payload,
        }))
    }

    /// Waits until something comes, and reads it.
    pub(super) fn fill(&mut self) -> Result<(), BenchError> {
        self.input.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let free = self.input.get_mut(self.end..).unwrap_or_default();
        match self.stream.read(free).during("reading from the broker")? {
            0 => {
                let gone = io::ErrorKind::UnexpectedEof.into();
                Err(BenchError::Io("reading from the broker".to_owned(), gone))
            }
            octets => {
                self.end += octets;
                Ok(())
            }
        }
    }

    /// Writes octets as they are.
    ///
    /// # Errors
    /// The reason of a close, if the broker gave one, or the error of the socket.
    pub(super) fn write(&mut self, octets: &[u8]) -> Result<(), BenchError> {
        let Err(error) = self.stream.write_all(octets) else {
            return Ok(());
        };
        // A broker that closes says why before it goes.
        loop {
            match self.take() {
                Ok(Some(_)) => {}
                Ok(None) => {
                    if self.fill().is_err() {
                        return Err(BenchError::Io("writing to the broker".to_owned(), error));
                    }
                }
                Err(closed) => return Err(closed),
            }
        }
    }

    /// A second handle of the socket.
    pub(super) fn handle(&self) -> Result<TcpStream, BenchError> {
        self.stream.try_clone().during("cloning a socket")
    }

    /// The socket itself, to wait on.
    pub(super) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Says good-bye and waits for the answer.
    pub(super) fn close(mut self) -> Result<(), BenchError> {
        let close = ConnectionClose {
            reply_code: 200,
            reply_text: ShortStr::literal("OK"),
            class_id: 0,
            method_id: 0,
        };
        self.send(ChannelId::ZERO, &close.into())?;
        self.expect(|method| matches!(method, Method::ConnectionCloseOk(_)).then_some(()))?;
        match self.stream.shutdown(Shutdown::Both) {
            Err(error) if error.kind() != io::ErrorKind::NotConnected => {
                Err(error).during("closing a socket")
            }
            _ => Ok(()),
        }
    }
}

/// A short string of a name or key.
pub(super) fn short(text: &str) -> Result<ShortStr<'_>, BenchError> {
    ShortStr::new(text)
        .ok_or_else(|| BenchError::Options(format!("longer than 255 octets: {text}")))
}

/// Whether the payload of a method frame is `connection.close` or `channel.close`.
#[inline]
fn is_close(payload: &[u8]) -> bool {
    matches!(payload.first_chunk(), Some([0, 10, 0, 50] | [0, 20, 0, 40]))
}

fn closed(payload: &[u8]) -> BenchError {
    let (code, text) = match Method::decode(payload) {
        Ok(Method::ConnectionClose(close)) => (close.reply_code, close.reply_text),
        Ok(Method::ChannelClose(close)) => (close.reply_code, close.reply_text),
        _ => (0, ShortStr::EMPTY),
    };
    BenchError::Closed {
        code,
        text: text.to_string(),
    }
}

/// `RabbitMQ 4.3.6`, or who a broker says it really is.
fn product(properties: TableRef<'_>) -> String {
    let text = |key: &str| match properties.find(key) {
        Ok(Some(ValueRef::LongStr(octets))) => String::from_utf8_lossy(octets).into_owned(),
        _ => String::new(),
    };
    let own = text("leveret_version");
    if own.is_empty() {
        format!("{} {}", text("product"), text("version"))
    } else {
        format!("Leveret {own}")
    }
}

//! A small synchronous client for integration tests, on the codec: what it sends can be as odd as
//! a test wants, what it hears is kept frame by frame.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use leveret_codec::encode::{encode_body, encode_content_header, encode_method};
use leveret_codec::frame::{
    Decoded, FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, PROTOCOL_HEADER, decode,
};
use leveret_codec::methods::{
    BasicPublish, ChannelOpen, ConnectionOpen, ConnectionStartOk, ConnectionTuneOk, Method,
};
use leveret_codec::properties::{ContentHeader, PropertiesRef};
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::{ChannelId, ShortStr};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// What the broker offers and this client takes, in octets.
pub(crate) const FRAME_MAX: u32 = 131_072;
/// The channel that [`Client::connect`] opens.
pub(crate) const ONE: ChannelId = ChannelId(1);

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    input: Vec<u8>,
    read: usize,
}

/// A method from the broker, with its content if it has one.
#[derive(Debug)]
pub(crate) struct Heard {
    payload: Vec<u8>,
    /// The body, empty without a content.
    pub(crate) body: Vec<u8>,
}

impl Heard {
    /// The method.
    pub(crate) fn method(&self) -> Method<'_> {
        Method::decode(&self.payload).expect("the broker sends what the codec reads")
    }

    /// The method as text, without its content.
    pub(crate) fn text(&self) -> String {
        self.method().to_string()
    }
}

impl Client {
    /// A connection as guest to vhost `/`, heartbeats off, channel 1 open.
    ///
    /// # Errors
    /// When the broker does not answer as it should.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        let mut client = Self::raw(address)?;
        client.write(&handshake())?;
        for step in ["connection.start", "connection.tune", "connection.open-ok"] {
            client.expect(step)?;
        }
        client.call(ONE, ChannelOpen::default(), "channel.open-ok")?;
        Ok(client)
    }

    /// A TCP connection, nothing said yet.
    ///
    /// # Errors
    /// When no broker listens.
    pub(crate) fn raw(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream,
            input: Vec::new(),
            read: 0,
        })
    }

    /// The same connection once more, to write and read from different threads. What was read
    /// but not heard stays behind.
    ///
    /// # Errors
    /// When the system has no handle left.
    pub(crate) fn twin(&self) -> io::Result<Self> {
        Ok(Self {
            stream: self.stream.try_clone()?,
            input: Vec::new(),
            read: 0,
        })
    }

    /// Sends octets as they are.
    ///
    /// # Errors
    /// When the broker does not take them.
    pub(crate) fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets)
    }

    /// Sends a method.
    ///
    /// # Errors
    /// When the broker does not take it.
    pub(crate) fn send<'a>(
        &mut self,
        channel: ChannelId,
        method: impl Into<Method<'a>>,
    ) -> io::Result<()> {
        self.write(&octets(channel, method))
    }

    /// Sends a method and hears its answer, which must be a `wanted`.
    ///
    /// # Errors
    /// When something else comes.
    pub(crate) fn call<'a>(
        &mut self,
        channel: ChannelId,
        method: impl Into<Method<'a>>,
        wanted: &str,
    ) -> io::Result<Heard> {
        self.send(channel, method)?;
        self.expect(wanted)
    }

    /// The next method, which must be a `wanted`.
    ///
    /// # Errors
    /// When something else comes.
    pub(crate) fn expect(&mut self, wanted: &str) -> io::Result<Heard> {
        let heard = self.hear()?;
        if heard.method().name() == wanted {
            Ok(heard)
        } else {
            Err(io::Error::other(format!(
                "{} instead of {wanted}",
                heard.text()
            )))
        }
    }

    /// The next method with its content. Heartbeats are passed over.
    ///
    /// # Errors
    /// When the connection ends, or nothing comes in time.
    pub(crate) fn hear(&mut self) -> io::Result<Heard> {
        let mut heard: Option<Heard> = None;
        let mut missing = 0;
        loop {
            let (kind, payload) = self.frame()?;
            match (kind, &mut heard) {
                (FRAME_HEARTBEAT, _) => continue,
                (FRAME_HEADER, Some(_)) => {
                    let header = ContentHeader::decode(&payload).map_err(io::Error::other)?;
                    missing = usize::try_from(header.body_size).map_err(io::Error::other)?;
                }
                (FRAME_BODY, Some(heard)) => {
                    heard.body.extend_from_slice(&payload);
                    missing -= payload.len();
                }
                _ => {
                    let method = Heard {
                        payload,
                        body: Vec::new(),
                    };
                    let whole = !method.method().has_content();
                    heard = Some(method);
                    if !whole {
                        continue;
                    }
                }
            }
            if missing == 0 {
                return heard.ok_or_else(|| io::Error::other("content without a method"));
            }
        }
    }

    fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        loop {
            let input = self.input.get(self.read..).unwrap_or_default();
            let decoded =
                decode(input, FRAME_MAX).map_err(|error| io::Error::other(format!("{error:?}")))?;
            if let Decoded::Frame { frame, consumed } = decoded {
                let whole = (frame.kind, frame.payload.to_vec());
                self.read += consumed;
                return Ok(whole);
            }
            self.input.drain(..self.read);
            self.read = 0;
            let mut buffer = [0; 65_536];
            let len = self.stream.read(&mut buffer)?;
            if len == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.input
                .extend_from_slice(buffer.get(..len).unwrap_or_default());
        }
    }
}

/// The octets of a method's frame.
pub(crate) fn octets<'a>(channel: ChannelId, method: impl Into<Method<'a>>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_method(&mut out, channel, &method.into());
    out
}

/// The octets of a publish to the default exchange.
pub(crate) fn publish(channel: ChannelId, queue: &str, body: &[u8]) -> Vec<u8> {
    let routing_key = ShortStr::new(queue).unwrap_or(ShortStr::EMPTY);
    let mut out = octets(
        channel,
        BasicPublish {
            routing_key: routing_key.into(),
            ..BasicPublish::default()
        },
    );
    encode_content_header(
        &mut out,
        channel,
        60,
        body.len() as u64,
        PropertiesRef::EMPTY,
    );
    encode_body(&mut out, channel, body, FRAME_MAX);
    out
}

/// Everything that opens a connection, to be sent without waiting for answers.
pub(crate) fn handshake() -> Vec<u8> {
    let capabilities = Table::new()
        .with("authentication_failure_close", true)
        .with("connection.blocked", true)
        .with("consumer_cancel_notify", true);
    let properties = Table::new().with("capabilities", capabilities).to_bytes();
    let mut out = PROTOCOL_HEADER.to_vec();
    let start_ok = ConnectionStartOk {
        client_properties: TableRef::new(&properties),
        mechanism: ShortStr::literal("PLAIN"),
        response: b"\0guest\0guest",
        locale: ShortStr::literal("en_US"),
    };
    let tune_ok = ConnectionTuneOk {
        channel_max: 2047,
        frame_max: FRAME_MAX,
        heartbeat: 0,
    };
    let open = ConnectionOpen {
        virtual_host: ShortStr::literal("/"),
        ..Default::default()
    };
    out.extend(octets(ChannelId::ZERO, start_ok));
    out.extend(octets(ChannelId::ZERO, tune_ok));
    out.extend(octets(ChannelId::ZERO, open));
    out
}

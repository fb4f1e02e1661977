use super::*;

pub(in crate::connection) const ZERO: ChannelId = ChannelId::ZERO;
pub(in crate::connection) const ONE: ChannelId = ChannelId(1);
pub(in crate::connection) const CUT: Flow = Flow::Close(Manner::Abort);
pub(in crate::connection) const DONE: Flow = Flow::Close(Manner::Graceful);

/// A client without a socket.
pub(in crate::connection) struct Script {
    pub(in crate::connection) broker: Arc<Desk>,
    pub(in crate::connection) connection: Connection,
    pub(in crate::connection) now: Now,
    /// Octets in the socket.
    sent: Vec<u8>,
    is_held: bool,
}

pub(in crate::connection) fn short(text: &str) -> ShortStr<'_> {
    ShortStr::new(text).unwrap()
}

/// client-properties with all capabilities that matter.
pub(in crate::connection) fn able() -> Vec<u8> {
    let capabilities = Table::new()
        .with("authentication_failure_close", true)
        .with("connection.blocked", true)
        .with("consumer_cancel_notify", true);
    let table = Table::new().with("capabilities", Value::Table(capabilities));
    table.with("connection_name", "tester").to_bytes()
}

impl Script {
    pub(in crate::connection) fn new() -> Self {
        Self::of(broker(|_| {}))
    }

    pub(in crate::connection) fn of(broker: Arc<Desk>) -> Self {
        let now = Now::default();
        let address = "127.0.0.1:50000".parse().unwrap();
        let local = "127.0.0.1:5672".parse().unwrap();
        let origin = Origin::new(broker.env.next_connection(), address, local, now);
        let connection = Connection::new(&broker, origin);
        Self {
            broker,
            connection,
            now,
            sent: Vec::new(),
            is_held: false,
        }
    }

    /// Through the whole handshake, with `tune_ok`.
    pub(in crate::connection) fn tuned(broker: Arc<Desk>, tune_ok: ConnectionTuneOk) -> Self {
        let mut client = Self::of(broker);
        client.octets(&PROTOCOL_HEADER);
        client.login(&able(), "PLAIN", b"\0guest\0guest");
        client.say(ZERO, tune_ok);
        client.say(
            ZERO,
            ConnectionOpen {
                virtual_host: short("/"),
                ..Default::default()
            },
        );
        assert_eq!(client.heard().last().unwrap(), "0 connection.open-ok");
        client
    }

    /// Open, with `channels` channels.
    pub(in crate::connection) fn open(channels: u16) -> Self {
        let mut client = Self::tuned(broker(|_| {}), TUNE_OK);
        for id in 1..=channels {
            client.say(ChannelId(id), ChannelOpen::default());
            assert_eq!(client.heard(), [format!("{id} channel.open-ok")]);
        }
        client
    }

    pub(in crate::connection) fn login(
        &mut self,
        properties: &[u8],
        mechanism: &str,
        response: &[u8],
    ) {
        self.say(
            ZERO,
            ConnectionStartOk {
                client_properties: TableRef::new(properties),
                mechanism: short(mechanism),
                response,
                locale: short("en_US"),
            },
        );
    }

    pub(in crate::connection) fn octets(&mut self, octets: &[u8]) {
        self.sent.extend(octets);
        self.feed();
    }

    /// Reads what is in the socket as the shell does, but in as few reads as there can be.
    pub(in crate::connection) fn feed(&mut self) {
        loop {
            let connection = &mut self.connection;
            if !connection.flow().reads() {
                return;
            }
            let read = if std::mem::take(&mut self.is_held) {
                0
            } else if self.sent.is_empty() {
                return;
            } else {
                let mut target = connection.read_into();
                let limit = target.room().remaining_mut();
                let most = if connection.reads_body {
                    limit
                } else {
                    usize::MAX
                };
                let read = most.min(self.sent.len());
                let mut target = connection.read_into();
                target.room().get_mut().extend(self.sent.drain(..read));
                read
            };
            connection.on_read(self.now, read);
            self.is_held = connection.flow() == Flow::Pause;
        }
    }

    /// Octets that have come and are not taken.
    pub(in crate::connection) fn unread(&self) -> usize {
        self.sent.len() + self.connection.input.len()
    }

    pub(in crate::connection) fn frame(&mut self, kind: u8, channel: u16, payload: &[u8]) {
        let octets = raw_frame(kind, channel, payload, 0xCE);
        self.octets(&octets);
    }

    pub(in crate::connection) fn say<'a>(
        &mut self,
        channel: ChannelId,
        method: impl Into<Method<'a>>,
    ) {
        let mut octets = Vec::new();
        encode_method(&mut octets, channel, &method.into());
        self.octets(&octets);
    }

    pub(in crate::connection) fn heartbeat(&mut self) {
        let mut octets = Vec::new();
        encode_heartbeat(&mut octets);
        self.octets(&octets);
    }

    pub(in crate::connection) fn mail(&mut self, mail: Mail) {
        self.connection.mailbox().post(mail);
        assert!(self.connection.on_mail(self.now, Waker::noop()));
    }

    /// Lets `ms` milliseconds of real time pass, with every deadline on the way.
    pub(in crate::connection) fn wait_ms(&mut self, ms: u64) {
        let end = self.now.transport.plus_ms(ms);
        while self.connection.next_deadline() <= end {
            self.now.transport = self.connection.next_deadline();
            self.connection.on_deadline(self.now);
        }
        self.now.transport = end;
    }

    /// Everything written since the last look.
    pub(in crate::connection) fn raw(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        loop {
            let mut slices = [IoSlice::new(&[]); 8];
            let used = self.connection.transmit(&mut slices);
            if used == 0 {
                return octets;
            }
            let written: Vec<u8> = slices[..used]
                .iter()
                .flat_map(|slice| slice.to_vec())
                .collect();
            self.connection.on_written(self.now, written.len());
            octets.extend(written);
        }
    }

    /// The frames written since the last look, as `channel method arguments`.
    pub(in crate::connection) fn heard(&mut self) -> Vec<String> {
        let octets = self.raw();
        let mut rest = &octets[..];
        let mut heard = Vec::new();
        while !rest.is_empty() {
            let Ok(Decoded::Frame { frame, consumed }) = decode(rest, u32::MAX) else {
                panic!("not whole frames: {rest:?}");
            };
            let what = match frame.kind {
                FRAME_METHOD => Method::decode(frame.payload).unwrap().to_string(),
                kind => format!("frame {kind} of {} octets", frame.payload.len()),
            };
            heard.push(format!("{} {what}", frame.channel));
            rest = &rest[consumed..];
        }
        heard
    }

    /// The core closed the connection with this.
    #[track_caller]
    pub(in crate::connection) fn check_close(
        &mut self,
        code: ReplyCode,
        text: &str,
        ids: (u16, u16),
    ) {
        assert_eq!(
            self.closed_with(),
            (ZERO, code.number(), text.to_owned(), ids.0, ids.1)
        );
    }

    /// Channel, code, text, class and method of the close that was written last.
    #[track_caller]
    pub(in crate::connection) fn closed_with(&mut self) -> (ChannelId, u16, String, u16, u16) {
        let octets = self.raw();
        let mut rest = &octets[..];
        let mut last = None;
        while let Ok(Decoded::Frame { frame, consumed }) = decode(rest, u32::MAX) {
            last = Some((frame.channel, Method::decode(frame.payload)));
            rest = &rest[consumed..];
        }
        match last {
            Some((channel, Ok(Method::ConnectionClose(close)))) => (
                channel,
                close.reply_code,
                close.reply_text.to_string(),
                close.class_id,
                close.method_id,
            ),
            Some((channel, Ok(Method::ChannelClose(close)))) => (
                channel,
                close.reply_code,
                close.reply_text.to_string(),
                close.class_id,
                close.method_id,
            ),
            last => panic!("no close but {last:?}"),
        }
    }

    /// Nothing is said, everything is dropped, and after 3 s the socket is reset.
    #[track_caller]
    pub(in crate::connection) fn check_silent(&mut self) {
        assert_eq!(self.heard(), [""; 0]);
        self.frame(9, 77, b"junk");
        self.wait_ms(2_999);
        assert_eq!(self.connection.flow(), Flow::Leave);
        assert_eq!(self.heard(), [""; 0]);
        self.wait_ms(1);
        assert_eq!(self.connection.flow(), CUT);
    }
}

pub(in crate::connection) const TUNE_OK: ConnectionTuneOk = ConnectionTuneOk {
    channel_max: 2047,
    frame_max: 131_072,
    heartbeat: 60,
};

pub(in crate::connection) fn raw_frame(kind: u8, channel: u16, payload: &[u8], end: u8) -> Vec<u8> {
    let mut octets = vec![kind];
    octets.extend(channel.to_be_bytes());
    octets.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
    octets.extend(payload);
    octets.push(end);
    octets
}

/// A broker in memory with the vhost `/`, the user `guest`, and a user without permissions.
pub(in crate::connection) fn broker(change: impl FnOnce(&mut Settings)) -> Arc<Desk> {
    broker_on(Arc::new(MemoryStore::default()), change)
}

/// The same on a store that the test looks after.
pub(in crate::connection) fn broker_on(
    store: Arc<dyn Store>,
    change: impl FnOnce(&mut Settings),
) -> Arc<Desk> {
    let mut settings = Settings::default();
    change(&mut settings);
    let desk = Desk::new(Arc::new(Environment::new(settings, Clock::test(), store)));
    desk.administration()
        .put_vhost("/", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    for name in ["guest", "bob"] {
        desk.administration()
            .add_user(name, name)
            .unwrap()
            .unwaited();
    }
    let all = ".*".to_owned();
    let permission = PermissionDefinition {
        user: "guest".to_owned(),
        vhost: "/".to_owned(),
        configure: all.clone(),
        write: all.clone(),
        read: all,
    };
    desk.administration()
        .put_permission(&permission)
        .unwrap()
        .unwaited();
    desk
}

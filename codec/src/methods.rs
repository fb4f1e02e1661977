//! Methods: what peers say to each other, all of AMQP 0-9-1 with RabbitMQ's extensions.
//!
//! One row per method in the table below gives its numbers, its name, its fields and its marks;
//! reading, writing and printing follow from the row. Knows neither who may send a method nor
//! when. Texts are views of the frame; tables in it are measured and not read.
//!
//! Spec: AMQP 0-9-1 XML with RabbitMQ's extensions (`exchange.bind`, `basic.nack`,
//! `confirm.select`, `connection.blocked`, `connection.update-secret`).

mod argument;
mod text;

use std::fmt;

use bytes::BufMut;

use crate::parse::short;
use crate::table::TableRef;
use crate::types::{DeliveryTag, ShortBytes, ShortStr};
use argument::{Argument, Arguments, Fault, Packer, Unpacker};

pub use argument::{Field, FieldKind};

/// Why the payload of a method frame cannot be read. All close the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MethodError<'a> {
    /// Fewer than the four octets of class and method.
    TooShort,
    /// No method has these numbers.
    UnknownMethod {
        /// Number of the class.
        class: u16,
        /// Number within the class.
        method: u16,
    },
    /// The arguments end too early.
    Truncated {
        /// Number of the class.
        class: u16,
        /// Number within the class.
        method: u16,
        /// All octets behind the numbers.
        arguments: &'a [u8],
    },
    /// There are octets behind the last argument.
    Malformed {
        /// Number of the class.
        class: u16,
        /// Number within the class.
        method: u16,
        /// All octets behind the numbers.
        arguments: &'a [u8],
    },
    /// A short string is not UTF-8.
    BadUtf8 {
        /// Number of the class.
        class: u16,
        /// Number within the class.
        method: u16,
    },
}

impl fmt::Display for MethodError<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => out.write_str("method frame has fewer than 4 octets"),
            Self::UnknownMethod { class, method } => {
                write!(out, "unknown method {method} of class {class}")
            }
            Self::Truncated { class, method, .. } => {
                write!(out, "arguments of method {class}.{method} end too early")
            }
            Self::Malformed { class, method, .. } => {
                write!(
                    out,
                    "octets behind the arguments of method {class}.{method}"
                )
            }
            Self::BadUtf8 { class, method } => {
                write!(out, "short string of method {class}.{method} is not UTF-8")
            }
        }
    }
}

impl std::error::Error for MethodError<'_> {}

macro_rules! methods {
    ($l:lifetime; $(
        $(#[$doc:meta])*
        $class:literal $method:literal $text:literal
        $name:ident $(<$life:lifetime>)? $($mark:ident)? { $($field:ident: $type:ty),* }
    )*) => {
        $(
            $(#[$doc])*
            #[doc = concat!("\n\n`", $text, "`, class ", $class, " method ", $method, ".")]
            #[derive(Clone, Copy, PartialEq, Default, Debug)]
            pub struct $name $(<$life>)? {
                $(
                    #[doc = concat!("Argument `", stringify!($field), "` of `", $text, "`.")]
                    pub $field: $type,
                )*
            }

            impl $(<$life>)? $name $(<$life>)? {
                /// Number of the class.
                pub const CLASS_ID: u16 = $class;
                /// Number within the class.
                pub const METHOD_ID: u16 = $method;
                /// Class and method, as `basic.get-ok`.
                pub const NAME: &'static str = $text;
            }

            impl<$l> From<$name $(<$life>)?> for Method<$l> {
                #[inline]
                fn from(method: $name $(<$life>)?) -> Self {
                    Self::$name(method)
                }
            }

            impl<$l> Arguments<$l> for $name $(<$life>)? {
                #[inline]
                fn unpack(source: &mut impl Unpacker<$l>) -> Result<Self, Fault> {
                    let arguments = Self { $($field: source.next(stringify!($field))?),* };
                    source.end()?;
                    Ok(arguments)
                }

                #[inline]
                fn pack(&self, target: &mut impl Packer<$l>) {
                    $(target.field(stringify!($field), self.$field.to_field());)*
                    target.end();
                }
            }
        )*

        /// Any method.
        #[derive(Clone, Copy, PartialEq, Debug)]
        pub enum Method<$l> {
            $(#[doc = concat!("`", $text, "`.")] $name($name $(<$life>)?),)*
        }

        impl<$l> Method<$l> {
            /// The names of all methods, in the order of their numbers.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// Number of the class.
            #[inline]
            pub const fn class_id(&self) -> u16 {
                match self { $(Self::$name(_) => $class),* }
            }

            /// Number within the class.
            #[inline]
            pub const fn method_id(&self) -> u16 {
                match self { $(Self::$name(_) => $method),* }
            }

            /// Class and method, as `basic.get-ok`.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $text),* }
            }

            /// The name of the method with these numbers.
            pub const fn name_of(class: u16, method: u16) -> Option<&'static str> {
                match (class, method) { $(($class, $method) => Some($text),)* _ => None }
            }

            /// Whether a content header, and body frames as it announces them, follow.
            pub const fn has_content(&self) -> bool {
                match self { $(Self::$name(_) => marked!(content $($mark)?)),* }
            }

            /// Whether the specification gives the method an answer of its own kind.
            const fn is_request(&self) -> bool {
                match self { $(Self::$name(_) => marked!(request $($mark)?)),* }
            }

            #[inline]
            fn unpack(
                class: u16,
                method: u16,
                source: &mut impl Unpacker<$l>,
            ) -> Result<Option<Self>, Fault> {
                Ok(Some(match (class, method) {
                    $(($class, $method) => Self::$name(Arguments::unpack(source)?),)*
                    _ => return Ok(None),
                }))
            }

            #[inline]
            fn pack(&self, target: &mut impl Packer<$l>) {
                match self { $(Self::$name(method) => method.pack(target)),* }
            }

            /// Numbers of the method of that name.
            fn ids_of(name: &str) -> Option<(u16, u16)> {
                match name { $($text => Some(($class, $method)),)* _ => None }
            }
        }
    };
}

/// Whether the mark of a row is the one asked for.
macro_rules! marked {
    (content content) => {
        true
    };
    (request request) => {
        true
    };
    ($asked:ident $($other:ident)?) => {
        false
    };
}

// The mark `request`: the peer answers, unless `nowait` is set. The mark `content`: header and
// body frames follow. `ticket` and `reserved` are on the wire and mean nothing.
methods! { 'a;
    /// The server's first word: what it is and how one may log in.
    10 10 "connection.start" ConnectionStart<'a> request {
        version_major: u8, version_minor: u8, server_properties: TableRef<'a>,
        mechanisms: &'a [u8], locales: &'a [u8] }
    /// Who the client is and how it logs in.
    10 11 "connection.start-ok" ConnectionStartOk<'a> {
        client_properties: TableRef<'a>, mechanism: ShortStr<'a>, response: &'a [u8],
        locale: ShortStr<'a> }
    /// One more question of a mechanism that asks.
    10 20 "connection.secure" ConnectionSecure<'a> request { challenge: &'a [u8] }
    /// The answer to it.
    10 21 "connection.secure-ok" ConnectionSecureOk<'a> { response: &'a [u8] }
    /// Limits the server offers: channels, octets of a frame, seconds between signs of life.
    10 30 "connection.tune" ConnectionTune request {
        channel_max: u16, frame_max: u32, heartbeat: u16 }
    /// Limits the client takes; 0 means none.
    10 31 "connection.tune-ok" ConnectionTuneOk {
        channel_max: u16, frame_max: u32, heartbeat: u16 }
    /// Chooses the vhost.
    10 40 "connection.open" ConnectionOpen<'a> request {
        virtual_host: ShortStr<'a>, reserved: ShortStr<'a>, insist: bool }
    /// The connection is open.
    10 41 "connection.open-ok" ConnectionOpenOk<'a> { reserved: ShortStr<'a> }
    /// Ends the connection, with a reason and the method that was it.
    10 50 "connection.close" ConnectionClose<'a> request {
        reply_code: u16, reply_text: ShortStr<'a>, class_id: u16, method_id: u16 }
    /// The connection is ended.
    10 51 "connection.close-ok" ConnectionCloseOk {}
    /// The server does not read from this connection now.
    10 60 "connection.blocked" ConnectionBlocked<'a> { reason: ShortStr<'a> }
    /// It reads again.
    10 61 "connection.unblocked" ConnectionUnblocked {}
    /// New credentials for a long life.
    10 70 "connection.update-secret" ConnectionUpdateSecret<'a> request {
        new_secret: &'a [u8], reason: ShortStr<'a> }
    /// They were accepted.
    10 71 "connection.update-secret-ok" ConnectionUpdateSecretOk {}

    /// Opens a channel.
    20 10 "channel.open" ChannelOpen<'a> request { reserved: ShortStr<'a> }
    /// The channel is open.
    20 11 "channel.open-ok" ChannelOpenOk<'a> { reserved: &'a [u8] }
    /// Asks the peer to stop or go on sending content.
    20 20 "channel.flow" ChannelFlow request { active: bool }
    /// What the peer does.
    20 21 "channel.flow-ok" ChannelFlowOk { active: bool }
    /// Ends a channel, with a reason and the method that was it.
    20 40 "channel.close" ChannelClose<'a> request {
        reply_code: u16, reply_text: ShortStr<'a>, class_id: u16, method_id: u16 }
    /// The channel is ended.
    20 41 "channel.close-ok" ChannelCloseOk {}

    /// Asks for a ticket, of which nothing depends any more.
    30 10 "access.request" AccessRequest<'a> request {
        realm: ShortStr<'a>, exclusive: bool, passive: bool, active: bool, write: bool,
        read: bool }
    /// The ticket.
    30 11 "access.request-ok" AccessRequestOk { ticket: u16 }

    /// Makes an exchange, or asks whether it is there.
    40 10 "exchange.declare" ExchangeDeclare<'a> request {
        ticket: u16, exchange: ShortStr<'a>, type_: ShortStr<'a>, passive: bool, durable: bool,
        auto_delete: bool, internal: bool, nowait: bool, arguments: TableRef<'a> }
    /// The exchange is there.
    40 11 "exchange.declare-ok" ExchangeDeclareOk {}
    /// Removes an exchange.
    40 20 "exchange.delete" ExchangeDelete<'a> request {
        ticket: u16, exchange: ShortStr<'a>, if_unused: bool, nowait: bool }
    /// The exchange is gone.
    40 21 "exchange.delete-ok" ExchangeDeleteOk {}
    /// Routes from one exchange to another.
    40 30 "exchange.bind" ExchangeBind<'a> request {
        ticket: u16, destination: ShortStr<'a>, source: ShortStr<'a>, routing_key: ShortStr<'a>,
        nowait: bool, arguments: TableRef<'a> }
    /// The binding is there.
    40 31 "exchange.bind-ok" ExchangeBindOk {}
    /// Takes such a route back.
    40 40 "exchange.unbind" ExchangeUnbind<'a> request {
        ticket: u16, destination: ShortStr<'a>, source: ShortStr<'a>, routing_key: ShortStr<'a>,
        nowait: bool, arguments: TableRef<'a> }
    /// The binding is gone.
    40 51 "exchange.unbind-ok" ExchangeUnbindOk {}

    /// Makes a queue, or asks whether it is there.
    50 10 "queue.declare" QueueDeclare<'a> request {
        ticket: u16, queue: ShortStr<'a>, passive: bool, durable: bool, exclusive: bool,
        auto_delete: bool, nowait: bool, arguments: TableRef<'a> }
    /// The queue is there, with so many ready messages and consumers.
    50 11 "queue.declare-ok" QueueDeclareOk<'a> {
        queue: ShortStr<'a>, message_count: u32, consumer_count: u32 }
    /// Routes from an exchange to a queue.
    50 20 "queue.bind" QueueBind<'a> request {
        ticket: u16, queue: ShortStr<'a>, exchange: ShortStr<'a>, routing_key: ShortStr<'a>,
        nowait: bool, arguments: TableRef<'a> }
    /// The binding is there.
    50 21 "queue.bind-ok" QueueBindOk {}
    /// Removes the ready messages of a queue.
    50 30 "queue.purge" QueuePurge<'a> request {
        ticket: u16, queue: ShortStr<'a>, nowait: bool }
    /// So many were removed.
    50 31 "queue.purge-ok" QueuePurgeOk { message_count: u32 }
    /// Removes a queue.
    50 40 "queue.delete" QueueDelete<'a> request {
        ticket: u16, queue: ShortStr<'a>, if_unused: bool, if_empty: bool, nowait: bool }
    /// So many messages went with it.
    50 41 "queue.delete-ok" QueueDeleteOk { message_count: u32 }
    /// Takes a route back.
    50 50 "queue.unbind" QueueUnbind<'a> request {
        ticket: u16, queue: ShortStr<'a>, exchange: ShortStr<'a>, routing_key: ShortStr<'a>,
        arguments: TableRef<'a> }
    /// The binding is gone.
    50 51 "queue.unbind-ok" QueueUnbindOk {}

    /// Limits what may be unacknowledged, in octets (unsupported) and in messages; 0 is no limit.
    60 10 "basic.qos" BasicQos request {
        prefetch_size: u32, prefetch_count: u16, global: bool }
    /// The limit is set.
    60 11 "basic.qos-ok" BasicQosOk {}
    /// Starts a consumer.
    60 20 "basic.consume" BasicConsume<'a> request {
        ticket: u16, queue: ShortStr<'a>, consumer_tag: ShortStr<'a>, no_local: bool,
        no_ack: bool, exclusive: bool, nowait: bool, arguments: TableRef<'a> }
    /// The consumer's name.
    60 21 "basic.consume-ok" BasicConsumeOk<'a> { consumer_tag: ShortStr<'a> }
    /// Stops a consumer; sent by the server when its queue is gone.
    60 30 "basic.cancel" BasicCancel<'a> request { consumer_tag: ShortStr<'a>, nowait: bool }
    /// The consumer is stopped.
    60 31 "basic.cancel-ok" BasicCancelOk<'a> { consumer_tag: ShortStr<'a> }
    /// Gives a message to an exchange.
    60 40 "basic.publish" BasicPublish<'a> content {
        ticket: u16, exchange: ShortBytes<'a>, routing_key: ShortBytes<'a>, mandatory: bool,
        immediate: bool }
    /// Gives a message back for which no queue was found.
    60 50 "basic.return" BasicReturn<'a> content {
        reply_code: u16, reply_text: ShortStr<'a>, exchange: ShortBytes<'a>,
        routing_key: ShortBytes<'a> }
    /// Gives a message to a consumer.
    60 60 "basic.deliver" BasicDeliver<'a> content {
        consumer_tag: ShortStr<'a>, delivery_tag: DeliveryTag, redelivered: bool,
        exchange: ShortBytes<'a>, routing_key: ShortBytes<'a> }
    /// Asks for one message.
    60 70 "basic.get" BasicGet<'a> request { ticket: u16, queue: ShortStr<'a>, no_ack: bool }
    /// The message, and how many are left.
    60 71 "basic.get-ok" BasicGetOk<'a> content {
        delivery_tag: DeliveryTag, redelivered: bool, exchange: ShortBytes<'a>,
        routing_key: ShortBytes<'a>, message_count: u32 }
    /// There is none.
    60 72 "basic.get-empty" BasicGetEmpty<'a> { reserved: ShortStr<'a> }
    /// A delivery, or a publish, was taken care of.
    60 80 "basic.ack" BasicAck { delivery_tag: DeliveryTag, multiple: bool }
    /// A delivery was not wanted.
    60 90 "basic.reject" BasicReject { delivery_tag: DeliveryTag, requeue: bool }
    /// Asks for everything unacknowledged again, and for no answer.
    60 100 "basic.recover-async" BasicRecoverAsync { requeue: bool }
    /// Asks for everything unacknowledged again.
    60 110 "basic.recover" BasicRecover request { requeue: bool }
    /// It will come.
    60 111 "basic.recover-ok" BasicRecoverOk {}
    /// Deliveries were not wanted, or publishes were not taken care of.
    60 120 "basic.nack" BasicNack { delivery_tag: DeliveryTag, multiple: bool, requeue: bool }

    /// Asks for confirms of what is published on the channel.
    85 10 "confirm.select" ConfirmSelect request { nowait: bool }
    /// They will come.
    85 11 "confirm.select-ok" ConfirmSelectOk {}

    /// Makes the channel transactional.
    90 10 "tx.select" TxSelect request {}
    /// It is.
    90 11 "tx.select-ok" TxSelectOk {}
    /// Makes what was published and acknowledged since the last one happen.
    90 20 "tx.commit" TxCommit request {}
    /// It happened.
    90 21 "tx.commit-ok" TxCommitOk {}
    /// Forgets it.
    90 30 "tx.rollback" TxRollback request {}
    /// It is forgotten.
    90 31 "tx.rollback-ok" TxRollbackOk {}
}

impl<'a> Method<'a> {
    /// Reads the payload of a method frame.
    ///
    /// # Errors
    /// [`MethodError`], with the numbers of the method as far as they are known.
    #[inline]
    pub fn decode(payload: &'a [u8]) -> Result<Self, MethodError<'a>> {
        let too_short = |_: nom::Err<()>| MethodError::TooShort;
        let (arguments, class) = short(payload).map_err(too_short)?;
        let (arguments, method) = short(arguments).map_err(too_short)?;
        let unpacked = Self::unpack(class, method, &mut argument::FromWire::new(arguments));
        match unpacked {
            Ok(Some(decoded)) => Ok(decoded),
            Ok(None) => Err(MethodError::UnknownMethod { class, method }),
            Err(Fault::Utf8) => Err(MethodError::BadUtf8 { class, method }),
            Err(Fault::Trailing) => Err(MethodError::Malformed {
                class,
                method,
                arguments,
            }),
            Err(Fault::Short | Fault::Kind) => Err(MethodError::Truncated {
                class,
                method,
                arguments,
            }),
        }
    }

    /// Writes class, method and arguments: the payload of a method frame.
    #[inline]
    pub fn encode(&self, out: &mut impl BufMut) {
        out.put_u32(u32::from(self.class_id()) << 16 | u32::from(self.method_id()));
        self.pack(&mut argument::ToWire::new(out));
    }

    /// Octets that [`encode`](Self::encode) writes.
    #[inline]
    pub fn encoded_len(&self) -> usize {
        let mut count = argument::Count::new(4);
        self.pack(&mut count);
        count.total()
    }

    /// Whether the peer answers this very message: the method is a request and did not ask to go
    /// without an answer.
    pub fn expects_reply(&self) -> bool {
        self.is_request() && !self.fields().contains(&("nowait", Field::Bit(true)))
    }
}

#[cfg(test)]
mod tests;

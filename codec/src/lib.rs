//! AMQP 0-9-1 to and from bytes, as RabbitMQ speaks it.
//!
//! Owns the wire format and nothing else: frames, methods, field tables, message properties, reply
//! codes. Deliberately knows no socket, no clock, no queue and no state of a conversation; what an
//! error means for the peer is for the caller to decide.
//!
//! Reading borrows: a decoded [`Method`](methods::Method), [`TableRef`](table::TableRef) or
//! [`PropertiesRef`](properties::PropertiesRef) is a view of the caller's buffer and allocates
//! nothing. Field tables and property lists are only measured when their frame is decoded, and
//! read when the caller asks. Writing goes to any [`bytes::BufMut`].
//!
//! Invariants kept here: no frame above the given size is accepted or written (I7), and no input,
//! however broken, makes a function of this crate panic.
//!
//! Sources: AMQP 0-9-1 specification with its XML, RabbitMQ's grammar errata, and RabbitMQ 4.3.6
//! for the field types and for everything the specification leaves open.
//!
//! # Fuzzing
//! `codec/fuzz` is a workspace of its own with the targets `frame`, `method`, `table`,
//! `properties` and `conversation`. With cargo-fuzz installed, from `codec`:
//! `cargo +nightly fuzz run table fuzz/corpus/table fuzz/seeds/table -- -max_total_time=60`.
//!
//! # Example
//! ```
//! use bytes::BytesMut;
//! use leveret_codec::encode::encode_method;
//! use leveret_codec::frame::{Decoded, decode};
//! use leveret_codec::methods::{Method, QueueDeclare};
//! use leveret_codec::types::{ChannelId, ShortStr};
//!
//! let mut wire = BytesMut::new();
//! let queue = ShortStr::literal("jobs");
//! let declare = QueueDeclare { queue, durable: true, ..QueueDeclare::default() };
//! encode_method(&mut wire, ChannelId(1), &declare.into());
//!
//! let Ok(Decoded::Frame { frame, consumed }) = decode(&wire, 131_072) else {
//!     panic!("a whole frame");
//! };
//! assert_eq!(consumed, wire.len());
//! let method = Method::decode(frame.payload).expect("a known method");
//! assert_eq!(method.to_string(), r#"queue.declare queue="jobs" durable"#);
//! ```

pub mod frame;
pub mod methods;
pub mod properties;
pub mod table;
pub mod types;

pub mod encode;
pub mod repeat;
pub mod reply;

mod parse;

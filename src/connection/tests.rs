//! Scripted conversations with the core: frames in, frames out, time by hand.

use std::sync::Arc;

use bytes::BufMut as _;
use leveret_codec::encode::{encode_heartbeat, encode_method};
use leveret_codec::frame::{
    Decoded, FRAME_BODY, FRAME_HEADER, FRAME_METHOD, PROTOCOL_HEADER, decode,
};
use leveret_codec::methods::*;
use leveret_codec::reply::ReplyCode;
use leveret_codec::table::{Table, TableRef, Value};
use leveret_codec::types::{ChannelId, ShortBytes, ShortStr};

use super::*;
use crate::auth::PermissionDefinition;
use crate::clock::Clock;
use crate::config::Settings;
use crate::desk::VhostDefinition;
use crate::env::Environment;
use crate::store::{MemoryStore, Store};

mod closing;
pub(in crate::connection) mod fixture;
mod handshake;
mod leaving;
mod machine;
mod open;
mod pauses;
mod repeat;
mod row;
mod turns;

use fixture::*;

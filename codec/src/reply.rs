//! Reply codes: their numbers, names and reach, one row each.
//!
//! Knows no texts beyond the names; who closes what for which reason is the broker's business.
//!
//! Spec: AMQP 0-9-1, section 1.1. Seen: RabbitMQ 4.3.6 for the reach of 402 and 506.

use std::fmt;

/// What an error closes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// The channel it happened on ("soft").
    Channel,
    /// The whole connection ("hard").
    Connection,
}

macro_rules! reply_codes {
    ($($(#[$doc:meta])* $number:literal $variant:ident $name:literal $scope:ident;)*) => {
        /// The reason of a close or of a returned message.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum ReplyCode {
            $($(#[$doc])* $variant = $number,)*
        }

        impl ReplyCode {
            /// All of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The number on the wire, 311 ..= 541.
            pub const fn number(self) -> u16 {
                match self { $(Self::$variant => $number),* }
            }

            /// The name that starts every reply text, as `NOT_FOUND`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What an error of this code closes.
            pub const fn scope(self) -> Scope {
                match self { $(Self::$variant => Scope::$scope),* }
            }

            /// The code of a number, if RabbitMQ knows it.
            pub const fn from_number(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

reply_codes! {
    /// The content is larger than the peer takes now.
    311 ContentTooLarge "CONTENT_TOO_LARGE" Channel;
    /// A mandatory message has no queue.
    312 NoRoute "NO_ROUTE" Channel;
    /// An immediate message has no consumer.
    313 NoConsumers "NO_CONSUMERS" Channel;
    /// An operator closed the connection.
    320 ConnectionForced "CONNECTION_FORCED" Connection;
    /// The client asked for an unknown vhost.
    402 InvalidPath "INVALID_PATH" Connection;
    /// The user may not do this.
    403 AccessRefused "ACCESS_REFUSED" Channel;
    /// No such exchange, queue or binding.
    404 NotFound "NOT_FOUND" Channel;
    /// The queue belongs to another connection.
    405 ResourceLocked "RESOURCE_LOCKED" Channel;
    /// Arguments do not fit what exists.
    406 PreconditionFailed "PRECONDITION_FAILED" Channel;
    /// A frame could not be read.
    501 FrameError "FRAME_ERROR" Connection;
    /// A field holds an impossible value.
    502 SyntaxError "SYNTAX_ERROR" Connection;
    /// The method is not possible now.
    503 CommandInvalid "COMMAND_INVALID" Connection;
    /// The channel is not in the right state.
    504 ChannelError "CHANNEL_ERROR" Connection;
    /// A frame came out of order.
    505 UnexpectedFrame "UNEXPECTED_FRAME" Connection;
    /// The broker ran out of something.
    506 ResourceError "RESOURCE_ERROR" Connection;
    /// The broker's settings forbid this.
    530 NotAllowed "NOT_ALLOWED" Connection;
    /// The broker cannot do this.
    540 NotImplemented "NOT_IMPLEMENTED" Connection;
    /// The broker failed.
    541 InternalError "INTERNAL_ERROR" Connection;
}

impl fmt::Display for ReplyCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.number(), self.name())
    }
}

#[cfg(test)]
mod tests;

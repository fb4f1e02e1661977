//! What a family of series is: its name, type, words, labels, and where its figures come from.

use super::moment::Moment;
use super::rows::Rows;
use crate::desk::views::{ConnectionView, QueueFigures};
use crate::inquiry::{ChannelExchange, ChannelSnapshot};
use crate::tally::{ExchangeTotals, ReadTotals};

/// The type of a family, as the text format names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    Untyped,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Untyped => "untyped",
        }
    }
}

/// A figure. Whole numbers stay whole to the last digit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Figure {
    Whole(u64),
    Real(f64),
}

impl Figure {
    /// There is no such figure now.
    pub(super) const UNKNOWN: Self = Self::Real(f64::NAN);

    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two)) => Self::Whole(one.saturating_add(two)),
            (one, two) => Self::Real(one.real() + two.real()),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "Prometheus keeps every figure as a float, and rounds the same way"
    )]
    fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

impl From<u64> for Figure {
    fn from(whole: u64) -> Self {
        Self::Whole(whole)
    }
}

impl From<usize> for Figure {
    fn from(whole: usize) -> Self {
        Self::Whole(whole as u64)
    }
}

impl From<f64> for Figure {
    fn from(real: f64) -> Self {
        Self::Real(real)
    }
}

/// One row of the table.
pub(super) struct Family {
    /// Behind the prefix of its page.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// One sentence.
    pub(super) help: &'static str,
    pub(super) source: Source,
}

/// What a page shows of objects together when it does not show each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Together {
    /// The sum.
    Sum,
    /// Nothing: a sum would mean nothing, or RabbitMQ shows none.
    Nothing,
}

/// Where the figures of a family come from.
pub(super) enum Source {
    /// One figure of the broker.
    Broker(fn(&Moment) -> Figure),
    /// Figures of the broker with these labels.
    Labelled(&'static [&'static str], fn(&Moment, &mut Rows<'_>)),
    /// A figure of each queue; `None` for queues of a type that has none.
    Queue(Together, fn(&QueueFigures<'_>) -> Option<Figure>),
    /// Labels of each queue, with 1: its type and its part in a cluster.
    QueueInfo,
    /// What was read from each queue.
    QueueRead(fn(&ReadTotals) -> u64),
    /// A figure of each channel.
    Channel(Together, fn(&ChannelSnapshot) -> Figure),
    /// What each channel published to each exchange, and the sum for all channels there ever were.
    ChannelExchange(fn(&ChannelExchange) -> u64, fn(&Moment) -> Figure),
    /// What each channel read from each queue, and the sum for all channels there ever were.
    ChannelQueue(fn(&ReadTotals) -> u64, fn(&Moment) -> Figure),
    /// A figure of each connection, and the figure of all together.
    Connection(fn(&ConnectionView) -> Figure, fn(&Moment) -> Figure),
    /// What was published to each exchange.
    Exchange(fn(&ExchangeTotals) -> u64),
    /// Of each exchange: 1, or how many bindings it is the source of.
    ExchangeFacts(Facts),
    /// Each virtual host, with 1.
    Vhost,
    /// What of each channel's messages came to each queue from each exchange, and the sum for all
    /// channels there ever were.
    ChannelQueueExchange(fn(&Moment) -> Figure),
    /// What came to each queue from each exchange, and the sum for all queues there ever were.
    QueueExchange(fn(&Moment) -> Figure),
}

/// What of an exchange is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Facts {
    Name,
    Bindings,
}

impl Source {
    /// The labels of a series for each object.
    pub(super) fn labels(&self) -> &'static [&'static str] {
        match self {
            Self::Broker(_) => &[],
            Self::Labelled(labels, _) => labels,
            Self::Queue(..) | Self::QueueRead(_) => &["vhost", "queue"],
            Self::QueueInfo => &["vhost", "queue", "queue_type", "membership"],
            Self::Channel(..) | Self::Connection(..) => &["channel"],
            Self::ChannelExchange(..) => &["channel", "vhost", "exchange"],
            Self::ChannelQueue(..) => &["channel", "vhost", "queue"],
            Self::ChannelQueueExchange(_) => &[
                "channel",
                "queue_vhost",
                "queue",
                "exchange_vhost",
                "exchange",
            ],
            Self::QueueExchange(_) => &["vhost", "exchange", "queue"],
            Self::Exchange(_) => &["vhost", "exchange"],
            Self::ExchangeFacts(_) => &["vhost", "exchange", "type"],
            Self::Vhost => &["vhost"],
        }
    }
}

//! A page that is written while it is sent: some rows are written, the client reads them, then the
//! next ones are written.
//!
//! In memory are a pointer for each queue, exchange or connection and the rows of one chunk,
//! however many there are (I11). A page that shows sums reads all queues once before it is written.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::OwnedSemaphorePermit;

use super::family::{Facts, Figure, Source, Together};
use super::moment::Moment;
use super::page::{Page, Planned};
use super::rows::{Rows, write_head};
use crate::clock::Now;
use crate::desk::Desk;
use crate::desk::views::{
    ChannelView, ExchangeFigures, ExchangeRoll, QueueFigures, QueueRoll, Scope, WithBindings,
};
use crate::inquiry::Detail;
use crate::limits::{HTTP_CHUNK, METRICS_STEPS};
use crate::management::give_way;
use crate::queue::Stats;
use crate::tally::ReadTotals;

/// See the module.
pub(super) struct Text {
    page: Page,
    moment: Moment,
    plan: Vec<Planned>,
    queues: QueueRoll,
    /// Sums over the queues, for each family of the plan that has one.
    sums: Vec<Option<Figure>>,
    /// How many queues have been summed up; `None` once that is done.
    summing: Option<usize>,
    /// The family that is written.
    family: usize,
    /// The next object of it.
    row: usize,
    /// Those of that family, as long as it is written.
    exchanges: Option<ExchangeRoll>,
    chunk: Vec<u8>,
    /// A chunk has just been handed out; others get a turn before the next is made.
    rests: bool,
    /// Its place among the pages that are written.
    _place: OwnedSemaphorePermit,
}

impl Text {
    /// Asks the broker for what is on `page`.
    pub(super) async fn ask(
        desk: &Arc<Desk>,
        page: Page,
        started: Now,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let plan = page.plan();
        let vhosts = page.vhosts();
        let scope = vhosts.as_deref().map_or(Scope::All, Scope::Vhosts);
        let queues = desk.queue_roll(scope);
        let channels = detail_of(&plan, page.shows_each());
        let moment = Moment::ask(desk, page.endpoint(), channels, queues.len(), started);
        let moment = moment.await;
        let sums = plan.iter().map(|_| None).collect();
        let needs_sums = !matches!(page, Page::Detailed { .. });
        Self {
            summing: needs_sums.then_some(0),
            page,
            moment,
            plan,
            queues,
            sums,
            family: 0,
            row: 0,
            exchanges: None,
            chunk: Vec::new(),
            rests: false,
            _place: place,
        }
    }

    /// One step of work; `false` once all is written.
    fn step(&mut self) -> bool {
        if let Some(at) = self.summing {
            self.summing = self.sum(at).then_some(at + 1);
            return true;
        }
        let Some(&planned) = self.plan.get(self.family) else {
            return false;
        };
        if self.row == 0 {
            let family = planned.family;
            write_head(
                &mut self.chunk,
                planned.name,
                family.kind.word(),
                family.help,
            );
        }
        let has_more = match self.page.shows_each() {
            true => self.write_each(planned),
            false => {
                self.write_together(planned);
                false
            }
        };
        if has_more {
            self.row += 1;
        } else {
            (self.family, self.row, self.exchanges) = (self.family + 1, 0, None);
        }
        true
    }

    /// Adds a queue to the sums; `false` behind the last.
    fn sum(&mut self, at: usize) -> bool {
        let Self {
            queues,
            plan,
            sums,
            moment,
            ..
        } = self;
        let now = moment.now;
        let add = |queue: &QueueFigures<'_>| {
            moment.sums.add(queue);
            for (planned, sum) in plan.iter().zip(sums) {
                let figure = match planned.family.source {
                    Source::Queue(Together::Sum, of) => of(queue),
                    Source::QueueRead(of) => Some(of(&read_of(&queue.stats)).into()),
                    _ => None,
                };
                if let Some(figure) = figure {
                    *sum = Some(sum.map_or(figure, |sum| sum.plus(figure)));
                }
            }
        };
        queues.read(at, now, add).is_some()
    }

    /// Writes one figure for all objects, where there is one.
    fn write_together(&mut self, planned: Planned) {
        let Self {
            moment,
            chunk,
            family,
            sums,
            ..
        } = self;
        let labels = match planned.family.source {
            Source::Labelled(labels, _) => labels,
            _ => &[],
        };
        let mut rows = Rows {
            text: chunk,
            name: planned.name,
            labels,
        };
        let figure = match planned.family.source {
            Source::Labelled(_, write) => return write(moment, &mut rows),
            Source::Broker(of)
            | Source::ChannelExchange(_, of)
            | Source::ChannelQueue(_, of)
            | Source::ChannelQueueExchange(of)
            | Source::QueueExchange(of)
            | Source::Connection(_, of) => Some(of(moment)),
            Source::Queue(Together::Sum, _) | Source::QueueRead(_) => {
                let sum = sums.get(*family).copied().flatten();
                Some(sum.unwrap_or(Figure::Whole(0)))
            }
            Source::Channel(Together::Sum, of) => {
                let each = moment.channels.iter().map(|channel| of(&channel.snapshot));
                Some(each.fold(Figure::Whole(0), Figure::plus))
            }
            Source::Exchange(of) => {
                let roll = moment.desk.exchange_roll(Scope::All, WithBindings::No);
                let each = (0..).map_while(|at| roll.read(at, |exchange| of(&exchange.totals)));
                Some(each.sum::<u64>().into())
            }
            Source::Queue(Together::Nothing, _)
            | Source::Channel(Together::Nothing, _)
            | Source::QueueInfo
            | Source::ExchangeFacts(_)
            | Source::Vhost => None,
        };
        if let Some(figure) = figure {
            rows.push(&[], figure);
        }
    }

    /// Writes the series of the next object; `false` behind the last.
    fn write_each(&mut self, planned: Planned) -> bool {
        let (moment, at) = (&self.moment, self.row);
        let mut rows = Rows {
            text: &mut self.chunk,
            name: planned.name,
            labels: planned.family.source.labels(),
        };
        let each = match planned.family.source {
            Source::Broker(of) => {
                rows.push(&[], of(moment));
                None
            }
            Source::Labelled(_, write) => {
                write(moment, &mut rows);
                None
            }
            Source::Queue(_, of) => self.queues.read(at, moment.now, |queue| {
                if let Some(figure) = of(queue) {
                    rows.push(&[queue.vhost, queue.name], figure);
                }
            }),
            Source::QueueRead(of) => self.queues.read(at, moment.now, |queue| {
                rows.push(&[queue.vhost, queue.name], of(&read_of(&queue.stats)));
            }),
            Source::QueueInfo => self.queues.read(at, moment.now, |queue| {
                let kind = queue.kind.module_name();
                rows.push(&[queue.vhost, queue.name, kind, "leader"], 1_u64);
            }),
            Source::Connection(of, _) => moment.connections.get(at).map(|connection| {
                let view = moment.desk.view_of_session(connection);
                rows.push(&[&view.name], of(&view));
            }),
            Source::Channel(Together::Nothing, _) => None,
            Source::Channel(Together::Sum, of) => moment.channels.get(at).map(|channel| {
                rows.push(&[&channel.name], of(&channel.snapshot));
            }),
            Source::ChannelExchange(of, _) => moment.channels.get(at).map(|channel| {
                for one in &channel.snapshot.exchanges {
                    let ChannelView { name, vhost, .. } = channel;
                    rows.push(&[name, vhost, &one.exchange], of(one));
                }
            }),
            Source::ChannelQueue(of, _) => moment.channels.get(at).map(|channel| {
                for one in &channel.snapshot.queues {
                    let ChannelView { name, vhost, .. } = channel;
                    rows.push(&[name, vhost, &one.queue], of(&one.totals));
                }
            }),
            Source::ChannelQueueExchange(_) => moment.channels.get(at).map(|channel| {
                for one in &channel.snapshot.reached {
                    let ChannelView { name, vhost, .. } = channel;
                    let labels = [name, vhost, &one.queue, vhost, &one.exchange];
                    rows.push(&labels.map(String::as_str), one.published);
                }
            }),
            Source::QueueExchange(_) => self.queues.by_exchange(at, |labels, messages| {
                let [vhost, exchange, queue] = labels;
                rows.push(&[vhost, exchange, queue], messages);
            }),
            Source::Vhost => moment
                .vhosts
                .get(at)
                .map(|vhost| rows.push(&[vhost], 1_u64)),
            Source::Exchange(_) | Source::ExchangeFacts(_) => return self.write_exchange(planned),
        };
        each.is_some()
    }

    /// The same for exchanges. Which there are is asked for with the first.
    fn write_exchange(&mut self, planned: Planned) -> bool {
        let Self {
            page,
            moment,
            row,
            exchanges,
            chunk,
            ..
        } = self;
        let source = &planned.family.source;
        let roll = exchanges.get_or_insert_with(|| {
            let vhosts = page.vhosts();
            let chosen = vhosts.as_deref().map_or(Scope::All, Scope::Vhosts);
            match source {
                Source::ExchangeFacts(Facts::Bindings) => {
                    moment.desk.exchange_roll(Scope::All, WithBindings::Yes)
                }
                Source::ExchangeFacts(Facts::Name) => {
                    moment.desk.exchange_roll(Scope::All, WithBindings::No)
                }
                _ => moment.desk.exchange_roll(chosen, WithBindings::No),
            }
        });
        let mut rows = Rows {
            text: chunk,
            name: planned.name,
            labels: source.labels(),
        };
        let write = |exchange: &ExchangeFigures<'_>| {
            let ExchangeFigures { name, vhost, .. } = *exchange;
            let kind = exchange.type_name;
            match source {
                Source::Exchange(of) => rows.push(&[vhost, name], of(&exchange.totals)),
                // Seen: RabbitMQ 4.3.6, where the default exchange is not among them.
                _ if name.is_empty() => {}
                Source::ExchangeFacts(Facts::Bindings) => {
                    rows.push(&[vhost, name, kind], exchange.bindings);
                }
                _ => rows.push(&[vhost, name, kind], 1_u64),
            }
        };
        roll.read(*row, write).is_some()
    }
}

/// What was read from a queue.
fn read_of(stats: &Stats) -> ReadTotals {
    ReadTotals {
        delivered: stats.delivered,
        delivered_no_ack: stats.delivered_no_ack,
        got: stats.got,
        got_no_ack: stats.got_no_ack,
        got_empty: stats.got_empty,
        redelivered: stats.redelivered,
        acked: stats.acked,
    }
}

/// What channels are asked for what is on a page; `None`: nothing. `is_each`: it shows them one by
/// one.
fn detail_of(plan: &[Planned], is_each: bool) -> Option<Detail> {
    let details = plan.iter().map(|planned| match planned.family.source {
        Source::Channel(..) => Some(Detail::Plain),
        Source::ChannelExchange(..) | Source::ChannelQueue(..) if is_each => Some(Detail::Plain),
        Source::ChannelQueueExchange(_) if is_each => Some(Detail::Reached),
        _ => None,
    });
    details.max().flatten()
}

impl Body for Text {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !std::mem::take(&mut self.rests) {
            self.chunk.reserve(HTTP_CHUNK + HTTP_CHUNK / 8);
            let mut is_done = false;
            for _ in 0..METRICS_STEPS {
                is_done = !self.step();
                if is_done || self.chunk.len() >= HTTP_CHUNK {
                    break;
                }
            }
            if self.chunk.len() >= HTTP_CHUNK || is_done {
                let chunk = std::mem::take(&mut self.chunk);
                self.rests = !is_done;
                let frame = (!chunk.is_empty()).then(|| Ok(Frame::data(chunk.into())));
                return Poll::Ready(frame);
            }
        }
        give_way();
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

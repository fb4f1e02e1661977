//! Messages that a user picks where they wait: dropped, moved, given back to where they died first.
//!
//! They are picked by their positions, or by what is in them as in [`super::browse`], piece by
//! piece: the queue is locked for each piece alone, and one request looks at so many messages and
//! acts on so many at most. Its answer says where the next one goes on.

use leveret_codec::types::ShortString;
use serde_json::{Map, Value as Json};

use super::browse::Filter;
use super::messages::until_unblocked;
use crate::desk::{
    Acted, Actor, Bookmark, Goal, Picking, QueuedMessage, QueuedMessages, Rest, Stays, Stored,
};
use crate::limits::{HTTP_BROWSE_MAX, HTTP_BROWSE_SEEN, HTTP_ITEMS_HERE, HTTP_STAYS_MAX};
use crate::management::answer::{Answer, Refusal};
use crate::management::ask::Ask;
use crate::management::body::{Fields, short};
use crate::store::Position;

/// Messages that are looked at, and acted on, in one turn.
const PIECE: usize = 64;

/// `POST /leveret/queues/V/Q/messages/drop`.
pub(in crate::management) async fn drop(ask: Ask) -> Answer {
    let (actor, fields) = (ask.actor()?, ask.fields().await?);
    check_names(fields.map(), &WHICH)?;
    act(&ask, &actor, &fields, Goal::Drop).await
}

/// `POST /leveret/queues/V/Q/messages/move`.
pub(in crate::management) async fn forward(ask: Ask) -> Answer {
    let (actor, fields) = (ask.actor()?, ask.fields().await?);
    let names = WHICH
        .into_iter()
        .chain(["exchange", "routing_key", "queue"]);
    check_names(fields.map(), &names.collect::<Vec<_>>())?;
    let text = |name: &str| -> Result<Option<ShortString>, Refusal> {
        fields.text(name)?.as_deref().map(short).transpose()
    };
    let goal = match (text("exchange")?, text("queue")?, text("routing_key")?) {
        (Some(exchange), None, key) => Goal::Exchange(exchange_name(exchange), key),
        (None, Some(queue), None) => Goal::Queue(queue),
        (None, Some(_), Some(_)) => {
            return Err(Refusal::bad(
                "routing_key goes with exchange, not with queue",
            ));
        }
        _ => return Err(Refusal::bad("one of exchange and queue is needed")),
    };
    until_unblocked(&ask).await?;
    act(&ask, &actor, &fields, goal).await
}

/// `POST /leveret/queues/V/Q/messages/requeue`.
pub(in crate::management) async fn requeue(ask: Ask) -> Answer {
    let (actor, fields) = (ask.actor()?, ask.fields().await?);
    check_names(fields.map(), &WHICH)?;
    until_unblocked(&ask).await?;
    act(&ask, &actor, &fields, Goal::FirstDeath).await
}

/// The default exchange has the name that it has in paths, or none.
fn exchange_name(name: ShortString) -> ShortString {
    match &*name {
        "amq.default" => ShortString::default(),
        _ => name,
    }
}

/// What says which messages are meant.
const WHICH: [&str; 4] = ["positions", "filter", "count", "from"];

/// A name that is not known could be a filter that is misspelt: nothing is done then.
fn check_names(fields: &Map<String, Json>, known: &[&str]) -> Result<(), Refusal> {
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => {
            let known = known.join(", ");
            Err(Refusal::bad(format!("{name} is none of {known}")))
        }
        None => Ok(()),
    }
}

/// Which messages are meant.
enum Which {
    /// Those at these positions, which rise.
    At(Vec<u64>),
    /// Those with something in them.
    With(Box<Search>),
}

struct Search {
    filter: Filter,
    count: usize,
    from: Bookmark,
}

impl Which {
    fn read(fields: &Fields) -> Result<Self, Refusal> {
        match (fields.get("positions"), fields.get("filter")) {
            (Some(positions), None) => {
                if fields.get("count").is_some() || fields.get("from").is_some() {
                    return Err(Refusal::bad(
                        "count and from go with filter, not with positions",
                    ));
                }
                positions_of(positions).map(Self::At)
            }
            (None, Some(Json::Object(filter))) => Ok(Self::With(Box::new(Search {
                filter: filter_of(filter)?,
                count: count_of(fields.get("count"))?,
                from: bookmark_of(&fields.text("from")?)?,
            }))),
            (None, Some(_)) => Err(Refusal::bad("filter is no object")),
            _ => Err(Refusal::bad("one of positions and filter is needed")),
        }
    }
}

fn positions_of(given: &Json) -> Result<Vec<u64>, Refusal> {
    let refused = || {
        let reason = format!("positions must be a list of 1 to {HTTP_BROWSE_MAX} whole numbers");
        Refusal::bad(reason)
    };
    let all = given.as_array().ok_or_else(refused)?;
    if !(1..=HTTP_BROWSE_MAX).contains(&all.len()) {
        return Err(refused());
    }
    let each = all.iter().map(|one| one.as_u64().ok_or_else(refused));
    let mut positions = each.collect::<Result<Vec<u64>, Refusal>>()?;
    positions.sort_unstable();
    positions.dedup();
    Ok(positions)
}

fn filter_of(given: &Map<String, Json>) -> Result<Filter, Refusal> {
    check_names(given, &Filter::NAMES)?;
    for (name, value) in given {
        let is_meant = match name.as_str() {
            "use_regex" => value.is_boolean(),
            _ => value.is_string(),
        };
        if !is_meant {
            return Err(Refusal::bad(format!(
                "{name} of filter is of the wrong type"
            )));
        }
    }
    Filter::read(&|name| match given.get(name)? {
        Json::Bool(true) => Some("true"),
        other => other.as_str(),
    })
}

fn count_of(given: Option<&Json>) -> Result<usize, Refusal> {
    let count = match given {
        None => Some(HTTP_BROWSE_MAX),
        Some(count) => count.as_u64().and_then(|count| usize::try_from(count).ok()),
    };
    let in_range = count.filter(|count| (1..=HTTP_BROWSE_MAX).contains(count));
    in_range.ok_or_else(|| Refusal::bad(format!("count must be from 1 to {HTTP_BROWSE_MAX}")))
}

fn bookmark_of(given: &Option<String>) -> Result<Bookmark, Refusal> {
    let text = given.as_deref().unwrap_or("0.0");
    let refused = |_| Refusal::bad("from is no bookmark: use what next said in an answer before");
    text.parse().map_err(refused)
}

/// What has been done so far.
#[derive(Default)]
struct Sum {
    done: u64,
    /// Those that stay: the first ones, and how many there are.
    stays: Vec<(u64, Stays)>,
    stays_count: u64,
    seen: usize,
    octets: u64,
    until: Position,
}

impl Sum {
    fn add(&mut self, acted: Acted) {
        self.done += acted.done.len() as u64;
        self.stays_count += acted.stays.len() as u64;
        let room = HTTP_STAYS_MAX.saturating_sub(self.stays.len());
        self.stays.extend(acted.stays.into_iter().take(room));
    }

    /// Messages of a piece were looked at.
    fn look(&mut self, message: &QueuedMessage) {
        self.seen += 1;
        self.octets += message.body().len() as u64;
    }
}

async fn act(ask: &Ask, actor: &Actor, fields: &Fields, goal: Goal) -> Answer {
    let name = ask.name("queue");
    let read = || Which::read(fields);
    // Some patterns take long to be compiled.
    let which = ask.door.aside.read(HTTP_ITEMS_HERE + 1, read).await?;
    let mut picking = actor.pick(name, goal)?;
    let mut sum = Sum::default();
    let next = match which {
        Which::At(positions) => {
            at(ask, &mut picking, positions, &mut sum).await;
            None
        }
        Which::With(search) => with(ask, actor, &mut picking, *search, &mut sum).await?,
    };
    let until = sum.until.max(picking.end(sum.done));
    let stored = Stored { value: (), until };
    ask.stored(stored, Rest::default()).await?;
    Ok(ask.object(|object| {
        object.set("done", &sum.done);
        object.array("stayed", &sum.stays, |one, (position, why)| {
            one.set("position", position);
            one.set("reason", why.word());
            one.set("text", &why.text());
        });
        object.set("stayed_count", &sum.stays_count);
        object.set("seen", &sum.seen);
        object.set("next", &next.map(|next| next.to_string()));
    }))
}

/// Acts on messages, in a turn of its own. Gives the positions of those that have left the queue.
async fn act_on(
    ask: &Ask,
    picking: &mut Picking<'_>,
    messages: &[QueuedMessage],
    sum: &mut Sum,
) -> Vec<u64> {
    if messages.is_empty() {
        return Vec::new();
    }
    let work = || ask.desk.in_turn(|now| picking.act(now, messages));
    let (acted, rest) = ask.door.aside.read(HTTP_ITEMS_HERE + 1, work).await;
    let Stored { value, until } = acted;
    sum.until = sum.until.max(until).max(rest.done().await);
    let done = value.done.clone();
    sum.add(value);
    done
}

/// Those at `positions`.
async fn at(ask: &Ask, picking: &mut Picking<'_>, positions: Vec<u64>, sum: &mut Sum) {
    for piece in positions.chunks(PIECE) {
        let mut left = piece.to_vec();
        // Fewer than there are may be found at once, if they are large.
        while !left.is_empty() {
            let find = || picking.find(&left);
            let found = ask.door.aside.read(HTTP_ITEMS_HERE + 1, find).await;
            if found.is_empty() {
                let gone = left.drain(..).map(|position| (position, Stays::Gone));
                let stays = gone.collect();
                let done = Vec::new();
                sum.add(Acted { done, stays });
                break;
            }
            found.iter().for_each(|message| sum.look(message));
            let is_found = |position: &u64| {
                let place = found.binary_search_by_key(position, QueuedMessage::position);
                place.is_ok()
            };
            left.retain(|position| !is_found(position));
            act_on(ask, picking, &found, sum).await;
        }
    }
}

/// Those with something in them. Gives where the next request goes on.
async fn with(
    ask: &Ask,
    actor: &Actor,
    picking: &mut Picking<'_>,
    search: Search,
    sum: &mut Sum,
) -> Result<Option<Bookmark>, Refusal> {
    let (seen_max, octets_max) = HTTP_BROWSE_SEEN;
    let mut next = search.from;
    let mut acted_on = 0;
    loop {
        let mut wanted = Vec::new();
        let mut returned = Vec::new();
        let mut is_enough = false;
        let look = || -> Result<bool, Refusal> {
            let QueuedMessages { messages, is_all } =
                actor.browse(ask.name("queue"), next, PIECE)?;
            for (message, behind) in messages {
                sum.look(&message);
                next = behind;
                if search.filter.wants(&message) {
                    if behind.is_in_returned() {
                        returned.push(message.position());
                    }
                    wanted.push(message);
                }
                let is_full = sum.seen >= seen_max || sum.octets >= octets_max;
                is_enough = is_full || acted_on + wanted.len() >= search.count;
                if is_enough {
                    return Ok(false);
                }
            }
            Ok(is_all)
        };
        let is_all = ask.door.aside.read(HTTP_ITEMS_HERE + 1, look).await?;
        acted_on += wanted.len();
        let done = act_on(ask, picking, &wanted, sum).await;
        let left = returned.iter().filter(|position| done.contains(position));
        next = next.after_leaving(left.count() as u64);
        if is_all {
            return Ok(None);
        }
        if is_enough {
            return Ok(Some(next));
        }
    }
}

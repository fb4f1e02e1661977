//! Lists: filtered, sorted and cut into pages by the desk's rules, then written item by item while
//! they are sent, so that no answer is in memory as a whole.
//!
//! Seen: RabbitMQ 4.3.6: without `page` the name filter and `page_size` mean nothing.

use std::cell::Cell;
use std::convert::Infallible;
use std::mem::size_of;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use serde_json::Value as Json;

use super::answer::{Answer, Refusal, Reply};
use super::aside::Room;
use super::ask::Ask;
use super::json::{Columns, Object, Samples};
use super::query::Query;
use super::server::give_way;
use crate::desk::views::{Item, Listing, NameFilter, Page, PageError, SortKey, UnfitPattern};
use crate::desk::views::{Listed, select};
use crate::limits::{HTTP_CHUNK, HTTP_FILTER_BYTES_MAX, HTTP_ITEMS_AT_ONCE, HTTP_ITEMS_HERE};

/// Whether a list can be asked for by pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    Yes,
    No,
}

/// How many there may be of what is not counted beforehand: it is gathered aside.
pub(super) const MANY: usize = HTTP_ITEMS_HERE + 1;

/// How much more it takes to sort an item than to look at it.
const SORTED: usize = 8;

/// Answers with what the request wants of the items that `gather` gives, which are at most about
/// `many`. `quick` is the value of a sort key where that needs no object, `write` writes one item.
///
/// Nothing is gathered, sorted or filtered on a thread that serves connections unless it is little.
///
/// # Errors
/// 400 for a page that there is not, and for a filter that is too large.
pub(super) async fn list<T: Item + Send + Unpin + 'static>(
    ask: &Ask,
    pages: Pages,
    many: usize,
    gather: impl FnOnce() -> Vec<T> + Send,
    quick: impl Fn(&T, &str) -> Option<SortKey> + Send,
    write: impl Fn(&mut Object<'_>, &T) + Send + Unpin + 'static,
) -> Answer {
    let octets_each = size_of::<T>();
    let room = ask.door.aside.room(many, octets_each).await;
    let gathering = Gathering {
        pages,
        many,
        octets_each,
        room,
        gather,
    };
    list_in(ask, gathering, quick, write).await
}

/// Items to be listed that have their room already.
pub(super) struct Gathering<G> {
    pub(super) pages: Pages,
    /// At most about how many there are.
    pub(super) many: usize,
    /// What each of them counts for in the room.
    pub(super) octets_each: usize,
    pub(super) room: Room,
    pub(super) gather: G,
}

/// As [`list`].
///
/// # Errors
/// As [`list`].
pub(super) async fn list_in<T: Item + Send + Unpin + 'static>(
    ask: &Ask,
    gathering: Gathering<impl FnOnce() -> Vec<T> + Send>,
    quick: impl Fn(&T, &str) -> Option<SortKey> + Send,
    write: impl Fn(&mut Object<'_>, &T) + Send + Unpin + 'static,
) -> Answer {
    let Gathering {
        pages,
        many,
        octets_each,
        mut room,
        gather,
    } = gathering;
    let aside = &ask.door.aside;
    let work = || {
        let listing = listing(&ask.query, pages)?;
        let path = listing.sort.as_deref().map(Columns::of);
        let asked = Cell::new(0_usize);
        let key = |item: &T, sort: &String| {
            asked.set(asked.get() + 1);
            if asked.get().is_multiple_of(HTTP_ITEMS_AT_ONCE) {
                give_way();
            }
            let quick = quick(item, sort);
            quick.unwrap_or_else(|| written_key(item, sort, path.as_ref(), &write))
        };
        let listed = select(gather(), &listing, key)?;
        let (head, tail) = frame(&listed);
        let items = listed.items.len();
        let mut text = Text {
            items: listed.items.into_iter(),
            columns: ask.columns(),
            write,
            is_first: true,
            tail: Some(tail),
        };
        // What is written first asks the items, too, and one of them may be busy.
        let chunk = text.fill(head);
        Ok::<_, Refusal>((items, text, chunk))
    };
    let (items, text, chunk) = aside.read(cost(&ask.query, many), work).await?;
    if text.tail.is_none() {
        return Ok(Reply::json(chunk));
    }
    room.shrink(items.saturating_mul(octets_each));
    Ok(Reply::stream(Body::new(Stream {
        ready: Some(chunk),
        text,
        rests: false,
        _room: room,
    })))
}

/// How many items would take as long to look at.
fn cost(query: &Query, many: usize) -> usize {
    let is_sorted = query.get("sort").is_some();
    match query.is_true("use_regex") {
        // A pattern takes as long to be read as many items.
        true => many.max(HTTP_ITEMS_HERE + 1),
        false if is_sorted => many.saturating_mul(SORTED),
        false => many,
    }
}

/// What stands before and behind the items.
fn frame<T>(listed: &Listed<T>) -> (Vec<u8>, Vec<u8>) {
    let (Some(page), Some(size)) = (listed.page, listed.page_size) else {
        return (b"[".to_vec(), b"]".to_vec());
    };
    let (filtered, count) = (listed.filtered_count, listed.items.len());
    let head = format!("{{\"filtered_count\":{filtered},\"item_count\":{count},\"items\":[");
    let (pages, total) = (listed.page_count, listed.total_count);
    let tail = format!(
        "],\"page\":{page},\"page_count\":{pages},\"page_size\":{size},\
         \"total_count\":{total}}}"
    );
    (head.into_bytes(), tail.into_bytes())
}

/// What of a list is wanted.
fn listing(query: &Query, pages: Pages) -> Result<Listing<String>, Refusal> {
    let sort = query.get("sort").filter(|sort| !sort.is_empty());
    let mut listing = Listing {
        name: None,
        sort: sort.map(str::to_owned),
        reverse: query.is_true("sort_reverse"),
        page: None,
    };
    let Some(number) = query.get("page").filter(|_| pages == Pages::Yes) else {
        return Ok(listing);
    };
    let invalid = || Refusal::bad("Pagination parameters are invalid");
    let whole = |text: &str| text.parse::<i64>().map_err(|_| invalid());
    let (number, size) = (
        whole(number)?,
        query.get("page_size").map(whole).transpose()?,
    );
    listing.page = Some(Page::new(number, size)?);
    listing.name = filter(query)?;
    Ok(listing)
}

fn filter(query: &Query) -> Result<Option<NameFilter>, Refusal> {
    let Some(name) = query.get("name").filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    if name.len() > HTTP_FILTER_BYTES_MAX {
        let reason = format!("name has more than {HTTP_FILTER_BYTES_MAX} bytes");
        return Err(Refusal::bad(reason));
    }
    Ok(Some(match query.is_true("use_regex") {
        true => NameFilter::pattern(name)?,
        false => NameFilter::Contains(name.to_owned()),
    }))
}

/// The samples that the value at a path is made of. What is no mean of them has no need of them
/// all: thousands were written of each item only to find that the path leads to an object.
fn samples_of(sort: &str) -> Samples {
    match sort.rsplit('.').next() {
        Some("avg" | "avg_rate") => Samples::All,
        _ => Samples::LastTwo,
    }
}

/// The value at a path of an item's object.
fn written_key<T>(
    item: &T,
    sort: &str,
    path: Option<&Columns>,
    write: &impl Fn(&mut Object<'_>, &T),
) -> SortKey {
    let mut text = Vec::new();
    let columns = path.unwrap_or(&Columns::All);
    Object::write_with(&mut text, columns, samples_of(sort), |object| {
        write(object, item)
    });
    let object: Option<Json> = serde_json::from_slice(&text).ok();
    let inside = |value: Json, key: &str| value.get(key).cloned();
    match sort.split('.').try_fold(object.unwrap_or_default(), inside) {
        Some(Json::String(text)) => SortKey::Text(text),
        Some(Json::Bool(truth)) => u64::from(truth).into(),
        Some(Json::Number(number)) => SortKey::Number(number.as_f64().unwrap_or_default()),
        _ => SortKey::None,
    }
}

/// The items that are not written yet.
struct Text<T, W> {
    items: IntoIter<T>,
    columns: Columns,
    write: W,
    is_first: bool,
    /// What stands behind the items; `None` once all is written.
    tail: Option<Vec<u8>>,
}

impl<T, W: Fn(&mut Object<'_>, &T)> Text<T, W> {
    /// Writes behind `chunk` until that is long enough, or all is written, or others are to get a
    /// turn: an item may be short, or be left out but for its comma.
    fn fill(&mut self, mut chunk: Vec<u8>) -> Vec<u8> {
        for _ in 0..=HTTP_ITEMS_AT_ONCE {
            if chunk.len() >= HTTP_CHUNK {
                break;
            }
            let Some(item) = self.items.next() else {
                chunk.extend(self.tail.take().unwrap_or_default());
                break;
            };
            if !self.is_first {
                chunk.push(b',');
            }
            self.is_first = false;
            let write = &self.write;
            Object::write(&mut chunk, &self.columns, |object| write(object, &item));
        }
        chunk
    }
}

/// A list that is written while it is sent.
struct Stream<T, W> {
    ready: Option<Vec<u8>>,
    text: Text<T, W>,
    /// A chunk has just been handed out; others get a turn before the next is made.
    rests: bool,
    /// What the items that are not sent yet count for.
    _room: Room,
}

impl<T: Unpin, W: Fn(&mut Object<'_>, &T) + Unpin> hyper::body::Body for Stream<T, W> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if std::mem::take(&mut self.rests) {
            give_way();
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let chunk = match self.ready.take() {
            Some(chunk) => chunk,
            None if self.text.tail.is_none() => return Poll::Ready(None),
            None => self
                .text
                .fill(Vec::with_capacity(HTTP_CHUNK + HTTP_CHUNK / 4)),
        };
        self.rests = self.text.tail.is_some();
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_none() && self.text.tail.is_none()
    }
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        let word = match error {
            PageError::Invalid { .. } => "invalid_pagination_parameters",
            PageError::OutOfRange { .. } => "page_out_of_range",
        };
        Self::page(word, &error.to_string())
    }
}

impl From<UnfitPattern> for Refusal {
    fn from(error: UnfitPattern) -> Self {
        Self::bad(error.to_string())
    }
}

#[cfg(test)]
mod tests;

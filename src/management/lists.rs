//! Lists: filtered, sorted and cut into pages by the desk's rules, then written item by item while
//! they are sent, so that no answer is in memory as a whole.
//!
//! Seen: RabbitMQ 4.3.6: without `page` the name filter and `page_size` mean nothing.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use serde_json::Value as Json;

use super::answer::{Answer, Refusal, Reply};
use super::ask::Ask;
use super::json::{Columns, Object};
use super::query::Query;
use crate::desk::views::{Item, Listing, NameFilter, Page, PageError, SortKey, select};
use crate::limits::HTTP_CHUNK;

/// Whether a list can be asked for by pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pages {
    Yes,
    No,
}

/// Answers with what the request wants of `items`. `quick` is the value of a sort key where that
/// needs no object, `write` writes one item.
///
/// # Errors
/// 400 for a page that there is not.
pub(super) fn list<T: Item + Send + Unpin + 'static>(
    ask: &Ask,
    pages: Pages,
    items: Vec<T>,
    quick: impl Fn(&T, &str) -> Option<SortKey>,
    write: impl Fn(&mut Object<'_>, &T) + Send + Unpin + 'static,
) -> Answer {
    let listing = listing(&ask.query, pages)?;
    let path = listing.sort.as_deref().map(Columns::of);
    let key = |item: &T, sort: &String| {
        let quick = quick(item, sort);
        quick.unwrap_or_else(|| written_key(item, sort, path.as_ref(), &write))
    };
    let listed = select(items, &listing, key)?;
    let (mut head, mut tail) = (b"[".to_vec(), b"]".to_vec());
    if let (Some(page), Some(size)) = (listed.page, listed.page_size) {
        let (filtered, count) = (listed.filtered_count, listed.items.len());
        let begin = format!("{{\"filtered_count\":{filtered},\"item_count\":{count},\"items\":[");
        head = begin.into_bytes();
        let (pages, total) = (listed.page_count, listed.total_count);
        let end = format!(
            "],\"page\":{page},\"page_count\":{pages},\"page_size\":{size},\
             \"total_count\":{total}}}"
        );
        tail = end.into_bytes();
    }
    let mut text = Text {
        items: listed.items.into_iter(),
        columns: ask.columns(),
        write,
        is_first: true,
        tail: Some(tail),
    };
    Ok(match text.fill(head) {
        chunk if text.tail.is_none() => Reply::json(chunk),
        chunk => Reply::stream(Body::new(Stream {
            ready: Some(chunk),
            text,
        })),
    })
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
    listing.name = query
        .get("name")
        .filter(|name| !name.is_empty())
        .map(|name| match query.is_true("use_regex") {
            true => NameFilter::pattern(name),
            false => NameFilter::Contains(name.to_owned()),
        });
    Ok(listing)
}

/// The value at a path of an item's object.
fn written_key<T>(
    item: &T,
    sort: &str,
    path: Option<&Columns>,
    write: &impl Fn(&mut Object<'_>, &T),
) -> SortKey {
    let mut text = Vec::new();
    Object::write(&mut text, path.unwrap_or(&Columns::All), |object| {
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
    /// Writes behind `chunk` until that is long enough, or all is written.
    fn fill(&mut self, mut chunk: Vec<u8>) -> Vec<u8> {
        while chunk.len() < HTTP_CHUNK {
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
}

impl<T: Unpin, W: Fn(&mut Object<'_>, &T) + Unpin> hyper::body::Body for Stream<T, W> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = match self.ready.take() {
            Some(chunk) => chunk,
            None if self.text.tail.is_none() => return Poll::Ready(None),
            None => self
                .text
                .fill(Vec::with_capacity(HTTP_CHUNK + HTTP_CHUNK / 4)),
        };
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

//! Lists: filtered by name, sorted, and cut into pages, before anything is built.
//!
//! Docs: http-api-reference, pagination. Seen: RabbitMQ 4.3.6, its HTTP API.

use std::cmp::Ordering;
use std::fmt;

use regex::{Regex, RegexBuilder};
use regex_syntax::ast::ErrorKind;
use serde::Serialize;

/// Items of a page when the request does not say.
const PAGE_SIZE_DEFAULT: usize = 100;
/// Octets of memory that a pattern for names may take once it is read.
const PATTERN_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Most items of a page.
pub(super) const PAGE_SIZE_MAX: usize = 500;

/// What of a list is wanted, and in which order.
#[derive(Clone, Debug)]
pub struct Listing<S> {
    /// Only items whose names fit.
    pub name: Option<NameFilter>,
    /// By what; `None` for the order of vhosts and names.
    pub sort: Option<S>,
    /// From the greatest to the least.
    pub reverse: bool,
    /// Only this page; `None` for all.
    pub page: Option<Page>,
}

/// All of it, by vhost and name.
impl<S> Default for Listing<S> {
    fn default() -> Self {
        Self {
            name: None,
            sort: None,
            reverse: false,
            page: None,
        }
    }
}

/// Which names fit, whatever the case of their letters.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/http/objects/pages.http.
#[derive(Clone, Debug)]
pub enum NameFilter {
    /// Those that contain this text.
    Contains(String),
    /// Those that match.
    Matches(Regex),
    /// None: the pattern was broken, which RabbitMQ takes for one that never matches.
    Nothing,
}

impl NameFilter {
    /// The filter for a pattern, matched in linear time.
    ///
    /// # Errors
    /// For a pattern that would take more than 10 MiB of memory, and for one that RabbitMQ matches
    /// by going back in the name.
    pub fn pattern(pattern: &str) -> Result<Self, UnfitPattern> {
        let any_case = RegexBuilder::new(pattern)
            .case_insensitive(true)
            .size_limit(PATTERN_BYTES_MAX)
            .build();
        match any_case {
            Ok(pattern) => Ok(Self::Matches(pattern)),
            Err(regex::Error::CompiledTooBig(_)) => Err(UnfitPattern::TooLarge),
            Err(_) => match unsupported(pattern) {
                Some(what) => Err(UnfitPattern::Unsupported(what)),
                None => Ok(Self::Nothing),
            },
        }
    }

    /// Whether `name` fits.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        match self {
            Self::Contains(text) => name.to_lowercase().contains(&text.to_lowercase()),
            Self::Matches(pattern) => pattern.is_match(name),
            Self::Nothing => false,
        }
    }
}

/// What a broken pattern has that is none of its mistakes: RabbitMQ can match it.
fn unsupported(pattern: &str) -> Option<&'static str> {
    let Err(regex_syntax::Error::Parse(error)) = regex_syntax::parse(pattern) else {
        return None;
    };
    let span = error.span();
    let text = pattern.get(span.start.offset..span.end.offset);
    match error.kind() {
        ErrorKind::UnsupportedLookAround => Some("look-around"),
        ErrorKind::UnsupportedBackreference => Some("back reference"),
        ErrorKind::EscapeUnrecognized if matches!(text, Some("\\k" | "\\g")) => {
            Some("back reference")
        }
        _ => None,
    }
}

/// Why names cannot be looked for by a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnfitPattern {
    /// It would take too much memory.
    TooLarge,
    /// It has this, which cannot be matched in linear time.
    Unsupported(&'static str),
}

impl fmt::Display for UnfitPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => f.write_str("the pattern for names is too large: repeat less in it"),
            Self::Unsupported(what) => {
                write!(
                    f,
                    "the pattern for names has a {what}, which is not supported"
                )
            }
        }
    }
}

impl std::error::Error for UnfitPattern {}

/// A page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    number: usize,
    size: usize,
}

/// Why there is no such page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageError {
    /// The number is 0, or the size is 0 or over 500.
    Invalid {
        /// The number asked for.
        number: i64,
        /// The size asked for.
        size: Option<i64>,
    },
    /// The list ends before.
    OutOfRange {
        /// The number asked for.
        number: usize,
        /// The size asked for.
        size: usize,
        /// How many items fit the filter.
        len: usize,
    },
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { number, size } => {
                write!(f, "Invalid pagination parameters: page number {number}, ")?;
                match size {
                    Some(size) => write!(f, "page size {size}"),
                    None => f.write_str("page size undefined"),
                }
            }
            Self::OutOfRange { number, size, len } => write!(
                f,
                "Page out of range, page: {number} page size: {size}, len: {len}"
            ),
        }
    }
}

impl std::error::Error for PageError {}

impl Page {
    /// Page `number`, from 1, of `size` items, 1 to 500; 100 if `None`.
    ///
    /// # Errors
    /// [`PageError::Invalid`].
    pub fn new(number: i64, size: Option<i64>) -> Result<Self, PageError> {
        let invalid = || PageError::Invalid { number, size };
        let whole = |wanted: i64| usize::try_from(wanted).map_err(|_| invalid());
        let page = Self {
            number: whole(number)?,
            size: size.map_or(Ok(PAGE_SIZE_DEFAULT), whole)?,
        };
        match page.number > 0 && (1..=PAGE_SIZE_MAX).contains(&page.size) {
            true => Ok(page),
            false => Err(invalid()),
        }
    }

    /// Where the page begins in a list of `len` items, and where it ends.
    fn range(self, len: usize) -> Result<(usize, usize), PageError> {
        let Self { number, size } = self;
        let first = (number - 1).saturating_mul(size);
        if first > len {
            return Err(PageError::OutOfRange { number, size, len });
        }
        Ok((first, first.saturating_add(size).min(len)))
    }
}

/// What of a list was asked for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// Items before the filter.
    pub total_count: usize,
    /// Items that fit the filter.
    pub filtered_count: usize,
    /// The page's number; `None` without pages.
    pub page: Option<usize>,
    /// How long a page is; `None` without pages.
    pub page_size: Option<usize>,
    /// How many pages there are; 0 without items or without pages.
    pub page_count: usize,
}

impl<T> Listed<T> {
    /// The same list with other items for each.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Listed<U> {
        Listed {
            items: self.items.into_iter().map(each).collect(),
            total_count: self.total_count,
            filtered_count: self.filtered_count,
            page: self.page,
            page_size: self.page_size,
            page_count: self.page_count,
        }
    }
}

/// What items are sorted by. Absent values come first, then numbers, then texts.
#[derive(Clone, Debug, PartialEq)]
pub enum SortKey {
    /// There is no value.
    None,
    /// A number; a boolean is 0 or 1.
    Number(f64),
    /// A text.
    Text(String),
}

impl SortKey {
    fn rank(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
        }
    }

    /// The order of two keys.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(two)) => one.total_cmp(two),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl From<u64> for SortKey {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count past 2^53 may share its place with its neighbours"
    )]
    fn from(count: u64) -> Self {
        Self::Number(count as f64)
    }
}

/// An item of a list, as long as it is not built.
pub(crate) trait Item {
    /// Its vhost, or nothing, and its name: the order of last resort.
    fn place(&self) -> (&str, &str);
}

/// The wanted part of `all`. `key` is asked once for each item that fits, if the list is to be
/// sorted by it.
///
/// # Errors
/// [`PageError::OutOfRange`].
pub(crate) fn select<T: Item, S>(
    mut all: Vec<T>,
    listing: &Listing<S>,
    key: impl Fn(&T, &S) -> SortKey,
) -> Result<Listed<T>, PageError> {
    let total_count = all.len();
    if let Some(filter) = &listing.name {
        all.retain(|item| filter.fits(item.place().1));
    }
    let filtered_count = all.len();
    let wanted = match listing.page {
        Some(page) => page.range(filtered_count)?,
        None => (0, filtered_count),
    };
    let key = |item| match &listing.sort {
        None => SortKey::None,
        Some(sort) => key(item, sort),
    };
    let rows = all.iter().enumerate().map(|(at, item)| Row {
        key: key(item),
        begin: [0; 3],
        at,
    });
    let place = |at: usize| all.get(at).map(Item::place).unwrap_or_default();
    let cut = cut(rows.collect(), wanted, listing.reverse, &place);
    let mut all: Vec<Option<T>> = all.into_iter().map(Some).collect();
    let items = cut.into_iter().filter_map(|at| all.get_mut(at)?.take());
    let items = items.collect();
    let size = listing.page.map(|page| page.size);
    Ok(Listed {
        items,
        total_count,
        filtered_count,
        page: listing.page.map(|page| page.number),
        page_size: size,
        page_count: size.map_or(0, |size| filtered_count.div_ceil(size)),
    })
}

/// What puts an item in order, without the item: the items of all lists are sorted by the same
/// code, and few octets are moved.
struct Row {
    key: SortKey,
    /// The beginning of its place, so that most are put in order without a look at their names,
    /// which lie all over memory: a list of many whose keys are equal takes half the time so.
    begin: [u64; 3],
    /// The item's number among all.
    at: usize,
}

/// The beginning of a place: the vhost, an end, and the name, octets one higher than they are,
/// which UTF-8 leaves room for, then zeroes.
fn begin_of((vhost, name): (&str, &str)) -> [u64; 3] {
    let mut begin = [0; 24];
    let higher = |(to, from): (&mut u8, u8)| *to = from.saturating_add(1);
    begin.iter_mut().zip(vhost.bytes()).for_each(higher);
    let behind = begin.iter_mut().skip(vhost.len() + 1);
    behind.zip(name.bytes()).for_each(higher);
    let (parts, _) = begin.as_chunks::<8>();
    let mut parts = parts.iter().copied().map(u64::from_be_bytes);
    [(); 3].map(|()| parts.next().unwrap_or_default())
}

/// The rows that may be among the first `end` by their keys, in no order: all whose keys are less
/// than the last one of those, and all whose keys are equal to it. Names are read of these alone.
fn shortlist(mut rows: Vec<Row>, end: usize, reverse: bool) -> Vec<Row> {
    let order = |one: &SortKey, two: &SortKey| match reverse {
        true => two.order(one),
        false => one.order(two),
    };
    let Some(last) = end.checked_sub(1).filter(|_| end < rows.len()) else {
        return rows;
    };
    let by_key = |one: &Row, two: &Row| order(&one.key, &two.key);
    let (_, last, _) = rows.select_nth_unstable_by(last, by_key);
    let last = last.key.clone();
    rows.retain(|row| order(&row.key, &last).is_le());
    rows
}

/// The numbers of the items from `first` to `end` in order; `place` says where a number's item
/// is. Only what is before `end` is put in order, so that a page of a long list costs little more
/// than one look at each item.
fn cut<'a>(
    rows: Vec<Row>,
    (first, end): (usize, usize),
    reverse: bool,
    place: &dyn Fn(usize) -> (&'a str, &'a str),
) -> Vec<usize> {
    let mut rows = shortlist(rows, end, reverse);
    for row in &mut rows {
        row.begin = begin_of(place(row.at));
    }
    let order = |one: &Row, two: &Row| {
        let order = one.key.order(&two.key);
        let order = order.then_with(|| one.begin.cmp(&two.begin));
        let order = order.then_with(|| place(one.at).cmp(&place(two.at)));
        match reverse {
            true => order.reverse(),
            false => order,
        }
    };
    if end < rows.len() {
        rows.select_nth_unstable_by(end, order);
        rows.truncate(end);
    }
    rows.sort_unstable_by(order);
    rows.drain(..first.min(rows.len()));
    rows.into_iter().map(|row| row.at).collect()
}

#[cfg(test)]
mod tests;

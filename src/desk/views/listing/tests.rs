use proptest::prelude::*;

use super::*;

impl Item for (String, u64) {
    fn place(&self) -> (&str, &str) {
        ("/", &self.0)
    }
}

fn names(count: u64) -> Vec<(String, u64)> {
    names_with_ties(count, 1)
}

/// As many of them as `ties` have the same number.
fn names_with_ties(count: u64, ties: u64) -> Vec<(String, u64)> {
    (0..count)
        .map(|n| (format!("q{n:03}"), n * 7919 % count / ties))
        .collect()
}

fn list(
    all: Vec<(String, u64)>,
    listing: &Listing<()>,
) -> Result<Listed<(String, u64)>, PageError> {
    select(all, listing, |item, ()| item.1.into())
}

#[test]
fn page_counts_like_rabbitmq() {
    let page = |number, size| Listing {
        page: Some(Page::new(number, size).expect("valid")),
        ..Listing::default()
    };
    let third = list(names(6), &page(3, Some(3))).expect("it is at the end");
    assert_eq!((third.items.len(), third.page_count), (0, 2));
    let none = list(Vec::new(), &page(1, None)).expect("it is at the end");
    assert_eq!((none.page_count, none.page_size), (0, Some(100)));
    let far = list(names(3), &page(9, Some(100))).expect_err("it is beyond");
    assert_eq!(
        far.to_string(),
        "Page out of range, page: 9 page size: 100, len: 3"
    );
    let zero = Page::new(0, None).expect_err("pages begin at 1");
    assert_eq!(
        zero.to_string(),
        "Invalid pagination parameters: page number 0, page size undefined"
    );
    assert!(Page::new(1, Some(501)).is_err());
}

#[test]
fn broken_pattern_fits_no_name() {
    let listing = Listing {
        name: Some(NameFilter::pattern("(").expect("it is short")),
        ..Listing::default()
    };
    let listed = list(names(6), &listing).expect("no pages");
    assert_eq!((listed.total_count, listed.filtered_count), (6, 0));
}

#[test]
fn a_pattern_that_takes_too_much_memory_is_refused() {
    let refused = NameFilter::pattern("((a{100}){100}){100}").expect_err("a million letters");
    assert_eq!(refused, UnfitPattern::TooLarge);
    assert!(NameFilter::pattern(r"^\w{1,100}$").is_ok());
}

// They found nothing, without a word.
#[test]
fn a_pattern_that_would_have_to_go_back_is_refused() {
    for (pattern, what) in [
        ("(?<!x)q01", "look-around"),
        ("(?<=x)q01", "look-around"),
        ("q(?=x)", "look-around"),
        ("^(?!amq)", "look-around"),
        (r"(a)\1", "back reference"),
        (r"(?<n>a)\k<n>", "back reference"),
        (r"(a)\g1", "back reference"),
    ] {
        let refused = NameFilter::pattern(pattern).expect_err(pattern);
        assert_eq!(refused, UnfitPattern::Unsupported(what), "{pattern}");
    }
}

proptest! {
    /// A page is what the whole list has there.
    #[test]
    fn pages_put_together_are_the_sorted_list(
        count in 0_u64..60,
        ties in 1_u64..80,
        size in 1_usize..20,
        reverse: bool,
        sorted: bool,
    ) {
        let listing = Listing { sort: sorted.then_some(()), reverse, ..Listing::default() };
        let names = || names_with_ties(count, ties);
        let whole = list(names(), &listing).expect("no pages").items;
        let mut expected = names();
        expected.sort_by(|one, two| {
            let order = if sorted { one.1.cmp(&two.1) } else { Ordering::Equal };
            let order = order.then_with(|| one.0.cmp(&two.0));
            if reverse { order.reverse() } else { order }
        });
        prop_assert_eq!(&whole, &expected);
        let mut pages = Vec::new();
        for number in 1..=whole.len().div_ceil(size) {
            let signed = |whole: usize| i64::try_from(whole).expect("small");
            let page = Page::new(signed(number), Some(signed(size))).expect("valid");
            let listing = Listing { page: Some(page), ..listing.clone() };
            pages.extend(list(names(), &listing).expect("in range").items);
        }
        prop_assert_eq!(pages, whole);
    }
}

proptest! {
    /// What is kept of a place puts items in the order of their places, whatever their letters.
    #[test]
    fn beginnings_of_places_order_as_places_do(
        one in ("[\\x00ab\u{ff}\u{10ffff}]{0,5}", "[\\x00ab\u{ff}\u{10ffff}]{0,9}"),
        two in ("[\\x00ab\u{ff}\u{10ffff}]{0,5}", "[\\x00ab\u{ff}\u{10ffff}]{0,9}"),
    ) {
        let order = one.cmp(&two);
        let begin = |place: &(String, String)| begin_of((&place.0, &place.1));
        let (begins, equal) = (begin(&one).cmp(&begin(&two)), Ordering::Equal);
        prop_assert!(begins == order || begins == equal, "{begins:?} for {order:?}");
    }
}

use super::*;

/// An item that writes nothing that is asked for.
struct Nothing;

impl Item for Nothing {
    fn place(&self) -> (&str, &str) {
        ("", "")
    }
}

// A list without any of the columns that were asked for was made as a whole in one go.
#[test]
fn items_that_write_little_give_others_a_turn() {
    let many = 10 * HTTP_ITEMS_AT_ONCE;
    let items: Vec<_> = (0..many).map(|_| Nothing).collect();
    let mut text = Text {
        items: items.into_iter(),
        columns: Columns::of("nope"),
        write: |_: &mut Object<'_>, _: &Nothing| (),
        is_first: true,
        tail: Some(b"]".to_vec()),
    };
    let mut chunks = vec![text.fill(b"[".to_vec())];
    while text.tail.is_some() {
        chunks.push(text.fill(Vec::new()));
    }
    assert_eq!(chunks.len(), 10);
    let whole: Json = serde_json::from_slice(&chunks.concat()).unwrap();
    assert_eq!(whole.as_array().unwrap().len(), many);
}

// Sorted by an object, each item was written with all of its samples.
#[test]
fn a_sort_key_is_written_with_few_samples() {
    let samples = |sort: &str| {
        let seen = Cell::new(None);
        let write = |object: &mut Object<'_>, _: &Nothing| {
            object.object("a", |inner| seen.set(Some(inner.samples())));
        };
        written_key(&Nothing, sort, Some(&Columns::of(sort)), &write);
        seen.get()
    };
    for few in ["a", "a.rate", "a.samples", "a.avg.more"] {
        assert_eq!(samples(few), Some(Samples::LastTwo), "{few}");
    }
    for all in ["a.avg", "a.avg_rate"] {
        assert_eq!(samples(all), Some(Samples::All), "{all}");
    }
}

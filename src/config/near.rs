//! Names that are probably meant by one that is none.

/// The known name with the fewest changed letters, if they are few for its length.
pub(super) fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    // Longer than any name can be mistyped; also a bound on the work below.
    if name.len() > 100 {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '.'], "_");
    let wanted = plain(name);
    let scored = known.map(|known| (mistake(&wanted, &plain(&known)), known));
    let (changes, best) = scored.min_by_key(|(changes, _)| *changes)?;
    (changes <= 1 + wanted.len() / 5).then_some(best)
}

/// How far a name is from a known one; letters in another order are one slip of the fingers.
fn mistake(wanted: &str, known: &str) -> usize {
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    match distance(wanted, known) {
        2.. if letters(wanted) == letters(known) => 1,
        far => far,
    }
}

/// Letters to insert, delete or change to make one text of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (nth, letter) in one.chars().enumerate() {
        let mut next = vec![nth + 1];
        for ((above_left, above), theirs) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let left = next.last().copied().unwrap_or_default();
            let change = above_left + usize::from(letter != *theirs);
            next.push(change.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

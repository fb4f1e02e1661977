//! When a log file is put aside: RabbitMQ's notation of moments that come again.
//!
//! `$` and then pairs of a letter and a number: `M` the day of a month, `W` of a week (0 is
//! Sunday), `D` the hour of a day, `H` the minute of an hour. What is left out is 0, or any.
//!
//! Docs: logging. It knows no clock.

/// Moments that come again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// The day of a month, 1 to 31.
    pub day: Option<i8>,
    /// The day of a week, 0 to 6; 0 is Sunday.
    pub weekday: Option<i8>,
    /// The hour of a day, 0 to 23.
    pub hour: Option<i8>,
    /// The minute of an hour, 0 to 59.
    pub minute: Option<i8>,
}

impl Rotation {
    /// Reads it; `None` if it is something else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$').filter(|rest| !rest.is_empty())?;
        let mut read = Self::default();
        while let Some(letter) = rest.chars().next() {
            let behind = rest.get(letter.len_utf8()..)?;
            let end = behind.find(|c: char| !c.is_ascii_digit());
            let (number, behind) = behind.split_at_checked(end.unwrap_or(behind.len()))?;
            let number: i8 = number.parse().ok()?;
            let (place, range) = match letter {
                'M' => (&mut read.day, 1..=31),
                'W' => (&mut read.weekday, 0..=6),
                'D' => (&mut read.hour, 0..=23),
                'H' => (&mut read.minute, 0..=59),
                _ => return None,
            };
            if place.replace(number).is_some() || !range.contains(&number) {
                return None;
            }
            rest = behind;
        }
        Some(read)
    }
}

//! All names that RabbitMQ 4.3 takes in `rabbitmq.conf`, with the values of each.
//!
//! The table is `keys.txt`: a name, then what it takes; alternatives are apart by `or`, words by
//! `|`. A part of a name that begins with `$` stands for any.
//!
//! Seen: RabbitMQ 4.3.6, the names and types of the schemas that it comes with.

/// Units of sizes, each 1024 times the one before.
const SIZES: &[&str] = &["", "kb", "mb", "gb", "tb"];

/// Units of times, in milliseconds; the longest is a fortnight.
const TIMES: [(&str, u64); 7] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
    ("f", 1_209_600_000),
];

/// A name and what it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Parts that begin with `$` stand for any.
    pub(super) name: &'static str,
    types: &'static str,
}

/// The row of a name, in its parts; one without `$` before others.
pub(super) fn find(name: &[String]) -> Option<Known> {
    let fits = |known: &Known| {
        let mut own = known.name.split('.');
        let all = name.iter().all(|part| {
            let own = own.next();
            own.is_some_and(|own| own.starts_with('$') || own == part)
        });
        all && own.next().is_none()
    };
    let mut found: Vec<_> = all().filter(fits).collect();
    found.sort_by_key(|known| known.name.matches('$').count());
    found.first().copied()
}

/// All rows.
pub(super) fn all() -> impl Iterator<Item = Known> {
    let rows = include_str!("keys.txt").lines();
    rows.filter_map(|row| row.split_once(' '))
        .map(|(name, types)| Known { name, types })
}

impl Known {
    /// Its name with parts of `other` where any will do.
    pub(super) fn like(&self, other: &[String]) -> String {
        let mut other = other.iter();
        let parts = self.name.split('.').map(|own| match other.next() {
            Some(part) if own.starts_with('$') => part,
            _ => own,
        });
        parts.collect::<Vec<_>>().join(".")
    }

    /// Whether it takes a value.
    pub(super) fn takes(&self, value: &str) -> bool {
        self.types.split(" or ").any(|one| takes(one, value))
    }

    /// A size in bytes, without its unit; `None` if it takes no size.
    ///
    /// Seen: RabbitMQ 4.3.6, `frame_max = 128KB`: sizes of this type count in 1024s.
    pub(super) fn in_bytes(&self, value: &str) -> Option<String> {
        let is_size = self.types.split(" or ").any(|one| one == "bytesize");
        let unit = value.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = value.split_at_checked(unit).filter(|_| is_size)?;
        let mut units = SIZES.iter().zip(0_u32..);
        let (_, power) = units.find(|(known, _)| known.eq_ignore_ascii_case(unit))?;
        let number: u64 = number.parse().ok()?;
        let bytes = number.checked_mul(1024_u64.checked_pow(power)?)?;
        Some(bytes.to_string())
    }

    /// A time in milliseconds, without its unit; `None` if it takes no time.
    pub(super) fn in_millis(&self, value: &str) -> Option<String> {
        let is_time = self.types.split(" or ").any(|one| one == "duration");
        let unit = value.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = value.split_at_checked(unit).filter(|_| is_time)?;
        let mut units = TIMES.iter();
        let (_, millis) = units.find(|(known, _)| known.eq_ignore_ascii_case(unit))?;
        let number: u64 = number.parse().ok()?;
        Some(number.checked_mul(*millis)?.to_string())
    }

    /// What it takes, in words.
    pub(super) fn expected(&self) -> String {
        let words = self.types.split(" or ").map(expected);
        words.collect::<Vec<_>>().join(", or ")
    }
}

fn takes(one: &str, value: &str) -> bool {
    match one.split_once(' ').unwrap_or((one, "..")) {
        ("text" | "list", _) => true,
        ("integer", range) => value.parse().is_ok_and(|whole| is_within(range, whole)),
        ("float", _) => value.parse::<f64>().is_ok(),
        ("ip", _) => value.rsplit_once(':').is_some_and(|(host, port)| {
            host.parse::<std::net::IpAddr>().is_ok() && port.parse::<u16>().is_ok()
        }),
        ("bytesize", _) => is_number_with(value, SIZES),
        ("duration", _) => is_number_with(value, &TIMES.map(|(unit, _)| unit)),
        (words, _) => words.split('|').any(|word| word == value),
    }
}

/// Whether it is in `1..65535`; an end that is not given is open.
fn is_within(range: &str, whole: i64) -> bool {
    let (least, most) = range.split_once("..").unwrap_or_default();
    let least = least.parse().unwrap_or(i64::MIN);
    (least..=most.parse().unwrap_or(i64::MAX)).contains(&whole)
}

fn is_number_with(value: &str, units: &[&str]) -> bool {
    let end = value.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = value.split_at(end.unwrap_or(value.len()));
    !number.is_empty() && units.contains(&&*unit.to_ascii_lowercase())
}

fn expected(one: &str) -> String {
    match one.split_once(' ').unwrap_or((one, "..")) {
        ("text", _) => "a text".to_owned(),
        ("list", _) => "a list".to_owned(),
        ("integer", "..") => "a whole number".to_owned(),
        ("integer", range) => match range.split_once("..").unwrap_or_default() {
            (least, "") => format!("a whole number from {least} up"),
            (least, most) => format!("a whole number from {least} to {most}"),
        },
        ("float", _) => "a number".to_owned(),
        ("ip", _) => "an IP address and a port, as in 127.0.0.1:5672".to_owned(),
        ("bytesize", _) => "a size, as in 512MB".to_owned(),
        ("duration", _) => "a time with its unit, as in 10s".to_owned(),
        (words, _) => match words.split('|').collect::<Vec<_>>().as_slice() {
            [word] => (*word).to_owned(),
            words => format!("one of {}", words.join(", ")),
        },
    }
}

#[cfg(test)]
mod tests;

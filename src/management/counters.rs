//! Counters with their rates, as they are written: `publish` and `publish_details`.
//!
//! Rates are asked of the desk with the first one that is wanted, so that a request for other
//! columns has nothing watched.
//!
//! Seen: RabbitMQ 4.3.6, `lengths_age`, `lengths_incr` and the like.

use std::cell::OnceCell;
use std::fmt;

use super::answer::Refusal;
use super::json::{Object, Samples};
use super::query::Query;
use crate::desk::Desk;
use crate::desk::rates::{Counted, Field, Group, Range, SAMPLES_MAX, Trend, Window, Windows};

/// The samples that a request wants.
///
/// # Errors
/// For a window that is empty, lies in the future, or has too many samples.
pub(super) fn windows(query: &Query) -> Result<Windows, RefusedWindow> {
    Ok(Windows {
        lengths: window(query, "lengths")?,
        messages: window(query, "msg_rates")?,
        data: window(query, "data_rates")?,
        churn: None,
        node: window(query, "node_stats")?,
    })
}

/// A window in which nothing can lie, or too much.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefusedWindow {
    age: i128,
    incr: i128,
}

impl fmt::Display for RefusedWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { age, incr } = self;
        write!(f, "Invalid range parameters: age {age}, incr {incr}")
    }
}

impl From<RefusedWindow> for Refusal {
    fn from(refused: RefusedWindow) -> Self {
        Self::bad(refused.to_string())
    }
}

/// None without two numbers.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/http/stats/windows.http.
fn window(query: &Query, kind: &str) -> Result<Option<Window>, RefusedWindow> {
    let number = |name: &str| {
        let value = query.get(&format!("{kind}_{name}"))?;
        value.parse::<i128>().ok()
    };
    let Some((age, incr)) = number("age").zip(number("incr")) else {
        return Ok(None);
    };
    if age < 1 || incr < 1 || age / incr >= i128::from(SAMPLES_MAX) {
        return Err(RefusedWindow { age, incr });
    }
    let whole = |number| u64::try_from(number).unwrap_or(u64::MAX);
    Ok(Window::new(whole(age), whole(incr)))
}

/// What a view counts.
pub(super) struct Counters<'a, T> {
    desk: &'a Desk,
    view: &'a T,
    /// `None` if no figures are to be shown.
    windows: Option<&'a Windows>,
    values: Vec<u64>,
    trends: OnceCell<Vec<Trend>>,
}

impl<'a, T: Counted> Counters<'a, T> {
    /// With `windows`: the samples that are wanted; `None` if nothing is to be shown.
    pub(super) fn of(desk: &'a Desk, view: &'a T, windows: Option<&'a Windows>) -> Self {
        Self {
            desk,
            view,
            windows,
            values: view.counters(),
            trends: OnceCell::new(),
        }
    }

    /// With rates that are known already.
    pub(super) fn with(self, trends: Vec<Trend>) -> Self {
        Self {
            trends: OnceCell::from(trends),
            ..self
        }
    }

    /// What counts.
    pub(super) fn view(&self) -> &'a T {
        self.view
    }

    /// Writes all of a group.
    pub(super) fn write(&self, object: &mut Object<'_>, group: Group) {
        self.write_where(object, |field| field.1 == group);
    }

    /// Writes those called `names`.
    pub(super) fn write_named(&self, object: &mut Object<'_>, names: &[&str]) {
        self.write_where(object, |field| names.contains(&field.0));
    }

    /// Whether any of a group has counted anything.
    pub(super) fn has_any(&self, group: Group) -> bool {
        let mut fields = self.fields();
        fields.any(|(_, (field, value))| field.1 == group && value > 0)
    }

    /// Writes `message_stats` of what has come in and gone out so far; nothing if that is nothing.
    ///
    /// Seen: RabbitMQ 4.3.6: counters that belong together appear with the first of them.
    pub(super) fn write_message_stats(&self, object: &mut Object<'_>) {
        if !self.are_shown() || !object.wants("message_stats") {
            return;
        }
        // Watched before there is anything, so that the first rate has all of it.
        self.trends(object.samples());
        let mut groups = [Group::In, Group::Out].into_iter();
        if groups.any(|group| self.has_any(group)) {
            object.object("message_stats", |stats| self.write_messages(stats));
        }
    }

    /// What stands in that object.
    pub(super) fn write_messages(&self, stats: &mut Object<'_>) {
        for group in [Group::In, Group::Out] {
            if self.has_any(group) {
                self.write(stats, group);
            }
        }
    }

    /// Writes a counter of what there is none of here, with samples of `window`.
    pub(super) fn write_none(&self, object: &mut Object<'_>, name: &str, window: Option<Window>) {
        object.set(name, &0);
        object.object(&details(name), |object| self.write_nothing(object, window));
    }

    /// The same of a duration.
    pub(super) fn write_no_time(&self, object: &mut Object<'_>, name: &str) {
        object.set(name, &0.0);
        let window = self.windows().node;
        object.object(&details(name), |object| self.write_nothing(object, window));
    }

    fn write_nothing(&self, object: &mut Object<'_>, window: Option<Window>) {
        object.set("rate", &0.0);
        if let Some(window) = window {
            let window = match object.samples() {
                Samples::All => window,
                Samples::LastTwo => window.last_two(),
            };
            write_range(object, &Range::of_constant(self.desk.now(), window, 0));
        }
    }

    /// The samples that are wanted.
    pub(super) fn windows(&self) -> Windows {
        self.windows.copied().unwrap_or_default()
    }

    /// Whether figures are to be shown.
    pub(super) fn are_shown(&self) -> bool {
        self.windows.is_some()
    }

    fn fields(&self) -> impl Iterator<Item = (usize, (&'static Field, u64))> {
        let fields = T::FIELDS.iter().copied().flatten();
        fields.zip(self.values.iter().copied()).enumerate()
    }

    /// With the samples of the first question: each writing has counters of its own.
    fn trends(&self, samples: Samples) -> &[Trend] {
        let ask = || {
            let windows = cut(self.windows(), samples);
            self.desk.trends_of(self.view, &self.values, &windows)
        };
        self.trends.get_or_init(ask)
    }

    fn write_where(&self, object: &mut Object<'_>, wanted: impl Fn(&Field) -> bool) {
        for (place, (field, value)) in self.fields().filter(|(_, (field, _))| wanted(field)) {
            object.set(field.0, &value);
            object.object(&details(field.0), |object| {
                let trends = self.trends(object.samples());
                write_trend(object, trends.get(place));
            });
        }
    }
}

/// The windows of those samples.
fn cut(windows: Windows, samples: Samples) -> Windows {
    match samples {
        Samples::All => windows,
        Samples::LastTwo => windows.last_two(),
    }
}

/// Nothing is known of what there is no room to watch.
fn write_trend(object: &mut Object<'_>, trend: Option<&Trend>) {
    object.set("rate", &trend.map_or(0.0, |trend| trend.rate));
    if let Some(range) = trend.and_then(|trend| trend.range.as_ref()) {
        write_range(object, range);
    }
}

/// One sample has no average.
fn write_range(object: &mut Object<'_>, range: &Range) {
    object.set("samples", &range.samples);
    if range.samples.len() > 1 {
        object.set("avg_rate", &range.avg_rate);
        object.set("avg", &range.avg);
    }
}

/// The key of a counter's rate.
fn details(name: &str) -> String {
    format!("{name}_details")
}

#[cfg(test)]
mod tests;

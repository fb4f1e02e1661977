//! Which lines go where: to the console, to the log's file, to files of categories.
//!
//! A category with a file of its own is written there and nowhere else. The level of a category
//! holds for every output that takes it, whatever level that has.
//!
//! Seen: RabbitMQ 4.3.6 with `log.console.level = warning`, `log.connection.level = info`,
//! `log.connection.file` and `log.channel.file`.

use std::path::PathBuf;

use tracing_subscriber::filter::{LevelFilter, Targets};

use super::severity;
use crate::config::{LevelOf, Settings};

/// A place that lines are written to.
pub(super) struct Output {
    /// `None` is the console.
    pub(super) file: Option<PathBuf>,
    pub(super) takes: Takes,
}

/// The least severe events that an output takes; `None` for what is written elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Takes {
    /// Of what belongs to no category.
    other: Option<LevelFilter>,
    categories: [(&'static str, Option<LevelFilter>); 3],
}

/// All outputs of these settings, each file once.
pub(super) fn outputs(settings: &Settings) -> Vec<Output> {
    let mut outputs = Vec::new();
    if settings.log_console_enabled {
        outputs.push(Output {
            file: None,
            takes: Takes::of(settings, settings.log_console_level),
        });
    }
    if let Some(path) = settings.log_file() {
        outputs.push(Output {
            file: Some(path),
            takes: Takes::of(settings, settings.log_file_level),
        });
    }
    for category in settings.log_categories() {
        let Some(name) = category.file else { continue };
        let path = settings.log_path(name);
        let known = outputs
            .iter_mut()
            .find(|one| one.file.as_ref() == Some(&path));
        let level = category.level.or(settings.log_level);
        match known {
            Some(output) => output.takes.take(category.name, severity(level)),
            None => {
                let mut takes = Takes::nothing(settings);
                takes.take(category.name, severity(level));
                outputs.push(Output {
                    file: Some(path),
                    takes,
                });
            }
        }
    }
    outputs
}

impl Takes {
    /// What an output with this level takes: all but categories with files of their own.
    pub(super) fn of(settings: &Settings, level: LevelOf) -> Self {
        let level = level.or(settings.log_level);
        let categories = settings.log_categories().map(|category| {
            let taken = severity(category.level.or(level));
            (category.name, category.file.is_none().then_some(taken))
        });
        Self {
            other: Some(severity(level)),
            categories,
        }
    }

    /// What any of the outputs takes; without any, what one without a level would.
    pub(super) fn any_of(settings: &Settings, outputs: &[Output]) -> Self {
        let mut all = outputs.iter().map(|output| &output.takes);
        let Some(first) = all.next() else {
            return Self::of(settings, LevelOf::Default);
        };
        let mut any = first.clone();
        for takes in all {
            any.other = any.other.max(takes.other);
            for ((_, most), (_, level)) in any.categories.iter_mut().zip(takes.categories) {
                *most = (*most).max(level);
            }
        }
        any
    }

    fn nothing(settings: &Settings) -> Self {
        let categories = settings.log_categories();
        Self {
            other: None,
            categories: categories.map(|category| (category.name, None)),
        }
    }

    fn take(&mut self, category: &str, level: LevelFilter) {
        for (name, taken) in &mut self.categories {
            if *name == category {
                *taken = Some(level);
            }
        }
    }

    /// The same lines at another level.
    pub(super) fn at(&self, level: LevelFilter) -> Self {
        let categories = self.categories;
        Self {
            other: self.other.map(|_| level),
            categories: categories.map(|(name, taken)| (name, taken.map(|_| level))),
        }
    }

    /// As the log's filter has it.
    pub(super) fn targets(&self) -> Targets {
        let of = |level: Option<LevelFilter>| level.unwrap_or(LevelFilter::OFF);
        let categories = self.categories.iter();
        let targets = categories.map(|(name, level)| (format!("leveret::{name}"), of(*level)));
        Targets::new()
            .with_default(of(self.other))
            .with_targets(targets)
    }
}

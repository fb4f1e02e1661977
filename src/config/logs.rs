//! Where the log goes.

use std::path::{Path, PathBuf};

use super::settings::Settings;
use super::types::{LevelOf, LogStream};

/// A category of lines: its name, its level and its file.
pub(crate) struct LogCategory<'s> {
    /// RabbitMQ's word, and the module that its lines come from.
    pub(crate) name: &'static str,
    /// The least severe event of it that is written.
    pub(crate) level: LevelOf,
    /// Its own file, of which there is no other output then.
    pub(crate) file: Option<&'s Path>,
}

impl Settings {
    /// The log's file, if there is to be one.
    pub(crate) fn log_file(&self) -> Option<PathBuf> {
        self.log_file_name
            .as_deref()
            .map(|name| self.log_path(name))
    }

    /// The categories with settings of their own.
    pub(crate) fn log_categories(&self) -> [LogCategory<'_>; 3] {
        let category = |name, level, file| LogCategory { name, level, file };
        let (connection, channel) = (&self.log_connection_file, &self.log_channel_file);
        [
            category(
                "connection",
                self.log_connection_level,
                connection.as_deref(),
            ),
            category("channel", self.log_channel_level, channel.as_deref()),
            category(
                "queue",
                self.log_queue_level,
                self.log_queue_file.as_deref(),
            ),
        ]
    }

    /// Where a log file of this name is.
    pub(crate) fn log_path(&self, name: &Path) -> PathBuf {
        let dir = self.log_dir.clone();
        dir.unwrap_or_else(|| self.data_dir.join("log")).join(name)
    }

    /// Where lines go, in RabbitMQ's words and in its order: files first, by their paths.
    pub(crate) fn log_files(&self) -> Vec<String> {
        let categories = self.log_categories();
        let own = categories.iter().filter_map(|category| category.file);
        let own = own.map(|name| self.log_path(name));
        let mut files: Vec<PathBuf> = self.log_file().into_iter().chain(own).collect();
        files.sort();
        files.dedup();
        let files = files.iter().map(|file| file.display().to_string());
        let console = match self.log_console_stdio {
            LogStream::Stdout => "<stdout>",
            LogStream::Stderr => "<stderr>",
        };
        let console = self.log_console_enabled.then(|| console.to_owned());
        files.chain(console).collect()
    }
}

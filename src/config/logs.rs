//! Where the log goes.

use std::path::PathBuf;

use super::settings::Settings;
use super::types::LogStream;

impl Settings {
    /// The log's file, if there is to be one.
    pub(crate) fn log_file(&self) -> Option<PathBuf> {
        let name = self.log_file_name.as_ref()?;
        let dir = self.log_dir.clone();
        Some(dir.unwrap_or_else(|| self.data_dir.join("log")).join(name))
    }

    /// Where lines go, in RabbitMQ's words and in its order: the file first.
    pub(crate) fn log_files(&self) -> Vec<String> {
        let file = self.log_file().map(|file| file.display().to_string());
        let console = match self.log_console_stdio {
            LogStream::Stdout => "<stdout>",
            LogStream::Stderr => "<stderr>",
        };
        let console = self.log_console_enabled.then(|| console.to_owned());
        file.into_iter().chain(console).collect()
    }
}

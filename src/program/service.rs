//! What a service manager is told: that the start is over, that a stop begins.
//!
//! `systemd` waits for it with `Type=notify`; without `NOTIFY_SOCKET` nothing is said. Where that
//! cannot be told the log has said it anyway, and the manager's own limit of time decides.
//!
//! Docs: `sd_notify(3)`.

#[cfg(target_os = "linux")]
use sd_notify::NotifyState;

/// Every port accepts.
pub(crate) fn ready() {
    #[cfg(target_os = "linux")]
    let _unheard = sd_notify::notify(&[NotifyState::Ready, NotifyState::Status("Running")]);
}

/// A stop was asked for; what follows is an orderly end.
pub(crate) fn stopping() {
    #[cfg(target_os = "linux")]
    let _unheard = sd_notify::notify(&[NotifyState::Stopping, NotifyState::Status("Stopping")]);
}

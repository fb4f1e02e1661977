//! Where RabbitMQ 4.3 refuses by default what older versions allow, and existing code relies on.
//!
//! Each choice is a setting under `compat.`; by default Leveret allows what ever ran.

use leveret_codec::reply::ReplyCode;

use crate::config::Settings;
use crate::error::AmqpError;
use crate::kind::QueueKind;
use crate::queue::Flags;

/// Fails for a transient queue that is not exclusive, if that is switched off.
///
/// # Errors
/// 541 `INTERNAL_ERROR`, closes the connection, as RabbitMQ 4.3 does by default.
pub fn check_transient(
    settings: &Settings,
    flags: Flags,
    kind: QueueKind,
) -> Result<(), AmqpError> {
    let permitted = settings.compat_permit_transient_nonexcl_queues;
    if permitted || flags.durable || flags.exclusive || kind != QueueKind::Classic {
        return Ok(());
    }
    Err(AmqpError::new(
        ReplyCode::InternalError,
        "Feature `transient_nonexcl_queues` is deprecated.\nThis feature is not permitted: set \
         compat.permit_transient_nonexcl_queues to allow it.",
    ))
}

/// Whether basic.qos with global=true means one limit for the channel. RabbitMQ 4.3 treats it as
/// global=false by default; Celery and others rely on the shared limit.
#[must_use]
pub fn global_qos(settings: &Settings) -> bool {
    settings.compat_permit_global_qos
}

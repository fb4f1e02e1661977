//! The limits of memory and disk, which `set_vm_memory_high_watermark` and `set_disk_free_limit`
//! change until the broker stops.

use serde_json::Value;

use crate::broker::total_memory;
use crate::desk::Desk;

/// Sets what the object says: octets as `memory_bytes` and `disk_free_bytes`, shares of the memory
/// as `memory_share` and `disk_free_share`. Gives what is done, in words.
///
/// # Errors
/// In words, if it says nothing of this.
pub(super) fn set(desk: &Desk, body: &[u8]) -> Result<String, String> {
    let object: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let octets = |key: &str| object.get(key).and_then(Value::as_u64);
    let share = |key: &str| -> Option<Result<u64, String>> {
        let share = object.get(key).and_then(Value::as_f64)?;
        Some(share_of_memory(share))
    };
    let live = &desk.env.live;
    let memory = octets("memory_bytes").map(Ok).or(share("memory_share"));
    if let Some(octets) = memory.transpose()? {
        live.set_memory_limit(octets);
        return Ok(format!("publishers wait above {octets} octets of memory"));
    }
    let disk = octets("disk_free_bytes")
        .map(Ok)
        .or(share("disk_free_share"));
    if let Some(octets) = disk.transpose()? {
        live.set_disk_free_limit(octets);
        return Ok(format!(
            "publishers wait below {octets} octets of free disk"
        ));
    }
    Err("it names no limit".to_owned())
}

fn share_of_memory(share: f64) -> Result<u64, String> {
    if !(0.0..=1e6).contains(&share) {
        return Err("it is no share".to_owned());
    }
    let total = total_memory().ok_or("the memory of this machine is not known")?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share is not negative, and its fraction of an octet is nothing"
    )]
    Ok((total as f64 * share) as u64)
}

//! How much memory the control group of this process may use.
//!
//! Owns where Linux says so: `/proc/self/cgroup` names the group, in version 2 as `0::/path`, in
//! version 1 as `7:memory:/path`. The limit of each group above it holds too, so the least counts.
//! A container often sees its own group as the root, whatever its path is outside.

use std::path::{Component, Path, PathBuf};

/// The least limit in octets, if any group has one; `root` is `/`.
pub(super) fn memory_limit(root: &Path) -> Option<u64> {
    let groups = std::fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let named = groups.lines().filter_map(place);
    // Where the file cannot be read, the root of either version may still say something.
    let roots = [("", "memory.max"), ("memory", "memory.limit_in_bytes")];
    let roots = roots.map(|(hierarchy, file)| (hierarchy, "/", file));
    let limits = named.chain(roots).filter_map(|(hierarchy, group, file)| {
        let top = root.join("sys/fs/cgroup").join(hierarchy);
        least(&top, Path::new(group), file)
    });
    limits.min()
}

/// The hierarchy, the group and the file with its limit, from a line of `/proc/self/cgroup`.
fn place(line: &str) -> Option<(&'static str, &str, &'static str)> {
    let mut parts = line.splitn(3, ':');
    let (number, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
    if number == "0" && controllers.is_empty() {
        return Some(("", group, "memory.max"));
    }
    let is_memory = controllers.split(',').any(|name| name == "memory");
    is_memory.then_some(("memory", group, "memory.limit_in_bytes"))
}

/// The least limit of `group` and of all groups above it, up to `top`.
fn least(top: &Path, group: &Path, file: &str) -> Option<u64> {
    let names = group.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let group: PathBuf = names.collect();
    let limits = group.ancestors().filter_map(|group| {
        let text = std::fs::read_to_string(top.join(group).join(file)).ok()?;
        // `max` is no limit.
        text.trim().parse().ok()
    });
    limits.min()
}

#[cfg(test)]
mod tests;

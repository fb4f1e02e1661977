use super::*;
use crate::store::disk::MemoryDisk;
use crate::store::format::batch::SEGMENT_HEAD;
use crate::store::log::Options;
use crate::store::log::catalog::Catalog;
use crate::store::log::staging::Staging;

fn here() -> Here {
    let options = Options::default();
    let staging = Staging::new(SEGMENT_HEAD as u64, 0, &options);
    let disk = Arc::new(MemoryDisk::default());
    let shared = Arc::new(Shared::new(disk, options, 1, staging, Catalog::default()));
    let writer = Writer::new(Arc::clone(&shared), 0, SEGMENT_HEAD as u64, Clock::system());
    Here::new(shared, Arc::new(Mutex::new(writer)), Clock::system())
}

/// How many commits are refused before one is made.
fn refused(here: &Here) -> u32 {
    let mut count = 0;
    loop {
        let position = {
            let mut staging = here.shared.staging.lock();
            staging.define(&[crate::store::DefinitionChange::Delete(
                crate::store::DefinitionKind::Vhost,
                "v".to_owned(),
            )])
        };
        if here.commit(position) {
            return count;
        }
        count += 1;
    }
}

#[test]
fn slow_disk_is_left_to_the_commit_thread_for_a_while() {
    let here = here();
    here.note(HERE_WAIT / 2);
    assert_eq!(here.left_alone.load(Ordering::Relaxed), 0);
    here.note(HERE_WAIT * 3);
    assert_eq!(refused(&here), 24);
    here.note(Duration::from_secs(3600));
    assert_eq!(here.left_alone.load(Ordering::Relaxed), LEFT_ALONE.1);
}

//! Properties that can be read are written so that they read the same again, and the accessors
//! agree with reading all.
#![no_main]

use leveret_codec::properties::{PropertiesRef, PropertyError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let raw = PropertiesRef::new(octets);
    match raw.decode() {
        Ok(all) => {
            let written = all.to_bytes();
            assert_eq!(
                (written.len(), written.len()),
                (all.encoded_len(), octets.len())
            );
            assert_eq!(PropertiesRef::new(&written).decode(), Ok(all));
            assert_eq!(raw.headers(), Ok(all.headers));
            assert_eq!(raw.priority(), Ok(all.priority));
            assert_eq!(raw.timestamp(), Ok(all.timestamp));
            assert_eq!(raw.expiration(), Ok(all.expiration));
            assert_eq!(raw.cluster_id(), Ok(all.cluster_id));
        }
        Err(PropertyError::BadUtf8) => {}
        Err(_) => assert!(raw.check().is_err()),
    }
});

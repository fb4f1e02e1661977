//! A frame is found once all of it is there, not before, and never above the limit.
#![no_main]

use leveret_codec::frame::{Decoded, FRAME_OVERHEAD, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u32, &[u8])| {
    let (payload_max, octets) = input;
    match decode(octets, payload_max) {
        Ok(Decoded::Frame { frame, consumed }) => {
            assert_eq!(consumed, frame.payload.len() + FRAME_OVERHEAD);
            assert!(consumed <= octets.len() && frame.payload.len() <= payload_max as usize);
            for len in 0..consumed.min(64) {
                let prefix = decode(&octets[..len], payload_max);
                assert!(matches!(prefix, Ok(Decoded::NeedMore(more)) if more > len));
            }
        }
        Ok(Decoded::NeedMore(more)) => assert!(more > octets.len()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

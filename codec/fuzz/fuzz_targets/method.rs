//! A method that can be read is written so that it reads the same again.
#![no_main]

use leveret_codec::methods::Method;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payload: &[u8]| {
    let Ok(method) = Method::decode(payload) else {
        return;
    };
    let mut octets = Vec::new();
    method.encode(&mut octets);
    assert_eq!(
        (octets.len(), octets.len()),
        (method.encoded_len(), payload.len())
    );
    assert_eq!(Method::decode(&octets), Ok(method));
    assert!(method.to_string().starts_with(method.name()));
});

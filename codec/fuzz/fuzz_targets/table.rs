//! Looking at a table and copying it agree; a copy is written so that it reads the same again.
#![no_main]

use leveret_codec::table::TableRef;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|entries: &[u8]| {
    let table = TableRef::new(entries);
    let copied = table.to_table();
    assert_eq!(table.check().err(), copied.as_ref().err().copied());
    let Ok(copied) = copied else { return };
    let octets = copied.to_bytes();
    assert_eq!(
        (octets.len(), octets.len()),
        (copied.encoded_len(), entries.len())
    );
    assert_eq!(TableRef::new(&octets).to_table(), Ok(copied.clone()));
    for (name, value) in copied.iter() {
        let Ok(name) = std::str::from_utf8(name) else {
            continue;
        };
        let found = table
            .find(name)
            .expect("the table was checked")
            .expect("the name is there");
        if copied.get(name) == Some(value) {
            assert_eq!(found.to_value().as_ref(), Ok(value));
        }
    }
});

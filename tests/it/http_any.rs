//! Any request over HTTP: see [`crate::requests`].

use std::cell::RefCell;

use proptest::prelude::*;

use crate::requests::Stage;

thread_local! {
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn any_request_is_answered_as_the_document_says(
        octets in proptest::collection::vec(any::<u8>(), 4..200)
    ) {
        STAGE.with_borrow_mut(|stage| {
            stage.get_or_insert_with(Stage::new).ask(&octets);
        });
    }
}

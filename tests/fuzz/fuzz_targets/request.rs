//! Whatever is asked of the management API, it answers as its OpenAPI document says, and no 500.
#![no_main]

use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;

use crate::requests::Stage;

#[path = "../../it/http.rs"]
mod http;
#[path = "../../it/openapi.rs"]
mod openapi;
#[path = "../../it/requests.rs"]
mod requests;

/// So many requests go to one broker, which they fill meanwhile.
const REQUESTS_MAX: usize = 2000;

static STAGE: LazyLock<Mutex<(Stage, usize)>> = LazyLock::new(|| Mutex::new((Stage::new(), 0)));

fuzz_target!(|octets: &[u8]| {
    let mut stage = STAGE.lock().unwrap();
    if stage.1 == REQUESTS_MAX {
        *stage = (Stage::new(), 0);
    }
    stage.1 += 1;
    stage.0.ask(octets);
});

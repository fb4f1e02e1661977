//! What TLS is spoken with: versions, cipher suites, and the certificates of listeners.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::listening::interface;

/// `GET /leveret/node/tls`. Without a broker that runs, no listener is there.
pub(super) fn all(desk: Option<&Desk>) -> Value {
    let listeners = desk.map_or_else(Vec::new, listeners);
    json!({"versions": versions(), "suites": suites(), "listeners": listeners})
}

fn versions() -> &'static [&'static str] {
    match cfg!(feature = "tls") {
        true => &crate::config::TLS_VERSIONS,
        false => &[],
    }
}

#[cfg(feature = "tls")]
fn suites() -> Vec<Value> {
    let suites = crate::net::tls::SUITES.iter().map(|suite| {
        json!({
            "openssl": suite.openssl,
            "key_exchange": suite.key_exchange,
            "cipher": suite.cipher,
            // Every suite that is spoken authenticates what it encrypts.
            "mac": "aead",
            "prf": suite.prf(),
        })
    });
    suites.collect()
}

#[cfg(not(feature = "tls"))]
fn suites() -> Vec<Value> {
    Vec::new()
}

/// Every socket where TLS is spoken, with what stands in the files of its certificates.
fn listeners(desk: &Desk) -> Vec<Value> {
    let listeners = desk.listening().into_iter();
    let over_tls = listeners.filter(|one| one.is_over_tls());
    let sockets = over_tls.flat_map(|one| {
        let files = desk.certificates_of(one.name);
        let of = |is_authority: bool| -> String {
            let files = files.iter();
            let files = files.filter(|file| (file.kind == "cacertfile") == is_authority);
            files.flat_map(|file| &file.pem).map(|pem| &**pem).collect()
        };
        let (authorities, shown) = (of(true), of(false));
        one.addresses.into_iter().map(move |address| {
            json!({
                "port": address.port(),
                "protocol": one.protocol,
                "interface": interface(&address),
                "cacertfile": authorities,
                "certfile": shown,
            })
        })
    });
    sockets.collect()
}

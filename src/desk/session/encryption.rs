//! What a connection over TLS was agreed to be, in the words that RabbitMQ has for it.

use serde::Serialize;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Encryption {
    /// The version: `tlsv1.3`.
    pub protocol: &'static str,
    /// The cipher: `aes_256_gcm`.
    pub cipher: &'static str,
    /// The hash that authenticates: `aead`, if the cipher does that itself.
    pub hash: &'static str,
    /// How keys were exchanged: `ecdhe_rsa`, or `any` in version 1.3.
    pub key_exchange: &'static str,
    /// The certificate that the client has shown, and that was found good.
    pub peer: Option<PeerCertificate>,
    /// The name of the user that this certificate stands for, if it has one.
    pub user: Option<String>,
}

impl Encryption {
    /// Its fields by RabbitMQ's names; without a certificate of the client, `None` for those that
    /// are about one.
    pub(crate) fn fields(this: Option<&Self>) -> [(&'static str, Option<&str>); 8] {
        let peer = this.and_then(|this| this.peer.as_ref());
        [
            ("peer_cert_issuer", peer.map(|peer| &*peer.issuer)),
            (
                "peer_cert_serial_number",
                peer.map(|peer| &*peer.serial_number),
            ),
            ("peer_cert_subject", peer.map(|peer| &*peer.subject)),
            ("peer_cert_validity", peer.map(|peer| &*peer.validity)),
            ("ssl_cipher", this.map(|this| this.cipher)),
            ("ssl_hash", this.map(|this| this.hash)),
            ("ssl_key_exchange", this.map(|this| this.key_exchange)),
            ("ssl_protocol", this.map(|this| this.protocol)),
        ]
    }
}

/// The certificate of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerCertificate {
    /// Whose it is: `O=Acme,CN=guest`.
    pub subject: String,
    /// Who has signed it.
    pub issuer: String,
    /// Its number, in hexadecimal digits.
    pub serial_number: String,
    /// When it counts: `2026-12-01T03:36:27Z - 2027-03-11T03:36:27Z`.
    pub validity: String,
}

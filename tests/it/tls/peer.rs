//! Certificates made for one test, and a client that speaks TLS.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use leveret::settings::Settings;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::talker::all_octets;

/// Longer than any answer is expected to take.
const PATIENCE: Duration = Duration::from_secs(60);

/// An authority, and files of what it has signed.
pub(crate) struct Authority {
    dir: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// What a certificate is for.
pub(crate) type Change<'a> = &'a dyn Fn(&mut CertificateParams);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Test CA");
        let key = KeyPair::generate().unwrap();
        let dir = TempDir::new().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(dir.path().join("ca.pem"), certificate.pem()).unwrap();
        let issuer = Issuer::new(params, key);
        Self { dir, issuer }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Signs a certificate; `NAME.pem` and `NAME.key` have it and its key.
    pub(crate) fn sign(&self, name: &str, change: Change<'_>) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params
            .subject_alt_names
            .push(SanType::IpAddress([127, 0, 0, 1].into()));
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    /// Signs a certificate by so many authorities between this one and it, which stand behind it in
    /// `NAME.pem`.
    pub(crate) fn sign_below(&self, name: &str, between: usize) {
        let mut chain = String::new();
        let mut above: Option<Issuer<'static, KeyPair>> = None;
        for nth in 0..between {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let own = format!("Test CA {nth}");
            params.distinguished_name.push(DnType::CommonName, own);
            let key = KeyPair::generate().unwrap();
            let issuer = above.as_ref().unwrap_or(&self.issuer);
            let certificate = params.signed_by(&key, issuer).unwrap();
            chain.insert_str(0, &certificate.pem());
            above = Some(Issuer::new(params, key));
        }
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let issuer = above.as_ref().unwrap_or(&self.issuer);
        let certificate = params.signed_by(&key, issuer).unwrap();
        chain.insert_str(0, &certificate.pem());
        fs::write(self.path(&format!("{name}.pem")), chain).unwrap();
        fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    /// Settings of AMQP over TLS at a free port, with the certificate `server`.
    pub(crate) fn listen(&self, settings: &mut Settings) {
        settings.ssl_listeners = vec!["127.0.0.1:0".to_owned()];
        settings.ssl_options_cacertfile = Some(self.path("ca.pem"));
        settings.ssl_options_certfile = Some(self.path("server.pem"));
        settings.ssl_options_keyfile = Some(self.path("server.key"));
    }

    /// What a client trusts, and shows.
    pub(crate) fn client(&self, shows: Option<&str>) -> Arc<ClientConfig> {
        self.client_of(shows, rustls::ALL_VERSIONS)
    }

    pub(crate) fn client_of(
        &self,
        shows: Option<&str>,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Arc<ClientConfig> {
        client_by(self.dir.path(), shows, versions)
    }
}

/// What a client trusts, and shows, by the files of a directory.
pub(crate) fn client_by(
    dir: &Path,
    shows: Option<&str>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(dir.join("ca.pem")).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_protocol_versions(versions).unwrap();
    let config = config.with_root_certificates(roots);
    let Some(name) = shows else {
        return Arc::new(config.with_no_client_auth());
    };
    let file = dir.join(format!("{name}.pem"));
    let chain = CertificateDer::pem_file_iter(file).unwrap();
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(dir.join(format!("{name}.key"))).unwrap();
    Arc::new(config.with_client_auth_cert(chain, key).unwrap())
}

/// One connection over TLS.
pub(crate) struct Peer(pub(crate) StreamOwned<ClientConnection, TcpStream>);

impl Peer {
    pub(crate) fn new(config: &Arc<ClientConfig>, address: SocketAddr) -> Self {
        Self::asking(config, address, "localhost")
    }

    /// Asks for a host.
    pub(crate) fn asking(config: &Arc<ClientConfig>, at: SocketAddr, host: &str) -> Self {
        let socket = TcpStream::connect(at).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let host = ServerName::try_from(host.to_owned()).unwrap();
        let session = ClientConnection::new(Arc::clone(config), host).unwrap();
        Self(StreamOwned::new(session, socket))
    }

    /// Says sentences.
    pub(crate) fn say(&mut self, lines: &[&str]) {
        self.0.write_all(&all_octets(lines)).unwrap();
    }

    /// The next frame: type, channel and payload.
    pub(crate) fn frame(&mut self) -> (u8, u16, Vec<u8>) {
        let mut head = [0; 7];
        self.0.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([head[3], head[4], head[5], head[6]]);
        let mut payload = vec![0; usize::try_from(length).unwrap() + 1];
        self.0.read_exact(&mut payload).unwrap();
        assert_eq!(payload.pop(), Some(0xce));
        (head[0], u16::from_be_bytes([head[1], head[2]]), payload)
    }

    /// The class and the method of the next frame.
    pub(crate) fn method(&mut self) -> (u16, u16) {
        let (_, _, payload) = self.frame();
        let number = |at: usize| u16::from_be_bytes([payload[at], payload[at + 1]]);
        (number(0), number(2))
    }

    /// Asks over HTTP, and gives the answer.
    pub(crate) fn http(mut self, request: &str) -> String {
        self.0.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        self.0.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

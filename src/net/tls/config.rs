//! What TLS is spoken with at one kind of listener: versions, suites, certificates, and what is
//! asked of clients.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, KeyUsage};

use super::certificates::{Named, Shown, authorities, shown};
use super::names::Facts;
use super::{TlsError, suites};
use crate::config::{Secret, TlsDoor, TlsOptions, Value, Verify};

/// What was made of files and settings.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) server: Arc<ServerConfig>,
    /// The certificates of each file, by the setting that names it.
    pub(super) files: Vec<(String, PathBuf, Vec<Facts>)>,
    /// The files whose change has them read again.
    pub(super) watched: Vec<PathBuf>,
    /// What of the settings has no effect, in words.
    pub(super) unknown: Vec<String>,
}

/// Reads the files that settings name, and puts everything together.
///
/// # Errors
/// What is wrong with which setting.
pub(super) fn load(options: &TlsOptions<'_>, door: TlsDoor) -> Result<Loaded, TlsError> {
    if let Some((setting, text)) = options.flaw(door) {
        return Err(TlsError { setting, text });
    }
    let (server, unknown) = builder(options)?;
    let mut files = Vec::new();
    let mut watched = Vec::new();
    let server = match (options.verify, options.cacertfile) {
        (Verify::Peer, Some(path)) => {
            let file = named(options, "cacertfile", path);
            let (store, facts) = authorities(&file)?;
            watched.push(path.to_owned());
            files.push((file.setting.clone(), path.to_owned(), facts));
            server.with_client_cert_verifier(verifier(options, &file, store)?)
        }
        _ => server.with_no_client_auth(),
    };
    let resolver = resolver(options, &mut files, &mut watched)?;
    let mut server = server.with_cert_resolver(Arc::new(resolver));
    server.ignore_client_order = options.honor_cipher_order;
    if door != TlsDoor::Amqp {
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
    }
    Ok(Loaded {
        server: Arc::new(server),
        files,
        watched,
        unknown,
    })
}

fn named<'a>(options: &TlsOptions<'_>, name: &str, path: &'a Path) -> Named<'a> {
    let setting = format!("{}.{name}", options.prefix);
    Named { setting, path }
}

type Builder = rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>;

/// Versions and suites, and what of their settings has no effect.
fn builder(options: &TlsOptions<'_>) -> Result<(Builder, Vec<String>), TlsError> {
    let prefix = options.prefix;
    let wrong = |name: &str, text: &str| TlsError {
        setting: format!("{prefix}.{name}"),
        text: text.to_owned(),
    };
    let (cipher_suites, strange) = suites::chosen(options.ciphers);
    let (versions, old) = suites::versions(options.versions);
    if versions.is_empty() {
        return Err(wrong(
            "versions",
            "tlsv1.3 and tlsv1.2 are spoken, and neither is there",
        ));
    }
    if cipher_suites.is_empty() {
        let text = "no suite in it is known; `rabbitmq-diagnostics cipher_suites` lists all";
        return Err(wrong("ciphers", text));
    }
    let strange = strange.iter().map(|name| (name, "ciphers"));
    let old = old.iter().map(|name| (name, "versions"));
    let unknown = strange.chain(old);
    let unknown = unknown.map(|(name, of)| format!("{prefix}.{of}: {name} has no effect here"));
    let unknown = unknown.collect();
    let provider = CryptoProvider {
        cipher_suites,
        ..ring::default_provider()
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_protocol_versions(&versions).map_err(|_| {
        wrong(
            "ciphers",
            "no suite in it is of a version that is spoken: see versions",
        )
    })?;
    Ok((builder, unknown))
}

/// What is asked of certificates of clients.
fn verifier(
    options: &TlsOptions<'_>,
    file: &Named<'_>,
    store: RootCertStore,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let store = Arc::new(store);
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let mut inner =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(&store), Arc::clone(&provider));
    if !options.fail_if_no_peer_cert {
        inner = inner.allow_unauthenticated();
    }
    let inner = inner.build().map_err(|error| TlsError {
        setting: file.setting.clone(),
        text: format!("{}: {error}", file.path.display()),
    })?;
    Ok(Arc::new(Bounded {
        inner,
        store,
        algorithms,
        depth: options.depth.into(),
    }))
}

/// Checks certificates of clients as usual, and how many stand between them and an authority.
#[derive(Debug)]
struct Bounded {
    inner: Arc<dyn ClientCertVerifier>,
    store: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
    depth: usize,
}

impl Bounded {
    /// Looks for a way to an authority with at most `depth` certificates between.
    fn check_depth(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let failed = |_| Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let is_short =
            |path: &webpki::VerifiedPath<'_>| match path.intermediate_certificates().count()
                <= self.depth
            {
                true => Ok(()),
                false => Err(webpki::Error::UnknownIssuer),
            };
        let certificate = EndEntityCert::try_from(end_entity).map_err(failed)?;
        let found = certificate.verify_for_usage(
            self.algorithms.all,
            &self.store.roots,
            intermediates,
            now,
            KeyUsage::client_auth(),
            None,
            Some(&is_short),
        );
        found.map(|_| ()).map_err(failed)
    }
}

impl ClientCertVerifier for Bounded {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self
            .inner
            .verify_client_cert(end_entity, intermediates, now)?;
        if intermediates.len() > self.depth {
            self.check_depth(end_entity, intermediates, now)?;
        }
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// The certificates that are shown, by the host that a client asks for.
#[derive(Debug)]
struct ByHost {
    first: Arc<CertifiedKey>,
    /// In small letters; `*.example.org` is every host one level below.
    hosts: Vec<(String, Arc<CertifiedKey>)>,
}

impl ResolvesServerCert for ByHost {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().map(str::to_ascii_lowercase);
        let find = |name: &str| self.hosts.iter().find(|(host, _)| host == name);
        let found = asked.and_then(|asked| {
            let above = asked.split_once('.').map(|(_, above)| format!("*.{above}"));
            find(&asked).or_else(|| find(&above?))
        });
        Some(Arc::clone(found.map_or(&self.first, |(_, shown)| shown)))
    }
}

fn resolver(
    options: &TlsOptions<'_>,
    files: &mut Vec<(String, PathBuf, Vec<Facts>)>,
    watched: &mut Vec<PathBuf>,
) -> Result<ByHost, TlsError> {
    let mut read = |setting: &str, certificate: &Path, key: Option<&Path>, password: &str| {
        let certificate = named(options, &format!("{setting}certfile"), certificate);
        let key = key.map(|path| named(options, &format!("{setting}keyfile"), path));
        let Shown { certified, facts } = shown(&certificate, key.as_ref(), password)?;
        watched.push(certificate.path.to_owned());
        watched.extend(key.map(|key| key.path.to_owned()));
        files.push((
            certificate.setting.clone(),
            certificate.path.to_owned(),
            facts,
        ));
        Ok(certified)
    };
    let certificate = options.certfile.ok_or_else(|| TlsError {
        setting: format!("{}.certfile", options.prefix),
        text: "no certificate".to_owned(),
    })?;
    let password: &Secret = options.password;
    let first = read("", certificate, options.keyfile, password.expose())?;
    let mut hosts = Vec::new();
    for (host, fields) in options.hosts.into_iter().flat_map(|hosts| hosts.iter()) {
        let field = |name: &str| match fields.get(name) {
            Some(Value::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let setting = format!("sni_hosts.{host}.");
        let certificate = Path::new(field("certfile").unwrap_or_default());
        let key = field("keyfile").map(Path::new);
        let password = field("password").unwrap_or_default();
        let certified = read(&setting, certificate, key, password)?;
        hosts.push((host.to_ascii_lowercase(), certified));
    }
    Ok(ByHost { first, hosts })
}

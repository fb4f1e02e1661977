//! `leveret certs`: an authority for development, and certificates of a server and of a client that
//! it signs.
//!
//! An authority that the directory has is used again, so that clients which trust it go on. Nothing
//! is replaced that another authority has signed.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType,
};

use super::cli::Certs;
use super::{complain, say};

mod lines;

/// The common name of the authority.
const AUTHORITY: &str = "Leveret development authority";

/// Days for which the authority counts: ten years.
const AUTHORITY_DAYS: u32 = 3_650;

/// The files that are made, certificates before their keys.
const FILES: [&str; 6] = [
    "ca.pem",
    "ca.key",
    "server.pem",
    "server.key",
    "client.pem",
    "client.key",
];

/// Makes them, and prints what a broker and its clients need of them.
pub(super) fn certs(asked: &Certs) -> ExitCode {
    match make(asked) {
        Ok(text) => say(&text),
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn make(asked: &Certs) -> Result<String, String> {
    let names = names(&asked.host)?;
    let dir = &asked.dir;
    fs::create_dir_all(dir).map_err(|error| at(dir, &error))?;
    let dir = dir.canonicalize().map_err(|error| at(dir, &error))?;
    let (issuer, is_new) = match known_authority(&dir)? {
        Some(issuer) => (issuer, false),
        None => (new_authority(&dir)?, true),
    };
    let server = leaf(SERVER_NAME, asked.days, |params| {
        params.subject_alt_names.clone_from(&names);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    sign(&dir, "server", server?, &issuer)?;
    let client = leaf(&asked.user, asked.days, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    sign(&dir, "client", client?, &issuer)?;
    let shown: Vec<String> = names.iter().map(shown).collect();
    Ok(lines::text(&lines::Made {
        dir: &dir,
        is_new,
        days: asked.days,
        user: &asked.user,
        names: &shown,
    }))
}

/// The common name of the server's certificate; clients go by the names beside it.
const SERVER_NAME: &str = "localhost";

/// The authority of the directory; `None` if it has no file that would be made.
fn known_authority(dir: &Path) -> Result<Option<Issuer<'static, KeyPair>>, String> {
    let has = |name: &&&str| dir.join(name).exists();
    let Some(there) = FILES.iter().find(has) else {
        return Ok(None);
    };
    let other = || {
        let path = dir.join(there);
        let why = "no authority for development is beside it whose files these are";
        format!("'{}': {why}; choose another directory", path.display())
    };
    let read = |name: &str| fs::read_to_string(dir.join(name)).ok();
    let (certificate, key) = read("ca.pem").zip(read("ca.key")).ok_or_else(other)?;
    let key = KeyPair::from_pem(&key).map_err(|_| other())?;
    let der = der(&certificate).ok_or_else(other)?;
    let is_in = |octets: &[u8]| der.windows(octets.len()).any(|window| window == octets);
    match is_in(key.der_bytes()) && is_in(AUTHORITY.as_bytes()) {
        true => Ok(Some(Issuer::new(authority()?, key))),
        false => Err(other()),
    }
}

/// What stands in the first part of a PEM file.
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(body).ok()
}

fn new_authority(dir: &Path) -> Result<Issuer<'static, KeyPair>, String> {
    let params = authority()?;
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let certificate = params.self_signed(&key);
    let certificate = certificate.map_err(|error| error.to_string())?;
    write(&dir.join("ca.key"), &key.serialize_pem(), Readers::Owner)?;
    write(&dir.join("ca.pem"), &certificate.pem(), Readers::All)?;
    Ok(Issuer::new(params, key))
}

fn authority() -> Result<CertificateParams, String> {
    let mut params = leaf(AUTHORITY, AUTHORITY_DAYS, |_| {})?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = false;
    Ok(params)
}

/// A certificate that counts from yesterday, because clocks differ.
fn leaf(
    name: &str,
    days: u32,
    change: impl FnOnce(&mut CertificateParams),
) -> Result<CertificateParams, String> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let after = |days: i64| today.checked_add(Span::new().try_days(days)?);
    let (from, to) = after(-1)
        .ok()
        .zip(after(days.into()).ok())
        .ok_or_else(|| format!("--days {days}: no calendar reaches that day"))?;
    params.not_before = rcgen::date_time_ymd(from.year().into(), month(from), day(from));
    params.not_after = rcgen::date_time_ymd(to.year().into(), month(to), day(to));
    change(&mut params);
    Ok(params)
}

/// The month of a date, from 1.
fn month(date: Date) -> u8 {
    date.month().unsigned_abs()
}

/// The day of a date within its month, from 1.
fn day(date: Date) -> u8 {
    date.day().unsigned_abs()
}

/// Signs a certificate, and writes it and a new key for it.
fn sign(
    dir: &Path,
    name: &str,
    params: CertificateParams,
    issuer: &Issuer<'_, KeyPair>,
) -> Result<(), String> {
    let key = KeyPair::generate().map_err(|error| error.to_string())?;
    let certificate = params.signed_by(&key, issuer);
    let certificate = certificate.map_err(|error| error.to_string())?;
    let path = |end: &str| dir.join(format!("{name}.{end}"));
    write(&path("key"), &key.serialize_pem(), Readers::Owner)?;
    write(&path("pem"), &certificate.pem(), Readers::All)
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    Owner,
    All,
}

/// Writes a file in the place of one that is there: a broker that reads it finds it whole.
fn write(path: &Path, text: &str, readers: Readers) -> Result<(), String> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = || -> io::Result<()> {
        // One of a run that was ended may be readable by others.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = create(&beside, readers)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    written().map_err(|error| at(path, &error))
}

#[cfg(unix)]
fn create(path: &Path, readers: Readers) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::All => 0o644,
    };
    let mut options = File::options();
    options.write(true).create_new(true).mode(mode).open(path)
}

/// The directory says who may read it.
#[cfg(not(unix))]
fn create(path: &Path, _: Readers) -> io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}

fn at(path: &Path, error: &io::Error) -> String {
    format!("'{}': {error}", path.display())
}

/// The names and addresses of this machine, and further ones.
fn names(more: &[String]) -> Result<Vec<SanType>, String> {
    let mut names = Vec::new();
    let mut add = |name: SanType| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    let own = crate::sys::host_name();
    let short = own.split('.').next().unwrap_or_default().to_owned();
    for own in ["localhost".to_owned(), short, own] {
        // A name that no certificate can have is none that a client can ask for.
        if let Some(name) = host(&own) {
            add(name);
        }
    }
    for address in [
        IpAddr::from([127, 0, 0, 1]),
        IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16]),
    ]
    .into_iter()
    .chain(addresses())
    {
        add(SanType::IpAddress(address));
    }
    for text in more {
        let expected = "expected a name of a host, or an address";
        add(host(text).ok_or_else(|| format!("--host {text}: {expected}"))?);
    }
    Ok(names)
}

fn host(text: &str) -> Option<SanType> {
    if let Ok(address) = text.parse() {
        return Some(SanType::IpAddress(address));
    }
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_letter);
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_name = text.len() <= 253 && name.split('.').all(is_label);
    let name = is_name.then(|| text.try_into().ok()).flatten();
    name.map(SanType::DnsName)
}

fn shown(name: &SanType) -> String {
    match name {
        SanType::DnsName(name) => name.as_str().to_owned(),
        SanType::IpAddress(address) => address.to_string(),
        _ => String::new(),
    }
}

/// The addresses of this machine's interfaces to networks, without those that count on one link
/// only.
#[cfg(unix)]
fn addresses() -> Vec<IpAddr> {
    let Ok(all) = nix::ifaddrs::getifaddrs() else {
        return Vec::new();
    };
    let all = all.filter_map(|one| {
        let address = one.address?;
        let four = address.as_sockaddr_in().map(|four| IpAddr::from(four.ip()));
        let six = address.as_sockaddr_in6().map(|six| six.ip());
        let six = six.filter(|six| !six.is_unicast_link_local());
        four.or(six.map(IpAddr::from))
    });
    all.collect()
}

#[cfg(not(unix))]
fn addresses() -> Vec<IpAddr> {
    Vec::new()
}

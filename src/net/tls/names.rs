//! What operators read of a certificate, and the name of the user that it stands for.
//!
//! Seen: RabbitMQ 4.3.6: names of subjects, serial numbers and dates in `GET /api/connections`, and
//! what `EXTERNAL` takes for a user's name.

use std::fmt::Write as _;
use std::net::IpAddr;
#[cfg(feature = "management")]
use std::sync::Arc;

#[cfg(feature = "management")]
use base64::Engine as _;
#[cfg(feature = "management")]
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{Any, Tag};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Name;

use crate::config::{LoginFrom, SanType, Settings};
use crate::desk::session::PeerCertificate;

/// Letters for the parts of names; others have their numbers.
const LETTERS: [(&str, &str); 16] = [
    ("2.5.4.4", "SN"),
    ("2.5.4.42", "GIVENNAME"),
    ("2.5.4.43", "INITIALS"),
    ("2.5.4.44", "GENERATIONQUALIFIER"),
    ("2.5.4.3", "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "TITLE"),
    ("2.5.4.6", "C"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.65", "PSEUDONYM"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "EMAILADDRESS"),
    ("0.9.2342.19200300.100.1.1", "UID"),
];
/// The parts of names whose values RabbitMQ reads as text; it shows the octets of others.
const UNREAD: &str = "0.9.2342.19200300.100.1.1";
const COMMON_NAME: &str = "2.5.4.3";

/// Letters in a line of PEM.
#[cfg(feature = "management")]
const PEM_COLUMNS: usize = 64;

/// What of a certificate is kept for operators.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// Its subject, as RabbitMQ writes it.
    pub(crate) subject: String,
    /// When it begins and ends to count, in seconds since 1970.
    pub(crate) counts: (i64, i64),
    /// The certificate itself, in PEM.
    #[cfg(feature = "management")]
    pub(super) pem: Arc<str>,
}

impl Facts {
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Result<Self, &'static str> {
        let (_, parsed) = X509Certificate::from_der(certificate)
            .map_err(|_| "a certificate in it is damaged, or not of version 3")?;
        let validity = parsed.validity();
        Ok(Self {
            subject: name(parsed.subject()),
            counts: (
                validity.not_before.timestamp(),
                validity.not_after.timestamp(),
            ),
            #[cfg(feature = "management")]
            pem: pem(certificate).into(),
        })
    }
}

/// A certificate in PEM.
#[cfg(feature = "management")]
fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = STANDARD.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    let mut rest = text.as_str();
    while let Some((line, more)) = rest.split_at_checked(PEM_COLUMNS) {
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    if !rest.is_empty() {
        pem.push_str(rest);
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

/// What views show of a client's certificate; `None` if it cannot be read.
pub(super) fn peer(certificate: &X509Certificate<'_>) -> PeerCertificate {
    let validity = certificate.validity();
    let moment = |time: i64| moment(time, "T") + "Z";
    let (from, to) = (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    );
    PeerCertificate {
        subject: name(certificate.subject()),
        issuer: name(certificate.issuer()),
        serial_number: serial_number(certificate.raw_serial()),
        validity: format!("{} - {}", moment(from), moment(to)),
    }
}

/// Reads a certificate.
pub(super) fn read<'a>(certificate: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    let parsed = X509Certificate::from_der(certificate).ok();
    parsed.map(|(_, certificate)| certificate)
}

/// The name of the user that a certificate stands for.
pub(super) fn user(certificate: &X509Certificate<'_>, settings: &Settings) -> Option<String> {
    match settings.ssl_cert_login_from {
        LoginFrom::DistinguishedName => Some(name(certificate.subject())),
        LoginFrom::CommonName => common_name(certificate.subject()),
        LoginFrom::SubjectAlternativeName => {
            let names = certificate.subject_alternative_name().ok()??;
            let of_type =
                |name: &GeneralName<'_>| alternative(name, settings.ssl_cert_login_san_type);
            let mut names = names.value.general_names.iter().filter_map(of_type);
            names.nth(settings.ssl_cert_login_san_index.into())
        }
    }
}

/// All common names, with commas between them.
fn common_name(subject: &X509Name<'_>) -> Option<String> {
    let parts = subject.iter_attributes();
    let parts = parts.filter(|part| part.attr_type().to_id_string() == COMMON_NAME);
    let names: Vec<String> = parts.map(|part| text(part.attr_value())).collect();
    (!names.is_empty()).then(|| names.join(","))
}

fn alternative(name: &GeneralName<'_>, kind: SanType) -> Option<String> {
    match (name, kind) {
        (GeneralName::DNSName(text), SanType::Dns)
        | (GeneralName::RFC822Name(text), SanType::Email)
        | (GeneralName::URI(text), SanType::Uri) => Some((*text).to_owned()),
        (GeneralName::IPAddress(octets), SanType::Ip) => {
            let four = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
            let address = four.or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        (GeneralName::OtherName(_, octets), SanType::OtherName) => {
            let (_, value) = Any::from_der(octets).ok()?;
            let inner = Any::from_der(value.data).map(|(_, inner)| inner);
            Some(text(inner.as_ref().unwrap_or(&value)))
        }
        _ => None,
    }
}

/// The parts of a name, the last one first: `O=Server,CN=localhost`.
pub(super) fn name(name: &X509Name<'_>) -> String {
    let sets = name.iter().map(|set| {
        let parts = set.iter().map(|part| {
            let number = part.attr_type().to_id_string();
            let known = LETTERS.iter().find(|(known, _)| *known == number);
            let value = match known {
                Some(_) if number != UNREAD => text(part.attr_value()),
                _ => octets(part.attr_value()),
            };
            let letters = known.map_or(&*number, |(_, letters)| letters);
            format!("{letters}={}", escaped(&value))
        });
        parts.collect::<Vec<_>>().join("+")
    });
    let mut sets: Vec<String> = sets.collect();
    sets.reverse();
    sets.join(",")
}

/// The text of a value.
fn text(value: &Any<'_>) -> String {
    match value.tag() {
        Tag::BmpString => {
            let (pairs, _) = value.data.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        Tag::T61String => value.data.iter().map(|octet| char::from(*octet)).collect(),
        _ => String::from_utf8_lossy(value.data).into_owned(),
    }
}

/// A value that RabbitMQ does not read: the octets of its encoding.
fn octets(value: &Any<'_>) -> String {
    let tag = u8::try_from(value.tag().0).unwrap_or_default();
    let mut all = vec![tag];
    match u8::try_from(value.data.len()) {
        Ok(short) if short < 0x80 => all.push(short),
        Ok(long) => all.extend([0x81, long]),
        Err(_) => {
            let [high, low] = u16::try_from(value.data.len())
                .unwrap_or(u16::MAX)
                .to_be_bytes();
            all.extend([0x82, high, low]);
        }
    }
    all.extend_from_slice(value.data);
    let all: Vec<String> = all.iter().map(u8::to_string).collect();
    format!("{{asn1_OPENTYPE,<<{}>>}}", all.join(","))
}

/// A value as it stands in a name.
///
/// Docs: RFC 4514, section 2.4. Seen: RabbitMQ 4.3.6: octets that are not printable as two digits.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (at, octet) in value.bytes().enumerate() {
        let is_special = match octet {
            b' ' => at == 0 || at == last,
            b'#' => at == 0,
            octet => b"\"+,;<>\\".contains(&octet),
        };
        // Writing to a String cannot fail.
        let _written = match octet {
            octet if is_special => write!(text, "\\{}", char::from(octet)),
            32..126 => write!(text, "{}", char::from(octet)),
            octet => write!(text, "\\{octet:02X}"),
        };
    }
    text
}

/// In hexadecimal digits, without zeros in front.
fn serial_number(octets: &[u8]) -> String {
    let digits: String = octets.iter().map(|octet| format!("{octet:02X}")).collect();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() { "0" } else { digits }.to_owned()
}

/// A moment in seconds since 1970: `2026-12-01T03:36:27`, with something between day and time.
pub(crate) fn moment(seconds: i64, between: &str) -> String {
    let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}")
}

/// The date of a day, counted from 1970-01-01, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64, i64) {
    // Days are counted from 0000-03-01, so that the leap day is the last one of a year.
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

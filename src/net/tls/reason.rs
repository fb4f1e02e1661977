//! Why a handshake failed, in words for the operator.

use std::io;

use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

/// Why, from what the handshake ended with.
pub(super) fn why(error: &io::Error) -> String {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::NoCertificatesPresented) => "the client shows no certificate".to_owned(),
        Some(Error::InvalidCertificate(flaw)) => format!("the client's certificate {}", of(flaw)),
        Some(Error::AlertReceived(alert)) => alert_of(*alert),
        Some(Error::PeerIncompatible(flaw)) => incompatible(flaw),
        Some(error) => error.to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the client closed the connection".to_owned()
        }
        None => error.to_string(),
    }
}

/// What is wrong with a certificate.
fn of(flaw: &CertificateError) -> String {
    match flaw {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "does not count yet"
        }
        CertificateError::UnknownIssuer => {
            "leads to none of the authorities that are known here, or by too many others"
        }
        CertificateError::BadSignature => "is not signed by the authority that it names",
        CertificateError::Revoked => "was revoked",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not made for clients"
        }
        CertificateError::BadEncoding => "is damaged",
        other => return format!("cannot be used: {other}"),
    }
    .to_owned()
}

fn incompatible(flaw: &PeerIncompatible) -> String {
    match flaw {
        PeerIncompatible::NoCipherSuitesInCommon => {
            "the client has none of the cipher suites that are spoken here".to_owned()
        }
        PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls13RequiredForQuic
        | PeerIncompatible::Tls12NotOfferedOrEnabled
        | PeerIncompatible::SupportedVersionsExtensionRequired => {
            "the client speaks none of the versions of TLS that are spoken here".to_owned()
        }
        other => format!("the client does not fit: {other:?}"),
    }
}

/// What a client says that gives up by itself.
fn alert_of(alert: AlertDescription) -> String {
    let what = match alert {
        AlertDescription::UnknownCA => "it does not know the authority of our certificate",
        AlertDescription::BadCertificate => "it does not take our certificate",
        AlertDescription::CertificateExpired => "our certificate has expired",
        AlertDescription::CertificateUnknown => "it does not take our certificate",
        AlertDescription::UnsupportedCertificate => "our certificate is of a kind it does not take",
        _ => return format!("the client gave up with the alert {alert:?}"),
    };
    format!("the client gave up: {what} (alert {alert:?})")
}

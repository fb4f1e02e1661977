//! Checks of health.

use super::{Any, List, Object, Shape, TEXTS, Text, Whole, Word, key, maybe};

/// All is well.
pub(in crate::management) const HEALTHY: Shape = Shape {
    name: "Healthy",
    about: "All is well.",
    keys: &[
        maybe("port", Whole),
        maybe("protocols", TEXTS),
        maybe("reason", Text),
        key("status", Word(&["ok"])),
    ],
};

/// Something is not well.
pub(in crate::management) const UNHEALTHY: Shape = Shape {
    name: "Unhealthy",
    about: "Something is not well.",
    keys: &[
        maybe("alarms", List(&Object(&ALARM))),
        maybe("connections", Whole),
        maybe("expired", List(&Object(&EXPIRING))),
        maybe("limit", Whole),
        maybe("missing", Any).about("A port, or protocols."),
        maybe("ports", List(&Whole)),
        maybe("protocols", TEXTS),
        key("reason", Text),
        key("status", Word(&["failed"])),
    ],
};

const EXPIRING: Shape = Shape {
    name: "ExpiringCertificates",
    about: "A listener with certificates that expire by then.",
    keys: &[
        key("cacertfile", Text).about("The file with the authorities of clients."),
        key("cacertfile_expires_on", TEXTS).about("When certificates in it expire, in UTC."),
        key("certfile", Text).about("The file with the certificate that is shown."),
        key("certfile_expires_on", TEXTS).about("When certificates in it expire, in UTC."),
        key("interface", Text),
        key("node", Text),
        key("port", Whole),
        key("protocol", Text),
    ],
};

const ALARM: Shape = Shape {
    name: "Alarm",
    about: "An alarm that is on.",
    keys: &[key("node", Text), key("resource", Text)],
};

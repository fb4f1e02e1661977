//! Lines of a `rabbitmq.conf` that ask for a protection which there is not here. Passed over, they
//! would leave a door open that their writer believes to be shut: they stop the start.

/// What there would have to be here for `name = value`; `None` if it can be passed over.
pub(super) fn lack(name: &[String], value: &str) -> Option<&'static str> {
    let parts: Vec<&str> = name.iter().map(String::as_str).collect();
    match (parts.as_slice(), value) {
        (["auth_backends", ..], value) if !is_internal(value) => {
            Some("another source of users than its own")
        }
        (["prometheus", "authentication", "enabled"], "true") => Some("a login for metrics"),
        (["management", "listener", "ssl"], "true") => {
            Some("TLS for HTTP by this older name, only by management.ssl.port")
        }
        (["ssl_options" | "management", .., "crl_check"], value) if value != "false" => {
            Some("lists of certificates that were revoked")
        }
        _ => None,
    }
}

fn is_internal(value: &str) -> bool {
    ["internal", "rabbit_auth_backend_internal"].contains(&value)
}

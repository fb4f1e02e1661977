//! The rows of the table of settings that are about TLS: they stand behind those of listening.

macro_rules! with_tls {
    ($first:literal $listening:tt $($rest:tt)*) => {
        settings! {
            $first $listening

            "TLS" {
                /// Addresses for AMQP 0-9-1 over TLS: each a port, for every interface, or an
                /// address and a port. RabbitMQ's port for it is 5671.
                ssl_listeners: Vec<String> = Vec::new();
                "ssl_listeners", List { of: &[], least: 0 }, ["listeners.ssl.default"];

                /// How long a client may take for the handshake of TLS, in milliseconds.
                ssl_handshake_timeout_ms: u64 = 5_000;
                "ssl_handshake_timeout", Whole(1, 86_400_000, Millis), ["ssl_handshake_timeout"];

                /// A PEM file with the certificates of the authorities that sign those of clients
                /// of AMQP.
                ssl_options_cacertfile: Option<PathBuf> = None;
                "ssl_options.cacertfile", PathOrNone, ["ssl_options.cacertfile"];

                /// A PEM file with the certificate that is shown there, and those that link it to
                /// its authority, in this order.
                ssl_options_certfile: Option<PathBuf> = None;
                "ssl_options.certfile", PathOrNone, ["ssl_options.certfile"];

                /// A PEM file with its key: PKCS#8, PKCS#1 or SEC1; `none` looks in `certfile`.
                ssl_options_keyfile: Option<PathBuf> = None;
                "ssl_options.keyfile", PathOrNone, ["ssl_options.keyfile"];

                /// The password of a key that is encrypted.
                ssl_options_password: Secret = Secret::new("");
                "ssl_options.password", ValueType::Secret, ["ssl_options.password"];

                /// Whether clients are asked for a certificate, which is checked: `verify_peer`.
                ssl_options_verify: Verify = Verify::None;
                "ssl_options.verify", Word(Verify::WORDS), ["ssl_options.verify"];

                /// Whether a client without a certificate is refused then.
                ssl_options_fail_if_no_peer_cert: bool = false;
                "ssl_options.fail_if_no_peer_cert", Flag, ["ssl_options.fail_if_no_peer_cert"];

                /// How many certificates may stand between that of a client and one of
                /// `cacertfile`; more than 6 never do.
                ssl_options_depth: u16 = 10;
                "ssl_options.depth", Whole(0, 255, Count), ["ssl_options.depth"];

                /// The versions of TLS: `tlsv1.3`, `tlsv1.2`. Older ones are left out.
                ssl_options_versions: Vec<String> = VERSIONS.map(str::to_owned).to_vec();
                "ssl_options.versions", List { of: &KNOWN_VERSIONS, least: 1 },
                ["ssl_options.versions.1"];

                /// The cipher suites, by OpenSSL's names or IANA's; the empty list is all there
                /// are. `rabbitmq-diagnostics cipher_suites` lists them.
                ssl_options_ciphers: Vec<String> = Vec::new();
                "ssl_options.ciphers", List { of: &[], least: 0 }, ["ssl_options.ciphers.1"];

                /// Whether of the suites that both sides have the first one here is taken, not the
                /// client's.
                ssl_options_honor_cipher_order: bool = false;
                "ssl_options.honor_cipher_order", Flag, ["ssl_options.honor_cipher_order"];

                /// More certificates for AMQP over TLS, each by the name of a host, or as
                /// `*.example.org`: a client that asks for this host is shown its `certfile`, with
                /// `keyfile` and `password`. Others are shown that of `ssl_options.certfile`.
                ssl_options_sni_hosts: Named = Named::default();
                "ssl_options.sni_hosts", ValueType::Named(&CERTIFICATE), [];

                /// What of a client's certificate is the name of the user that it logs in as with
                /// `EXTERNAL`.
                ssl_cert_login_from: LoginFrom = LoginFrom::DistinguishedName;
                "ssl_cert_login_from", Word(LoginFrom::WORDS), ["ssl_cert_login_from"];

                /// Which kind of its alternative names that is: `dns`, `ip`, `email`, `uri` or
                /// `other_name`.
                ssl_cert_login_san_type: SanType = SanType::Dns;
                "ssl_cert_login_san_type", Word(SanType::WORDS), ["ssl_cert_login_san_type"];

                /// Which one of that kind: 0 is the first.
                ssl_cert_login_san_index: u16 = 0;
                "ssl_cert_login_san_index", Whole(0, 65535, Count), ["ssl_cert_login_san_index"];

                /// The port of the management API over TLS; 0 takes a free one, `none` is none.
                /// With it and without `management.tcp.port`, the API is served over TLS alone.
                management_ssl_port: Option<u16> = None;
                "management.ssl.port", WholeOrNone(0, 65535, Count), ["management.ssl.port"];

                /// The address of that port; `none` is the one of `management.tcp.ip`.
                management_ssl_ip: Option<String> = None;
                "management.ssl.ip", HostOrNone, ["management.ssl.ip"];

                /// A PEM file with the certificates of the authorities that sign those of clients
                /// of the management API.
                management_ssl_cacertfile: Option<PathBuf> = None;
                "management.ssl.cacertfile", PathOrNone, ["management.ssl.cacertfile"];

                /// A PEM file with the certificate that is shown there, and those that link it to
                /// its authority, in this order.
                management_ssl_certfile: Option<PathBuf> = None;
                "management.ssl.certfile", PathOrNone, ["management.ssl.certfile"];

                /// A PEM file with its key: PKCS#8, PKCS#1 or SEC1; `none` looks in `certfile`.
                management_ssl_keyfile: Option<PathBuf> = None;
                "management.ssl.keyfile", PathOrNone, ["management.ssl.keyfile"];

                /// The password of a key that is encrypted.
                management_ssl_password: Secret = Secret::new("");
                "management.ssl.password", ValueType::Secret, ["management.ssl.password"];

                /// Whether clients are asked for a certificate, which is checked: `verify_peer`.
                management_ssl_verify: Verify = Verify::None;
                "management.ssl.verify", Word(Verify::WORDS), ["management.ssl.verify"];

                /// Whether a client without a certificate is refused then.
                management_ssl_fail_if_no_peer_cert: bool = false;
                "management.ssl.fail_if_no_peer_cert", Flag,
                ["management.ssl.fail_if_no_peer_cert"];

                /// How many certificates may stand between that of a client and one of
                /// `cacertfile`; more than 6 never do.
                management_ssl_depth: u16 = 10;
                "management.ssl.depth", Whole(0, 255, Count), ["management.ssl.depth"];

                /// The versions of TLS: `tlsv1.3`, `tlsv1.2`. Older ones are left out.
                management_ssl_versions: Vec<String> = VERSIONS.map(str::to_owned).to_vec();
                "management.ssl.versions", List { of: &KNOWN_VERSIONS, least: 1 },
                ["management.ssl.versions.1"];

                /// The cipher suites, by OpenSSL's names or IANA's; the empty list is all there
                /// are. `rabbitmq-diagnostics cipher_suites` lists them.
                management_ssl_ciphers: Vec<String> = Vec::new();
                "management.ssl.ciphers", List { of: &[], least: 0 }, ["management.ssl.ciphers.1"];

                /// Whether of the suites that both sides have the first one here is taken, not the
                /// client's.
                management_ssl_honor_cipher_order: bool = false;
                "management.ssl.honor_cipher_order", Flag, ["management.ssl.honor_cipher_order"];

                /// The port of the metrics over TLS; 0 takes a free one, `none` is none. With it
                /// and without `prometheus.tcp.port`, metrics are served over TLS alone.
                prometheus_ssl_port: Option<u16> = None;
                "prometheus.ssl.port", WholeOrNone(0, 65535, Count), ["prometheus.ssl.port"];

                /// The address of that port; `none` is the one of `prometheus.tcp.ip`.
                prometheus_ssl_ip: Option<String> = None;
                "prometheus.ssl.ip", HostOrNone, ["prometheus.ssl.ip"];

                /// A PEM file with the certificates of the authorities that sign those of clients
                /// of the metrics.
                prometheus_ssl_cacertfile: Option<PathBuf> = None;
                "prometheus.ssl.cacertfile", PathOrNone, ["prometheus.ssl.cacertfile"];

                /// A PEM file with the certificate that is shown there, and those that link it to
                /// its authority, in this order.
                prometheus_ssl_certfile: Option<PathBuf> = None;
                "prometheus.ssl.certfile", PathOrNone, ["prometheus.ssl.certfile"];

                /// A PEM file with its key: PKCS#8, PKCS#1 or SEC1; `none` looks in `certfile`.
                prometheus_ssl_keyfile: Option<PathBuf> = None;
                "prometheus.ssl.keyfile", PathOrNone, ["prometheus.ssl.keyfile"];

                /// The password of a key that is encrypted.
                prometheus_ssl_password: Secret = Secret::new("");
                "prometheus.ssl.password", ValueType::Secret, ["prometheus.ssl.password"];

                /// Whether clients are asked for a certificate, which is checked: `verify_peer`.
                prometheus_ssl_verify: Verify = Verify::None;
                "prometheus.ssl.verify", Word(Verify::WORDS), ["prometheus.ssl.verify"];

                /// Whether a client without a certificate is refused then.
                prometheus_ssl_fail_if_no_peer_cert: bool = false;
                "prometheus.ssl.fail_if_no_peer_cert", Flag,
                ["prometheus.ssl.fail_if_no_peer_cert"];

                /// How many certificates may stand between that of a client and one of
                /// `cacertfile`; more than 6 never do.
                prometheus_ssl_depth: u16 = 10;
                "prometheus.ssl.depth", Whole(0, 255, Count), ["prometheus.ssl.depth"];

                /// The versions of TLS: `tlsv1.3`, `tlsv1.2`. Older ones are left out.
                prometheus_ssl_versions: Vec<String> = VERSIONS.map(str::to_owned).to_vec();
                "prometheus.ssl.versions", List { of: &KNOWN_VERSIONS, least: 1 },
                ["prometheus.ssl.versions.1"];

                /// The cipher suites, by OpenSSL's names or IANA's; the empty list is all there
                /// are. `rabbitmq-diagnostics cipher_suites` lists them.
                prometheus_ssl_ciphers: Vec<String> = Vec::new();
                "prometheus.ssl.ciphers", List { of: &[], least: 0 }, ["prometheus.ssl.ciphers.1"];

                /// Whether of the suites that both sides have the first one here is taken, not the
                /// client's.
                prometheus_ssl_honor_cipher_order: bool = false;
                "prometheus.ssl.honor_cipher_order", Flag, ["prometheus.ssl.honor_cipher_order"];
            }

            $($rest)*
        }
    };
}

pub(super) use with_tls;

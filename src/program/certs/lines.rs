//! What is printed: how the broker is told of the certificates, and how clients are, in the ten
//! languages that use it most.

use std::path::Path;

/// What was made.
pub(super) struct Made<'a> {
    pub(super) dir: &'a Path,
    /// Whether the authority was made too.
    pub(super) is_new: bool,
    pub(super) days: u32,
    pub(super) user: &'a str,
    pub(super) names: &'a [String],
}

/// `{ca}`, `{cert}` and `{key}` are paths: of the authority, of the client's certificate and key.
const CLIENTS: &str = r#"
curl:
  curl --cacert {ca} -u guest:guest https://localhost:15671/api/overview

Python (pika):
  context = ssl.create_default_context(cafile="{ca}")
  options = pika.SSLOptions(context, "localhost")
  pika.BlockingConnection(pika.ConnectionParameters("localhost", 5671, ssl_options=options))
  with a certificate, before: context.load_cert_chain("{cert}", "{key}")

Java (amqp-client):
  keytool -importcert -noprompt -alias leveret -file {ca} \
    -keystore trust.p12 -storetype PKCS12 -storepass changeit
  java -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit ...
  factory.setPort(5671);
  factory.useSslProtocol(SSLContext.getDefault());
  factory.enableHostnameVerification();

JavaScript (amqplib):
  amqp.connect("amqps://guest:guest@localhost:5671", { ca: [fs.readFileSync("{ca}")] })
  with a certificate: { ca, cert: fs.readFileSync("{cert}"), key: fs.readFileSync("{key}") }

Go (amqp091-go):
  pem, _ := os.ReadFile("{ca}")
  pool := x509.NewCertPool()
  pool.AppendCertsFromPEM(pem)
  amqp.DialTLS("amqps://guest:guest@localhost:5671/", &tls.Config{RootCAs: pool})

C# (RabbitMQ.Client; SSL_CERT_FILE works on Linux):
  SSL_CERT_FILE={ca} dotnet run
  factory.Uri = new Uri("amqps://guest:guest@localhost:5671");

PHP (php-amqplib):
  $options = ["cafile" => "{ca}", "verify_peer" => true];
  new AMQPSSLConnection("localhost", 5671, "guest", "guest", "/", $options);

Ruby (bunny):
  Bunny.new("amqps://guest:guest@localhost:5671", tls_ca_certificates: ["{ca}"])

Rust (lapin 2):
  let ca = std::fs::read_to_string("{ca}")?;
  let tls = OwnedTLSConfig { identity: None, cert_chain: Some(ca) };
  Connection::connect_with_config("amqps://guest:guest@localhost:5671", options, tls).await?

Elixir (amqp):
  options = [cacertfile: "{ca}", verify: :verify_peer, server_name_indication: ~c"localhost"]
  AMQP.Connection.open("amqps://guest:guest@localhost:5671", ssl_options: options)

C (rabbitmq-c):
  amqp_socket_t *socket = amqp_ssl_socket_new(connection);
  amqp_ssl_socket_set_cacert(socket, "{ca}");
  amqp_socket_open(socket, "localhost", 5671);
"#;

/// All of it.
pub(super) fn text(made: &Made<'_>) -> String {
    let path = |name: &str| made.dir.join(name).display().to_string();
    let authority = match made.is_new {
        true => "a new authority, for ten years; trust it where nothing else than tests is done",
        false => "the authority that was there",
    };
    let settings = |prefix: &str, port: &str| {
        format!(
            "{port}\n{prefix}.cacertfile = {}\n{prefix}.certfile = {}\n{prefix}.keyfile = {}\n",
            path("ca.pem"),
            path("server.pem"),
            path("server.key"),
        )
    };
    let clients = CLIENTS.replace("{ca}", &path("ca.pem"));
    let clients = clients.replace("{cert}", &path("client.pem"));
    let clients = clients.replace("{key}", &path("client.key"));
    format!(
        "{ca}: {authority}\n\
         {server}: for {names}, for {days} days\n\
         {client}: for the user {user}, for {days} days\n\n\
         rabbitmq.conf, for the broker:\n{amqp}{http}\n\
         To let {user} in by the client's certificate, without a password:\n\
         ssl_options.verify = verify_peer\nauth_mechanisms.1 = PLAIN\n\
         auth_mechanisms.2 = EXTERNAL\nssl_cert_login_from = common_name\n{clients}",
        ca = path("ca.pem"),
        server = path("server.pem"),
        client = path("client.pem"),
        names = made.names.join(", "),
        days = made.days,
        user = made.user,
        amqp = settings("ssl_options", "listeners.ssl.default = 5671"),
        http = settings("management.ssl", "management.ssl.port = 15671"),
    )
}

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

fn listen(host: &str, port: u16) -> io::Result<Listener> {
    Bound::bind(host, port)?.listen()
}

#[tokio::test]
async fn port_zero_takes_a_free_port() {
    let listener = listen("127.0.0.1", 0).unwrap();
    assert_eq!(listener.addresses().len(), 1);
    assert_ne!(listener.addresses()[0].port(), 0);
}

#[tokio::test]
async fn all_addresses_of_a_name_share_one_port() {
    let listener = listen("localhost", 0).unwrap();
    let port = listener.addresses()[0].port();
    assert!(
        listener
            .addresses()
            .iter()
            .all(|address| address.port() == port)
    );
}

#[tokio::test]
async fn every_interface_includes_ipv4() {
    let listener = listen("::", 0).unwrap();
    let port = listener.addresses()[0].port();
    TcpStream::connect(("127.0.0.1", port)).await.unwrap();
}

#[tokio::test]
async fn taken_port_is_named_in_the_error() {
    let first = listen("127.0.0.1", 0).unwrap();
    let port = first.addresses()[0].port();
    let error = listen("127.0.0.1", port).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
}

#[tokio::test]
async fn port_is_taken_before_anything_is_accepted() {
    let bound = Bound::bind("127.0.0.1", 0).unwrap();
    let port = bound.sockets[0].0.local_addr().unwrap().port();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    let listener = bound.listen().unwrap();
    assert_eq!(listener.addresses()[0].port(), port);
    TcpStream::connect(("127.0.0.1", port)).await.unwrap();
}

// `::` fell back to `0.0.0.0` for any error, and the error then named that.
#[tokio::test]
async fn error_names_the_address_that_was_asked_for() {
    let first = listen("::", 0).unwrap();
    let port = first.addresses()[0].port();
    for (host, told) in [
        ("::", format!("listening on [::]:{port}: ")),
        ("[::]", format!("listening on [::]:{port}: ")),
        ("127.0.0.1", format!("listening on 127.0.0.1:{port}: ")),
        (
            "localhost",
            format!("listening on localhost:{port} (127.0.0.1): "),
        ),
        ("192.0.2.1", format!("listening on 192.0.2.1:{port}: ")),
        ("nowhere.invalid", "nowhere.invalid: ".to_owned()),
    ] {
        let error = listen(host, port).unwrap_err().to_string();
        assert!(error.starts_with(&told), "{host}: {error}");
    }
}

// A socket of IPv6 alone leaves `0.0.0.0` free: half of what was asked for is not enough.
#[tokio::test]
async fn half_of_every_interface_is_refused() {
    let other = rustix::net::socket(
        rustix::net::AddressFamily::INET6,
        rustix::net::SocketType::STREAM,
        None,
    )
    .unwrap();
    rustix::net::sockopt::set_ipv6_v6only(&other, true).unwrap();
    let any = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0);
    rustix::net::bind(&other, &any).unwrap();
    rustix::net::listen(&other, 1).unwrap();
    let at: SocketAddr = rustix::net::getsockname(&other)
        .unwrap()
        .try_into()
        .unwrap();
    let error = listen("::", at.port()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse, "{error}");
}

/// Is no protocol of the pump: takes the socket and answers by itself.
struct Shout;

impl Service for Shout {
    fn protocol(&self) -> &'static str {
        "shout"
    }

    fn serve(&self, accepted: Accepted) -> impl Future<Output = ()> + Send + 'static {
        shout(accepted)
    }
}

async fn shout(accepted: Accepted) {
    let mut stream = accepted.stream;
    let mut heard = [0; 5];
    stream.read_exact(&mut heard).await.unwrap();
    drop(accepted.handshake);
    let said = String::from_utf8_lossy(&heard).to_uppercase();
    stream.write_all(said.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_listener_may_serve_without_the_pump_and_has_a_name() {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let bound = || Bound::bind("127.0.0.1", 0).unwrap().listen().unwrap();
    let listeners = [
        bound().start("one", Shout, (&stop, &Gate::default()), &tasks),
        bound().start("other", Shout, (&stop, &Gate::default()), &tasks),
    ];
    assert_eq!(
        listeners.each_ref().map(|listener| listener.name),
        ["one", "other"]
    );
    for listener in &listeners {
        assert_eq!(listener.protocol, "shout");
        let mut client = TcpStream::connect(listener.addresses[0]).await.unwrap();
        client.write_all(b"hello").await.unwrap();
        let mut heard = String::new();
        client.read_to_string(&mut heard).await.unwrap();
        assert_eq!(heard, "HELLO");
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

/// Has a place for one connection, and keeps it until it is asked for the place.
#[derive(Default)]
struct Sits(Arc<tokio::sync::Notify>);

impl Service for Sits {
    fn protocol(&self) -> &'static str {
        "sits"
    }

    fn at_once(&self) -> usize {
        1
    }

    fn makes_room(&self) -> bool {
        true
    }

    fn make_room(&self) {
        self.0.notify_one();
    }

    fn serve(&self, accepted: Accepted) -> impl Future<Output = ()> + Send + 'static {
        let leave = Arc::clone(&self.0);
        async move {
            leave.notified().await;
            drop(accepted);
        }
    }
}

// It stayed in the backlog for as long as the other one said nothing.
#[tokio::test]
async fn a_connection_leaves_when_the_next_one_comes() {
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let listener = listen("127.0.0.1", 0).unwrap();
    let listening = listener.start("one", Sits::default(), (&stop, &Gate::default()), &tasks);
    let mut first = TcpStream::connect(listening.addresses[0]).await.unwrap();
    let _second = TcpStream::connect(listening.addresses[0]).await.unwrap();
    assert_eq!(first.read(&mut [0]).await.unwrap(), 0);
    stop.cancel();
}

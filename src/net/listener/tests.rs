use super::*;

#[tokio::test]
async fn port_zero_takes_a_free_port() {
    let listener = Listener::bind("127.0.0.1", 0).await.unwrap();
    assert_eq!(listener.addresses().len(), 1);
    assert_ne!(listener.addresses()[0].port(), 0);
}

#[tokio::test]
async fn all_addresses_of_a_name_share_one_port() {
    let listener = Listener::bind("localhost", 0).await.unwrap();
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
    let listener = Listener::bind("::", 0).await.unwrap();
    let port = listener.addresses()[0].port();
    TcpStream::connect(("127.0.0.1", port)).await.unwrap();
}

#[tokio::test]
async fn taken_port_is_named_in_the_error() {
    let first = Listener::bind("127.0.0.1", 0).await.unwrap();
    let port = first.addresses()[0].port();
    let error = Listener::bind("127.0.0.1", port).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
}

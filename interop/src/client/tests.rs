use super::*;

fn check(manifest: &str, library: &str, version: Option<&str>) {
    assert_eq!(
        pinned_version(manifest, library).as_deref(),
        version,
        "{library} in {manifest}"
    );
}

#[test]
fn version_is_read_from_each_kind_of_manifest() {
    check("aio-pika==10.2.1\npika==1.4.4\n", "pika", Some("1.4.4"));
    check(
        "{\"dependencies\": {\"amqplib\": \"2.3.1\"}}",
        "amqplib",
        Some("2.3.1"),
    );
    let pom = "<artifactId>amqp-client</artifactId>\n<version>5.26.0</version>";
    check(pom, "amqp-client", Some("5.26.0"));
    check(
        "require github.com/rabbitmq/amqp091-go v1.16.0\n",
        "amqp091-go",
        None,
    );
    let module = "github.com/rabbitmq/amqp091-go";
    check(
        "require github.com/rabbitmq/amqp091-go v1.16.0\n",
        module,
        Some("1.16.0"),
    );
    check("lapin = { version = \"=4.12.3\" }", "lapin", Some("4.12.3"));
}

#[test]
fn manifest_without_the_library_has_no_version() {
    check("aio-pika==10.2.1\n", "pika", None);
    check("", "pika", None);
}

//! What an operator does in a script, through the management API.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::connection::PATIENCE;
use super::operator::Order;

/// A management API, reached as guest.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    address: SocketAddr,
}

impl Api {
    /// The API at `address`.
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// One request: status and body of the answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) fn request(
        &self,
        verb: &str,
        path: &str,
        body: &str,
    ) -> Result<(u16, String), String> {
        self.exchange(verb, path, "", body)
            .map_err(|error| format!("management API at {}: {error}", self.address))
    }

    /// A request that must succeed.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn done(&self, verb: &str, path: &str, body: &str) -> Result<(), String> {
        match self.request(verb, path, body)? {
            (200..=299, _) => Ok(()),
            (status, answer) => Err(format!("{verb} {path}: {status} {answer}")),
        }
    }

    fn exchange(
        &self,
        verb: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = format!(
            "{verb} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Basic {}\r\n{headers}\
             content-type: application/json\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            self.address,
            STANDARD.encode("guest:guest"),
            body.len(),
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        let body = answer
            .split_once("\r\n\r\n")
            .map(|(_, body)| body.to_owned());
        Ok((status, body.unwrap_or_default()))
    }

    /// Does `order` in `vhost`.
    ///
    /// # Errors
    /// When the verb is unknown or the broker refuses.
    pub(crate) fn act(&self, order: &Order, vhost: &str) -> Result<(), String> {
        let Order { verb, name, args } = order;
        let name = escape(name);
        if verb == "close-connections" {
            return self.close_connections(&name, order.word("reason"));
        }
        let limit = json!({ "value": args.get("value") });
        let user = order.word("user");
        let (method, path, body) = match verb.as_str() {
            "user" => ("PUT", format!("users/{name}"), json!(args)),
            "delete-user" => ("DELETE", format!("users/{name}"), Json::Null),
            "permissions" => ("PUT", format!("permissions/{vhost}/{name}"), json!(args)),
            "topic-permissions" => (
                "PUT",
                format!("topic-permissions/{vhost}/{name}"),
                json!(args),
            ),
            "policy" => ("PUT", format!("policies/{vhost}/{name}"), json!(args)),
            "clear-policy" => ("DELETE", format!("policies/{vhost}/{name}"), Json::Null),
            "operator-policy" => (
                "PUT",
                format!("operator-policies/{vhost}/{name}"),
                json!(args),
            ),
            "vhost-limit" => ("PUT", format!("vhost-limits/{vhost}/{name}"), limit),
            "user-limit" => ("PUT", format!("user-limits/{user}/{name}"), limit),
            "trace" => {
                let tracing = json!({ "tracing": args.get("on") });
                ("PUT", format!("vhosts/{vhost}"), tracing)
            }
            "delete-vhost" => ("DELETE", format!("vhosts/{vhost}"), Json::Null),
            other => return Err(format!("no operator can {other}")),
        };
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.done(method, &format!("/api/{path}"), &body)
    }

    fn close_connections(&self, user: &str, reason: &str) -> Result<(), String> {
        let header = match reason {
            "" => String::new(),
            reason => format!("x-reason: {reason}\r\n"),
        };
        let path = format!("/api/connections/username/{user}");
        match self.exchange("DELETE", &path, &header, "") {
            Ok((200..=299, _)) => Ok(()),
            Ok((status, answer)) => Err(format!("DELETE {path}: {status} {answer}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Percent-encodes one segment of a path.
fn escape(segment: &str) -> String {
    segment
        .bytes()
        .map(|octet| {
            if octet.is_ascii_alphanumeric() || b"-_.~".contains(&octet) {
                char::from(octet).to_string()
            } else {
                format!("%{octet:02X}")
            }
        })
        .collect()
}

//! The way to a node: HTTP over its Unix socket, or over TCP to a management API.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::failure::{Failure, code};
use crate::line::Line;
use crate::place;
use crate::sys::{self, Local};

mod events;
mod target;

pub(crate) use target::Remote;
use target::Target;

/// What is escaped in a part of a path.
const UNFIT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Octets of an answer that is read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// A client of one node. One request after another, on one connection.
pub(crate) struct Client {
    node: String,
    target: Target,
    runtime: Runtime,
    connection: Option<SendRequest<Full<Bytes>>>,
    /// The command's name, and how long it may take.
    command: &'static str,
    timeout_ms: Option<u64>,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Client {
    /// The client of the node that a command line means.
    pub(crate) fn new(
        line: &Line,
        command: &'static str,
        timeout_ms: Option<u64>,
    ) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::error(code::SOFTWARE, error.to_string()))?;
        let (node, target) = target::of(line)?;
        Ok(Self {
            node,
            target,
            runtime,
            connection: None,
            command,
            timeout_ms,
        })
    }

    /// The client of a management API, for a tool that knows no nodes.
    pub(crate) fn remote(remote: Remote, timeout_ms: u64) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::error(code::SOFTWARE, error.to_string()))?;
        Ok(Self {
            node: String::new(),
            target: Target::Remote(remote),
            runtime,
            connection: None,
            command: "rabbitmqadmin",
            timeout_ms: Some(timeout_ms),
        })
    }

    /// The node's name.
    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// Whether it is asked over its own socket, and not over TCP.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.target, Target::Local(_))
    }

    /// Asks the management API for the name of its node, for a client that was given a URI.
    pub(crate) fn learn_name(&mut self) -> Result<(), Failure> {
        let overview = self.get("/overview")?.value()?;
        if let Some(name) = overview.get("node").and_then(Value::as_str) {
            name.clone_into(&mut self.node);
        }
        Ok(())
    }

    /// How long a command may take, in milliseconds.
    pub(crate) fn timeout_ms(&self) -> Option<u64> {
        self.timeout_ms
    }

    /// Asks for what is at a path, below `/api`.
    pub(crate) fn get(&mut self, path: &str) -> Result<Reply, Failure> {
        self.call(&Method::GET, path, None)
    }

    /// Puts a body at a path.
    pub(crate) fn put(&mut self, path: &str, body: &Value) -> Result<Reply, Failure> {
        self.call(&Method::PUT, path, Some(body))
    }

    /// Posts a body to a path.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Result<Reply, Failure> {
        self.call(&Method::POST, path, Some(body))
    }

    /// Deletes what is at a path.
    pub(crate) fn delete(&mut self, path: &str) -> Result<Reply, Failure> {
        self.call(&Method::DELETE, path, None)
    }

    /// Deletes what is at a path, and says why.
    pub(crate) fn delete_because(&mut self, path: &str, reason: &str) -> Result<Reply, Failure> {
        let mut request = self.request(&Method::DELETE, path, String::new())?;
        // Not all texts fit in a header; the connection is closed without a reason then.
        if let Ok(reason) = HeaderValue::from_str(reason) {
            request.headers_mut().insert("x-reason", reason);
        }
        self.send(request)
    }

    /// Any call. `body` is sent as JSON.
    pub(crate) fn call(
        &mut self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, Failure> {
        self.call_text(method, path, body.map(Value::to_string).unwrap_or_default())
    }

    /// Any call, with a body as it is; none if it is empty.
    pub(crate) fn call_text(
        &mut self,
        method: &Method,
        path: &str,
        body: String,
    ) -> Result<Reply, Failure> {
        let request = self.request(method, path, body)?;
        self.send(request)
    }

    /// Reads server-sent events, each by its name and what it says, for a `time` or to their end.
    ///
    /// # Errors
    /// A refusal, a connection that breaks, and what `each` fails with.
    pub(crate) fn follow(
        &mut self,
        path: &str,
        time: Option<Duration>,
        each: &mut dyn FnMut(&str, &str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let request = self.request(&Method::GET, path, String::new())?;
        let target = &self.target;
        let followed = self.runtime.block_on(async {
            let followed = events::follow(connect(target).await?, request, each);
            match time {
                Some(time) => match tokio::time::timeout(time, followed).await {
                    Ok(followed) => followed,
                    Err(_) => Ok(Ok(())),
                },
                None => followed.await,
            }
        });
        followed.map_err(|trouble| self.failure(trouble))?
    }

    fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Reply, Failure> {
        let limit = self.timeout_ms.map(Duration::from_millis);
        let (target, connection) = (&self.target, &mut self.connection);
        let asked = self.runtime.block_on(async {
            let asked = ask(target, connection, request);
            match limit {
                Some(limit) => tokio::time::timeout(limit, asked)
                    .await
                    .map_err(|_| Trouble::Time)?,
                None => asked.await,
            }
        });
        asked.map_err(|trouble| self.failure(trouble))
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        body: String,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let (prefix, host, login) = match &self.target {
            Target::Local(_) => ("", "localhost", None),
            Target::Remote(remote) => (
                remote.prefix.as_str(),
                remote.host.as_str(),
                Some(remote.authorization()),
            ),
        };
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("{prefix}/api{path}"))
            .header(HOST, host)
            .header(CONTENT_TYPE, "application/json");
        if let Some(login) = login {
            request = request.header(AUTHORIZATION, login);
        }
        let request = request.body(Full::new(Bytes::from(body)));
        request.map_err(|error| Failure::error(code::SOFTWARE, error.to_string()))
    }

    fn failure(&self, trouble: Trouble) -> Failure {
        match trouble {
            Trouble::Down(why) => self.down(&why),
            Trouble::Time => self.late(),
            Trouble::Broken(why) => Failure::plain(
                code::UNAVAILABLE,
                format!("Error: the connection to node '{}' broke: {why}", self.node),
            ),
        }
    }

    /// The answer did not come in time.
    pub(crate) fn late(&self) -> Failure {
        let text = format!(
            "Error: operation {} on node {} timed out. Timeout value used: {}",
            self.command,
            self.node,
            self.timeout_ms.unwrap_or_default()
        );
        Failure::plain(code::TIMEOUT, text)
    }

    /// Nothing answers. Seen: RabbitMQ 4.3.6; its reasons and diagnostics are those of Erlang's
    /// distribution, ours those of sockets.
    fn down(&self, why: &str) -> Failure {
        let node = &self.node;
        let text = format!(
            "Error: unable to perform an operation on node '{node}'. Please see diagnostics \
             information and suggestions below.\n\n\
             Most common reasons for this are:\n\n \
             * Target node is not running\n \
             * It runs as another user: its owner and root may use its socket\n \
             * It has another name: try -n, or --data-dir with its data directory\n\n\
             DIAGNOSTICS\n===========\n\n\
             attempted to contact: [{node}]\n\n\
             {node}:\n{why}  * suggestion: start the node\n"
        );
        Failure::plain(code::UNAVAILABLE, text)
    }
}

/// Why there is no answer.
enum Trouble {
    /// Nothing could be connected to: one line for each thing that was tried.
    Down(String),
    Time,
    Broken(String),
}

impl From<hyper::Error> for Trouble {
    fn from(error: hyper::Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Sends a request on the connection, which is made if there is none, and reads the answer.
async fn ask(
    target: &Target,
    connection: &mut Option<SendRequest<Full<Bytes>>>,
    request: Request<Full<Bytes>>,
) -> Result<Reply, Trouble> {
    let mut sender = match connection.take().filter(|sender| !sender.is_closed()) {
        Some(sender) => sender,
        None => connect(target).await?,
    };
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    let reply = read(response).await?;
    *connection = Some(sender);
    Ok(reply)
}

async fn read(response: Response<Incoming>) -> Result<Reply, Trouble> {
    let status = response.status().as_u16();
    let body = http_body_util::Limited::new(response.into_body(), ANSWER_BYTES_MAX);
    let body = body.collect().await;
    let body = body.map_err(|error| Trouble::Broken(error.to_string()))?;
    Ok(Reply {
        status,
        body: body.to_bytes(),
    })
}

async fn connect(target: &Target) -> Result<SendRequest<Full<Bytes>>, Trouble> {
    match target {
        Target::Local(paths) => {
            let stream = connect_local(paths).await.map_err(Trouble::Down)?;
            start(TokioIo::new(stream)).await
        }
        Target::Remote(remote) => {
            let stream = connect_remote(remote).await.map_err(Trouble::Down)?;
            start(TokioIo::new(stream)).await
        }
    }
}

/// The first socket that a broker listens at, or what became of each try.
async fn connect_local(paths: &[PathBuf]) -> Result<Local, String> {
    let mut tried = String::new();
    for path in paths {
        match sys::connect(path).await {
            Ok(stream) => return Ok(stream),
            Err(error) => tried.push_str(&format!("  * {}: {error}\n", path.display())),
        }
    }
    match tried.is_empty() {
        true => Err("  * there is no directory with sockets\n".to_owned()),
        false => Err(tried),
    }
}

async fn connect_remote(remote: &Remote) -> Result<TcpStream, String> {
    let connected = TcpStream::connect(&remote.address).await;
    connected.map_err(|error| format!("  * {}: {error}\n", remote.address))
}

async fn start<T>(io: TokioIo<T>) -> Result<SendRequest<Full<Bytes>>, Trouble>
where
    TokioIo<T>: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(io).await?;
    // It ends with the runtime, or with the connection; what fails is said to the request.
    let _detached = tokio::spawn(async move {
        let _said_to_the_request = connection.await;
    });
    Ok(sender)
}

impl Reply {
    /// Whether it was done.
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The answer as JSON; a refusal as it is said.
    pub(crate) fn value(self) -> Result<Value, Failure> {
        if !self.is_ok() {
            return Err(self.refusal());
        }
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body).map_err(Failure::unexpected)
    }

    /// The items of a list.
    pub(crate) fn items(self) -> Result<Vec<Value>, Failure> {
        match self.value()? {
            Value::Array(items) => Ok(items),
            other => Err(Failure::unexpected(other)),
        }
    }

    /// What a check that failed answers: an object with what is not well.
    pub(crate) fn unwell(&self) -> Option<Value> {
        let object = || serde_json::from_slice(&self.body).ok();
        (self.status == 503).then(object).flatten()
    }

    /// Nothing, if it was done.
    pub(crate) fn done(self) -> Result<(), Failure> {
        match self.is_ok() {
            true => Ok(()),
            false => Err(self.refusal()),
        }
    }

    /// What it says of why not.
    pub(crate) fn reason(&self) -> String {
        let object: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let said = object.get("reason").or_else(|| object.get("error"));
        match said {
            Some(Value::String(reason)) => reason.clone(),
            Some(other) => other.to_string(),
            None => format!("HTTP status {}", self.status),
        }
    }

    /// The failure that a refusal is, unless a command knows better.
    pub(crate) fn refusal(&self) -> Failure {
        let reason = self.reason();
        match self.status {
            401 | 403 => Failure::error(code::NO_PERMISSION, reason),
            503 if reason == STOPPED => Failure::WrongState {
                text: APP_IS_STOPPED.to_owned(),
            },
            _ => Failure::error(code::UNAVAILABLE, reason),
        }
    }
}

/// What a node whose application is stopped answers.
pub(crate) const STOPPED: &str = "app_stopped";

/// Seen: RabbitMQ 4.3.6, `list_queues` after `stop_app`.
pub(crate) const APP_IS_STOPPED: &str = "this command requires the 'rabbit' app to be running on \
    the target node. Start it with 'rabbitmqctl start_app'.";

/// A path of these parts, each escaped.
pub(crate) fn path(parts: &[&str]) -> String {
    let parts = parts
        .iter()
        .map(|part| format!("/{}", utf8_percent_encode(part, UNFIT)));
    parts.collect()
}

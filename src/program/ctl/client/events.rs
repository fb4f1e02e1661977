//! Server-sent events, read as they come.
//!
//! Source: HTML Living Standard, server-sent events.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::client::conn::http1::SendRequest;

use super::{Trouble, read};
use crate::failure::Failure;

/// Octets of an event that is read.
const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Sends a request, and calls `each` with every event's name and data, until the answer ends or
/// `each` fails.
pub(super) async fn follow(
    mut sender: SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    each: &mut dyn FnMut(&str, &str) -> Result<(), Failure>,
) -> Result<Result<(), Failure>, Trouble> {
    sender.ready().await?;
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        return Ok(Err(read(response).await?.refusal()));
    }
    let mut body = response.into_body();
    let mut waiting = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(octets) = frame?.into_data() else {
            continue;
        };
        waiting.extend_from_slice(&octets);
        while let Some(end) = waiting.windows(2).position(|two| two == b"\n\n") {
            let event: Vec<u8> = waiting.drain(..end + 2).collect();
            let (name, data) = parts(&String::from_utf8_lossy(&event));
            if !data.is_empty()
                && let Err(failure) = each(&name, &data)
            {
                return Ok(Err(failure));
            }
        }
        if waiting.len() > EVENT_BYTES_MAX {
            return Err(Trouble::Broken("an event is too long".to_owned()));
        }
    }
    Ok(Ok(()))
}

/// The name and the data of an event; both are empty in a comment.
fn parts(event: &str) -> (String, String) {
    let (mut name, mut data) = (String::new(), Vec::new());
    for line in event.lines() {
        match line.split_once(": ") {
            Some(("event", said)) => said.clone_into(&mut name),
            Some(("data", said)) => data.push(said),
            _ => {}
        }
    }
    (name, data.join("\n"))
}

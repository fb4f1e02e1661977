//! What is asked at the node's sockets: the node's own questions, which are answered whether the
//! broker runs or not, and the management API while it does.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State as Shared};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower::Service as _;

use super::app::{App, AppError};
use super::{eval, interfaces, limits, tls};
use crate::config::LogLevel;
use crate::desk::Desk;
use crate::desk::views::Scope;
use crate::events::audit::say_act;
use crate::program::logging;
use crate::{log, management};

/// What RabbitMQ's tools call themselves.
const TOOLS: &str = "rmq-cli";

/// What clients are told when the application is stopped. Seen: RabbitMQ 4.3.6, `stop_app`.
pub(super) const REASON: &str = "shutdown";

/// What the tools know a stopped application by.
const STOPPED: &str = "app_stopped";

/// What all requests share.
struct Door {
    app: Arc<App>,
    name: String,
    /// Told when a tool asks for the end of the process.
    ended: Arc<Notify>,
}

/// All that can be asked.
pub(super) fn router(app: &Arc<App>, name: &str, ended: &Arc<Notify>) -> Router {
    let door = Door {
        app: Arc::clone(app),
        name: name.to_owned(),
        ended: Arc::clone(ended),
    };
    Router::new()
        .route("/api/leveret/node", get(node))
        .route("/api/leveret/node/eval", post(evaluate))
        .route("/api/leveret/node/limits", put(set_limits))
        .route("/api/leveret/node/listeners", put(set_listeners))
        .route("/api/leveret/node/maintenance", put(set_maintenance))
        .route("/api/leveret/node/log", get(log_files).put(set_log_level))
        .route("/api/leveret/node/surroundings", get(variables))
        .route("/api/leveret/node/interfaces", get(interfaces))
        .route("/api/leveret/node/sizes", get(sizes))
        .route("/api/leveret/node/tls", get(over_tls))
        .route("/api/leveret/node/{act}", post(act))
        .fallback(api)
        .with_state(Arc::new(door))
}

/// `GET /leveret/node`
async fn node(Shared(door): Shared<Arc<Door>>) -> Response {
    let object = json!({
        "name": door.name,
        "state": door.app.state().word(),
        "pid": std::process::id(),
        "leveret_version": env!("CARGO_PKG_VERSION"),
    });
    answer(StatusCode::OK, &object)
}

/// `POST /leveret/node/ACT`
async fn act(Shared(door): Shared<Arc<Door>>, Path(act): Path<String>) -> Response {
    say_act(
        &TOOLS.into(),
        "",
        format_args!("{act} is asked of the node"),
    );
    let app = Arc::clone(&door.app);
    let done = match act.as_str() {
        "stop_app" => {
            blocking(move || {
                app.stop_as_asked(REASON);
                Ok(())
            })
            .await
        }
        "start_app" => blocking(move || app.start_again().map_err(AppError::Start)).await,
        "reset" => blocking(move || app.reset()).await,
        "shutdown" => {
            door.ended.notify_one();
            Ok(())
        }
        _ => return answer(StatusCode::NOT_FOUND, &json!({"error": "not_found"})),
    };
    match done {
        Ok(()) => answer(StatusCode::OK, &json!({"state": door.app.state().word()})),
        Err(error) => {
            log::error!("{act} failed: {error}");
            let object = json!({"error": "failed", "reason": error.to_string()});
            answer(StatusCode::CONFLICT, &object)
        }
    }
}

/// `POST /leveret/node/eval`: Erlang, as far as it is understood.
async fn evaluate(Shared(door): Shared<Arc<Door>>, body: Bytes) -> Response {
    let object: Value = serde_json::from_slice(&body).unwrap_or_default();
    let expression = object.get("expression").and_then(Value::as_str);
    say_act(&TOOLS.into(), "", format_args!("eval is asked of the node"));
    let around = eval::Around {
        node: &door.name,
        desk: door.app.desk(),
    };
    match eval::eval(expression.unwrap_or_default(), &around) {
        Ok(value) => answer(StatusCode::OK, &json!({"text": value.to_string()})),
        Err(error) => {
            let object = json!({"error": error.word(), "reason": error.to_string()});
            answer(StatusCode::BAD_REQUEST, &object)
        }
    }
}

/// `PUT /leveret/node/limits`: when publishers wait.
async fn set_limits(Shared(door): Shared<Arc<Door>>, body: Bytes) -> Response {
    let Some(desk) = door.app.desk() else {
        let object = json!({"error": STOPPED, "reason": STOPPED});
        return answer(StatusCode::SERVICE_UNAVAILABLE, &object);
    };
    match limits::set(&desk, &body) {
        Ok(what) => {
            say_act(&TOOLS.into(), "", format_args!("{what}"));
            answer(StatusCode::OK, &json!({"said": what}))
        }
        Err(reason) => bad_request(&reason),
    }
}

/// `PUT /leveret/node/listeners`: whether clients are let in.
async fn set_listeners(Shared(door): Shared<Arc<Door>>, body: Bytes) -> Response {
    let (desk, accept) = match desk_and_truth(&door, &body, "accept") {
        Ok(both) => both,
        Err(refused) => return *refused,
    };
    let what = if accept { "resumed" } else { "suspended" };
    say_act(&TOOLS.into(), "", format_args!("all listeners are {what}"));
    let done = desk.set_listening(accept).await;
    changed(done, &json!({"accept": accept}))
}

/// `PUT /leveret/node/maintenance`: whether the node serves no client.
async fn set_maintenance(Shared(door): Shared<Arc<Door>>, body: Bytes) -> Response {
    let (desk, drains) = match desk_and_truth(&door, &body, "drained") {
        Ok(both) => both,
        Err(refused) => return *refused,
    };
    let what = if drains { "drained" } else { "revived" };
    say_act(&TOOLS.into(), "", format_args!("the node is {what}"));
    let done = match drains {
        true => desk.drain().await,
        false => desk.revive().await,
    };
    changed(done, &json!({"drained": drains}))
}

/// What the broker that runs is asked at, and what a request says of `name`.
fn desk_and_truth(
    door: &Door,
    body: &Bytes,
    name: &str,
) -> Result<(Arc<Desk>, bool), Box<Response>> {
    let Some(desk) = door.app.desk() else {
        let object = json!({"error": STOPPED, "reason": STOPPED});
        return Err(answer(StatusCode::SERVICE_UNAVAILABLE, &object).into());
    };
    let object: Value = serde_json::from_slice(body).unwrap_or_default();
    match object.get(name).and_then(Value::as_bool) {
        Some(truth) => Ok((desk, truth)),
        None => Err(bad_request(&format!("{name}: expected true or false")).into()),
    }
}

fn changed(done: Result<(), &'static str>, object: &Value) -> Response {
    match done {
        Ok(()) => answer(StatusCode::OK, object),
        Err(reason) => {
            let object = json!({"error": "failed", "reason": reason});
            answer(StatusCode::CONFLICT, &object)
        }
    }
}

/// `GET /leveret/node/log`: where the log goes.
async fn log_files(Shared(door): Shared<Arc<Door>>) -> Response {
    answer(StatusCode::OK, &json!({"files": door.app.log_files()}))
}

/// `PUT /leveret/node/log`: how severe a line must be, until the process ends.
async fn set_log_level(body: Bytes) -> Response {
    let object: Value = serde_json::from_slice(&body).unwrap_or_default();
    let word = object.get("level").and_then(Value::as_str);
    let level = match word.unwrap_or_default() {
        "debug" => LogLevel::Debug,
        "info" => LogLevel::Info,
        "warning" => LogLevel::Warning,
        "error" | "critical" => LogLevel::Error,
        "none" => LogLevel::None,
        _ => return bad_request("level: expected debug, info, warning, error, critical or none"),
    };
    let what = word.unwrap_or_default();
    say_act(
        &TOOLS.into(),
        "",
        format_args!("the log takes level {what}"),
    );
    logging::set_level(level);
    answer(StatusCode::OK, &json!({"level": what}))
}

/// `GET /leveret/node/surroundings`: variables of RabbitMQ and of this broker.
async fn variables() -> Response {
    let own = |name: &str| {
        ["RABBITMQ_", "LEVERET_"]
            .iter()
            .any(|own| name.starts_with(own))
    };
    let all = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| own(name))?;
        Some((name, Value::from(value.to_string_lossy())))
    });
    let all: BTreeMap<String, Value> = all.collect();
    answer(StatusCode::OK, &json!({"variables": all}))
}

/// `GET /leveret/node/interfaces`: of this machine to networks.
async fn interfaces() -> Response {
    let found = tokio::task::spawn_blocking(interfaces::all).await;
    match found.map_err(io::Error::other).and_then(|found| found) {
        Ok(all) => answer(StatusCode::OK, &json!({"interfaces": all})),
        Err(error) => {
            let object = json!({"error": "failed", "reason": error.to_string()});
            answer(StatusCode::CONFLICT, &object)
        }
    }
}

/// `GET /leveret/node/sizes`: how many messages were published of each size.
async fn sizes(Shared(door): Shared<Arc<Door>>) -> Response {
    let Some(desk) = door.app.desk() else {
        let object = json!({"error": STOPPED, "reason": STOPPED});
        return answer(StatusCode::SERVICE_UNAVAILABLE, &object);
    };
    let sizes = desk.turnover(Scope::All).messages.sizes;
    answer(StatusCode::OK, &json!({"counts": sizes.ranges}))
}

/// `GET /leveret/node/tls`: versions, cipher suites, and certificates of listeners.
async fn over_tls(Shared(door): Shared<Arc<Door>>) -> Response {
    answer(StatusCode::OK, &tls::all(door.app.desk().as_deref()))
}

fn bad_request(reason: &str) -> Response {
    let object = json!({"error": "bad_request", "reason": reason});
    answer(StatusCode::BAD_REQUEST, &object)
}

/// Does what takes long on another thread.
async fn blocking(
    work: impl FnOnce() -> Result<(), AppError> + Send + 'static,
) -> Result<(), AppError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(AppError::Data(io::Error::other(error))))
}

/// Anything else: the management API.
async fn api(Shared(door): Shared<Arc<Door>>, request: Request) -> Response {
    if door.app.api().is_none()
        && let Some(answer) = management::without_broker(&request)
    {
        return answer;
    }
    match door.app.api() {
        Some(mut api) => match api.call(request).await {
            Ok(response) => response,
            Err(impossible) => match impossible {},
        },
        None => {
            let object = json!({"error": STOPPED, "reason": STOPPED});
            answer(StatusCode::SERVICE_UNAVAILABLE, &object)
        }
    }
}

fn answer(status: StatusCode, object: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, object.to_string()).into_response()
}

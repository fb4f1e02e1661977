//! Documents of definitions: of the whole broker, and of one virtual host.

use axum::body::Body;
use bytes::Bytes;

use crate::desk::{DocumentOf, ImportError, ImportReason, Rest};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;

/// `GET /definitions` and `/all-configuration`.
pub(in crate::management) async fn get(ask: Ask) -> Answer {
    document(ask, DocumentOf::Broker).await
}

/// `GET /definitions/V`.
pub(in crate::management) async fn get_vhost(ask: Ask) -> Answer {
    let found = ask.desk.one_vhost(ask.name("vhost"));
    let found = found.ok_or_else(|| Refusal::bad("vhost_not_found"))?;
    document(ask, found).await
}

/// Not on a thread that serves connections: a document can be long, and other changes by operators
/// wait for it meanwhile. Its text counts for the room of long answers until the client has it.
async fn document(ask: Ask, scope: DocumentOf) -> Answer {
    let write = || {
        let mut text = Vec::new();
        ask.desk.write_definitions(&scope, &mut text).map(|()| text)
    };
    let made = ask.door.aside.long_document(write).await;
    let text = made.map_err(|_| Refusal::failed())?;
    let (text, room) = text.ok_or_else(Refusal::no_room)?;
    let reply = Reply::kept(text, room);
    Ok(match ask.query.get("download") {
        Some(file) => reply.attached(file),
        None => reply,
    })
}

/// `POST /definitions` and `/all-configuration`.
pub(in crate::management) async fn post(ask: Ask) -> Answer {
    import(ask, false).await
}

/// `POST /definitions/V`.
pub(in crate::management) async fn post_vhost(ask: Ask) -> Answer {
    import(ask, true).await
}

async fn import(ask: Ask, is_one_vhost: bool) -> Answer {
    if is_one_vhost && !ask.desk.has_vhost(ask.name("vhost")) {
        return Err(Refusal::missing("vhost_not_found"));
    }
    let document = document_of(&ask).await?;
    let administration = ask.administration()?;
    let import = || match is_one_vhost {
        true => administration.import_into(ask.name("vhost"), &document),
        false => administration.import(&document),
    };
    let imported = ask.door.aside.document(import).await?;
    ask.stored(imported, Rest::default()).await?;
    Ok(Reply::done())
}

/// The document in a body: the body, or the field `file` of a form.
///
/// Seen: RabbitMQ 4.3.6: a form without that field is no JSON.
async fn document_of(ask: &Ask) -> Result<Bytes, Refusal> {
    let Ok(boundary) = multer::parse_boundary(&*ask.content_type) else {
        return Ok(match ask.body.is_empty() {
            true => Bytes::from_static(b"{}"),
            false => ask.body.clone(),
        });
    };
    let whole = Body::from(ask.body.clone()).into_data_stream();
    let mut form = multer::Multipart::new(whole, boundary);
    let not_json = || Refusal::bad(ImportReason::NotJson.to_string());
    while let Some(field) = form.next_field().await.map_err(|_| not_json())? {
        if field.name() == Some("file") {
            return field.bytes().await.map_err(|_| not_json());
        }
    }
    Err(not_json())
}

impl From<ImportError> for Refusal {
    fn from(error: ImportError) -> Self {
        match *error.reason {
            ImportReason::NotAllowed(error) => error.into(),
            _ => Self::bad(error.to_string()),
        }
    }
}

//! Why a document of definitions is refused.

use std::fmt;

use crate::auth::{AuthError, PasswordError};
use crate::definitions::ArgumentsError;
use crate::desk::administration::AdminError;
use crate::error::AmqpError;
use crate::policy::term;

/// Which item of a document is refused, and why. Sections before the item's are imported by then,
/// but for [`ImportReason::NotAnObject`]; of its own nothing is.
///
/// Displayed as the reason of RabbitMQ's HTTP answer 400, which does not always tell the item.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportError {
    /// The section; `None` if it is the document as a whole.
    pub section: Option<&'static str>,
    /// Which item of the section, counted from 0.
    pub item: usize,
    /// What names it: `'orders' in vhost '/'`.
    pub title: String,
    /// What is wrong with it.
    pub reason: Box<ImportReason>,
}

impl ImportError {
    pub(super) fn document(reason: ImportReason) -> Self {
        Self {
            section: None,
            item: 0,
            title: String::new(),
            reason: Box::new(reason),
        }
    }

    /// The item and what is wrong with it, for an operator who has the document at hand.
    #[must_use]
    pub fn explain(&self) -> String {
        let reason = self.reason.to_string();
        let reason = reason.trim_end();
        match self.section {
            Some(section) => {
                let Self { item, title, .. } = self;
                format!("{section}[{item}], {title}: {reason}")
            }
            None => reason.to_owned(),
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It has no field or name that would tell where it is.
        if let (Some(section), ImportReason::NotAnObject(_)) = (self.section, &*self.reason) {
            write!(f, "{section}[{}] ", self.item)?;
        }
        self.reason.fmt(f)
    }
}

impl std::error::Error for ImportError {}

/// A field of an item that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// It must be there.
    Missing(&'static str),
    /// It has more than 255 octets.
    TooLong(&'static str),
    /// It is of another kind.
    Unexpected {
        /// Its name.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is, as Erlang would write it.
        found: String,
    },
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(key) => write!(f, "{key} is missing"),
            Self::TooLong(key) => write!(f, "{key} has over 255 octets"),
            Self::Unexpected {
                key,
                expected,
                found,
            } => write!(f, "{key} should be {expected}, actually was {found}"),
        }
    }
}

/// An end of a binding that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingEnd {
    /// Its vhost.
    pub vhost: String,
    /// `queue` or `exchange`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

/// What is wrong with an item, or with a document.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportReason {
    /// The document is not JSON, or no object.
    NotJson,
    /// A section is not a list.
    NotAList,
    /// An item is not an object but this.
    NotAnObject(&'static str),
    /// The caller may not import.
    NotAllowed(AdminError),
    /// A field that cannot be.
    Field(Field),
    /// Its vhost does not exist.
    NoVhost(String),
    /// It does not say in which vhost it is.
    NoVhostGiven,
    /// What administration says of it.
    Refused(AdminError),
    /// What administration says of a policy or a parameter, and which it is.
    Named {
        /// What is wrong.
        error: Box<AdminError>,
        /// RabbitMQ's words for which it is.
        which: String,
    },
    /// Its arguments are none.
    Arguments(ArgumentsError),
    /// What AMQP says of it.
    Amqp(Box<AmqpError>),
    /// Ends of a binding that are not there.
    MissingEnds(Vec<MissingEnd>),
    /// A vhost would have more queues than it may.
    QueueLimit {
        /// How many are new.
        adding: usize,
        /// The vhost.
        vhost: String,
        /// The limit.
        limit: u64,
        /// How many there are.
        present: usize,
    },
}

/// Seen: RabbitMQ 4.3.6, `POST /api/definitions`; where it shows its own crash, our words.
impl fmt::Display for ImportReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("failed_to_parse_json"),
            Self::NotAList => f.write_str("a section should be a list"),
            Self::NotAnObject(found) => write!(f, "should be an object, actually was {found}"),
            Self::NotAllowed(error) => error.fmt(f),
            Self::Field(field) => field.fmt(f),
            Self::NoVhost(name) => write!(
                f,
                "Please create virtual host \"{name}\" prior to importing definitions."
            ),
            Self::NoVhostGiven => {
                f.write_str("Virtual host does not exist and is not specified in definitions file.")
            }
            Self::Refused(error) => refused(error, f),
            Self::Named { error, which } => write!(f, "{error} ({which})"),
            Self::Arguments(error) => error.fmt(f),
            Self::Amqp(error) => {
                let name = error.code.name().to_lowercase();
                write!(f, "{name}: {}", error.explanation)
            }
            Self::MissingEnds(ends) => {
                let ends: Vec<String> = ends.iter().map(end_term).collect();
                let lines = ends.join(",\n                    ");
                write!(f, "{{resources_missing,[{lines}]}}")
            }
            Self::QueueLimit {
                adding,
                vhost,
                limit,
                present,
            } => write!(
                f,
                "Adding {adding} queue(s) to virtual host \"{vhost}\" would exceed the limit of \
                 {limit} queue(s).\n\nThis virtual host currently has {present} queue(s) \
                 defined.\n\nImport aborted!"
            ),
        }
    }
}

fn end_term(end: &MissingEnd) -> String {
    let (vhost, name) = (term::string(&end.vhost), term::string(&end.name));
    format!("{{not_found,{{resource,{vhost},{},{name}}}}}", end.kind)
}

/// What RabbitMQ says in an import, which is not what it says to one request.
fn refused(error: &AdminError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        AdminError::NoSuchUser(name) => write!(f, "{{no_such_user,{}}}", term::string(name)),
        AdminError::NoSuchExchange(name) => {
            write!(f, "{{no_such_exchange,{}}}", term::string(name))
        }
        AdminError::Auth(AuthError::Password(PasswordError::NotBase64(text))) => {
            write!(f, "{{not_base64,{}}}", term::string(text))
        }
        AdminError::Auth(AuthError::InvalidPattern(invalid)) => {
            let pattern = term::string(&invalid.pattern);
            let pattern = pattern.trim_start_matches("<<").trim_end_matches(">>");
            let (reason, position) = (&invalid.reason, invalid.position);
            write!(f, "{{invalid_regexp,{pattern},{{{reason:?},{position}}}}}")
        }
        error => fmt::Display::fmt(error, f),
    }
}

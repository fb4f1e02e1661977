//! The reference at `/api/index.html`, made of the table of routes.

use super::route::{Amqp, Needs, Operation, Verb};
use super::routes;

/// Where the reference is.
pub(super) const PATH: &str = "/api/index.html";

/// The reference.
pub(super) fn page() -> String {
    let mut page = String::from(HEAD);
    for route in routes::all() {
        for operation in route.operations {
            let cells = [
                verb(operation),
                route.path,
                operation.needs.words().0,
                operation.amqp.words().0,
                operation.about,
            ];
            let cells = cells.map(|cell| format!("<td>{cell}</td>"));
            page.push_str(&format!("<tr>{}</tr>\n", cells.concat()));
        }
    }
    page.push_str("</table>\n");
    legend(&mut page, "Tags", Needs::ALL.map(Needs::words));
    legend(&mut page, "Permissions", Amqp::ALL.map(Amqp::words));
    page
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>Leveret HTTP API</title>
<h1>Leveret HTTP API</h1>
<p>As the management plugin of RabbitMQ has it; <a href=\"openapi.json\">openapi.json</a> says the
same to programs. All paths begin with <code>/api</code>; names in
them are percent-encoded, the virtual host <code>/</code> as <code>%2F</code>. Log in with HTTP
basic authentication.</p>
<table>
<tr><th>method</th><th>path</th><th>tag</th><th>permission</th><th>what it is</th></tr>
";

fn verb(operation: &Operation) -> &'static str {
    match operation.verb {
        Verb::Get | Verb::GetText | Verb::GetEvents | Verb::GetAlone => "GET",
        Verb::Post => "POST",
        Verb::Put => "PUT",
        Verb::Delete => "DELETE",
    }
}

fn legend<const N: usize>(page: &mut String, title: &str, words: [(&str, &str); N]) {
    page.push_str(&format!("<h2>{title}</h2>\n<dl>\n"));
    for (word, meaning) in words {
        page.push_str(&format!("<dt>{word}</dt><dd>{meaning}</dd>\n"));
    }
    page.push_str("</dl>\n");
}

impl Needs {
    const ALL: [Self; 8] = [
        Self::Nothing,
        Self::Management,
        Self::Vhost,
        Self::VhostSeen,
        Self::Policymaker,
        Self::Own,
        Self::Monitoring,
        Self::Administrator,
    ];

    /// A word for the table, and what it means.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Nothing => ("anybody", "no login is needed"),
            Self::Management => ("any", "any of the four tags"),
            Self::Vhost => (
                "in vhost",
                "any of the tags, and a permission of any kind in the virtual host; or \
                 administrator",
            ),
            Self::VhostSeen => (
                "sees vhost",
                "the same, but monitoring does without the permission",
            ),
            Self::Policymaker => (
                "policymaker",
                "that tag, and a permission in the virtual host where one is named; or \
                 administrator",
            ),
            Self::Own => (
                "own",
                "any of the tags for one's own user; monitoring or administrator for others",
            ),
            Self::Monitoring => ("monitoring", "monitoring or administrator"),
            Self::Administrator => ("administrator", "administrator"),
        }
    }
}

impl Amqp {
    const ALL: [Self; 6] = [
        Self::None,
        Self::Configure,
        Self::Write,
        Self::Read,
        Self::Bind,
        Self::Move,
    ];

    /// A word for the table, and what it means.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::None => ("none", "none is asked for"),
            Self::Configure => (
                "configure",
                "configure on the object, and what its arguments ask for besides",
            ),
            Self::Write => ("write", "write on the object"),
            Self::Read => ("read", "read on the object"),
            Self::Bind => ("bind", "write on the destination and read on the source"),
            Self::Move => (
                "move",
                "read on the queue, and write on the exchange that messages go to: the default \
                 one for a queue",
            ),
        }
    }
}

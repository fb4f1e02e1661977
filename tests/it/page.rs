//! The page at `/`: its files, and the login of a browser. What it shows is looked at in a browser
//! (`interop/page`).

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::Broker;
use leveret::internals::auth::UserDefinition;
use leveret::internals::limits::{HTTP_SESSIONS_MAX, HTTP_SESSIONS_OF_USER};

use crate::http::{Heard, Http};

const SESSION: &str = "/api/leveret/session";
const GUEST: &str = r#"{"username":"guest","password":"guest"}"#;

fn broker() -> Broker {
    Broker::builder().management(0).start().unwrap()
}

/// A browser that has logged in: what it sends with each request.
struct Browser {
    http: Http,
    cookie: String,
}

impl Browser {
    fn new(broker: &Broker, login: &str) -> Self {
        let http = Http::of(broker).unknown();
        let heard = http.ask("POST", SESSION, login);
        assert_eq!(heard.status, 200, "{heard:?}");
        let cookie = heard.header("set-cookie").split(';').next().unwrap();
        let cookie = cookie.to_owned();
        Self { http, cookie }
    }

    fn ask(&self, method: &str, path: &str, more: &str) -> Heard {
        let headers = format!("cookie: {}\r\nx-leveret-page: 1\r\n{more}", self.cookie);
        self.http.ask_with((method, path), &headers, "")
    }

    fn change(&self, method: &str, path: &str) -> Heard {
        let origin = format!("origin: http://{}\r\n", self.http.address);
        self.ask(method, path, &origin)
    }

    fn status(&self) -> u16 {
        self.ask("GET", "/api/whoami", "").status
    }
}

#[test]
fn the_page_needs_no_login() {
    let broker = broker();
    let http = Http::of(&broker).unknown();
    for path in ["/", "/index.html", "/page/main.js"] {
        let heard = http.get(path);
        assert_eq!(heard.status, 200, "{path}");
        assert!(
            heard
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
        assert_eq!(heard.header("x-frame-options"), "DENY");
        let tag = format!("if-none-match: {}\r\n", heard.header("etag"));
        let again = http.ask_with(("GET", path), &tag, "");
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
    assert_eq!(
        http.get("/page/main.js").header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(http.get("/page/../Cargo.toml").status, 404);
    assert_eq!(http.ask("PUT", "/page/main.js", "").status, 405);
}

#[test]
fn a_browser_logs_in_and_out() {
    let broker = broker();
    let wrong = r#"{"username":"guest","password":"wrong"}"#;
    let http = Http::of(&broker).unknown();
    let refused = http.ask("POST", SESSION, wrong);
    assert_eq!((refused.status, refused.header("set-cookie")), (401, ""));
    let browser = Browser::new(&broker, GUEST);
    assert_eq!(
        browser.ask("GET", "/api/whoami", "").json()["name"],
        "guest"
    );
    assert_eq!(browser.change("PUT", "/api/queues/%2F/q").status, 201);
    let ended = browser.change("DELETE", SESSION);
    assert_eq!(ended.status, 204);
    assert!(ended.header("set-cookie").contains("Max-Age=0"));
    let heard = browser.ask("GET", "/api/whoami", "");
    // No browser asks for a password by itself then.
    assert_eq!((heard.status, heard.header("www-authenticate")), (401, ""));
    assert_ne!(http.get("/api/whoami").header("www-authenticate"), "");
}

#[test]
fn a_cookie_counts_for_pages_of_this_server_only() {
    let broker = broker();
    let browser = Browser::new(&broker, GUEST);
    let path = "/api/queues/%2F/q";
    assert_eq!(browser.ask("PUT", path, "").status, 401);
    let other_port = "origin: http://127.0.0.1:3000\r\n";
    assert_eq!(browser.ask("PUT", path, other_port).status, 403);
    assert_eq!(browser.ask("GET", "/api/whoami", other_port).status, 401);
    let beside = "sec-fetch-site: same-site\r\n";
    assert_eq!(browser.ask("GET", "/api/whoami", beside).status, 401);
    assert_eq!(browser.status(), 200);
}

#[test]
fn a_session_stands_for_the_user_as_of_now() {
    let broker = broker();
    let desk = broker.desk();
    let put = |password: &str, tags: &[&str]| {
        let user = UserDefinition::new("u", password).tags(tags.iter().copied());
        desk.administration().put_user(&user).unwrap().unwaited();
    };
    put("one", &["administrator"]);
    let login = r#"{"username":"u","password":"one"}"#;
    let browser = Browser::new(&broker, login);
    assert_eq!(browser.ask("GET", "/api/users", "").status, 200);
    put("two", &["administrator"]);
    assert_eq!(browser.status(), 401);
    let browser = Browser::new(&broker, r#"{"username":"u","password":"two"}"#);
    assert_eq!(browser.status(), 200);
    desk.administration().delete_user("u").unwrap().unwaited();
    assert_eq!(browser.status(), 401);
    put("three", &[]);
    let http = Http::of(&broker).unknown();
    let untagged = r#"{"username":"u","password":"three"}"#;
    assert_eq!(http.ask("POST", SESSION, untagged).status, 401);
}

#[test]
fn the_login_that_was_not_used_for_longest_makes_room() {
    let broker = broker();
    let first = Browser::new(&broker, GUEST);
    let second = Browser::new(&broker, GUEST);
    assert_eq!(first.status(), 200);
    let desk = broker.desk();
    for nth in 2..=HTTP_SESSIONS_MAX {
        let name = format!("u{}", nth / HTTP_SESSIONS_OF_USER);
        if nth % HTTP_SESSIONS_OF_USER == 0 || nth == 2 {
            let user = UserDefinition::new(&name, "x").tags(["management"]);
            desk.administration().put_user(&user).unwrap().unwaited();
        }
        let login = format!(r#"{{"username":"{name}","password":"x"}}"#);
        Browser::new(&broker, &login);
    }
    assert_eq!((first.status(), second.status()), (200, 401));
}

#[test]
fn the_login_of_a_user_that_was_not_used_for_longest_makes_room() {
    let broker = broker();
    let user = UserDefinition::new("u", "x").tags(["management"]);
    let desk = broker.desk();
    desk.administration().put_user(&user).unwrap().unwaited();
    let other = Browser::new(&broker, r#"{"username":"u","password":"x"}"#);
    let first = Browser::new(&broker, GUEST);
    let second = Browser::new(&broker, GUEST);
    assert_eq!(first.status(), 200);
    for _ in 1..HTTP_SESSIONS_OF_USER {
        Browser::new(&broker, GUEST);
    }
    let of_guest = (first.status(), second.status());
    assert_eq!((of_guest, other.status()), ((200, 401), 200));
}

use super::*;
use crate::auth::UserDefinition;

fn headers(said: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::HOST, HeaderValue::from_static("localhost:15672"));
    for (name, value) in said {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

fn user(name: &str) -> Arc<User> {
    let (auth, _) = crate::auth::Auth::new(crate::auth::AuthSettings::default());
    Arc::new(auth.check_user(&UserDefinition::new(name, "x")).unwrap())
}

/// Begins a session and gives what the browser sends from then on.
fn begin(sessions: &Sessions, name: &str, now: Mono) -> String {
    let said = sessions
        .begin(user(name), now, (Way::Plain, &headers(&[])))
        .unwrap();
    let said = said.to_str().unwrap().to_owned();
    let (pair, attributes) = said.split_once(';').unwrap();
    assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Strict");
    pair.to_owned()
}

fn found(sessions: &Sessions, now: Mono, said: &[(&'static str, &str)]) -> Option<String> {
    let user = sessions.user(&Method::GET, &headers(said), now);
    user.map(|user| user.name().to_owned())
}

#[test]
fn a_token_stands_for_the_user_who_logged_in() {
    let sessions = Sessions::default();
    let one = begin(&sessions, "one", Mono::ZERO);
    let two = begin(&sessions, "two", Mono::ZERO);
    assert_ne!(one, two);
    let both = format!("theme=dark; {two}; other=1");
    assert_eq!(
        found(&sessions, Mono::ZERO, &[("cookie", &one)]),
        Some("one".into())
    );
    assert_eq!(
        found(&sessions, Mono::ZERO, &[("cookie", &both)]),
        Some("two".into())
    );
    let wrong = one.replace(|c: char| c.is_ascii_digit(), "a");
    for none in [&*wrong, "leveret-15672=", "leveret-15672=zz", ""] {
        assert_eq!(
            found(&sessions, Mono::ZERO, &[("cookie", none)]),
            None,
            "{none}"
        );
    }
    sessions.end((Way::Plain, &headers(&[("cookie", &one)])));
    assert_eq!(found(&sessions, Mono::ZERO, &[("cookie", &one)]), None);
    assert_eq!(
        found(&sessions, Mono::ZERO, &[("cookie", &two)]),
        Some("two".into())
    );
}

// All ports of a machine are one site to a browser: `SameSite` lets these through.
#[test]
fn a_page_of_another_port_has_no_use_of_the_cookie() {
    let sessions = Sessions::default();
    let cookie = begin(&sessions, "u", Mono::ZERO);
    let may = |method: Method, more: &[(&'static str, &str)]| {
        let all = [&[("cookie", &*cookie)], more].concat();
        sessions.user(&method, &headers(&all), Mono::ZERO).is_some()
    };
    assert!(may(Method::GET, &[]));
    assert!(may(Method::GET, &[("sec-fetch-site", "same-origin")]));
    assert!(may(Method::GET, &[("sec-fetch-site", "none")]));
    assert!(!may(Method::GET, &[("sec-fetch-site", "same-site")]));
    assert!(!may(Method::GET, &[("origin", "http://localhost:3000")]));
    assert!(may(Method::PUT, &[("origin", "http://localhost:15672")]));
    assert!(may(Method::PUT, &[("sec-fetch-site", "same-origin")]));
    assert!(!may(Method::PUT, &[("origin", "http://localhost:3000")]));
    assert!(!may(Method::PUT, &[("sec-fetch-site", "none")]));
    // A change from no page at all has no business with a cookie.
    assert!(!may(Method::PUT, &[]));
    let other_port = [("cookie", &*cookie), ("host", "localhost:15673")];
    let mut asked = headers(&other_port[..1]);
    asked.insert(header::HOST, HeaderValue::from_static("localhost:15673"));
    assert!(sessions.user(&Method::GET, &asked, Mono::ZERO).is_none());
}

#[test]
fn a_session_that_is_not_used_ends() {
    let sessions = Sessions::default();
    let cookie = begin(&sessions, "u", Mono::ZERO);
    let said = [("cookie", &*cookie)];
    let almost = Mono::from_millis(HTTP_SESSION_MS - 1);
    assert!(found(&sessions, almost, &said).is_some());
    let much_later = almost.plus_ms(HTTP_SESSION_MS - 1);
    assert!(found(&sessions, much_later, &said).is_some());
    let late = much_later.plus_ms(HTTP_SESSION_MS);
    assert!(found(&sessions, late, &said).is_none());
    assert!(sessions.by_token.lock().is_empty());
}

#[test]
fn a_session_ends_after_a_day_however_much_it_is_used() {
    let sessions = Sessions::default();
    let cookie = begin(&sessions, "u", Mono::ZERO);
    let said = [("cookie", &*cookie)];
    let mut now = Mono::ZERO;
    while now.plus_ms(HTTP_SESSION_MS / 2) < Mono::from_millis(HTTP_SESSION_AGE_MS) {
        now = now.plus_ms(HTTP_SESSION_MS / 2);
        assert!(found(&sessions, now, &said).is_some());
    }
    let last = Mono::from_millis(HTTP_SESSION_AGE_MS - 1);
    assert!(found(&sessions, last, &said).is_some());
    assert!(found(&sessions, last.plus_ms(1), &said).is_none());
    assert!(sessions.by_token.lock().is_empty());
}

#[test]
fn a_login_ends_the_session_that_it_comes_in() {
    let sessions = Sessions::default();
    let before = begin(&sessions, "u", Mono::ZERO);
    let asked = headers(&[("cookie", &before)]);
    let said = sessions
        .begin(user("u"), Mono::ZERO, (Way::Plain, &asked))
        .unwrap();
    let after = said.to_str().unwrap().split(';').next().unwrap().to_owned();
    assert_eq!(found(&sessions, Mono::ZERO, &[("cookie", &before)]), None);
    assert!(found(&sessions, Mono::ZERO, &[("cookie", &after)]).is_some());
}

#[test]
fn a_user_has_so_many_sessions_and_takes_none_from_others() {
    let sessions = Sessions::default();
    let other = begin(&sessions, "other", Mono::ZERO);
    let first = begin(&sessions, "u", Mono::from_millis(1));
    let second = begin(&sessions, "u", Mono::from_millis(1));
    assert!(found(&sessions, Mono::from_millis(2), &[("cookie", &first)]).is_some());
    for _ in 2..=HTTP_SESSIONS_OF_USER {
        begin(&sessions, "u", Mono::from_millis(3));
    }
    assert_eq!(sessions.by_token.lock().len(), 1 + HTTP_SESSIONS_OF_USER);
    let now = Mono::from_millis(4);
    assert!(found(&sessions, now, &[("cookie", &second)]).is_none());
    assert!(found(&sessions, now, &[("cookie", &first)]).is_some());
    assert!(found(&sessions, now, &[("cookie", &other)]).is_some());
}

#[test]
fn the_session_that_was_not_used_for_longest_makes_room() {
    let sessions = Sessions::default();
    let first = begin(&sessions, "first", Mono::ZERO);
    let second = begin(&sessions, "second", Mono::from_millis(1));
    assert!(found(&sessions, Mono::from_millis(2), &[("cookie", &first)]).is_some());
    for nth in 2..=HTTP_SESSIONS_MAX {
        let user = format!("u{}", nth / HTTP_SESSIONS_OF_USER);
        begin(&sessions, &user, Mono::from_millis(3));
    }
    assert_eq!(sessions.by_token.lock().len(), HTTP_SESSIONS_MAX);
    assert!(found(&sessions, Mono::from_millis(4), &[("cookie", &second)]).is_none());
    assert!(found(&sessions, Mono::from_millis(4), &[("cookie", &first)]).is_some());
}

#[test]
fn over_tls_the_cookie_stays_there() {
    let sessions = Sessions::default();
    let by_page = headers(&[("origin", "https://broker.test")]);
    for (way, headers) in [(Way::Plain, &by_page), (Way::Tls, &headers(&[]))] {
        let said = sessions.begin(user("u"), Mono::ZERO, (way, headers));
        assert!(said.unwrap().to_str().unwrap().ends_with("; Secure"));
        let said = sessions.end((way, headers)).unwrap();
        assert!(said.to_str().unwrap().ends_with("; Secure; Max-Age=0"));
    }
}

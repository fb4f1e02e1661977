use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use axum::http::Request as Asked;

use super::*;

/// All files below the folder, but for what people read.
fn written() -> Vec<String> {
    let mut open = vec![PathBuf::from(FOLDER)];
    let mut names = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
            continue;
        }
        let name = path.strip_prefix(FOLDER).unwrap().to_str().unwrap();
        if !["README.md", "tsconfig.json"].contains(&name) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names
}

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(name)).unwrap()
}

#[test]
fn every_file_of_the_page_is_in_the_table() {
    let mut known: Vec<&str> = FILES.iter().map(|file| file.name).collect();
    known.sort_unstable();
    assert_eq!(written(), known);
}

// Else a browser finds each module only once it has read the one that wants it. What is asked for
// late is not named.
#[test]
fn the_page_names_all_files_at_once_that_it_begins_with() {
    let index = text(INDEX);
    let begun = imported("main.js");
    for name in written().iter().filter(|name| *name != INDEX) {
        let is_named = index.contains(&format!("\"page/{name}\""));
        let is_wanted = !name.ends_with(".js") || begun.contains(name);
        assert_eq!(is_named, is_wanted, "{name}");
    }
}

/// A module and all that it imports, and so on, by name.
fn imported(first: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut next = vec![first.to_owned()];
    while let Some(name) = next.pop() {
        if !all.insert(name.clone()) {
            continue;
        }
        let code = text(&name);
        let wanted = code.split(" from '").skip(1);
        for path in wanted.filter_map(|behind| behind.split('\'').next()) {
            if !path.starts_with('.') {
                continue;
            }
            let mut folder: Vec<&str> = name.split('/').collect();
            folder.pop();
            for part in path.split('/') {
                match part {
                    "." => {}
                    ".." => drop(folder.pop()),
                    part => folder.push(part),
                }
            }
            next.push(folder.join("/"));
        }
    }
    all
}

#[test]
fn comments_on_lines_of_their_own_are_left_out() {
    let code = "/** All.\n * Of it.\n */\nlet a = 1; // said\n  // not\n  /** @type {T} */ (b)\n\
                /* x */\n/** @type {\n * T} */ c;\nd = `\n// text \\`\n`;\n// not\n";
    let rest = "let a = 1; // said\n  /** @type {T} */ (b)\n c;\nd = `\n// text \\`\n`;\n";
    assert_eq!(without_comments(code), rest);
}

#[test]
fn no_text_becomes_markup_or_code() {
    let words = [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "createContextualFragment",
        "DOMParser",
        "setHTML",
        "srcdoc",
        "javascript:",
        "localStorage.setItem('token",
    ];
    for name in written() {
        let text = text(&name);
        for word in words {
            assert!(!text.contains(word), "{name} says {word}");
        }
        let is_markup = name.ends_with(".html");
        let inline = ["<style", " style=", " onclick=", " onload="];
        let found = inline.iter().find(|word| text.contains(**word));
        assert!(!is_markup || found.is_none(), "{name}: {found:?}");
    }
}

#[test]
fn files_of_the_page_are_short() {
    for name in written() {
        let text = text(&name);
        // The texts of a language are a list.
        assert!(
            name.starts_with("texts/") || text.lines().count() <= 500,
            "{name}: {}",
            text.lines().count()
        );
        for (at, line) in text.lines().enumerate() {
            assert!(line.chars().count() <= 100, "{name}:{}", at + 1);
        }
    }
}

#[test]
fn a_file_that_is_known_is_not_sent_again() {
    let (_, file) = files().next().unwrap();
    let ask = |tag: Option<&HeaderValue>| {
        let mut request = Asked::builder();
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        file.answer(&request.body(Body::empty()).unwrap())
    };
    let first = ask(None);
    assert_eq!(first.status(), StatusCode::OK);
    let tag = first.headers().get(header::ETAG).unwrap();
    assert_eq!(ask(Some(tag)).status(), StatusCode::NOT_MODIFIED);
    let weak = format!("W/{}", tag.to_str().unwrap()).parse().unwrap();
    assert_eq!(ask(Some(&weak)).status(), StatusCode::NOT_MODIFIED);
    let other = HeaderValue::from_static("\"0\"");
    assert_eq!(ask(Some(&other)).status(), StatusCode::OK);
}

#[test]
fn a_browser_is_told_what_it_may_not_do() {
    let (_, file) = files().next().unwrap();
    let answer = file.answer(&Asked::new(Body::empty()));
    let said = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap();
    assert_eq!(said("content-security-policy"), POLICY);
    assert!(!POLICY.contains("unsafe"));
    assert_eq!(said("x-frame-options"), "DENY");
    assert_eq!(said("x-content-type-options"), "nosniff");
    assert_eq!(said("referrer-policy"), "no-referrer");
    assert!(said("cache-control").contains("must-revalidate"));
}

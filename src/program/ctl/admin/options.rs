//! Options of `rabbitmqadmin`, from its command line, its file and what is usual.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What an option is called: its letter, its long name, and whether a value follows.
const OPTIONS: &[(Option<char>, &str, bool)] = &[
    (Some('h'), "help", false),
    (Some('c'), "config", true),
    (Some('N'), "node", true),
    (Some('H'), "host", true),
    (Some('P'), "port", true),
    (None, "path-prefix", true),
    (Some('V'), "vhost", true),
    (Some('u'), "username", true),
    (Some('p'), "password", true),
    (Some('U'), "base-uri", true),
    (Some('q'), "quiet", false),
    (Some('s'), "ssl", false),
    (None, "ssl-key-file", true),
    (None, "ssl-cert-file", true),
    (None, "ssl-ca-cert-file", true),
    (None, "ssl-disable-hostname-verification", false),
    (Some('k'), "ssl-insecure", false),
    (Some('t'), "request-timeout", true),
    (Some('f'), "format", true),
    (Some('S'), "sort", true),
    (Some('R'), "sort-reverse", false),
    (Some('d'), "depth", true),
    (None, "bash-completion", false),
    (None, "version", false),
];

/// What was given.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// By their long names.
    options: BTreeMap<&'static str, String>,
    /// What is no option.
    pub(super) words: Vec<String>,
    /// Options that there are not.
    pub(super) unknown: Option<String>,
}

impl Given {
    pub(super) fn parse(words: &[String]) -> Self {
        let mut given = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if let Some(long) = word.strip_prefix("--") {
                let (name, beside) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                match find_long(name) {
                    Some((name, true)) => {
                        let value = beside.or_else(|| rest.next().cloned());
                        given.options.insert(name, value.unwrap_or_default());
                    }
                    Some((name, false)) => {
                        given.options.insert(name, String::new());
                    }
                    None => given.unknown = Some(word.clone()),
                }
            } else if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
                given.short(word, letters, &mut rest);
            } else {
                given.words.push(word.clone());
            }
        }
        given
    }

    /// Letters behind one dash: the value of the last one may follow at once.
    fn short<'a>(
        &mut self,
        word: &str,
        letters: &str,
        rest: &mut impl Iterator<Item = &'a String>,
    ) {
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            let found = OPTIONS.iter().find(|(short, ..)| *short == Some(letter));
            match found {
                Some((_, name, true)) => {
                    let beside = letters.as_str();
                    let value = match beside.is_empty() {
                        true => rest.next().cloned().unwrap_or_default(),
                        false => beside.to_owned(),
                    };
                    self.options.insert(name, value);
                    return;
                }
                Some((_, name, false)) => {
                    self.options.insert(name, String::new());
                }
                None => {
                    self.unknown = Some(word.to_owned());
                    return;
                }
            }
        }
    }

    /// The value of an option.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }
}

/// An option by its name, or by what only it begins with.
fn find_long(name: &str) -> Option<(&'static str, bool)> {
    let exact = OPTIONS.iter().find(|(_, long, _)| *long == name);
    let mut begins = OPTIONS.iter().filter(|(_, long, _)| long.starts_with(name));
    let (_, long, has_value) = match (exact, begins.next(), begins.next()) {
        (Some(exact), ..) => exact,
        (None, Some(only), None) => only,
        _ => return None,
    };
    Some((long, *has_value))
}

/// How the API is reached, and what is printed.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) host: String,
    pub(super) port: String,
    pub(super) path_prefix: String,
    pub(super) user: String,
    pub(super) password: String,
    /// All of them for lists, `/` for changes, unless it is said.
    pub(super) vhost: Option<String>,
    pub(super) declare_vhost: String,
    pub(super) is_quiet: bool,
    pub(super) format: String,
    pub(super) sort: Option<String>,
    pub(super) is_reversed: bool,
    pub(super) depth: usize,
    pub(super) timeout_s: u64,
}

impl Options {
    /// Those that were given, then those of the file, then what is usual.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn of(given: &Given) -> Result<Self, String> {
        let file = File::of(given)?;
        let base = given.text("base-uri").map(Base::of).unwrap_or_default();
        let pick = |option: &str, key: &str, base: Option<&String>, usual: &str| {
            let said = base
                .cloned()
                .or_else(|| given.text(option).map(str::to_owned));
            said.or_else(|| file.0.get(key).cloned())
                .unwrap_or_else(|| usual.to_owned())
        };
        let vhost = given.text("vhost").map(str::to_owned);
        if given.has("ssl") || file.0.get("ssl").is_some_and(|is| is == "True") {
            return Err("TLS is not spoken here: leave --ssl out".to_owned());
        }
        Ok(Self {
            host: pick("host", "hostname", base.host.as_ref(), "localhost"),
            port: pick("port", "port", base.port.as_ref(), "15672"),
            path_prefix: pick("path-prefix", "path_prefix", None, ""),
            user: pick("username", "username", base.user.as_ref(), "guest"),
            password: pick("password", "password", base.password.as_ref(), "guest"),
            vhost: vhost.or_else(|| file.0.get("vhost").cloned()),
            declare_vhost: pick("", "declare_vhost", None, "/"),
            is_quiet: given.has("quiet"),
            format: pick("format", "format", None, "table"),
            sort: given.text("sort").map(str::to_owned),
            is_reversed: given.has("sort-reverse"),
            depth: pick("depth", "depth", None, "1").parse().unwrap_or(1),
            timeout_s: pick("request-timeout", "request_timeout", None, "120")
                .parse()
                .unwrap_or(120),
        })
    }
}

/// What a base URI says.
#[derive(Default)]
struct Base {
    host: Option<String>,
    port: Option<String>,
    user: Option<String>,
    password: Option<String>,
}

impl Base {
    fn of(uri: &str) -> Self {
        let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or_default();
        let (login, host) = match authority.rsplit_once('@') {
            Some((login, host)) => (Some(login), host),
            None => (None, authority),
        };
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.to_owned())),
            None => (host, None),
        };
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, "")))
        {
            Some((user, password)) => (Some(user.to_owned()), Some(password.to_owned())),
            None => (None, None),
        };
        Self {
            host: Some(host.to_owned()).filter(|host| !host.is_empty()),
            port,
            user,
            password,
        }
    }
}

/// A section of the file of settings.
struct File(BTreeMap<String, String>);

impl File {
    fn of(given: &Given) -> Result<Self, String> {
        let usual = || {
            let home = std::env::var_os("HOME")?;
            let path = PathBuf::from(home).join(".rabbitmqadmin.conf");
            path.is_file().then_some(path)
        };
        let path = match given.text("config") {
            Some(path) => Some(PathBuf::from(path)),
            None => usual(),
        };
        let Some(path) = path else {
            return Ok(Self(BTreeMap::new()));
        };
        let unreadable = |_| format!("Could not read config file '{}'", path.display());
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        let node = given.text("node").unwrap_or("default");
        match section(&text, node) {
            Some(keys) => Ok(Self(keys)),
            None if node == "default" => Ok(Self(BTreeMap::new())),
            None => Err(format!(
                "Could not read section '{node}' in config file '{}':\n   No section: '{node}'",
                path.display()
            )),
        }
    }
}

/// The keys of a section: `[name]`, then `key = value` lines.
fn section(text: &str, wanted: &str) -> Option<BTreeMap<String, String>> {
    let mut keys = None;
    let mut is_in = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            is_in = name == wanted;
            if is_in {
                keys.get_or_insert_with(BTreeMap::new);
            }
        } else if let (true, Some((key, value))) = (is_in, line.split_once(['=', ':'])) {
            let keys = keys.get_or_insert_with(BTreeMap::new);
            keys.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    keys
}

//! A client of HTTP/1.1 that asks on one connection, and reads answers without looking at them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::error::{BenchError, During as _};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Octets that are read at once.
const PIECE: usize = 64 * 1024;

/// The longest head of an answer.
const HEAD_MAX: usize = 16 * 1024;

/// A connection that is kept.
pub(super) struct Client {
    stream: TcpStream,
    /// What is said with each request.
    login: String,
    input: Vec<u8>,
    /// Octets of `input` that were read and not looked at begin here.
    at: usize,
}

/// How long a body is.
enum Length {
    Octets(usize),
    Chunks,
}

impl Client {
    /// Connects; `user` and `password` are said with each request.
    pub(super) fn open(
        host: &str,
        port: u16,
        (user, password): (&str, &str),
    ) -> Result<Self, BenchError> {
        let place = format!("connecting to http://{host}:{port}");
        let stream = TcpStream::connect((host, port)).during(&place)?;
        stream.set_nodelay(true).during(&place)?;
        stream.set_read_timeout(Some(PATIENCE)).during(&place)?;
        let token = base64(format!("{user}:{password}").as_bytes());
        Ok(Self {
            stream,
            login: format!("host: {host}:{port}\r\nauthorization: Basic {token}\r\n\r\n"),
            input: Vec::new(),
            at: 0,
        })
    }

    /// Asks for a path and adds the body of the answer to `body`.
    ///
    /// # Errors
    /// For a status that is not 200 as well.
    pub(super) fn get(&mut self, path: &str, body: &mut Vec<u8>) -> Result<(), BenchError> {
        let request = format!("GET {path} HTTP/1.1\r\n{}", self.login);
        self.stream
            .write_all(request.as_bytes())
            .during("asking over HTTP")?;
        match self.head(path)? {
            Length::Octets(octets) => self.take(octets, body),
            Length::Chunks => loop {
                let line = self.line(HEAD_MAX)?;
                let octets = line.split(';').next().unwrap_or_default().trim();
                let octets = usize::from_str_radix(octets, 16)
                    .map_err(|_| BenchError::Child(format!("{path}: a chunk of {line:?}")))?;
                if octets == 0 {
                    return self.line(HEAD_MAX).map(|_| ());
                }
                self.take(octets, body)?;
                self.line(HEAD_MAX)?;
            },
        }
    }

    /// Reads the head of an answer.
    fn head(&mut self, path: &str) -> Result<Length, BenchError> {
        let status = self.line(HEAD_MAX)?;
        if status.split(' ').nth(1) != Some("200") {
            return Err(BenchError::Child(format!("{path}: {status}")));
        }
        let mut length = Length::Octets(0);
        loop {
            let line = self.line(HEAD_MAX)?;
            let Some((name, value)) = line.split_once(':') else {
                return Ok(length);
            };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => {
                    let octets = value.parse();
                    let octets = octets
                        .map_err(|_| BenchError::Child(format!("{path}: {value:?} octets")))?;
                    length = Length::Octets(octets);
                }
                "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => {
                    length = Length::Chunks;
                }
                _ => {}
            }
        }
    }

    /// The next line, without its end.
    fn line(&mut self, max: usize) -> Result<String, BenchError> {
        loop {
            let rest = self.input.get(self.at..).unwrap_or_default();
            if let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
                let line = rest.get(..end).unwrap_or_default();
                let line = String::from_utf8_lossy(line).into_owned();
                self.at += end + 2;
                return Ok(line);
            }
            if rest.len() > max {
                return Err(BenchError::Child("an endless line over HTTP".to_owned()));
            }
            self.fill()?;
        }
    }

    /// The next octets of a body.
    fn take(&mut self, mut octets: usize, body: &mut Vec<u8>) -> Result<(), BenchError> {
        while octets > 0 {
            let rest = self.input.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                self.fill()?;
                continue;
            }
            let piece = rest.get(..octets.min(rest.len())).unwrap_or_default();
            body.extend_from_slice(piece);
            self.at += piece.len();
            octets -= piece.len();
        }
        Ok(())
    }

    /// Reads more.
    fn fill(&mut self) -> Result<(), BenchError> {
        self.input.drain(..self.at);
        self.at = 0;
        let old = self.input.len();
        self.input.resize(old + PIECE, 0);
        let room = self.input.get_mut(old..).unwrap_or_default();
        let read = self.stream.read(room).during("reading over HTTP")?;
        self.input.truncate(old + read);
        match read {
            0 => Err(BenchError::Child(
                "the server closed the connection".to_owned(),
            )),
            _ => Ok(()),
        }
    }
}

/// Base64 of few octets.
fn base64(octets: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in octets.chunks(3) {
        let bits = (0..3).fold(0_usize, |bits, at| {
            bits << 8 | usize::from(three.get(at).copied().unwrap_or_default())
        });
        for at in 0..4 {
            let letter = LETTERS.get(bits >> (18 - 6 * at) & 63).copied();
            let is_there = at <= three.len();
            text.push(char::from(letter.filter(|_| is_there).unwrap_or(b'=')));
        }
    }
    text
}

#[cfg(test)]
mod tests;

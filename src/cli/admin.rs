//! Speaks to the running service over its admin listener.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::net::sockopt::{Timeout, set_socket_timeout};

/// Longest wait for the service, for each step.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer read; the status of a million seeds is far below it.
const ANSWER: u64 = 64 * 1024 * 1024;

/// An answer of the service.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub body: String,
}

/// Asks for `target` at `address` (`HOST:PORT` or `unix:/path`).
///
/// # Errors
/// When nobody answers there, or not in HTTP.
pub(super) fn ask(address: &str, method: &str, target: &str) -> anyhow::Result<Answer> {
    let request =
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    let answer = match address.strip_prefix("unix:") {
        Some(path) => UnixStream::connect(path).and_then(|stream| exchange(stream, &request)),
        None => connect(address).and_then(|stream| exchange(stream, &request)),
    };
    if answer.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        bail!("not permitted to ask `{address}`: only the user that runs the service may, and root");
    }
    let answer = answer.with_context(|| {
        format!("no answer from the admin address `{address}`: is the service running, with this `http.admin_listen`?")
    })?;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { bail!("`{address}` does not speak HTTP") };
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let Some(status) = status.filter(|_| head.starts_with("HTTP/1.")) else { bail!("`{address}` does not speak HTTP") };
    Ok(Answer { status, body: body.to_owned() })
}

impl Answer {
    /// The body, where that is the service's yes.
    ///
    /// # Errors
    /// What it says instead.
    pub(super) fn body_if(self, expected: u16) -> anyhow::Result<String> {
        match self.status {
            status if status == expected => Ok(self.body),
            // There on the admin listener, and nowhere else.
            404 | 405 => bail!("this is an address for readers: give the one of `http.admin_listen`, with --admin"),
            status => bail!("the service answers {status}: {}", self.body.trim()),
        }
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for one in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&one, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn exchange(mut stream: impl Read + Write + AsFd, request: &str) -> io::Result<String> {
    for direction in [Timeout::Recv, Timeout::Send] {
        set_socket_timeout(&stream, direction, Some(PATIENCE))?;
    }
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.take(ANSWER).read_to_string(&mut answer)?;
    Ok(answer)
}

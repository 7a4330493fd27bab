//! Reading a request's head strictly: what two parsers could understand differently is refused, RFC 9112 §11.2.

use httparse::{Header, Status};
use hyper::StatusCode;

use super::super::request::Head;
use super::super::settings::Limits;
use super::super::target::path_and_query;

/// Fields of a head, at most; browsers behind proxies send about thirty.
pub(super) const MAX_FIELDS: usize = 64;

/// A whole head.
#[derive(Debug)]
pub(super) struct Received<'a> {
    pub(super) head: Head<'a>,
    /// Length of the head with the empty line that ends it.
    pub(super) len: usize,
    pub(super) framing: Framing,
}

/// What the head says about the connection and the bytes that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Framing {
    pub(super) body: Body,
    /// Whether the client wants to go on after this request.
    pub(super) keep_alive: bool,
    /// HTTP/1.0, which knows neither chunks nor interim answers.
    pub(super) is_old: bool,
    pub(super) expects_continue: bool,
}

/// How long the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Bytes(u64),
    Chunked,
}

/// What the bytes received so far are.
#[derive(Debug)]
pub(super) enum Parsed<'a> {
    /// The beginning of a head.
    Partial,
    Whole(Received<'a>),
    /// No request that can be answered otherwise; the connection ends with this status.
    Refused(StatusCode),
}

/// `bytes` begin where the request does, after any empty lines.
pub(super) fn parse<'a>(bytes: &'a [u8], fields: &'a mut [Header<'a>; MAX_FIELDS], limits: &Limits) -> Parsed<'a> {
    let mut request = httparse::Request::new(fields);
    match request.parse(bytes) {
        Ok(Status::Complete(len)) => {
            let httparse::Request { method, path, version, headers } = request;
            let (Some(method), Some(target), Some(version)) = (method, path, version) else {
                return Parsed::Refused(StatusCode::BAD_REQUEST);
            };
            whole(&bytes[..len], Line { method, target, is_old: version == 0 }, headers, limits)
        }
        Ok(Status::Partial) => {
            if target_is_too_long(bytes, limits) {
                return Parsed::Refused(StatusCode::URI_TOO_LONG);
            }
            if bytes.len() >= limits.head_bytes {
                return Parsed::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            }
            Parsed::Partial
        }
        Err(httparse::Error::TooManyHeaders) => Parsed::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        Err(httparse::Error::Version) if asks_for_another_version(bytes) => {
            Parsed::Refused(StatusCode::HTTP_VERSION_NOT_SUPPORTED)
        }
        Err(_) => Parsed::Refused(StatusCode::BAD_REQUEST),
    }
}

/// A request line.
#[derive(Clone, Copy)]
struct Line<'a> {
    method: &'a str,
    target: &'a str,
    is_old: bool,
}

fn whole<'a>(bytes: &'a [u8], line: Line<'a>, fields: &'a [Header<'a>], limits: &Limits) -> Parsed<'a> {
    let Line { method, target, is_old } = line;
    if target.len() > limits.uri_bytes {
        return Parsed::Refused(StatusCode::URI_TOO_LONG);
    }
    if bytes.len() > limits.head_bytes {
        return Parsed::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    // SECURITY: the parser takes a lone LF for a line end, other parsers do not.
    if has_bare_line_feed(bytes) {
        return Parsed::Refused(StatusCode::BAD_REQUEST);
    }
    let (path, query) = match path_and_query(target) {
        Some(("*", _)) if method != "OPTIONS" => return Parsed::Refused(StatusCode::BAD_REQUEST),
        Some(split) => split,
        // authority-form, refused by its method.
        None if method == "CONNECT" => ("/", None),
        None => return Parsed::Refused(StatusCode::BAD_REQUEST),
    };
    let protocol = if is_old { "HTTP/1.0" } else { "HTTP/1.1" };
    let head = Head { method, path, query, protocol, fields };
    match framing(&head, is_old) {
        Ok(framing) => Parsed::Whole(Received { head, len: bytes.len(), framing }),
        Err(status) => Parsed::Refused(status),
    }
}

fn framing(head: &Head<'_>, is_old: bool) -> Result<Framing, StatusCode> {
    check_host(head, is_old)?;
    let expects_continue = match head.line("expect") {
        None => false,
        Some(value) if value.eq_ignore_ascii_case(b"100-continue") => !is_old,
        Some(_) => return Err(StatusCode::EXPECTATION_FAILED),
    };
    let connection = head.joined("connection");
    let says = |word: &[u8]| {
        connection
            .as_deref()
            .is_some_and(|list| list.split(|b| *b == b',').any(|o| o.trim_ascii().eq_ignore_ascii_case(word)))
    };
    let keep_alive = if is_old { says(b"keep-alive") } else { !says(b"close") };
    Ok(Framing { body: body(head, is_old)?, keep_alive, is_old, expects_continue })
}

/// SECURITY: one Content-Length of digits, or one Transfer-Encoding of `chunked`, never both (RFC 9112 §6.3).
fn body(head: &Head<'_>, is_old: bool) -> Result<Body, StatusCode> {
    let mut lengths = head.lines("content-length");
    let mut codings = head.lines("transfer-encoding");
    let (length, coding) = (lengths.next(), codings.next());
    if lengths.next().is_some() || codings.next().is_some() {
        return Err(StatusCode::BAD_REQUEST);
    }
    match (length, coding) {
        (None, None) => Ok(Body::Bytes(0)),
        (Some(length), None) => {
            let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let length = std::str::from_utf8(length).ok().filter(|_| digits).and_then(|text| text.parse().ok());
            length.map(Body::Bytes).ok_or(StatusCode::BAD_REQUEST)
        }
        (None, Some(_)) if is_old => Err(StatusCode::BAD_REQUEST),
        (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Body::Chunked),
        (None, Some(_)) => Err(StatusCode::NOT_IMPLEMENTED),
        (Some(_), Some(_)) => Err(StatusCode::BAD_REQUEST),
    }
}

/// Exactly one Host, which HTTP/1.0 may leave out, and nothing in it that no authority has (RFC 9112 §3.2).
fn check_host(head: &Head<'_>, is_old: bool) -> Result<(), StatusCode> {
    let mut hosts = head.lines("host");
    let sound = |host: &[u8]| host.iter().all(|b| b.is_ascii_graphic() && !b"/?#@\\,\"<>{}|^`".contains(b));
    match (hosts.next(), hosts.next()) {
        (None, _) if is_old => Ok(()),
        (Some(host), None) if sound(host) => Ok(()),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

fn target_is_too_long(bytes: &[u8], limits: &Limits) -> bool {
    let line = &bytes[..bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len())];
    line.split(|b| *b == b' ').nth(1).is_some_and(|target| target.len() > limits.uri_bytes)
}

fn has_bare_line_feed(head: &[u8]) -> bool {
    let mut before = b'\n';
    head.iter().any(|byte| {
        let bare = *byte == b'\n' && before != b'\r';
        before = *byte;
        bare
    })
}

/// `GET / HTTP/3.1` as opposed to no version at all.
fn asks_for_another_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    let mut words = line.split(|b| *b == b' ').skip(2);
    match (words.next(), words.next()) {
        (Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None) => {
            major.is_ascii_digit() && minor.is_ascii_digit()
        }
        _ => false,
    }
}

//! Reading a request's head strictly: what two parsers could understand differently is refused, RFC 9112 §11.2.

use std::mem::MaybeUninit;

use httparse::{Header, Status};
use hyper::StatusCode;

use super::super::authority::is_authority;
use super::super::head::{Field, Fields, Head, Several};
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
    pub(super) is_http_1_0: bool,
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
    /// Of a later HTTP/1 than ours, which is to be read as if it were of ours (RFC 9110 §2.5): its minor version is this
    /// byte.
    Later(usize),
    /// No request that can be answered otherwise; the connection ends with this status.
    Refused(StatusCode),
}

/// Room for the fields of a head. Clearing it first would cost as much as reading a head does.
pub(super) type Room<'a> = [MaybeUninit<Header<'a>>; MAX_FIELDS];

/// `bytes` begin where the request does, after any empty lines.
pub(super) fn parse<'a>(bytes: &'a [u8], room: &'a mut Room<'a>, limits: &Limits) -> Parsed<'a> {
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, room) {
        Ok(Status::Complete(len)) => {
            let httparse::Request { method, path, version, headers } = request;
            let (Some(method), Some(target), Some(version)) = (method, path, version) else {
                return Parsed::Refused(StatusCode::BAD_REQUEST);
            };
            whole(&bytes[..len], Line { method, target, is_http_1_0: version == 0 }, headers, limits)
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
        Err(httparse::Error::Version) => match another_version(bytes) {
            Some((b'1', at)) if bytes[at] > b'1' => Parsed::Later(at),
            Some(_) => Parsed::Refused(StatusCode::HTTP_VERSION_NOT_SUPPORTED),
            None => Parsed::Refused(StatusCode::BAD_REQUEST),
        },
        Err(_) => Parsed::Refused(StatusCode::BAD_REQUEST),
    }
}

/// A request line.
#[derive(Clone, Copy)]
struct Line<'a> {
    method: &'a str,
    target: &'a str,
    is_http_1_0: bool,
}

fn whole<'a>(bytes: &'a [u8], line: Line<'a>, fields: &'a [Header<'a>], limits: &Limits) -> Parsed<'a> {
    let Line { method, target, is_http_1_0 } = line;
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
    let protocol = if is_http_1_0 { "HTTP/1.0" } else { "HTTP/1.1" };
    let head = Head { method, target, path, query, protocol, fields: Fields::new(fields) };
    match framing(&head, is_http_1_0) {
        Ok(framing) => Parsed::Whole(Received { head, len: bytes.len(), framing }),
        Err(status) => Parsed::Refused(status),
    }
}

fn framing(head: &Head<'_>, is_http_1_0: bool) -> Result<Framing, StatusCode> {
    check_host(head, is_http_1_0)?;
    let expects_continue = match head.line(Field::Expect) {
        None => false,
        Some(value) if value.eq_ignore_ascii_case(b"100-continue") => !is_http_1_0,
        Some(_) => return Err(StatusCode::EXPECTATION_FAILED),
    };
    let connection = head.joined(Field::Connection);
    let says = |word: &[u8]| {
        connection
            .as_deref()
            .is_some_and(|list| list.split(|b| *b == b',').any(|o| o.trim_ascii().eq_ignore_ascii_case(word)))
    };
    // RFC 9112 §9.3: `close` is looked at first.
    let keep_alive = !says(b"close") && (!is_http_1_0 || says(b"keep-alive"));
    Ok(Framing { body: body(head, is_http_1_0)?, keep_alive, is_http_1_0, expects_continue })
}

/// SECURITY: one Content-Length of digits, or one Transfer-Encoding of `chunked`, never both (RFC 9112 §6.3).
fn body(head: &Head<'_>, is_http_1_0: bool) -> Result<Body, StatusCode> {
    match (only_line(head, Field::ContentLength)?, only_line(head, Field::TransferEncoding)?) {
        (None, None) => Ok(Body::Bytes(0)),
        (Some(length), None) => {
            let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let length = std::str::from_utf8(length).ok().filter(|_| digits).and_then(|text| text.parse().ok());
            length.map(Body::Bytes).ok_or(StatusCode::BAD_REQUEST)
        }
        (None, Some(_)) if is_http_1_0 => Err(StatusCode::BAD_REQUEST),
        (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Body::Chunked),
        (None, Some(_)) => Err(StatusCode::NOT_IMPLEMENTED),
        (Some(_), Some(_)) => Err(StatusCode::BAD_REQUEST),
    }
}

/// Exactly one Host, which HTTP/1.0 may leave out, and nothing in it but an authority; it may be empty (RFC 9112 §3.2).
fn check_host(head: &Head<'_>, is_http_1_0: bool) -> Result<(), StatusCode> {
    match only_line(head, Field::Host) {
        Ok(None) if is_http_1_0 => Ok(()),
        Ok(Some(host)) if is_authority(host) || host.is_empty() => Ok(()),
        _ => Err(StatusCode::BAD_REQUEST),
    }
}

fn only_line<'a>(head: &Head<'a>, field: Field) -> Result<Option<&'a [u8]>, StatusCode> {
    head.only_line(field).map_err(|Several| StatusCode::BAD_REQUEST)
}

fn target_is_too_long(bytes: &[u8], limits: &Limits) -> bool {
    let line = &bytes[..bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len())];
    line.split(|b| *b == b' ').nth(1).is_some_and(|target| target.len() > limits.uri_bytes)
}

/// Written so that the compiler makes it compare many bytes at once.
fn has_bare_line_feed(head: &[u8]) -> bool {
    let pairs = head.iter().zip(head.iter().skip(1));
    pairs.fold(head.first() == Some(&b'\n'), |found, (before, byte)| found | (*byte == b'\n') & (*before != b'\r'))
}

/// The major version that `GET / HTTP/3.1` names, and where its minor one stands; `None` where no version is named.
fn another_version(bytes: &[u8]) -> Option<(u8, usize)> {
    let line = bytes.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    let mut words = line.split(|b| *b == b' ').skip(2);
    match (words.next(), words.next()) {
        (Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None)
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Some((*major, line.len() - 1))
        }
        _ => None,
    }
}

//! Bodies of requests as they come in, RFC 9112 §6 and §7.1.

use hyper::StatusCode;

use super::super::settings::Limits;
use super::head::Body;

/// Digits of a chunk's size; more than a number of 64 bits has are refused, zeros or not.
const MAX_DIGITS: usize = 16;

/// A body that is being received.
#[derive(Debug)]
pub(super) enum Incoming {
    /// Of so many bytes.
    Sized(usize),
    Chunked(Chunks),
}

impl Incoming {
    /// # Errors
    /// It is longer than the limit.
    pub(super) fn new(body: Body, limits: &Limits) -> Result<Self, StatusCode> {
        match body {
            Body::Bytes(len) => {
                let len = usize::try_from(len).ok().filter(|len| *len <= limits.body_bytes);
                len.map(Self::Sized).ok_or(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Body::Chunked => Ok(Self::Chunked(Chunks::new(limits))),
        }
    }

    /// Takes what is there of it out of `received`; the body once it is whole.
    ///
    /// # Errors
    /// It is not acceptable.
    pub(super) fn take(&mut self, received: &mut Vec<u8>) -> Result<Option<Vec<u8>>, StatusCode> {
        match self {
            Self::Sized(len) if received.len() < *len => Ok(None),
            Self::Sized(len) => {
                let rest = received.split_off(*len);
                Ok(Some(std::mem::replace(received, rest)))
            }
            Self::Chunked(chunks) => {
                let (used, is_whole) = chunks.take(received)?;
                received.drain(..used);
                Ok(is_whole.then(|| std::mem::take(&mut chunks.body)))
            }
        }
    }
}

/// A body in chunks.
///
/// SECURITY: what two recipients could read differently is refused: bare line feeds, anything but digits in a size, and a
/// chunk that does not end where its size says.
#[derive(Debug)]
pub(super) struct Chunks {
    body: Vec<u8>,
    next: Next,
    /// Bytes that the body may have.
    most: usize,
    /// Bytes that extensions and trailers, which mean nothing here, may still have.
    spare: usize,
}

#[derive(Clone, Copy, Debug)]
enum Next {
    Size,
    /// So many bytes of a chunk.
    Data(usize),
    EndOfData,
    /// A trailer, or the empty line that ends all.
    Trailer,
}

impl Chunks {
    fn new(limits: &Limits) -> Self {
        Self { body: Vec::new(), next: Next::Size, most: limits.body_bytes, spare: limits.head_bytes }
    }

    /// How many of the bytes are used up, and whether the body has ended with them.
    fn take(&mut self, received: &[u8]) -> Result<(usize, bool), StatusCode> {
        let mut rest = received;
        loop {
            match self.next {
                Next::Size => {
                    let Some(line) = line(&mut rest, MAX_DIGITS + self.spare, StatusCode::BAD_REQUEST)? else { break };
                    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
                    let size = size(&line[..digits])?;
                    self.pass_over(line.len() - digits, StatusCode::BAD_REQUEST)?;
                    if !is_extension(&line[digits..]) {
                        return Err(StatusCode::BAD_REQUEST);
                    }
                    let len = usize::try_from(size).ok().filter(|len| *len <= self.most - self.body.len());
                    self.next = match len.ok_or(StatusCode::PAYLOAD_TOO_LARGE)? {
                        0 => Next::Trailer,
                        len => Next::Data(len),
                    };
                }
                Next::Data(len) => {
                    let (data, after) = rest.split_at(len.min(rest.len()));
                    self.body.extend_from_slice(data);
                    rest = after;
                    if data.len() < len {
                        self.next = Next::Data(len - data.len());
                        break;
                    }
                    self.next = Next::EndOfData;
                }
                Next::EndOfData => match rest {
                    [b'\r', b'\n', after @ ..] => {
                        rest = after;
                        self.next = Next::Size;
                    }
                    [] | [b'\r'] => break,
                    _ => return Err(StatusCode::BAD_REQUEST),
                },
                Next::Trailer => {
                    let too_large = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                    match line(&mut rest, self.spare, too_large)? {
                        None => break,
                        Some([]) => return Ok((received.len() - rest.len(), true)),
                        Some(line) if is_field(line) => self.pass_over(line.len() + 2, too_large)?,
                        Some(_) => return Err(StatusCode::BAD_REQUEST),
                    }
                }
            }
        }
        Ok((received.len() - rest.len(), false))
    }

    fn pass_over(&mut self, bytes: usize, status: StatusCode) -> Result<(), StatusCode> {
        self.spare = self.spare.checked_sub(bytes).ok_or(status)?;
        Ok(())
    }
}

/// The next line without its end, of at most so many bytes; `None` as long as it has not ended.
fn line<'a>(rest: &mut &'a [u8], most: usize, too_long: StatusCode) -> Result<Option<&'a [u8]>, StatusCode> {
    let end = memchr::memchr(b'\n', rest);
    if end.unwrap_or(rest.len()) > most + 1 {
        return Err(too_long);
    }
    let Some(end) = end else { return Ok(None) };
    let line = rest[..end].strip_suffix(b"\r").ok_or(StatusCode::BAD_REQUEST)?;
    *rest = &rest[end + 1..];
    // A carriage return elsewhere is refused with all other control characters.
    let is_text = line.iter().all(|byte| *byte == b'\t' || !byte.is_ascii_control());
    if is_text { Ok(Some(line)) } else { Err(StatusCode::BAD_REQUEST) }
}

fn size(digits: &[u8]) -> Result<u64, StatusCode> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.len() <= MAX_DIGITS);
    text.and_then(|text| u64::from_str_radix(text, 16).ok()).ok_or(StatusCode::BAD_REQUEST)
}

/// Nothing, or a semicolon and more. White space before it is bad, but must be understood (RFC 9112 §7.1.1).
fn is_extension(text: &[u8]) -> bool {
    text.is_empty() || text.trim_ascii_start().first() == Some(&b';')
}

/// A name, a colon and a value.
fn is_field(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.len() < line.len() && name.iter().all(is_token)
}

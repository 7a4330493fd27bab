//! A request's head, whichever version of HTTP it came by.

use std::borrow::Cow;

use httparse::Header;

use super::negotiate::weighted;

/// Method, target and fields, borrowed from where they were received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a str,
    /// The whole target as sent.
    pub(crate) target: &'a str,
    /// Path without the query, or `*`. Still percent-encoded, so never more than ASCII.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    pub(crate) protocol: &'static str,
    pub(crate) fields: Fields<'a>,
}

/// The fields of a head, and where in it those stand that an answer can depend on: found in one pass, since most
/// requests are asked for a dozen fields that they do not have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    all: &'a [Header<'a>],
    /// For each [`Field`] one more than the index of its first line; 0 where there is none.
    first: [u16; Field::COUNT],
    /// A bit for each [`Field`] that has several lines.
    repeated: u32,
}

/// A field that an answer can depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    AIm,
    AcceptEncoding,
    AccessControlRequestMethod,
    Connection,
    ContentLength,
    ContentType,
    Expect,
    Forwarded,
    Host,
    IfMatch,
    IfModifiedSince,
    IfNoneMatch,
    IfRange,
    IfUnmodifiedSince,
    Origin,
    Range,
    Referer,
    SecFetchSite,
    TransferEncoding,
    UserAgent,
    XForwardedFor,
}

impl Field {
    const COUNT: usize = Self::XForwardedFor as usize + 1;

    /// The field of a name, in whatever case.
    fn of(name: &str) -> Option<Self> {
        let candidates: &[(&str, Self)] = match name.len() {
            4 => &[("Host", Self::Host), ("A-IM", Self::AIm)],
            5 => &[("Range", Self::Range)],
            6 => &[("Expect", Self::Expect), ("Origin", Self::Origin)],
            7 => &[("Referer", Self::Referer)],
            8 => &[("If-Match", Self::IfMatch), ("If-Range", Self::IfRange)],
            9 => &[("Forwarded", Self::Forwarded)],
            10 => &[("User-Agent", Self::UserAgent), ("Connection", Self::Connection)],
            12 => &[("Content-Type", Self::ContentType)],
            13 => &[("If-None-Match", Self::IfNoneMatch)],
            14 => &[("Content-Length", Self::ContentLength), ("Sec-Fetch-Site", Self::SecFetchSite)],
            15 => &[("Accept-Encoding", Self::AcceptEncoding), ("X-Forwarded-For", Self::XForwardedFor)],
            17 => &[("If-Modified-Since", Self::IfModifiedSince), ("Transfer-Encoding", Self::TransferEncoding)],
            19 => &[("If-Unmodified-Since", Self::IfUnmodifiedSince)],
            29 => &[("Access-Control-Request-Method", Self::AccessControlRequestMethod)],
            _ => &[],
        };
        // Nearly everybody writes names like this, and comparing them so is much cheaper.
        let exact = candidates.iter().find(|(known, _)| name == *known);
        exact.or_else(|| candidates.iter().find(|(known, _)| name.eq_ignore_ascii_case(known))).map(|(_, field)| *field)
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn new(all: &'a [Header<'a>]) -> Self {
        let (mut first, mut repeated) = ([0; Field::COUNT], 0);
        for (number, header) in (1..u16::MAX).zip(all) {
            if let Some(field) = Field::of(header.name) {
                let place = &mut first[field as usize];
                if *place == 0 {
                    *place = number;
                } else {
                    repeated |= 1 << field as usize;
                }
            }
        }
        Self { all, first, repeated }
    }

    /// The lines from the first one of a field on.
    fn since_first(&self, field: Field) -> &'a [Header<'a>] {
        let number = self.first[field as usize];
        if number == 0 { &[] } else { &self.all[usize::from(number) - 1..] }
    }

    fn has_several(&self, field: Field) -> bool {
        self.repeated & 1 << field as usize != 0
    }
}

impl<'a> Head<'a> {
    /// The first line of a field that should have one.
    pub(crate) fn line(&self, field: Field) -> Option<&'a [u8]> {
        self.fields.since_first(field).first().map(|header| header.value)
    }

    /// The only line of a field that must not have several.
    ///
    /// # Errors
    /// It has several.
    pub(crate) fn only_line(&self, field: Field) -> Result<Option<&'a [u8]>, Several> {
        if self.fields.has_several(field) { Err(Several) } else { Ok(self.line(field)) }
    }

    /// A list field, its lines joined by commas (RFC 9110 §5.3).
    pub(crate) fn joined(&self, field: Field) -> Option<Cow<'a, [u8]>> {
        let first = self.line(field)?;
        if !self.fields.has_several(field) {
            return Some(Cow::Borrowed(first));
        }
        let lines: Vec<&[u8]> = self.lines(field).collect();
        Some(Cow::Owned(lines.join(&b", "[..])))
    }

    /// All lines of a field.
    pub(crate) fn lines(&self, field: Field) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let headers = self.fields.since_first(field).iter();
        headers.filter(move |header| Field::of(header.name) == Some(field)).map(|header| header.value)
    }

    /// Whether HTML is named among what is wanted, as browsers do. Looked for only where there is nothing to send, so it is
    /// not among the fields that are found beforehand.
    pub(crate) fn accepts_html(&self) -> bool {
        let lines = self.fields.all.iter().filter(|header| header.name.eq_ignore_ascii_case("accept"));
        let mut members = lines.flat_map(|header| weighted(header.value));
        members.any(|(name, weight)| weight > 0 && name.eq_ignore_ascii_case(b"text/html"))
    }

    /// The first line as text; `None` too when it is not UTF-8.
    pub(crate) fn text(&self, field: Field) -> Option<&'a str> {
        self.line(field).and_then(|value| std::str::from_utf8(value).ok())
    }
}

/// A field has more lines than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Several;

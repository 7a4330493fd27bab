//! A request's head, whichever version of HTTP it came by.

use std::borrow::Cow;

use httparse::Header;

/// Method, target and fields, borrowed from where they were received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a str,
    /// Path without the query, or `*`. Still percent-encoded, so never more than ASCII.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    pub(crate) protocol: &'static str,
    pub(crate) fields: &'a [Header<'a>],
}

impl<'a> Head<'a> {
    /// Every line of a field, in order. `name` is lower case.
    pub(crate) fn lines(&self, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }

    /// The first line of a field that should have one.
    pub(crate) fn line(&self, name: &'static str) -> Option<&'a [u8]> {
        self.lines(name).next()
    }

    /// A list field, its lines joined by commas (RFC 9110 §5.3).
    pub(crate) fn joined(&self, name: &'static str) -> Option<Cow<'a, [u8]>> {
        let mut lines = self.lines(name);
        let first = lines.next()?;
        match lines.next() {
            None => Some(Cow::Borrowed(first)),
            Some(second) => {
                let mut all = [first, second].join(&b", "[..]);
                for line in lines {
                    all.extend_from_slice(b", ");
                    all.extend_from_slice(line);
                }
                Some(Cow::Owned(all))
            }
        }
    }

    /// The same line as text; `None` too when it is not UTF-8.
    pub(crate) fn text(&self, name: &'static str) -> Option<&'a str> {
        self.line(name).and_then(|value| std::str::from_utf8(value).ok())
    }
}

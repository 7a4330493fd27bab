//! One answer, as it is counted and logged.

use std::net::IpAddr;

use crate::feed::Coding;

/// One answer.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// What was asked for.
    pub line: RequestLine<'a>,
    /// Status code; 400 too for what gets no answer, since nobody would read it.
    pub status: u16,
    /// Coding of the document, for documents.
    pub coding: Option<Coding>,
    /// Bytes of the body to be written; 0 for HEAD and 304.
    pub body_bytes: usize,
    /// Whether the request had a validator.
    pub is_conditional: bool,
    /// User-Agent as sent, where it is text.
    pub user_agent: Option<&'a str>,
    /// Referer as sent, where it is text.
    pub referrer: Option<&'a str>,
    /// The client, as far as known; for what is no request whoever is connected, be it a proxy.
    pub client: Option<IpAddr>,
    /// Whether it came on the admin listener.
    pub is_admin: bool,
}

/// What a request asked for.
#[derive(Clone, Copy, Debug)]
pub enum RequestLine<'a> {
    /// A request as it was understood.
    Read {
        /// As sent, case and all.
        method: &'a str,
        /// As sent, query and all.
        target: &'a str,
        /// Path below the base path, without query; label metrics by its kind, never by itself.
        path: &'a str,
        /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
        protocol: &'static str,
    },
    /// The first line, as far as it came, of what could not be read as a request: at most some hundred bytes, and anything
    /// may stand in it.
    Raw(&'a [u8]),
}

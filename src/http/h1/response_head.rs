//! The head of an answer as bytes.

use std::cell::Cell;
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use hyper::StatusCode;

use super::super::reply::{Content, Reply};
use super::super::served::{Prepared, Served};
use super::super::settings::Settings;
use super::super::state::Current;

/// Longest usual head.
pub(super) const HEAD_BYTES: usize = 1024;

/// Status line and fields.
pub(super) fn write(
    out: &mut Vec<u8>,
    reply: &Reply,
    current: &Current,
    now: DateTime<Utc>,
    keep_alive: bool,
    is_http_1_0: bool,
) {
    match reply.status {
        StatusCode::OK => out.extend_from_slice(b"HTTP/1.1 200 OK\r\n"),
        StatusCode::NOT_MODIFIED => out.extend_from_slice(b"HTTP/1.1 304 Not Modified\r\n"),
        status => {
            out.extend_from_slice(b"HTTP/1.1 ");
            out.extend_from_slice(status.as_str().as_bytes());
            out.push(b' ');
            out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(&date_line(now));
    if !keep_alive {
        out.extend_from_slice(b"Connection: close\r\n");
    } else if is_http_1_0 {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    match reply.settled(now) {
        Some((document, index)) => prepared(document, current, now, |prepared| {
            let of_statuses = &prepared.of_variants[index];
            let not_modified = usize::from(reply.status == StatusCode::NOT_MODIFIED);
            out.extend_from_slice(&of_statuses[not_modified]);
        }),
        None => fields(out, reply, &current.settings, now),
    }
    out.extend_from_slice(b"\r\n");
}

/// The fields of an answer, a line each.
fn fields(out: &mut Vec<u8>, reply: &Reply, settings: &Settings, now: DateTime<Utc>) {
    reply.fields(settings, now, |name, value| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        let from = out.len();
        out.extend_from_slice(value);
        // SECURITY: whatever a value was made of, it cannot end its line.
        for byte in &mut out[from..] {
            if matches!(byte, b'\r' | b'\n' | 0) {
                *byte = b' ';
            }
        }
        out.extend_from_slice(b"\r\n");
    });
}

/// Hands the fields of all settled answers with a document to `read`: those that were kept with it, or, the first time and
/// after every change of the settings, newly written ones, which are then kept.
fn prepared(document: &Arc<Served>, current: &Current, now: DateTime<Utc>, read: impl FnOnce(&Prepared)) {
    let kept = document.prepared.load();
    if let Some(kept) = kept.as_ref().filter(|kept| kept.edition == current.edition) {
        return read(kept);
    }
    let written = |status, index| {
        let content = Content::Document { document: Arc::clone(document), index, part: None };
        let mut out = Vec::with_capacity(HEAD_BYTES);
        fields(&mut out, &Reply { status, content, is_head: false }, &current.settings, now);
        out.into_boxed_slice()
    };
    let of_variants = (0..document.variants.len())
        .map(|index| [written(StatusCode::OK, index), written(StatusCode::NOT_MODIFIED, index)])
        .collect();
    let prepared = Arc::new(Prepared { edition: current.edition, of_variants });
    document.prepared.store(Some(Arc::clone(&prepared)));
    read(&prepared);
}

/// Length of `Date: `, an IMF-fixdate and the end of the line.
const DATE_LINE_BYTES: usize = 37;

/// The field Date, formatted once a second.
fn date_line(now: DateTime<Utc>) -> [u8; DATE_LINE_BYTES] {
    thread_local! {
        static LAST: Cell<(i64, [u8; DATE_LINE_BYTES])> = const { Cell::new((i64::MIN, [b' '; DATE_LINE_BYTES])) };
    }
    let (second, line) = LAST.get();
    if second == now.timestamp() {
        return line;
    }
    let text = format!("Date: {}\r\n", httpdate::HttpDate::from(SystemTime::from(now)));
    let line = text.as_bytes().try_into().expect("an IMF-fixdate has 29 bytes");
    LAST.set((now.timestamp(), line));
    line
}

//! HTTP/2 connections by prior knowledge, RFC 9113 §3.3.

mod pieces;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::answer::{Origin, Plan, plan, refuse};
use super::request::{Fields, Head};
use super::settings::Limits;
use super::state::{Event, State};
use super::stop::Stop;
use super::stream::{Rewound, Stream};

use pieces::Pieces;

/// Resets by the client of streams not yet answered before the connection is ended ("rapid reset").
const PENDING_RESETS: usize = 50;
/// Bytes of a stream's answer held in the connection for a slow reader.
const SEND_BUFFER_BYTES: usize = 256 * 1024;
/// How often idle and stuck connections are looked for.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// Bytes that a client may send a second beside its requests, for settings, pings and windows: 15,000 frames, each of which
/// makes work here ...
const BYTES_BESIDE: usize = 256 * 1024;
/// ... and with each request, above what head and body may have.
const FRAMING_BYTES: usize = 16 * 1024;
/// How long after the word to go away an idle client may stay: nothing of it is under way, and all was sent.
const FAREWELL: Duration = Duration::from_secs(5);
/// After the last frame, how long and how much to read of what the client was still sending.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;
/// Connections are asked to come again after this time, so that none lasts for ever.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Serves the connection until either side has had enough; `read` are its first bytes.
pub(super) async fn run(stream: Stream, read: Bytes, state: Arc<State>, origin: Origin, mut stop: Stop) {
    let settings = state.settings();
    let limits = &settings.limits;
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        // No pings of ours: one would wait behind an answer that is read slowly. Clients that are gone are those that
        // neither read nor ask, which is looked for below.
        .keep_alive_interval(None)
        .auto_date_header(false)
        .max_concurrent_streams(limits.h2_streams)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_send_buf_size(SEND_BUFFER_BYTES);
    let streams = Arc::new(Streams::default());
    let service = service_fn({
        let (state, streams) = (Arc::clone(&state), Arc::clone(&streams));
        move |request| {
            let (state, open) = (Arc::clone(&state), OpenStream::new(&streams));
            async move { Ok::<_, Infallible>(answer(request, &state, origin, open).await) }
        }
    });
    let (stream, lent) = Rewound::lend(read, stream);
    let mut connection = Box::pin(builder.serve_connection(TokioIo::new(stream), service));
    let begun = Instant::now();
    let mut activity = Activity::new(begun);
    let mut budget = Budget::new(limits);
    let mut check = tokio::time::interval(CHECK_INTERVAL);
    let mut closing: Option<Instant> = None;
    loop {
        let stopped = std::future::poll_fn(|cx| stop.poll(cx));
        tokio::select! {
            _ = connection.as_mut() => break,
            () = stopped, if closing.is_none() => {
                closing = Some(Instant::now());
                connection.as_mut().graceful_shutdown();
            }
            now = check.tick() => {
                if !budget.allows(lent.received(), streams.begun()) {
                    state.count(Event::Malformed);
                    return;
                }
                let quiet = activity.quiet(now, streams.changes(), lent.written(), limits.write_bytes_per_second);
                // A stream that neither begins nor ends nor goes on is one whose client does not read.
                if streams.open() > 0 && quiet > limits.write * 2 {
                    state.count(Event::Timeout);
                    return;
                }
                let is_idle = streams.open() == 0 && quiet > limits.idle;
                match closing {
                    None if is_idle || now.saturating_duration_since(begun) > MAX_AGE => {
                        closing = Some(now);
                        connection.as_mut().graceful_shutdown();
                    }
                    Some(since) if streams.open() == 0 && now.saturating_duration_since(since).min(quiet) > FAREWELL => {
                        return;
                    }
                    _ => {}
                }
            }
        }
    }
    drop(connection);
    if let Some(stream) = lent.take_back() {
        let _ = tokio::time::timeout(LINGER, read_out(stream)).await;
    }
}

/// Reads what the client was still sending, so that the reset that closing would cause does not take the last answer away
/// from it.
async fn read_out(mut stream: Stream) {
    let mut chunk = [0; 4096];
    let mut read = 0;
    while read < LINGER_BYTES {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(more) => read += more,
        }
    }
}

async fn answer(request: Request<Incoming>, state: &Arc<State>, origin: Origin, open: OpenStream) -> Response<Pieces> {
    let (parts, body) = request.into_parts();
    let now = (state.parts.clock)();
    let plan = {
        // RFC 9113 §8.3.1: the authority stands for Host.
        let authority = parts.uri.authority().map(|authority| ("host", authority.as_str().as_bytes()));
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let fields: Vec<httparse::Header<'_>> =
            authority.into_iter().chain(headers).map(|(name, value)| httparse::Header { name, value }).collect();
        let (path, query) = (parts.uri.path(), parts.uri.query());
        let target = parts.uri.path_and_query().map_or(path, |target| target.as_str());
        let method = parts.method.as_str();
        let head = Head { method, target, path, query, protocol: "HTTP/2.0", fields: Fields::new(&fields) };
        let settings = state.settings();
        if path.len() + query.map_or(0, str::len) > settings.limits.uri_bytes {
            Plan::Reply(refuse(state, &settings, head, origin, now, StatusCode::URI_TOO_LONG))
        } else {
            plan(state, &settings, head, origin, now)
        }
    };
    let reply = match plan {
        Plan::Reply(reply) => reply,
        Plan::Wait(waiting) if waiting.wants_body() => match read_body(body, state).await {
            Ok(body) => waiting.reply(state, body).await,
            Err(status) => waiting.refused(state, status),
        },
        Plan::Wait(waiting) => waiting.reply(state, Vec::new()).await,
    };
    let mut response = Response::new(Pieces::new(reply.body(), open));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    let mut put = |name: &str, value: &[u8]| {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    };
    put("date", httpdate::fmt_http_date(now.into()).as_bytes());
    state.with_settings(|settings| reply.fields(settings, now, &mut put));
    response
}

async fn read_body(body: Incoming, state: &State) -> Result<Vec<u8>, StatusCode> {
    let (most, wait) = state.with_settings(|settings| (settings.limits.body_bytes, settings.limits.body));
    match tokio::time::timeout(wait, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// How much a client may send: what ends floods of frames that are no requests.
#[derive(Debug)]
struct Budget {
    of_stream: usize,
    most: usize,
    left: usize,
    received: usize,
    begun: usize,
}

impl Budget {
    fn new(limits: &Limits) -> Self {
        let of_stream = limits.head_bytes + limits.body_bytes + FRAMING_BYTES;
        let most = BYTES_BESIDE + of_stream.saturating_mul(usize::try_from(limits.h2_streams).unwrap_or(usize::MAX));
        Self { of_stream, most, left: 0, received: 0, begun: 0 }
    }

    /// Whether what was received by the end of another second is within what this second and the streams begun so far
    /// allow.
    fn allows(&mut self, received: usize, begun: usize) -> bool {
        let (bytes, streams) = (received.wrapping_sub(self.received), begun.wrapping_sub(self.begun));
        (self.received, self.begun) = (received, begun);
        let more = BYTES_BESIDE.saturating_add(self.of_stream.saturating_mul(streams));
        let left = self.left.saturating_add(more).min(self.most.max(more)).checked_sub(bytes);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

/// When something last went on in a connection.
#[derive(Debug)]
struct Activity {
    changes: usize,
    written: usize,
    since: Instant,
}

impl Activity {
    fn new(now: Instant) -> Self {
        Self { changes: 0, written: 0, since: now }
    }

    /// For how long nothing has: no stream has begun or ended, nor has more been written than answers to pings.
    fn quiet(&mut self, now: Instant, changes: usize, written: usize, bytes_per_second: u64) -> Duration {
        let quiet = now.saturating_duration_since(self.since);
        let bytes = u64::try_from(written.wrapping_sub(self.written)).unwrap_or(u64::MAX);
        let goes_on = bytes > 0 && bytes >= bytes_per_second.saturating_mul(quiet.as_secs().max(1));
        if changes == self.changes && !goes_on {
            return quiet;
        }
        *self = Self { changes, written, since: now };
        Duration::ZERO
    }
}

/// Counts streams, to tell a connection at work from an idle and from a stuck one.
#[derive(Debug, Default)]
struct Streams {
    begun: AtomicUsize,
    open: AtomicUsize,
    changes: AtomicUsize,
}

impl Streams {
    fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }

    fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    fn changes(&self) -> usize {
        self.changes.load(Ordering::Relaxed)
    }
}

/// A stream from its request until the last byte of its answer was written.
#[derive(Debug)]
struct OpenStream(Arc<Streams>);

impl OpenStream {
    fn new(streams: &Arc<Streams>) -> Self {
        streams.begun.fetch_add(1, Ordering::Relaxed);
        streams.open.fetch_add(1, Ordering::Relaxed);
        streams.changes.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(streams))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.changes.fetch_add(1, Ordering::Relaxed);
    }
}

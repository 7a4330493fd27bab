//! HTTP/2 connections by prior knowledge, RFC 9113 §3.3.

mod activity;
mod answer;
mod budget;
mod pieces;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::server::conn::http2::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::Instant;

use super::answer::Origin;
use super::linger;
use super::settings::Limits;
use super::state::{Event, State};
use super::stop::Stop;
use super::stream::{Rewound, Stream};

use activity::{Activity, OpenStream, Streams};
use answer::answer;
use budget::Budget;

/// Concurrent streams of a connection.
const STREAMS: u32 = 100;
/// Resets by the client of streams not yet answered before the connection is ended ("rapid reset").
const PENDING_RESETS: usize = 50;
/// Bytes of a stream's answer held in the connection for a slow reader.
const SEND_BUFFER_BYTES: usize = 256 * 1024;
/// How often idle and stuck connections are looked for.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How long after the word to go away an idle client may stay: nothing of it is under way, and all was sent.
const FAREWELL: Duration = Duration::from_secs(5);
/// Connections are asked to come again after this time, so that none lasts for ever.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Serves the connection until either side has had enough; `read` are its first bytes.
pub(super) async fn run(stream: Stream, read: Bytes, state: Arc<State>, origin: Origin, mut stop: Stop) {
    let settings = state.settings();
    let limits = &settings.limits;
    let streams = Arc::new(Streams::default());
    let service = service_fn({
        let (state, streams) = (Arc::clone(&state), Arc::clone(&streams));
        move |request| {
            let (state, open) = (Arc::clone(&state), OpenStream::new(&streams));
            async move { Ok::<_, Infallible>(answer(request, &state, origin, open).await) }
        }
    });
    let (stream, lent) = Rewound::lend(read, stream);
    let mut connection = Box::pin(builder(limits).serve_connection(TokioIo::new(stream), service));
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
    if let Some(mut stream) = lent.take_back() {
        linger::read_out(&mut stream).await;
    }
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        // No pings of ours: one would wait behind an answer that is read slowly. Clients that are gone are those that
        // neither read nor ask, which `run` looks for.
        .keep_alive_interval(None)
        .auto_date_header(false)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(PENDING_RESETS)
        .max_send_buf_size(SEND_BUFFER_BYTES);
    builder
}

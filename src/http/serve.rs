//! Accepts connections and spreads them over threads.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::answer::Origin;
use super::gate::Place;
use super::h1::{Connection, End};
use super::h2;
use super::listener::{Acceptor, Listener};
use super::state::{Event, State};
use super::stop::Stop;
use super::stream::{Accepted, Stream};
use super::tls::Tls;

/// Pause after a failure to accept: for lack of descriptors or memory, both of which others have to give back first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often a failure to accept that lasts is logged.
const SAID_AGAIN: Duration = Duration::from_secs(30);
/// How often a loop that has nothing to do gives a sign of life.
const BEAT: Duration = Duration::from_secs(1);

/// Why serving could not begin or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A listening socket cannot be used.
    #[error("cannot accept connections")]
    Listen(#[source] io::Error),
    /// A thread cannot be started.
    #[error("cannot start a thread for connections")]
    Thread(#[source] io::Error),
}

/// Serves until `shutdown` is ready; then stops accepting, lets requests under way finish for at most `drain`, and cuts
/// what is left. Idle connections are closed at once.
///
/// Connections run on threads of their own, one a core, each with its own event loop: no locks between them, no work
/// moved from one to another. A new connection goes to the thread that has the fewest.
///
/// # Errors
/// A listener or thread cannot be started.
pub async fn serve(
    listeners: Vec<Listener>,
    state: Arc<State>,
    shutdown: impl Future<Output = ()>,
    drain: Duration,
) -> Result<(), ServeError> {
    state.provide_descriptors();
    let (stop, stopped) = watch::channel(false);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut workers = Vec::with_capacity(cores);
    let mut done = JoinSet::new();
    for index in 0..cores {
        let (worker, end) = Worker::start(index, Arc::clone(&state), drain).map_err(ServeError::Thread)?;
        workers.push(worker);
        done.spawn(end);
    }
    let workers: Arc<[Worker]> = workers.into();
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let acceptor = listener.into_acceptor().map_err(ServeError::Listen)?;
        accepting.spawn(accept(acceptor, Arc::clone(&state), Arc::clone(&workers), stopped.clone()));
    }
    shutdown.await;
    stop.send_replace(true);
    // The listening sockets are closed before connections are.
    while accepting.join_next().await.is_some() {}
    drop(workers);
    while done.join_next().await.is_some() {}
    Ok(())
}

async fn accept(acceptor: Acceptor, state: Arc<State>, workers: Arc<[Worker]>, mut stopped: watch::Receiver<bool>) {
    let pulse = state.pulses().add("accept");
    let mut said: Option<Instant> = None;
    let mut beat = tokio::time::interval(BEAT);
    loop {
        let accepted = tokio::select! {
            accepted = acceptor.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => {
                pulse.rest();
                return;
            }
            _ = beat.tick() => {
                pulse.beat(BEAT);
                continue;
            }
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            // The client gave up before we came.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {
                continue;
            }
            Err(error) => {
                state.count(Event::AcceptError);
                // Ten a second for as long as it lasts would hide everything else.
                if said.is_none_or(|at| at.elapsed() >= SAID_AGAIN) {
                    said = Some(Instant::now());
                    tracing::warn!(%error, "cannot accept connections, trying again and again");
                }
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let place = if acceptor.is_admin {
            state.gate.enter_admin()
        } else {
            state.with_settings(|settings| state.gate.enter(peer, settings))
        };
        let Some(place) = place else {
            state.count(Event::Refused);
            continue;
        };
        state.count(Event::Accepted);
        let origin = Origin { peer, is_admin: acceptor.is_admin };
        if let Some(worker) = workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed)) {
            let tls = acceptor.tls.clone();
            worker.take(Job { stream, tls, origin, place, load: Load::new(&worker.load) });
        }
    }
}

/// A connection on its way to the thread that serves it.
struct Job {
    stream: Accepted,
    tls: Option<Arc<Tls>>,
    origin: Origin,
    place: Place,
    load: Load,
}

/// A thread with an event loop of its own.
struct Worker {
    jobs: mpsc::UnboundedSender<Job>,
    /// Connections that it has.
    load: Arc<AtomicUsize>,
}

impl Worker {
    /// The worker, and what is ready when its thread has ended.
    fn start(
        index: usize,
        state: Arc<State>,
        drain: Duration,
    ) -> io::Result<(Self, impl Future<Output = ()> + Send + 'static)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(8).build()?;
        // Bounded by the limit on connections.
        let (jobs, received) = mpsc::unbounded_channel();
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        std::thread::Builder::new().name(format!("http-{index}")).spawn(move || {
            runtime.block_on(work(received, state, drain));
            // Renderings under way hold nothing that must be finished.
            runtime.shutdown_background();
            drop(ended);
        })?;
        let end = async move {
            let _ = end.await;
        };
        Ok((Self { jobs, load: Arc::default() }, end))
    }

    fn take(&self, job: Job) {
        // The thread ends only when this sender is gone.
        let _ = self.jobs.send(job);
    }
}

/// Serves what comes until the channel closes, then drains.
async fn work(mut jobs: mpsc::UnboundedReceiver<Job>, state: Arc<State>, drain: Duration) {
    let (stop, stopped) = watch::channel(false);
    let mut connections = JoinSet::new();
    let pulse = state.pulses().add("http");
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            _ = beat.tick() => pulse.beat(BEAT),
            job = jobs.recv() => match job {
                Some(job) => {
                    connections.spawn(connect(job, Arc::clone(&state), stopped.clone()));
                }
                None => break,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    pulse.rest();
    stop.send_replace(true);
    let drained = timeout(drain, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(connections = connections.len(), "requests were cut at the end of the drain time");
    }
}

async fn connect(job: Job, state: Arc<State>, stopped: watch::Receiver<bool>) {
    let Job { stream, tls, origin, place, load } = job;
    let stream = match (stream.into_stream(), tls) {
        (Ok(Stream::Tcp(stream)), Some(tls)) => Box::pin(shake_hands(stream, &tls, &state)).await,
        (stream, _) => stream.ok(),
    };
    if let Some(stream) = stream {
        let stop = Stop::new(stopped.clone());
        if let End::Http2(stream, read) = Connection::new(stream, Arc::clone(&state), origin, stop).run().await {
            // Boxed: the state of an HTTP/2 connection is large, and most connections are not one.
            Box::pin(h2::run(stream, read, state, origin, Stop::new(stopped))).await;
        }
    }
    drop((place, load));
}

/// `None` when the client fails to agree, which is its affair, or takes too long.
async fn shake_hands(stream: TcpStream, tls: &Tls, state: &State) -> Option<Stream> {
    let wait = state.with_settings(|settings| settings.limits.first_byte);
    match timeout(wait, tls.acceptor().accept(stream)).await {
        Ok(Ok(stream)) => Some(Stream::Tls(Box::new(stream))),
        Ok(Err(_)) => {
            state.count(Event::Malformed);
            None
        }
        Err(_) => {
            state.count(Event::Timeout);
            None
        }
    }
}

/// One connection in a worker's count.
struct Load(Arc<AtomicUsize>);

impl Load {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

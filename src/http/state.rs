//! What all connections share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};

use crate::ops::Pulses;

use super::descriptors;
use super::files::Files;
use super::gate::Gate;
use super::parts::Parts;
use super::rate::Rates;
use super::rendered::{Outcome, RenderedPages};
use super::settings::Settings;
use super::target::{below, canonical};

/// The server's state: what it answers from, what it may spend, what it has counted.
pub struct State {
    pub(crate) parts: Parts,
    current: ArcSwap<Current>,
    pub(crate) rendered: RenderedPages,
    pub(crate) rates: Rates,
    pub(crate) gate: Arc<Gate>,
    pub(crate) files: Files,
    counters: Counters,
    waiting: AtomicU64,
    pulses: Pulses,
}

/// The settings and their number: what was prepared with others is told by it.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) settings: Arc<Settings>,
    /// Their base path in the canonical form, where that is another.
    canonical_base_path: Option<String>,
    /// No other settings in this process have it.
    pub(crate) edition: u64,
}

impl Current {
    fn new(settings: Settings) -> Self {
        static EDITIONS: AtomicU64 = AtomicU64::new(0);
        Self {
            canonical_base_path: canonical(&settings.base_path),
            settings: Arc::new(settings),
            edition: EDITIONS.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// The path below the base path, however that is written; `None` where it does not begin with it.
    pub(crate) fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        let written = below(&self.settings.base_path, path);
        written.or_else(|| below(self.canonical_base_path.as_ref()?, path))
    }
}

impl State {
    /// Nothing is bound or started yet; [`serve`](super::serve) does that.
    #[must_use]
    pub fn new(parts: Parts, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            parts,
            current: ArcSwap::from_pointee(Current::new(settings)),
            rendered: RenderedPages::default(),
            rates: Rates::default(),
            gate: Arc::default(),
            files: Files::default(),
            counters: Counters::default(),
            waiting: AtomicU64::new(0),
            pulses: Pulses::default(),
        })
    }

    /// The settings as of now.
    #[must_use]
    pub fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.current.load().settings)
    }

    pub(crate) fn with_settings<T>(&self, read: impl FnOnce(&Settings) -> T) -> T {
        read(&self.current.load().settings)
    }

    /// The settings, for a moment: while it is held, another of the few places for readers of this thread is taken.
    pub(crate) fn current(&self) -> Guard<Arc<Current>> {
        self.current.load()
    }

    /// Replaces the settings: for all new connections, and for requests on old ones. Rendered pages are dropped, since
    /// they may depend on them.
    pub fn reload(&self, settings: Settings) {
        self.current.store(Arc::new(Current::new(settings)));
        self.invalidate_all();
        self.provide_descriptors();
    }

    /// Drops all rendered pages.
    pub fn invalidate_all(&self) {
        self.rendered.invalidate_all();
    }

    /// Gets the descriptors that as many connections need as the settings allow, or allows fewer.
    pub(crate) fn provide_descriptors(&self) {
        let connections = self.with_settings(|settings| settings.limits.connections);
        self.gate.afford(descriptors::provide(connections));
    }

    /// What a request of this path gets, where it is not live: at hand, or rendered now.
    pub(crate) async fn on_demand(&self, path: &str) -> Outcome {
        let room = self.with_settings(|settings| settings.limits.rendered_bytes);
        let (on_demand, asked) = (Arc::clone(&self.parts.on_demand), path.to_owned());
        self.rendered.outcome(path, move || on_demand.render(&asked), room).await
    }

    /// Drops what was rendered for a path, so that the next request renders it anew, even if a rendering of the old
    /// content is under way.
    pub fn invalidate(&self, path: &str) {
        self.rendered.invalidate(path);
    }

    /// What happened to connections so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn count(&self, event: Event) {
        self.counters.count(event);
    }

    /// Requests whose answer has to be waited for: pages being made, hub and admin requests. All others are answered at
    /// once.
    #[must_use]
    pub fn requests_waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Counts a request that waits until what is returned is dropped.
    pub(crate) fn wait(&self) -> impl Drop + use<'_> {
        struct Waits<'a>(&'a AtomicU64);
        impl Drop for Waits<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, Ordering::Relaxed);
            }
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waits(&self.waiting)
    }

    /// Signs of life of the threads that accept and serve connections.
    #[must_use]
    pub fn pulses(&self) -> &Pulses {
        &self.pulses
    }

    /// Connections open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.gate.open()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("counters", &self.counters).finish_non_exhaustive()
    }
}

/// Counted since the start.
#[derive(Debug, Default)]
pub struct Counters {
    accepted: AtomicU64,
    refused: AtomicU64,
    accept_errors: AtomicU64,
    panics: AtomicU64,
    timeouts: AtomicU64,
    malformed: AtomicU64,
}

impl Counters {
    /// Connections taken on.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Connections closed at once because there were too many, in all or of one address.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Failures to accept, such as running out of file descriptors.
    #[must_use]
    pub fn accept_errors(&self) -> u64 {
        self.accept_errors.load(Ordering::Relaxed)
    }

    /// Panics while answering, each of which was a 500.
    #[must_use]
    pub fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Connections closed because a deadline other than the idle one passed.
    #[must_use]
    pub fn timeouts(&self) -> u64 {
        self.timeouts.load(Ordering::Relaxed)
    }

    /// Requests that were no HTTP.
    #[must_use]
    pub fn malformed(&self) -> u64 {
        self.malformed.load(Ordering::Relaxed)
    }

    fn count(&self, event: Event) {
        let counter = match event {
            Event::Accepted => &self.accepted,
            Event::Refused => &self.refused,
            Event::AcceptError => &self.accept_errors,
            Event::Panic => &self.panics,
            Event::Timeout => &self.timeouts,
            Event::Malformed => &self.malformed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Accepted,
    Refused,
    AcceptError,
    Panic,
    Timeout,
    Malformed,
}

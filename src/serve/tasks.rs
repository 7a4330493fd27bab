//! The server and the hub at work, and their end in order.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep};

use crate::http::{self, Listener, ServeError};
use crate::ops::{Health, Metrics};

use super::running::Running;

/// How long connections wait in the listeners' queues for the first scan, so that the first visitor of a new service
/// sees its feeds and not a "later". A longer scan is answered with 503 meanwhile.
const FIRST_SCAN: Duration = Duration::from_secs(5);

/// The tasks of a running service. Neither ends before it is told to.
pub(super) struct Tasks {
    pub server: JoinHandle<Result<(), ServeError>>,
    pub hub: JoinHandle<()>,
    stop_server: oneshot::Sender<()>,
    stop_hub: oneshot::Sender<()>,
}

impl Tasks {
    pub(super) fn start(running: &Running, listeners: Vec<Listener>) -> Self {
        let parts = &running.parts;
        let (health, metrics) = (Arc::clone(&parts.shared.health), Arc::clone(&parts.shared.metrics));
        let (state, drain) = (Arc::clone(&parts.state), running.config.http.drain);
        let (stop_server, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            first_scan(&health, &metrics).await;
            let shutdown = async move {
                // A dropped sender means stop as well.
                let _ = stopped.await;
            };
            http::serve(listeners, state, shutdown, drain).await
        });
        let (stop_hub, hub_stopped) = oneshot::channel::<()>();
        let hub = tokio::spawn(Arc::clone(&parts.hub).run(async move {
            let _ = hub_stopped.await;
        }));
        Self { server, hub, stop_server, stop_hub }
    }

    /// Tells the server to stop; then waits for it, the hub and the rest of the service to have done so.
    pub(super) fn stop(self, running: Running) -> impl Future<Output = anyhow::Result<()>> {
        let Self { server, hub, stop_server, stop_hub } = self;
        // Dropping the sender of an ended server is no harm.
        let _ = stop_server.send(());
        async move {
            let served = server.await;
            // After the last answer, since requests come in until then.
            let _ = stop_hub.send(());
            running.hub_ended(hub.await);
            let _ = spawn_blocking(move || running.stop()).await;
            served?.map_err(anyhow::Error::from)
        }
    }
}

/// Waits until there is something to serve.
async fn first_scan(health: &Health, metrics: &Metrics) {
    let until = Instant::now() + FIRST_SCAN;
    while !health.is_scanned() && metrics.documents.value() == 0 && Instant::now() < until {
        sleep(Duration::from_millis(5)).await;
    }
}

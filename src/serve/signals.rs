//! What the system tells a running service.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that means something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// SIGTERM or SIGINT, by name: finish and stop.
    Stop(&'static str),
    /// SIGHUP: read the configuration again.
    Reload,
}

/// Listens from the moment it is made.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            _ = self.terminate.recv() => Told::Stop("SIGTERM"),
            _ = self.interrupt.recv() => Told::Stop("SIGINT"),
            _ = self.hang_up.recv() => Told::Reload,
        }
    }

    /// The next one that says stop, by name; one that says reload waits.
    pub(super) async fn stop_alone(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// The next one that says stop, by name. A service that ends has nothing to reload.
    pub(super) async fn stop(&mut self) -> &'static str {
        loop {
            match self.next().await {
                Told::Stop(signal) => return signal,
                Told::Reload => tracing::info!("nothing is reloaded, since the service is stopping"),
            }
        }
    }
}

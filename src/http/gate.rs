//! How many connections may be open, in all and of one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ops::client_key;

use super::proxies::Peer;
use super::settings::Settings;

/// Counts open connections.
#[derive(Debug)]
pub(crate) struct Gate {
    open: AtomicUsize,
    /// Connections that there are descriptors for, whatever the settings say.
    affordable: AtomicUsize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    /// Places that the admin listener has open.
    admin: AtomicUsize,
}

/// Connections that the admin listener may have beside all others: how the service is doing must be told just when
/// there are too many.
const ADMIN: usize = 32;

/// An open connection's place; gone when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    gate: Arc<Gate>,
    address: Option<IpAddr>,
    is_admin: bool,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            open: AtomicUsize::new(0),
            affordable: AtomicUsize::new(usize::MAX),
            by_address: Mutex::default(),
            admin: AtomicUsize::new(0),
        }
    }
}

impl Gate {
    pub(crate) fn afford(&self, connections: usize) {
        self.affordable.store(connections, Ordering::Relaxed);
    }

    /// A place for a connection from `peer`, unless there are too many.
    pub(crate) fn enter(self: &Arc<Self>, peer: Peer, settings: &Settings) -> Option<Place> {
        let address = match peer {
            Peer::Ip(address) if !settings.trusted_proxies.includes(peer) && settings.limits.bind(address) => {
                Some(client_key(address))
            }
            _ => None,
        };
        let limits = &settings.limits;
        let most = limits.connections.min(self.affordable.load(Ordering::Relaxed));
        if self.open.fetch_add(1, Ordering::Relaxed) >= most {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        if let Some(address) = address {
            let mut counts = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(address).or_default();
            if *count >= limits.connections_per_address {
                self.open.fetch_sub(1, Ordering::Relaxed);
                return None;
            }
            *count += 1;
        }
        Some(Place { gate: Arc::clone(self), address, is_admin: false })
    }

    /// A place for a connection to the admin listener, unless it has too many.
    pub(crate) fn enter_admin(self: &Arc<Self>) -> Option<Place> {
        if self.admin.fetch_add(1, Ordering::Relaxed) >= ADMIN {
            self.admin.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Place { gate: Arc::clone(self), address: None, is_admin: true })
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let open = if self.is_admin { &self.gate.admin } else { &self.gate.open };
        open.fetch_sub(1, Ordering::Relaxed);
        if let Some(address) = self.address {
            let mut counts = self.gate.by_address.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(count) = counts.get_mut(&address) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&address);
                }
            }
        }
    }
}

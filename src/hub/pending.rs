//! Requests whose verification is under way: how many there may be, and which of two for one callback counts.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ops::client_key;

/// In all: each holds a connection.
const TOTAL: usize = 512;
/// Of one client.
const PER_CALLER: usize = 64;
/// With callbacks on one host.
const PER_HOST: usize = 64;

/// What is under way.
#[derive(Default)]
pub(super) struct Pending {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    total: usize,
    callers: HashMap<IpAddr, usize>,
    hosts: HashMap<String, usize>,
    /// For each topic and callback with requests under way: their number, and the last that took effect.
    orders: HashMap<Key, (usize, u64)>,
    sequence: u64,
}

type Key = (String, String);

/// A place among the requests under way; given back when dropped.
pub(super) struct Place {
    state: Arc<Mutex<State>>,
    caller: Option<IpAddr>,
    host: String,
    key: Key,
    sequence: u64,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// Too many in all.
    Total,
    /// Too many of this caller, or to this host.
    Share,
}

impl Pending {
    pub(super) fn enter(&self, caller: Option<IpAddr>, host: &str, topic: &str, callback: &str) -> Result<Place, Full> {
        let caller = caller.map(client_key);
        let mut state = lock(&self.state);
        if state.total >= TOTAL {
            return Err(Full::Total);
        }
        let of_caller = caller.and_then(|caller| state.callers.get(&caller).copied()).unwrap_or(0);
        let of_host = state.hosts.get(host).copied().unwrap_or(0);
        if of_caller >= PER_CALLER || of_host >= PER_HOST {
            return Err(Full::Share);
        }
        let key = (topic.to_owned(), callback.to_owned());
        state.total += 1;
        if let Some(caller) = caller {
            *state.callers.entry(caller).or_default() += 1;
        }
        *state.hosts.entry(host.to_owned()).or_default() += 1;
        state.orders.entry(key.clone()).or_default().0 += 1;
        state.sequence += 1;
        let sequence = state.sequence;
        drop(state);
        Ok(Place { state: Arc::clone(&self.state), caller, host: host.to_owned(), key, sequence })
    }
}

impl Place {
    /// Whether this request may take effect: not when a later one for the same topic and callback already did.
    pub(super) fn settle(&self) -> bool {
        let mut state = lock(&self.state);
        let order = state.orders.entry(self.key.clone()).or_default();
        let counts = order.1 < self.sequence;
        if counts {
            order.1 = self.sequence;
        }
        counts
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        state.total -= 1;
        if let Some(caller) = self.caller {
            lower(&mut state.callers, &caller);
        }
        lower(&mut state.hosts, &self.host);
        if let Some(order) = state.orders.get_mut(&self.key) {
            order.0 -= 1;
            if order.0 == 0 {
                state.orders.remove(&self.key);
            }
        }
    }
}

fn lower<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

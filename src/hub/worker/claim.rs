//! Which subscriptions are sent to now: those of a kind that is on, and no more to a host than it may have.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::super::Settings;
use crate::store::{Attempt, AttemptEnd, Claim, Due, Kind, StoreError, Subscriptions, Wanted};

impl Settings {
    /// Whether subscriptions of this kind are sent anything. Other hubs are always told: without any there are no such
    /// subscriptions.
    pub(super) fn sends(&self, kind: Kind) -> bool {
        match kind {
            Kind::WebSub => self.is_enabled,
            Kind::RssCloud => self.takes_rsscloud,
            Kind::Ping => true,
        }
    }
}

/// Deliveries under way by host, and how many there may be.
#[derive(Clone)]
pub(super) struct Hosts {
    pub under_way: HashMap<String, usize>,
    pub most: usize,
}

impl Hosts {
    fn admits(&mut self, host: &str) -> bool {
        let count = self.under_way.entry(host.to_owned()).or_default();
        let is_admitted = *count < self.most;
        *count += usize::from(is_admitted);
        is_admitted
    }
}

/// Claims from `now` until `until` what may be sent; says as well whether some are held back because they are off.
pub(super) fn claim(
    store: &Subscriptions,
    settings: &Settings,
    wanted: Wanted<'_>,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    mut hosts: Hosts,
) -> Result<(Claim, bool), StoreError> {
    let mut places = hosts.clone();
    let first = store.claim(wanted, now, until, |host| places.admits(host))?;
    if first.due.iter().all(|due| settings.sends(due.kind)) {
        return Ok((first, false));
    }
    // Those that are off took places of others on their hosts. So all are claimed, and those that are sent nothing are
    // given back. They stay due.
    let give_back = |due: Vec<Due>| {
        let end = |due: Due| Attempt { id: due.id, digest: *wanted.digest, at: now, end: AttemptEnd::Released };
        store.record(&due.into_iter().map(end).collect::<Vec<_>>())
    };
    give_back(first.due)?;
    let mut claim = store.claim(wanted, now, until, |_| true)?;
    let mut held = Vec::new();
    for due in std::mem::take(&mut claim.due) {
        let is_on = settings.sends(due.kind);
        if is_on && hosts.admits(&due.host) {
            claim.due.push(due);
        } else {
            claim.is_skipping |= is_on;
            held.push(due);
        }
    }
    give_back(held)?;
    Ok((claim, true))
}

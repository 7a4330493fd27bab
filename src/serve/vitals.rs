//! Whether all parts live, and whether they serve what is right.

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Readiness, State};
use crate::ops::{Health, Metrics};

use super::manager::GRACE;

/// What `/readyz` says.
pub(super) struct Ready {
    pub health: Arc<Health>,
    pub metrics: Arc<Metrics>,
}

impl Readiness for Ready {
    fn reasons_not_ready(&self) -> Vec<String> {
        reasons(&self.health, &self.metrics)
    }
}

/// Why what is served may not be right, in words; empty means that it is.
pub(super) fn reasons(health: &Health, metrics: &Metrics) -> Vec<String> {
    let mut reasons = health.reasons();
    reasons.extend(hanging(metrics, GRACE).into_iter().map(|part| {
        format!("`{part}` has given no sign of life for over a minute, so changes are not shown; restart the service")
    }));
    reasons
}

/// Parts that should have given a sign of life `grace` ago.
pub(super) fn late(metrics: &Metrics, state: &State, grace: Duration) -> Vec<String> {
    let mut late = hanging(metrics, grace);
    late.extend(state.pulses().late(grace));
    late
}

fn hanging(metrics: &Metrics, grace: Duration) -> Vec<String> {
    let parts = [("ingest", &metrics.ingest), ("store", &metrics.store)];
    parts.into_iter().filter(|(_, pulse)| pulse.is_late(grace)).map(|(name, _)| name.to_owned()).collect()
}

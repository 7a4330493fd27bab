//! What the hub has done since the start.

use std::sync::atomic::{AtomicU64, Ordering};

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A request to subscribe or unsubscribe was accepted.
    Accepted,
    /// A request was not.
    Refused,
    /// A subscriber confirmed.
    Verified,
    /// A subscriber did not.
    Unverified,
    /// A delivery was taken.
    Delivered,
    /// A delivery failed.
    Failed,
    /// A subscriber answered that it wants no more, or one of rssCloud failed too often.
    Gone,
    /// A lease ran out.
    Expired,
    /// An operator ended a subscription.
    Dropped,
}

impl Counted {
    /// All of them with a name for labels.
    pub const ALL: [(Self, &str); 9] = [
        (Self::Accepted, "accepted"),
        (Self::Refused, "refused"),
        (Self::Verified, "verified"),
        (Self::Unverified, "unverified"),
        (Self::Delivered, "delivered"),
        (Self::Failed, "failed"),
        (Self::Gone, "gone"),
        (Self::Expired, "expired"),
        (Self::Dropped, "dropped"),
    ];
}

/// One number for each.
#[derive(Debug, Default)]
pub struct Counters {
    counts: [AtomicU64; Counted::ALL.len()],
}

impl Counters {
    /// The number so far.
    #[must_use]
    pub fn count(&self, what: Counted) -> u64 {
        self.counts[what as usize].load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, what: Counted) {
        self.add_many(what, 1);
    }

    pub(super) fn add_many(&self, what: Counted, number: usize) {
        self.counts[what as usize].fetch_add(number.try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

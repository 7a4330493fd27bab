//! When a change counts for the subscribers of a feed, and for its own update time.

use chrono::{DateTime, FixedOffset, SubsecRound, TimeDelta, Utc};

use crate::store::ItemRow;

use super::apply::Touched;

/// When subscribers of a feed get a change, by its own reckoning: after all that they got before (until `latest`), also
/// under a clock that was set back. Otherwise what comes now would lie outside the window, and a poller miss it.
pub(super) fn moment(
    change: &Touched,
    row: &ItemRow,
    comes_in: bool,
    now: DateTime<Utc>,
    latest: DateTime<Utc>,
) -> DateTime<Utc> {
    let moment = if comes_in { now } else { row.changed_at };
    let is_news = comes_in || change.before.as_ref().is_none_or(|before| before.changed_at != row.changed_at);
    if is_news && moment < latest { latest + TimeDelta::milliseconds(1) } else { moment }
}

/// Whether a change that concerns a feed moves its update time: everything but a silent correction does.
pub(super) fn is_retimed(change: &Touched, is_in: bool) -> bool {
    match (&change.before, &change.after) {
        (Some(before), Some(after)) if is_in => before.item.times != after.item.times,
        _ => true,
    }
}

/// A feed's own update time: the newest update among its items; or, where what happened shows in none of them (a
/// withdrawal, a late arrival), the moment it happened. Never back.
pub(super) fn moved_to(
    old: Option<DateTime<FixedOffset>>,
    newest: Option<DateTime<FixedOffset>>,
    is_moved: bool,
    now: DateTime<Utc>,
) -> DateTime<FixedOffset> {
    let now: DateTime<FixedOffset> = now.trunc_subsecs(0).into();
    // An update time in the future would stop the clock of the feed until then.
    let newest = newest.map(|newest| newest.min(now));
    match (old, newest) {
        (None, newest) => newest.unwrap_or(now),
        (Some(old), _) if !is_moved => old,
        (Some(old), Some(newest)) if newest > old => newest,
        (Some(old), _) => old.max(now),
    }
}

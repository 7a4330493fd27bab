//! Local times of an IANA zone as instants.

use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

/// The instant of a local time, with the offset in force. Times that the zone skips are shifted forward by what it
/// skips (02:30 → 03:30); of times that it has twice the earlier is meant. `None` beyond the years that chrono holds.
///
/// Offsets come out in whole minutes, since no feed format can write more: where local mean time had seconds, the
/// instant stays and the offset is cut.
#[must_use]
pub fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let seconds = match zone.offset_from_local_datetime(&local) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix().local_minus_utc(),
        // No zone skips more than a day (Samoa, 30 December 2011), so a day earlier the offset before the gap holds.
        LocalResult::None => {
            let before = local.checked_sub_signed(TimeDelta::days(1))?;
            zone.offset_from_local_datetime(&before).latest()?.fix().local_minus_utc()
        }
    };
    let utc = local.checked_sub_signed(TimeDelta::seconds(seconds.into()))?;
    let exact = zone.offset_from_utc_datetime(&utc).fix().local_minus_utc();
    let minutes = FixedOffset::east_opt(exact - exact % 60)?;
    Some(minutes.from_utc_datetime(&utc))
}

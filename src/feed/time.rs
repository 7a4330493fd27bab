//! Times as the formats want them.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, Offset, Timelike, Utc};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The same instant in whole seconds with an offset of whole minutes, which is all that RFC 3339 and RFC 822 can say
/// (the local mean times of old zones have seconds), or `None` outside the years 1 to 9999.
pub(super) fn representable(time: DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
    let seconds = time.offset().local_minus_utc();
    let time = if seconds % 60 == 0 {
        time
    } else {
        time.with_timezone(&FixedOffset::east_opt(seconds - seconds % 60).unwrap_or_else(|| Utc.fix()))
    };
    let time = time.with_nanosecond(0)?;
    (1..=9999).contains(&time.year()).then_some(time)
}

/// `Fri, 01 Nov 2024 13:04:00 +0300` (RFC 822 §5 with the four-digit year of RFC 1123 §5.2.14).
///
/// Not chrono's `to_rfc2822`, whose one-digit days some readers cannot take.
pub(super) fn rfc822(time: DateTime<FixedOffset>) -> String {
    let local = time.naive_local();
    let (sign, hours, minutes) = offset(time);
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} {sign}{hours:02}{minutes:02}",
        DAYS[local.weekday().num_days_from_monday() as usize],
        local.day(),
        month(local),
        local.year(),
        local.hour(),
        local.minute(),
        local.second(),
    )
}

/// `2024-11-01T13:04:00+03:00` (RFC 3339 §5.6).
pub(super) fn rfc3339(time: DateTime<FixedOffset>) -> String {
    let local = time.naive_local();
    let (sign, hours, minutes) = offset(time);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{hours:02}:{minutes:02}",
        local.year(),
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second(),
    )
}

/// `1 Nov 2024, 13:04 UTC+3`, for people.
pub(super) fn for_people(time: DateTime<FixedOffset>) -> String {
    let local = time.naive_local();
    let (sign, hours, minutes) = offset(time);
    let sign = if sign == '-' { '\u{2212}' } else { sign };
    let zone = match (hours, minutes) {
        (0, 0) => "UTC".to_owned(),
        (_, 0) => format!("UTC{sign}{hours}"),
        _ => format!("UTC{sign}{hours}:{minutes:02}"),
    };
    format!("{} {} {}, {:02}:{:02} {zone}", local.day(), month(local), local.year(), local.hour(), local.minute())
}

fn month(local: NaiveDateTime) -> &'static str {
    MONTHS[local.month0() as usize]
}

fn offset(time: DateTime<FixedOffset>) -> (char, i32, i32) {
    let seconds = time.offset().local_minus_utc();
    let minutes = seconds.abs() / 60;
    (if seconds < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
}

//! Times as seeds write them.
//!
//! Accepted: the ISO 8601 forms with date and time (calendar, ordinal and week dates, basic and extended, seconds and
//! colon optional, comma or dot fraction, space for `T`) and with them RFC 3339 and RFC 9557; RFC 5322, RFC 850 and
//! asctime dates with a wrong or missing weekday; a day alone; `01.11.2024 13:04`; days with month names in the
//! languages of [`names`](self); UNIX seconds. A weekday may stand before `01.11.2024`, and after it as after a month
//! name the time of day may be written as people do: `- 13:04`, `| 13.04`, `, 13:04 Uhr`, `à 9h`. It may also stand before both.
//!
//! Rules that the forms do not show:
//! - `03/04/2024` and `03-04-2024` are refused whatever the numbers: one seed must not be read where its neighbour
//!   cannot be.
//! - `24:00` is the midnight that ends the day (ISO 8601), a second of 60 is a leap second and becomes :59, fractions
//!   are cut to whole seconds.
//! - Offsets go up to ±18:00 in whole minutes. `-0000` and `-00:00` are UTC. Zone names are those of RFC 822 and UTC;
//!   `CET` or `IST` mean different offsets to different people.
//! - Both the local date and the instant in UTC lie in the years 1..=9999.

mod clock;
mod names;
mod numeric;
mod offset;
mod scan;
mod worded;
mod zone;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta, TimeZone};
use chrono_tz::Tz;

pub use zone::in_zone;

use crate::item::bidi;
use scan::Scan;

/// What a block of text is, taken as a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Not a time: ordinary text.
    Text,
    /// Written as a time, but there is no such moment, or it can be read in two ways. Says why.
    Impossible(&'static str),
    /// A day without a time of day.
    Day(NaiveDate),
    /// An instant with its offset, in whole seconds.
    Moment(DateTime<FixedOffset>),
}

impl Reading {
    /// Whether the block has the shape of a time, possible or not.
    #[must_use]
    pub fn is_time(self) -> bool {
        self != Self::Text
    }
}

/// A time block in bytes: longer ones are text. Cyrillic weekday, genitive and comment fit.
const LONGEST: usize = 100;

/// Reads a whole block as a time. `zone` is the one for times that name no offset: in a gap of that zone the time is
/// shifted forward by the length of the gap, where the clock goes back the earlier instant is taken.
#[must_use]
pub fn read(block: &str, zone: Tz) -> Reading {
    let block = block.trim_matches(is_around);
    if block.len() > LONGEST || !block.bytes().any(|b| b.is_ascii_digit()) {
        return Reading::Text;
    }
    match numeric::read(block).or_else(|| worded::read(block)).or_else(|| clock_first(block)) {
        None => Reading::Text,
        Some(Err(reason)) => Reading::Impossible(reason),
        Some(Ok(Civil { date, clock: None, .. })) => Reading::Day(date),
        Some(Ok(Civil { date, clock: Some(seconds), offset })) => match moment(date, seconds, offset, zone) {
            Some(moment) => Reading::Moment(moment),
            None => Reading::Impossible(YEAR_RANGE),
        },
    }
}

/// `13:04, 1 ноября 2024`, `13:04 01.11.2024`: hour and minute in front of a day that is not a mere number.
fn clock_first(block: &str) -> Attempt {
    let mut scan = Scan::new(block);
    let length = scan.digits_ahead();
    let hour = (length <= 2).then(|| scan.digits(length)).flatten().filter(|&hour| hour < 24)?;
    scan.eat(':').then_some(())?;
    let minute = scan.run(2).filter(|&minute| minute < 60)?;
    let is_apart = scan.skip(|c| c.is_whitespace() || matches!(c, ',' | '-') || worded::is_dash(c));
    (is_apart && !scan.rest.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
    match numeric::read(scan.rest).or_else(|| worded::read(scan.rest)) {
        Some(Ok(Civil { date, clock: None, .. })) => {
            Some(Ok(Civil { date, clock: Some(hour * 3600 + minute * 60), offset: None }))
        }
        _ => None,
    }
}

/// What a block may mean that [`read`] refuses because day and month can be read in either order.
pub(super) fn both_orders(block: &str) -> Option<String> {
    numeric::both_orders(block.trim_matches(is_around))
}

/// Whether a time is written in nothing but a number, which may be any: UNIX seconds, or a day in eight digits.
#[must_use]
pub(super) fn is_number(block: &str) -> bool {
    let whole = block.trim_matches(is_around).split('.').next().unwrap_or_default();
    (8..=10).contains(&whole.len()) && whole.bytes().all(|b| b.is_ascii_digit())
}

/// The number of a month that goes by this name.
pub(super) fn month_named(name: &str) -> Option<u32> {
    (name.len() <= LONGEST).then(|| names::month(&names::fold(name))).flatten()
}

/// Whether a time is written as programs write it, the year first.
#[must_use]
pub(super) fn is_year_first(block: &str) -> bool {
    let start = block.trim_matches(is_around).get(..4);
    start.is_some_and(|year| year.bytes().all(|b| b.is_ascii_digit())) && !is_number(block)
}

/// Whether a line of the length of a time block begins with a date, whatever follows it: meant as a time perhaps, but
/// in a form that is not known.
#[must_use]
pub fn begins_with_date(line: &str) -> bool {
    let line = line.trim_matches(is_around);
    let bytes = line.as_bytes();
    let is_end = |&at: &usize| bytes[at - 1].is_ascii_digit() && !bytes.get(at).is_some_and(u8::is_ascii_digit);
    bytes.len() <= LONGEST
        && (1..=bytes.len())
            .filter(is_end)
            .any(|end| matches!(read(&line[..end], Tz::UTC), Reading::Day(_) | Reading::Impossible(_)))
}

/// White space, and the marks of direction that stand around times in texts written from right to left.
fn is_around(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}') || bidi::is_control(c)
}

const YEAR_RANGE: &str = "the year is not in 1 to 9999";

/// A time as written: what the forms have in common.
struct Civil {
    date: NaiveDate,
    /// Seconds since midnight, 0..=86400; `None` for a day alone.
    clock: Option<u32>,
    offset: Option<FixedOffset>,
}

/// `None`: the block is not a time. `Some(Err)`: it is written as one, but impossible.
type Attempt = Option<Result<Civil, &'static str>>;

fn moment(date: NaiveDate, seconds: u32, offset: Option<FixedOffset>, zone: Tz) -> Option<DateTime<FixedOffset>> {
    let local = date.and_hms_opt(0, 0, 0)?.checked_add_signed(TimeDelta::seconds(seconds.into()))?;
    let moment = match offset {
        Some(offset) => offset.from_local_datetime(&local).single()?,
        None => in_zone(local, zone)?,
    };
    let years = [moment.year(), moment.naive_utc().year()];
    years.iter().all(|year| (1..=9999).contains(year)).then_some(moment)
}

fn calendar(year: u32, month: u32, day: u32) -> Result<NaiveDate, &'static str> {
    if !(1..=9999).contains(&year) {
        return Err(YEAR_RANGE);
    }
    if !(1..=12).contains(&month) {
        return Err("the month is not 1 to 12");
    }
    let year = i32::try_from(year).map_err(|_| YEAR_RANGE)?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or("the month has no such day")
}

//! Dates in digits: ISO 8601, year first with slash or dot, day first with dots, UNIX seconds.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Weekday};

use super::clock::{self, Style};
use super::scan::Scan;
use super::{Attempt, Civil, YEAR_RANGE, calendar, worded};

const EITHER_ORDER: &str = "day and month can be read in either order, write the year first";

/// The dates that `03/04/2026 10:00` may mean, in the form that has one meaning; `None` for another block.
pub(super) fn both_orders(text: &str) -> Option<String> {
    let day = text.split([' ', ',', 'T', 't']).next()?;
    let numbers: Vec<u32> = day.split(['/', '-']).map(str::parse).collect::<Result<_, _>>().ok()?;
    let [one, other, year @ 1000..=9999] = numbers[..] else { return None };
    let dates = [calendar(year, other, one), calendar(year, one, other)];
    let mut dates: Vec<String> = dates.into_iter().flatten().map(|date| date.to_string()).collect();
    dates.dedup();
    (!dates.is_empty()).then(|| dates.join(" or "))
}

pub(super) fn read(text: &str) -> Attempt {
    let mut scan = Scan::new(text);
    if scan.eat_if(|c| matches!(c, '+' | '-')).is_some() {
        // ISO 8601 expanded years; nobody's news is from there.
        let length = scan.digits_ahead();
        return (length >= 4 && is_rest_of_date(&scan.rest[length..])).then_some(Err(YEAR_RANGE));
    }
    let length = scan.digits_ahead();
    let after = scan.rest[length..].chars().next();
    match (length, after) {
        (4, Some('-' | '/' | '.' | 'W')) => year_first(scan),
        (5..=6, Some('-')) if is_rest_of_date(&scan.rest[length..]) => Some(Err(YEAR_RANGE)),
        (7, Some('T' | 't')) => {
            let (year, day) = (scan.digits(4)?, scan.digits(3)?);
            time_of_day(ordinal(year, day), scan)
        }
        (8, _) => {
            let date = calendar(scan.digits(4)?, scan.digits(2)?, scan.digits(2)?);
            // Eight digits alone may be any number: they are a date only if they can be.
            if date.is_err() && !matches!(after, Some('T' | 't')) { None } else { time_of_day(date, scan) }
        }
        (9..=10, None | Some('.')) => unix_seconds(text),
        (1..=2, Some('.')) => dotted(scan),
        (1..=2, Some(separator @ ('/' | '-'))) => {
            scan.digits(length)?;
            scan.eat(separator);
            two_digits_at_most(&mut scan)?;
            (scan.eat(separator) && matches!(scan.digits_ahead(), 2 | 4)).then_some(())?;
            scan.digits(scan.digits_ahead())?;
            time_of_day(Err(EITHER_ORDER), scan)
        }
        _ => None,
    }
}

/// A date in digits behind a weekday: with dots or the year first. Other numbers may be anything there.
pub(super) fn after_weekday(scan: Scan<'_>) -> Attempt {
    let length = scan.digits_ahead();
    match (length, scan.rest[length..].chars().next()) {
        (1..=2, Some('.')) => dotted(scan),
        (4, Some('-')) => year_first(scan),
        _ => None,
    }
}

/// `01.11.2024`, and the time of day as people write it.
fn dotted(mut scan: Scan<'_>) -> Attempt {
    let day = two_digits_at_most(&mut scan)?;
    scan.eat('.').then_some(())?;
    // Czech and Slovak: `1. 11. 2024`.
    scan.spaces();
    let month = two_digits_at_most(&mut scan)?;
    scan.eat('.').then_some(())?;
    scan.spaces();
    (scan.digits_ahead() == 4).then_some(())?;
    let date = calendar(scan.digits(4)?, month, day);
    closing_dot(&mut scan);
    match scan.peek() {
        Some(c) if c.is_whitespace() || matches!(c, ',' | '-' | '/') || worded::is_dash(c) => {
            worded::after_date(date, scan)
        }
        _ => time_of_day(date, scan),
    }
}

/// Passes over the dot behind the last number of a date, where that is an ordinal like the others (Serbian, Croatian, Hungarian).
fn closing_dot(scan: &mut Scan<'_>) {
    let mut ahead = *scan;
    if ahead.eat('.') && ahead.peek().is_none_or(|c| c.is_whitespace() || c == ',') {
        *scan = ahead;
    }
}

fn two_digits_at_most(scan: &mut Scan<'_>) -> Option<u32> {
    let length = scan.digits_ahead();
    (length <= 2).then(|| scan.digits(length)).flatten()
}

/// Whether month and day follow, and then nothing or a time of day: a number that begins like this may be that of a lot.
fn is_rest_of_date(rest: &str) -> bool {
    let mut scan = Scan::new(rest);
    let is_date = scan.eat('-') && scan.run(2).is_some() && scan.eat('-') && scan.run(2).is_some();
    let has_clock = scan.eat_if(|c| matches!(c, 'T' | 't')).is_some() || scan.skip(char::is_whitespace);
    is_date
        && (scan.is_done()
            || has_clock && scan.run(2).is_some() && scan.peek().is_some_and(|c| c == ':' || c.is_ascii_digit()))
}

fn year_first(mut scan: Scan<'_>) -> Attempt {
    let year = scan.digits(4)?;
    let separator = scan.eat_if(|c| matches!(c, '-' | '/' | '.'));
    if matches!(separator, None | Some('-')) && scan.eat('W') {
        let week = scan.digits(2)?;
        (separator.is_none() || scan.eat('-')).then_some(())?;
        let day = scan.run(1)?;
        return time_of_day(week_date(year, week, day), scan);
    }
    let separator = separator?;
    if separator == '-' && scan.digits_ahead() == 3 {
        let day = scan.digits(3)?;
        let date = ordinal(year, day);
        // `2024-999` alone is more likely a number than a wrong date.
        return if scan.is_done() && date.is_err() { None } else { time_of_day(date, scan) };
    }
    let is_short = scan.digits_ahead() == 1;
    let month = two_digits_at_most(&mut scan)?;
    scan.eat(separator).then_some(())?;
    let is_short = is_short || scan.digits_ahead() == 1;
    let day = two_digits_at_most(&mut scan)?;
    if separator == '.' {
        closing_dot(&mut scan);
    }
    let date = if is_short { Err("month and day need two digits") } else { calendar(year, month, day) };
    time_of_day(date, scan)
}

fn ordinal(year: u32, day: u32) -> Result<NaiveDate, &'static str> {
    let first = calendar(year, 1, 1)?;
    first.with_ordinal(day).ok_or("the year has no such day")
}

fn week_date(year: u32, week: u32, day: u32) -> Result<NaiveDate, &'static str> {
    calendar(year, 1, 1)?;
    let day = u8::try_from(day.wrapping_sub(1)).ok().and_then(|day| Weekday::try_from(day).ok());
    let date = day.zip(i32::try_from(year).ok()).and_then(|(day, year)| NaiveDate::from_isoywd_opt(year, week, day));
    date.ok_or("the year has no such week or day")
}

/// What follows a numeric date: nothing, or `T` or a space and the time of day.
fn time_of_day(date: Result<NaiveDate, &'static str>, mut scan: Scan<'_>) -> Attempt {
    if scan.is_done() {
        return clock::after_date(date, scan, Style::Spaced);
    }
    if scan.eat_if(|c| matches!(c, 'T' | 't')).is_some() {
        return match scan.peek() {
            None => Some(Err("the time of day is missing")),
            Some(c) if c.is_ascii_digit() => clock::after_date(date, scan, Style::Iso),
            Some(_) => None,
        };
    }
    scan.eat(',');
    (scan.spaces() && scan.peek().is_some_and(|c| c.is_ascii_digit())).then_some(())?;
    clock::after_date(date, scan, Style::Spaced)
}

/// Nine or ten digits: 1973 to 2286. A fraction is cut. With a zero in front it is another number.
fn unix_seconds(text: &str) -> Attempt {
    (!text.starts_with('0')).then_some(())?;
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    (!fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
    let utc = DateTime::from_timestamp(seconds.parse().ok()?, 0)?;
    let offset = chrono::FixedOffset::east_opt(0)?;
    Some(Ok(Civil { date: utc.date_naive(), clock: Some(utc.num_seconds_from_midnight()), offset: Some(offset) }))
}

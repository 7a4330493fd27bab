//! The time of day, which follows the date in every form.

use chrono::{FixedOffset, NaiveDate};

use super::scan::Scan;
use super::{Attempt, Civil, names, offset};

/// How freely the time of day is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// After `T`: two digits each, the hour may stand alone.
    Iso,
    /// After a space: `9:05`, `9:05 pm`.
    Spaced,
    /// After a month name or `01.11.2024`: also `13h04`, `13.04`, `13:04 Uhr`, `9 Uhr`.
    Worded,
}

const NO_SUCH_TIME: &str = "there is no such time of day";

/// Reads time of day, offset and comment up to the end of the text, and joins them to the date.
pub(super) fn after_date(date: Result<NaiveDate, &'static str>, mut scan: Scan<'_>, style: Style) -> Attempt {
    if scan.is_done() {
        return Some(date.map(|date| Civil { date, clock: None, offset: None }));
    }
    let tail = scan.rest;
    match clock_and_offset(&mut scan, style) {
        Some(Ok((clock, offset))) => Some(date.map(|date| Civil { date, clock: Some(clock), offset })),
        Some(Err(reason)) => Some(Err(date.err().unwrap_or(reason))),
        // Digits, colons and signs are meant as a time of day; anything else makes the block a sentence.
        None => tail
            .chars()
            .all(|c| matches!(c, '0'..='9' | ':' | '.' | ',' | '+' | '-' | '\u{2212}' | 'Z' | 'z' | ' '))
            .then(|| Err(date.err().unwrap_or(NO_SUCH_TIME))),
    }
}

type ClockAndOffset = (u32, Option<FixedOffset>);

fn clock_and_offset(scan: &mut Scan<'_>, style: Style) -> Option<Result<ClockAndOffset, &'static str>> {
    let clock = clock(scan, style)?;
    let offset = match offset::read(scan) {
        Some(Ok(offset)) => offset,
        Some(Err(reason)) => return Some(Err(reason)),
        None => return None,
    };
    Some(clock.map(|clock| (clock, offset)))
}

/// Seconds since midnight.
fn clock(scan: &mut Scan<'_>, style: Style) -> Option<Result<u32, &'static str>> {
    let mut hour;
    let (mut minute, mut second) = (0, 0);
    // Seconds in the last unit written, which a fraction divides (ISO 8601-1 §5.3.1.4).
    let unit;
    match scan.digits_ahead() {
        length @ (4 | 6) => {
            hour = scan.digits(2)?;
            minute = scan.digits(2)?;
            unit = if length == 6 { 1 } else { 60 };
            if length == 6 {
                second = scan.digits(2)?;
            }
        }
        length @ 1..=2 if length == 2 || style != Style::Iso => {
            hour = scan.digits(length)?;
            if let Some(mark) = separator(scan, style) {
                minute = scan.run(2)?;
                unit = match seconds(scan, mark)? {
                    Some(seconds) => {
                        second = seconds;
                        1
                    }
                    None => 60,
                };
            } else if style == Style::Iso {
                unit = 3600;
            } else if style == Style::Worded
                && let Some(is_pm) = half_day(scan)
            {
                let hour = in_half_day(hour, is_pm).filter(|_| (1..=12).contains(&hour));
                return Some(hour.map(|hour| hour * 3600).ok_or(NO_SUCH_TIME));
            } else {
                // A number is an hour where a word says so.
                let is_hour = style == Style::Worded && clock_word(scan);
                return is_hour.then_some(if hour <= 24 { Ok(hour * 3600) } else { Err(NO_SUCH_TIME) });
            }
        }
        _ => return None,
    }
    let (fraction, is_whole) = fraction(scan, unit)?;
    if style != Style::Iso
        && let Some(is_pm) = half_day(scan)
    {
        match in_half_day(hour, is_pm) {
            Some(known) => hour = known,
            None => return Some(Err(NO_SUCH_TIME)),
        }
    }
    if style == Style::Worded {
        minute_word(scan);
        clock_word(scan);
    }
    let is_end_of_day = hour == 24 && minute == 0 && second == 0 && is_whole;
    if (hour > 23 && !is_end_of_day) || minute > 59 || second > 60 {
        return Some(Err(NO_SUCH_TIME));
    }
    Some(Ok(hour * 3600 + minute * 60 + second.min(59) + fraction))
}

/// Passes over what stands between hour and minute, and says which mark stands before seconds.
fn separator(scan: &mut Scan<'_>, style: Style) -> Option<char> {
    if scan.eat(':') {
        return Some(':');
    }
    let mut ahead = *scan;
    let mark = if ahead.eat('.') {
        '.'
    } else {
        ahead.spaces();
        ahead.eat_if(|c| matches!(c, 'h' | 'H'))?;
        ahead.spaces();
        ':'
    };
    let is_separator = style == Style::Worded && ahead.digits_ahead() == 2;
    if is_separator {
        *scan = ahead;
    }
    is_separator.then_some(mark)
}

/// The seconds after a mark, if there are any. What follows a dot and is not two digits is none of them, nor a fraction
/// of a minute where the dot stands before minutes too.
fn seconds(scan: &mut Scan<'_>, mark: char) -> Option<Option<u32>> {
    let mut ahead = *scan;
    if !ahead.eat(mark) || (mark == '.' && ahead.digits_ahead() == 0) {
        return Some(None);
    }
    let seconds = ahead.run(2)?;
    *scan = ahead;
    Some(Some(seconds))
}

/// Passes over a decimal fraction of a unit: the whole seconds that it makes, and whether it is zero.
fn fraction(scan: &mut Scan<'_>, unit: u32) -> Option<(u32, bool)> {
    let mut ahead = *scan;
    if ahead.eat_if(|c| matches!(c, '.' | ',')).is_none() || ahead.digits_ahead() == 0 {
        return Some((0, true));
    }
    let length = ahead.digits_ahead();
    let is_zero = ahead.rest[..length].bytes().all(|b| b == b'0');
    let digits = length.min(9);
    let value = u64::from(ahead.digits(digits)?);
    ahead.skip(|c| c.is_ascii_digit());
    *scan = ahead;
    let seconds = value * u64::from(unit) / 10_u64.pow(u32::try_from(digits).ok()?);
    Some((u32::try_from(seconds).ok()?, is_zero))
}

/// `true` for p.m., `false` for a.m.
fn half_day(scan: &mut Scan<'_>) -> Option<bool> {
    let mut ahead = *scan;
    ahead.spaces();
    let first = ahead.eat_if(|c| matches!(c, 'a' | 'A' | 'p' | 'P'))?;
    let has_dots = ahead.eat('.');
    if has_dots {
        // Spanish: `p. m.`
        ahead.spaces();
    }
    ahead.eat_if(|c| matches!(c, 'm' | 'M'))?;
    if has_dots {
        ahead.eat('.');
    }
    if ahead.peek().is_some_and(char::is_alphanumeric) {
        return None;
    }
    *scan = ahead;
    Some(matches!(first, 'p' | 'P'))
}

/// The hour of the day that an hour of its first or second half is. One of 24 stands where the half only says it again.
fn in_half_day(hour: u32, is_pm: bool) -> Option<u32> {
    match (hour, is_pm) {
        (1..=12, _) => Some(hour % 12 + if is_pm { 12 } else { 0 }),
        (13..=23, true) | (0, false) => Some(hour),
        _ => None,
    }
}

/// Passes over the unit of minutes: `13h04min`.
fn minute_word(scan: &mut Scan<'_>) {
    let mut ahead = *scan;
    if ahead.word() == Some("min") {
        ahead.eat('.');
        *scan = ahead;
    }
}

/// Passes over `Uhr`, `h`, `hs` after a time of day; says whether there was such a word.
fn clock_word(scan: &mut Scan<'_>) -> bool {
    let mut ahead = *scan;
    ahead.spaces();
    let is_word = ahead.word().is_some_and(|word| matches!(names::fold(word).as_str(), "uhr" | "h" | "hs" | "hrs"));
    if is_word {
        ahead.eat('.');
        *scan = ahead;
    }
    is_word
}

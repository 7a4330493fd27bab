//! Dates with a month name: RFC 5322, RFC 850, asctime, and as people write them.

use chrono::NaiveDate;

use super::clock::{self, Style};
use super::scan::Scan;
use super::{Attempt, calendar, names, numeric};

pub(super) fn read(text: &str) -> Attempt {
    let mut scan = Scan::new(text);
    // `le 1 août 2024`
    filler(&mut scan, &["le"]);
    // `mar` is March or a Tuesday: a weekday only where a month follows.
    date(scan).or_else(|| {
        let scan = weekday(scan)?;
        date(scan).or_else(|| numeric::after_weekday(scan))
    })
}

/// Passes over a weekday. Whether it is the right one does not matter: the date says more.
fn weekday(mut scan: Scan<'_>) -> Option<Scan<'_>> {
    let word = names::fold(scan.word()?);
    names::is_weekday(&word).then_some(())?;
    // `terça-feira`
    if scan.rest.starts_with("-f") {
        scan.eat('-');
        (names::fold(scan.word()?) == "feira").then_some(())?;
    }
    scan.skip(|c| c.is_whitespace() || matches!(c, '.' | ','));
    Some(scan)
}

fn date(scan: Scan<'_>) -> Attempt {
    if scan.digits_ahead() > 0 { day_first(scan) } else { month_first(scan) }
}

/// `01 Nov 2024`, `1. November 2024`, `1er novembre 2024`, `1 de noviembre de 2024`, `01-Nov-24`.
fn day_first(mut scan: Scan<'_>) -> Attempt {
    let day = day(&mut scan)?;
    between(&mut scan);
    let month = month(&mut scan)?;
    between(&mut scan);
    let length = scan.digits_ahead();
    let year = match (length, scan.digits(length)?) {
        (4, year) => year,
        // RFC 5322 §4.3
        (2, year @ 0..50) => 2000 + year,
        (2 | 3, year) => 1900 + year,
        _ => return None,
    };
    finish(year, month, day, scan)
}

/// `November 1, 2024 1:04 pm`, and asctime's `Nov  1 13:04:00 2024`.
fn month_first(mut scan: Scan<'_>) -> Attempt {
    let month = month(&mut scan)?;
    scan.spaces();
    let day = day(&mut scan)?;
    scan.skip(|c| c.is_whitespace() || c == ',');
    if scan.digits_ahead() == 4 {
        let year = scan.digits(4)?;
        return finish(year, month, day, scan);
    }
    let (clock, year) = scan.rest.rsplit_once(' ')?;
    let mut year = Scan::new(year);
    let year = year.run(4).filter(|_| year.is_done())?;
    clock::after_date(calendar(year, month, day), Scan::new(clock.trim_end()), Style::Spaced)
}

fn day(scan: &mut Scan<'_>) -> Option<u32> {
    let length = scan.digits_ahead();
    let day = (length <= 2).then(|| scan.digits(length)).flatten()?;
    let mut ahead = *scan;
    let has_dot = ahead.eat('.');
    let is_ordinal = ahead.eat_if(|c| matches!(c, 'º' | 'ª' | '°')).is_some()
        || has_dot
        || ahead.word().is_some_and(|word| matches!(word, "er" | "st" | "nd" | "rd" | "th"));
    if is_ordinal {
        *scan = ahead;
    }
    Some(day)
}

fn month(scan: &mut Scan<'_>) -> Option<u32> {
    let month = names::month(&names::fold(scan.word()?))?;
    scan.eat('.');
    Some(month)
}

/// Passes over what stands between day, month and year.
fn between(scan: &mut Scan<'_>) {
    scan.skip(|c| c.is_whitespace() || matches!(c, '-' | ',' | '/'));
    filler(scan, &["de", "del", "of"]);
}

/// Russian for year.
const YEAR: [&str; 3] = ["г", "года", "год"];

fn filler(scan: &mut Scan<'_>, words: &[&str]) {
    let mut ahead = *scan;
    if ahead.word().is_some_and(|word| words.contains(&names::fold(word).as_str())) {
        ahead.eat('.');
        ahead.skip(|c| c.is_whitespace() || c == ',');
        *scan = ahead;
    }
}

fn finish(year: u32, month: u32, day: u32, mut scan: Scan<'_>) -> Attempt {
    // `2024г.`
    let length = scan.rest.len();
    filler(&mut scan, &YEAR);
    // A digit more, or another letter right after the year, and this is something else.
    let is_apart = scan.rest.len() < length || scan.peek().is_none_or(|c| !c.is_alphanumeric());
    is_apart.then_some(())?;
    after_date(calendar(year, month, day), scan)
}

/// What follows a date as people write it: nothing, or a mark or a word and the time of day.
pub(super) fn after_date(date: Result<NaiveDate, &'static str>, mut scan: Scan<'_>) -> Attempt {
    let before = scan;
    scan.skip(|c| c.is_whitespace() || matches!(c, ',' | '.' | '-' | '/' | ':') || is_dash(c));
    let marks = &before.rest[..before.rest.len() - scan.rest.len()];
    // What is set apart like this may be any number.
    if marks.contains(['/', '—', '·']) && !begins_with_clock(scan) {
        return None;
    }
    filler(&mut scan, &YEAR);
    scan = weekday(scan).unwrap_or(scan);
    for words in [&["a", "as", "at", "um", "saat", "в", "alle", "kl", "klo"][..], &["las", "ore", "h"][..]] {
        filler(&mut scan, words);
    }
    // `01.11.2024 - 05.11.2024` is a span of days, not 05:11.
    if is_dotted_date(scan) { None } else { clock::after_date(date, scan, Style::Worded) }
}

fn is_dotted_date(mut scan: Scan<'_>) -> bool {
    for _ in 0..2 {
        let length = scan.digits_ahead();
        if length > 2 || scan.digits(length).is_none() || !scan.eat('.') {
            return false;
        }
        scan.spaces();
    }
    scan.digits_ahead() == 4
}

/// Whether a character sets the time of day apart from the date.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '–' | '—' | '|' | '·')
}

/// Whether hour and minute come next.
fn begins_with_clock(mut scan: Scan<'_>) -> bool {
    let length = scan.digits_ahead();
    scan.digits(length).is_some()
        && length <= 2
        && scan.eat_if(|c| matches!(c, ':' | '.' | 'h')).is_some()
        && scan.digits_ahead() == 2
}

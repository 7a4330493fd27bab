//! The header line: ` date 2024-11 https://site.example/20241101/slug-1089925937.html`.

use chrono::{Datelike, NaiveDate};

/// What the header line says. Its parts are as written, unchecked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header<'a> {
    /// Year and month of the crawl: `2024-11`, or digits like it.
    pub(super) month: Option<&'a str>,
    /// Where the article lives.
    pub(super) url: Option<&'a str>,
    /// Where it stands, counted from 1; set by the layout.
    pub(super) line: u32,
}

/// Reads a line as the header: the word `date`, then a month, a URL, or both, and nothing else.
pub(super) fn read(line: &str) -> Option<Header<'_>> {
    let mut words = line.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("date") {
        return None;
    }
    let mut word = words.next()?;
    let mut header = Header::default();
    let has_month = is_month(word);
    if has_month {
        header.month = Some(word);
        match words.next() {
            Some(next) => word = next,
            None => return Some(header),
        }
    }
    let rest = &line[word.as_ptr() as usize - line.as_ptr() as usize..];
    let is_url = word.contains("://") || (has_month && words.next().is_none());
    is_url.then(|| {
        header.url = Some(rest.trim());
        header
    })
}

/// The first day of `2024-11`, if there is such a month.
pub(super) fn first_day(month: &str) -> Option<NaiveDate> {
    let day = NaiveDate::from_ymd_opt(month.get(..4)?.parse().ok()?, month.get(5..)?.parse().ok()?, 1)?;
    (day.year() > 0).then_some(day)
}

/// `2024-11`, whether or not there is such a month.
fn is_month(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 7 && bytes.iter().enumerate().all(|(at, b)| if at == 4 { *b == b'-' } else { b.is_ascii_digit() })
}

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
    /// Whether it is written otherwise than the format has it.
    pub(super) is_odd: bool,
}

/// Reads a line as the header: the word `date`, then a month, a URL, or both, and nothing else; or something that can
/// hardly be meant as anything else.
pub(super) fn read(line: &str) -> Option<Header<'_>> {
    let (first, rest) = first_word(line);
    if first.eq_ignore_ascii_case("date") {
        exact(rest).or_else(|| nearly(rest))
    } else if first.eq_ignore_ascii_case("date:") {
        nearly(rest)
    } else {
        None
    }
}

fn exact(rest: &str) -> Option<Header<'_>> {
    let (word, after) = first_word(rest);
    let (month, url) = if is_month(word) { (Some(word), after) } else { (None, rest) };
    let (word, after) = first_word(url);
    let is_url = word.contains("://") || (month.is_some() && after.is_empty());
    // What else stands there is part of the URL, unless the log of a crawl goes on.
    let is_odd = !after.is_empty() && after.split_whitespace().all(is_of_log);
    let url = if is_odd { word } else { url };
    is_url.then(|| Header { month, url: Some(url).filter(|url| !url.is_empty()), is_odd, ..Header::default() })
}

/// An absolute URL at the end, and before it nothing but numbers: a day or the like. Of these only a month as the format has
/// it is read, since what is meant by another one would be a guess.
fn nearly(rest: &str) -> Option<Header<'_>> {
    let (before, url) = rest.rsplit_once(char::is_whitespace).unwrap_or(("", rest));
    let is_url = ["http://", "https://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let before = before.trim_end();
    if !is_url || !before.split_whitespace().all(is_numbers) {
        return None;
    }
    Some(Header {
        month: Some(before).filter(|month| is_month(month)),
        url: Some(url),
        is_odd: true,
        ..Header::default()
    })
}

/// The first word of a text, and what follows it; both trimmed.
fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim_start()))
}

/// Status, size, time or media type of an answer: `200 text/html`.
fn is_of_log(word: &str) -> bool {
    let types = ["text/", "application/", "image/", "charset="];
    (word.len() >= 3 && is_numbers(word)) || types.iter().any(|kind| word.starts_with(kind))
}

/// Day, time of day and offset in digits.
fn is_numbers(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b'.' | b':' | b'+' | b'T' | b'Z'))
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

//! What a seed says about time apart from its time blocks, and how far these may be from it.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta};

use super::time::{self, Reading};

/// Days of the longest year.
const YEAR: u64 = 366;
/// UNIX seconds, or a day in eight digits, further away than this from what URL or header say are some other number.
const NUMBER_REACH: u64 = 5 * YEAR;
/// How far the years of other calendars are from ours, a year more or less for articles that are not of the year in which they
/// were found: Buddhist, Persian, Islamic.
const OTHER_YEARS: [RangeInclusive<i32>; 3] = [542..=544, -623..=-620, -581..=-576];

pub(super) struct Hints {
    /// First day of the crawl month of the header.
    pub(super) month: Option<NaiveDate>,
    /// The day in the path of the article's URL.
    pub(super) url_day: Option<NaiveDate>,
    /// When the file was first seen.
    pub(super) seen: DateTime<FixedOffset>,
}

impl Hints {
    pub(super) fn of(month: Option<NaiveDate>, url_path: Option<&str>, seen: DateTime<FixedOffset>) -> Self {
        Self { month, url_day: url_path.and_then(|path| day_in_path(path, seen.date_naive())), seen }
    }

    /// Whether a time is in the years of another calendar, such as 2567 or 1403 for 2024: to read it as ours would hold the article
    /// back for centuries, or date it before printing.
    pub(super) fn is_in_other_years(&self, reading: Reading) -> bool {
        let year = match reading {
            Reading::Day(day) => day.year(),
            Reading::Moment(moment) => moment.year(),
            Reading::Impossible(_) | Reading::Text => return false,
        };
        let told = self.url_day.or(self.month).unwrap_or(self.seen.date_naive());
        OTHER_YEARS.iter().any(|years| years.contains(&(year - told.year())))
    }

    /// Whether UNIX seconds, or eight digits, of a day may be a time of the article rather than a number in its text.
    pub(super) fn allow_number(&self, day: NaiveDate) -> bool {
        let is_plausible = match self.url_day.or(self.month) {
            Some(told) => apart(day, told) <= NUMBER_REACH,
            None => day.year() >= 1990,
        };
        is_plausible && (day <= self.seen.date_naive() || apart(day, self.seen.date_naive()) <= YEAR)
    }

    /// Whether a day is within a year of what URL or header say.
    pub(super) fn is_of_its_year(&self, day: NaiveDate) -> bool {
        self.url_day.or(self.month).is_some_and(|told| apart(day, told) <= YEAR)
    }

    /// Whether a block where times may begin is a day that the text tells of, since the article is of another year. Days with
    /// the year first are not written so, and behind the headline a day may be older than the crawl.
    pub(super) fn contradict(&self, text: &str, reading: Reading, is_after_text: bool) -> bool {
        let Reading::Day(day) = reading else { return false };
        let month = self.month.filter(|_| is_after_text && text.contains(char::is_alphabetic));
        !time::is_year_first(text) && self.url_day.or(month).is_some_and(|told| apart(day, told) > YEAR)
    }
}

/// Days between two days.
fn apart(one: NaiveDate, other: NaiveDate) -> u64 {
    one.signed_duration_since(other).num_days().unsigned_abs()
}

/// The day in the path of a URL: `/20241101/`, `/2024-11-01/`, `/2024/11/01/`, `/2024/nov/01/`, `/2024/1101/`, `/202411/01/`. A day
/// before the web or after the file was found (a zone's width aside) is some other number.
fn day_in_path(path: &str, seen: NaiveDate) -> Option<NaiveDate> {
    let latest = seen.checked_add_signed(TimeDelta::days(1))?;
    let mut before = ["", ""];
    // The last segment is the article's own name.
    let directories = path.rsplit_once('/')?.0;
    directories.split('/').find_map(|segment| {
        let is_separated = || ["-", ".", "_"].iter().any(|mark| segment.matches(mark).count() == 2);
        let year_month_day = match (before[0].len(), before[1].len(), segment.len()) {
            (_, _, 8) => [segment.get(..4), segment.get(4..6), segment.get(6..)],
            (_, _, 10) if is_separated() => [segment.get(..4), segment.get(5..7), segment.get(8..)],
            (4, 1..=2, 1..=2) => [Some(before[0]), Some(before[1]), Some(segment)],
            (_, 4, 4) => [Some(before[1]), segment.get(..2), segment.get(2..)],
            (_, 6, 2) => [before[1].get(..4), before[1].get(4..), Some(segment)],
            (4, 3.., 1..=2) => [Some(before[0]), Some(before[1]), Some(segment)],
            _ => [None; 3],
        };
        before = [before[1], segment];
        let [Some(year), Some(month), Some(day)] = year_month_day else { return None };
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !(is_number(year) && is_number(day)) {
            return None;
        }
        let month = if is_number(month) { month.parse().ok() } else { time::month_named(month) };
        let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month?, day.parse().ok()?)?;
        (date.year() >= 1990 && date <= latest).then_some(date)
    })
}

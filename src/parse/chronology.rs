//! The two times of an article from everything that a seed says about time.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta, Timelike};

use super::Context;
use super::layout::Block;
use super::report::Report;
use super::time::{self, Reading, in_zone};
use crate::item::{Diagnostic, TimeSource, Times};

/// What a seed says about time, apart from its time blocks.
pub(super) struct Hints<'a> {
    /// First day of the crawl month of the header.
    pub(super) month: Option<NaiveDate>,
    /// Path of the article's URL.
    pub(super) url_path: Option<&'a str>,
}

/// Chooses `published`: the published block, else the day block, else the day in the URL, else the crawl month, else
/// the time the file was first seen; and `updated`: the updated block, else `published`.
///
/// The first day without time of day is the day block, the first moment is `published`, the second is `updated`; where
/// there is no second, a later day block is the day of the update. More times than these are left out.
///
/// # Errors
/// A time block that is written as a time but is none.
pub(super) fn choose(
    blocks: &[(Block<'_>, Reading)],
    hints: &Hints<'_>,
    context: &Context<'_>,
    report: &mut Report<'_>,
) -> Result<Times, Diagnostic> {
    let (mut day, mut later_day, mut published, mut updated) = (None, None, None, None);
    let mut left_out: Vec<&Block<'_>> = Vec::new();
    for (block, reading) in blocks {
        match *reading {
            Reading::Impossible(reason) => {
                let orders = time::both_orders(block.text);
                let hint = orders.map_or_else(String::new, |orders| format!(": {orders}"));
                let reason = format!("`{}` is not a time: {reason}{hint}", block.text);
                return Err(report.rejected(Some(block.line), "bad_time", reason));
            }
            Reading::Day(date) if day.is_none() && published.is_none() => day = Some(date),
            // The day of a moment that is known already says nothing more.
            Reading::Day(date) if [published, updated].into_iter().flatten().any(|known| is_on(known, date)) => {}
            Reading::Day(date) if later_day.is_none() && updated.is_none() && day.is_none_or(|day| day < date) => {
                later_day = Some(date);
            }
            Reading::Moment(moment) if published.is_none() => published = Some(moment),
            Reading::Moment(moment) if updated.is_none() => updated = Some(moment),
            _ => left_out.push(block),
        }
    }
    if let [first, others @ ..] = &left_out[..] {
        let count = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
        let reason = format!("`{}`{count} is left out: publication and update time are known already", first.text);
        report.repaired(Some(first.line), "extra_time", reason);
    }
    let (published, published_source) = first_known(published, day, hints, context);
    let later_day = later_day.filter(|&date| !is_on(published, date));
    let updated = updated.or_else(|| later_day.and_then(|date| midnight(date, context)));
    let mut times = Times { published, published_source, updated: published, updated_source: TimeSource::Published };
    match updated {
        Some(updated) if updated >= published => {
            times.updated = updated;
            times.updated_source = TimeSource::Declared;
        }
        Some(early) => {
            let reason = format!(
                "updated {} is before published {}: taken as not updated",
                early.to_rfc3339(),
                published.to_rfc3339()
            );
            report.repaired(None, "updated_before_published", reason);
        }
        None => {}
    }
    Ok(times)
}

fn is_on(moment: DateTime<FixedOffset>, day: NaiveDate) -> bool {
    moment.date_naive() == day
}

fn first_known(
    published: Option<DateTime<FixedOffset>>,
    day: Option<NaiveDate>,
    hints: &Hints<'_>,
    context: &Context<'_>,
) -> (DateTime<FixedOffset>, TimeSource) {
    let seen = seen(context);
    let of_day = |day: Option<NaiveDate>| day.and_then(|day| midnight(day, context));
    let url_day = || hints.url_path.and_then(|path| day_in_path(path, seen.date_naive()));
    None.or_else(|| published.map(|moment| (moment, TimeSource::Declared)))
        .or_else(|| of_day(day).map(|moment| (moment, TimeSource::Day)))
        .or_else(|| of_day(url_day()).map(|moment| (moment, TimeSource::UrlDay)))
        .or_else(|| of_day(hints.month).map(|moment| (moment, TimeSource::CrawlMonth)))
        .unwrap_or((seen, TimeSource::FirstSeen))
}

/// When the file was first seen, in whole seconds and with the offset of the zone.
fn seen(context: &Context<'_>) -> DateTime<FixedOffset> {
    let seen = context.first_seen.with_nanosecond(0).unwrap_or(context.first_seen);
    in_zone_of(seen.naive_utc(), context).unwrap_or_else(|| seen.fixed_offset())
}

fn in_zone_of(utc: chrono::NaiveDateTime, context: &Context<'_>) -> Option<DateTime<FixedOffset>> {
    use chrono::{Offset, TimeZone};
    let seconds = context.zone.offset_from_utc_datetime(&utc).fix().local_minus_utc();
    Some(FixedOffset::east_opt(seconds - seconds % 60)?.from_utc_datetime(&utc))
}

fn midnight(day: NaiveDate, context: &Context<'_>) -> Option<DateTime<FixedOffset>> {
    let moment = in_zone(day.and_hms_opt(0, 0, 0)?, context.zone)?;
    (1..=9999).contains(&moment.naive_utc().year()).then_some(moment)
}

/// The day in the path of a URL: `/20241101/`, `/2024-11-01/`, `/2024/11/01/`. A day before the web or after the file was
/// found (a zone's width aside) is some other number.
fn day_in_path(path: &str, seen: NaiveDate) -> Option<NaiveDate> {
    let latest = seen.checked_add_signed(TimeDelta::days(1))?;
    let mut before = ["", ""];
    // The last segment is the article's own name.
    let directories = path.rsplit_once('/')?.0;
    directories.split('/').find_map(|segment| {
        let year_month_day = match segment.len() {
            8 => [segment.get(..4), segment.get(4..6), segment.get(6..)],
            10 if segment.matches('-').count() == 2 => [segment.get(..4), segment.get(5..7), segment.get(8..)],
            2 if before[0].len() == 4 && before[1].len() == 2 => [Some(before[0]), Some(before[1]), Some(segment)],
            _ => [None; 3],
        };
        before = [before[1], segment];
        let [Some(year), Some(month), Some(day)] = year_month_day else { return None };
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !(is_number(year) && is_number(month) && is_number(day)) {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
        (date.year() >= 1990 && date <= latest).then_some(date)
    })
}

//! The two times of an article from everything that a seed says about time.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Timelike};

use super::Context;
use super::hints::Hints;
use super::layout::Times;
use super::report::Report;
use super::time::{self, in_zone};
use crate::item::{self, Diagnostic, TimeSource};

/// Chooses `published`: the published block, else the day block, else the day in the URL, else the crawl month, else
/// the time the file was first seen; and `updated`: the updated block, else `published`.
///
/// # Errors
/// A block where published belongs that is written as a time but is none.
pub(super) fn choose(
    blocks: &Times<'_>,
    hints: &Hints,
    context: &Context<'_>,
    report: &mut Report<'_>,
) -> Result<item::Times, Diagnostic> {
    if let Some((block, reason)) = blocks.impossible {
        let orders = time::both_orders(block.text);
        let hint = orders.map_or_else(String::new, |orders| format!(": {orders}"));
        let reason = format!("`{}` is not a time: {reason}{hint}", block.text);
        return Err(report.rejected(Some(block.line), "bad_time", reason));
    }
    if let [first, others @ ..] = &blocks.left_out[..] {
        let count = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
        let reason = format!("`{}`{count} is left out: publication and update time are known already", first.text);
        report.repaired(Some(first.line), "extra_time", reason);
    }
    let (published, published_source) = first_known(blocks, hints, context);
    let later_day = blocks.later_day.filter(|&date| !is_on(published, date));
    let updated = blocks.updated.or_else(|| later_day.and_then(|date| midnight(date, context)));
    let mut times =
        item::Times { published, published_source, updated: published, updated_source: TimeSource::Published };
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

fn first_known(blocks: &Times<'_>, hints: &Hints, context: &Context<'_>) -> (DateTime<FixedOffset>, TimeSource) {
    let of_day = |day: Option<NaiveDate>| day.and_then(|day| midnight(day, context));
    None.or_else(|| blocks.published.map(|moment| (moment, TimeSource::Declared)))
        .or_else(|| of_day(blocks.day).map(|moment| (moment, TimeSource::Day)))
        .or_else(|| of_day(hints.url_day).map(|moment| (moment, TimeSource::UrlDay)))
        .or_else(|| of_day(hints.month).map(|moment| (moment, TimeSource::CrawlMonth)))
        .unwrap_or((hints.seen, TimeSource::FirstSeen))
}

/// When the file was first seen, in whole seconds and with the offset of the zone.
pub(super) fn seen(context: &Context<'_>) -> DateTime<FixedOffset> {
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

//! Local times of IANA zones, against chrono-tz.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use proptest::prelude::*;
use seedcast::parse::time::in_zone;

fn local(text: &str) -> NaiveDateTime {
    text.parse().expect("a literal")
}

fn written(text: &str, zone: Tz) -> String {
    in_zone(local(text), zone).expect("within chrono's years").to_rfc3339()
}

#[test]
fn a_time_that_the_zone_skips_is_shifted_forward() {
    assert_eq!(written("2024-03-31T02:30:00", chrono_tz::Europe::Berlin), "2024-03-31T03:30:00+02:00");
    assert_eq!(written("2024-03-10T02:00:00", chrono_tz::America::New_York), "2024-03-10T03:00:00-04:00");
    // Half an hour on Lord Howe Island; a whole day in Samoa.
    assert_eq!(written("2024-10-06T02:15:00", chrono_tz::Australia::Lord_Howe), "2024-10-06T02:45:00+11:00");
    assert_eq!(written("2011-12-30T12:00:00", chrono_tz::Pacific::Apia), "2011-12-31T12:00:00+14:00");
}

#[test]
fn of_a_time_that_the_zone_has_twice_the_earlier_is_meant() {
    assert_eq!(written("2024-10-27T02:30:00", chrono_tz::Europe::Berlin), "2024-10-27T02:30:00+02:00");
    assert_eq!(written("2024-11-03T01:30:00", chrono_tz::America::New_York), "2024-11-03T01:30:00-04:00");
}

#[test]
fn seconds_of_local_mean_time_stay_in_the_instant_and_leave_the_offset() {
    // Istanbul was at +01:55:52 until 1880.
    let moment = in_zone(local("1870-01-01T12:00:00"), chrono_tz::Europe::Istanbul).unwrap();
    assert_eq!(moment.naive_utc(), local("1870-01-01T10:04:08"));
    assert_eq!(moment.offset().local_minus_utc(), 3600 + 55 * 60);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_local_time_of_every_zone_gives_the_instant_it_means(
        zone in 0..TZ_VARIANTS.len(), day in 0..40_000_i64, minute in 0..1440_i64,
    ) {
        let zone = TZ_VARIANTS[zone];
        let local = NaiveDate::from_ymd_opt(1950, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap()
            + TimeDelta::days(day) + TimeDelta::minutes(minute);
        check(local, zone)?;
    }

    /// Around the changes themselves, which chance rarely hits: the hours around midnight, 1, 2 and 3 of the days of
    /// spring and autumn.
    #[test]
    fn gaps_and_folds_follow_the_rule(
        zone in 0..TZ_VARIANTS.len(), year in 1970..2037_i32, month in prop::sample::select(vec![3, 4, 9, 10, 11]),
        day in 1..=30_u32, minute in 0..240_i64,
    ) {
        let local = NaiveDate::from_ymd_opt(year, month, day).unwrap().and_hms_opt(0, 0, 0).unwrap();
        check(local + TimeDelta::minutes(minute), TZ_VARIANTS[zone])?;
    }
}

fn check(local: NaiveDateTime, zone: Tz) -> Result<(), TestCaseError> {
    let moment: DateTime<FixedOffset> = in_zone(local, zone).expect("within chrono's years");
    let in_force = zone.offset_from_utc_datetime(&moment.naive_utc()).fix().local_minus_utc();
    prop_assert_eq!(moment.offset().local_minus_utc(), in_force - in_force % 60);
    let shown = moment.naive_utc() + TimeDelta::seconds(in_force.into());
    match zone.from_local_datetime(&local) {
        chrono::LocalResult::Single(expected) => prop_assert_eq!(moment, expected),
        chrono::LocalResult::Ambiguous(one, other) => prop_assert_eq!(moment, one.min(other)),
        chrono::LocalResult::None => {
            // Shifted by exactly what the zone skipped.
            let skipped = shown - local;
            prop_assert!(skipped > TimeDelta::zero() && skipped <= TimeDelta::days(1), "{} {}", local, zone);
            let hour_before = zone.offset_from_utc_datetime(&(moment.naive_utc() - skipped)).fix().local_minus_utc();
            prop_assert_eq!(skipped, TimeDelta::seconds((in_force - hour_before).into()));
        }
    }
    Ok(())
}

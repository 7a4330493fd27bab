//! Which numbers at the end of a slug are an article's own.

/// Whether a number says when or how much, so that many articles of a directory may end with it: a date, two years in a
/// row, an amount in thousands. Where that is in doubt it does: an article that becomes two is a nuisance, two that
/// become one are a loss.
pub(super) fn is_shared(number: &str) -> bool {
    is_round(number) || is_date(number) || is_season(number)
}

/// An amount in thousands: `100000`, `1250000`. Larger ones are not written in digits.
fn is_round(number: &str) -> bool {
    number.len() <= 8 && number.ends_with("000") && number.trim_end_matches('0').len() <= 4
}

/// A date, alone or with a time of day behind it, year, month or day first: `20241101`, `01112024`, `202411011304`,
/// `202411`, `241101`, `011124`.
fn is_date(number: &str) -> bool {
    match number.len() {
        6 => {
            let (first, second, third) = (part(number, 0, 2), part(number, 2, 4), part(number, 4, 6));
            (is_year(part(number, 0, 4)) && is_month(third))
                || (is_short_year(first) && is_month(second) && is_day(third))
                || (is_day_and_month(first, second) && is_short_year(third))
        }
        8 => is_whole_date(number),
        10 | 12 | 14 => is_whole_date(number) && is_clock(number),
        _ => false,
    }
}

/// The first eight digits.
fn is_whole_date(number: &str) -> bool {
    let is_year_first =
        is_year_of_any_calendar(part(number, 0, 4)) && is_month(part(number, 4, 6)) && is_day(part(number, 6, 8));
    is_year_first
        || (is_day_and_month(part(number, 0, 2), part(number, 2, 4)) && is_year_of_any_calendar(part(number, 4, 8)))
}

/// Hour, minute and second behind a date, as many as there are.
fn is_clock(number: &str) -> bool {
    part(number, 8, 10) < 24 && part(number, 10, 12) < 60 && part(number, 12, 14) < 60
}

/// A year and the next: `20232024`, `202324`.
fn is_season(number: &str) -> bool {
    let year = part(number, 0, 4);
    let next = match number.len() {
        6 => (year + 1) % 100,
        8 => year + 1,
        _ => return false,
    };
    is_year(year) && part(number, 4, number.len()) == next
}

/// The value of some of the digits, 0 where there are none.
fn part(number: &str, from: usize, to: usize) -> u32 {
    number.get(from..to).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn is_year(year: u32) -> bool {
    (1990..2100).contains(&year)
}

/// A year of ours that news and archives are of, and the same in other calendars: Persian and Islamic, Buddhist.
fn is_year_of_any_calendar(year: u32) -> bool {
    matches!(year, 1800..2200 | 1300..1500 | 2400..2700)
}

/// Two digits of a year that news may be of.
fn is_short_year(year: u32) -> bool {
    matches!(year, 0..40 | 90..)
}

fn is_month(month: u32) -> bool {
    (1..=12).contains(&month)
}

fn is_day(day: u32) -> bool {
    (1..=31).contains(&day)
}

/// In either order.
fn is_day_and_month(first: u32, second: u32) -> bool {
    (is_day(first) && is_month(second)) || (is_month(first) && is_day(second))
}

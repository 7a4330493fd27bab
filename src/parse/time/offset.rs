//! Offsets from UTC and zone names, which follow the time of day.

use chrono::FixedOffset;

use super::names;
use super::scan::Scan;

const OUT_OF_RANGE: &str = "the offset is not in -18:00 to +18:00";

/// Reads what may follow the time of day, up to the end of the text: offset or zone name, then an RFC 9557 annotation
/// or an RFC 5322 comment.
pub(super) fn read(scan: &mut Scan<'_>) -> Option<Result<Option<FixedOffset>, &'static str>> {
    scan.spaces();
    if scan.is_done() {
        return Some(Ok(None));
    }
    let offset = match scan.peek()? {
        '+' | '-' | '\u{2212}' => signed(scan, 2)?,
        c if c.is_ascii_alphabetic() => {
            let name = scan.word()?;
            match names::zone(name) {
                Some(0) if matches!(scan.peek(), Some('+' | '-' | '\u{2212}')) => signed(scan, 1)?,
                Some(hours) => FixedOffset::east_opt(hours * 3600).ok_or(OUT_OF_RANGE),
                None if scan.is_done()
                    && (2..=5).contains(&name.len())
                    && name.bytes().all(|b| b.is_ascii_uppercase()) =>
                {
                    return Some(Err("the zone name does not say which offset it means"));
                }
                None => return None,
            }
        }
        _ => return None,
    };
    scan.spaces();
    while let Some(open) = scan.eat_if(|c| matches!(c, '[' | '(')) {
        let close = if open == '[' { ']' } else { ')' };
        scan.skip(|c| !matches!(c, '[' | ']' | '(' | ')'));
        if !scan.eat(close) {
            return None;
        }
        scan.spaces();
    }
    scan.is_done().then(|| offset.map(Some))
}

/// `+0300`, `+03:00`, `+03`; with `least` = 1 also `+3`.
fn signed(scan: &mut Scan<'_>, least: usize) -> Option<Result<FixedOffset, &'static str>> {
    let sign = if scan.eat_if(|c| matches!(c, '+' | '-' | '\u{2212}'))? == '+' { 1 } else { -1 };
    let (hours, minutes) = match scan.digits_ahead() {
        4 => (scan.digits(2)?, scan.digits(2)?),
        length @ 1..=2 if length >= least => {
            let hours = scan.digits(length)?;
            (hours, if scan.eat(':') { scan.run(2)? } else { 0 })
        }
        _ => return None,
    };
    let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    let is_real = minutes < 60 && seconds <= 18 * 3600;
    Some(is_real.then(|| FixedOffset::east_opt(sign * seconds)).flatten().ok_or(OUT_OF_RANGE))
}

//! One byte range of a representation, RFC 9110 §14.

use std::ops::Range;

/// What a Range field asks of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The whole: no range, or one that is to be ignored (another unit, bad syntax, several ranges).
    Whole,
    /// These bytes: 206.
    Part(Range<usize>),
    /// Bytes that it does not have: 416.
    Unsatisfiable,
}

/// Several ranges get the whole: no feed client asks for them, and answering them well costs more than it gives.
pub(crate) fn wanted(field: Option<&[u8]>, len: usize) -> Wanted {
    field
        .and_then(|value| std::str::from_utf8(value).ok())
        .and_then(|value| single(value, len))
        .unwrap_or(Wanted::Whole)
}

fn single(value: &str, len: usize) -> Option<Wanted> {
    let (unit, set) = value.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    if first.is_empty() {
        let suffix = number(last)?;
        let from = len.saturating_sub(suffix);
        return Some(if suffix == 0 || len == 0 { Wanted::Unsatisfiable } else { Wanted::Part(from..len) });
    }
    let from = number(first)?;
    let to = if last.is_empty() { usize::MAX } else { number(last)? };
    if to < from {
        return None;
    }
    Some(if from < len { Wanted::Part(from..to.saturating_add(1).min(len)) } else { Wanted::Unsatisfiable })
}

/// Digits only; more than fits is as good as the largest.
fn number(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(usize::MAX))
}

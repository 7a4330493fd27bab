//! Settings from the environment: `SEEDCAST_SECTION_KEY`.

use std::ffi::OsStr;
use std::num::IntErrorKind;

use toml::{Table, Value};

use super::ConfigError;

/// Edits up to which a name counts as a misspelling of another, and no more than a third of its letters.
const NEAR: usize = 3;

/// What a variable of ours sets.
#[derive(Debug)]
pub(super) enum Variable {
    Setting {
        section: String,
        key: String,
        value: Value,
    },
    /// No setting has that name; in words, with the one that was probably meant.
    Unknown(String),
    /// One of the names that container platforms give to a service called seedcast.
    Foreign,
}

/// Reads the variable `SEEDCAST_` and `rest`.
pub(super) fn read(defaults: &Table, rest: &str, value: &OsStr) -> Result<Variable, ConfigError> {
    let name = format!("SEEDCAST_{rest}");
    let lower = rest.to_ascii_lowercase();
    let known = lower.split_once('_').and_then(|(section, key)| Some((section, key, defaults.get(section)?.get(key)?)));
    let Some((section, key, default)) = known.filter(|(.., default)| is_given_by_variable(default)) else {
        return Ok(if is_link(rest) { Variable::Foreign } else { Variable::Unknown(unknown(defaults, &name, &lower)) });
    };
    let wrong = |expected: &str| ConfigError::Value {
        origin: "environment".into(),
        key: name.clone(),
        expected: expected.into(),
        value: value.to_string_lossy().into_owned(),
    };
    let text = value.to_str().ok_or_else(|| wrong("UTF-8"))?;
    let value = match default {
        Value::Integer(_) => Value::Integer(integer(text.trim()).ok_or_else(|| wrong("a whole number"))?),
        Value::Boolean(_) => Value::Boolean(text.trim().parse().map_err(|_| wrong("true or false"))?),
        Value::Array(_) => Value::Array(
            text.split(',').map(str::trim).filter(|one| !one.is_empty()).map(|one| Value::String(one.into())).collect(),
        ),
        _ => Value::String(text.to_owned()),
    };
    Ok(Variable::Setting { section: section.to_owned(), key: key.to_owned(), value })
}

fn is_given_by_variable(default: &Value) -> bool {
    matches!(default, Value::String(_) | Value::Integer(_) | Value::Boolean(_) | Value::Array(_))
}

/// One that is too large for any setting is the largest there is, which the check of its range then refuses.
fn integer(text: &str) -> Option<i64> {
    text.parse()
        .or_else(|error: std::num::ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow => Ok(i64::MAX),
            IntErrorKind::NegOverflow => Ok(i64::MIN),
            _ => Err(error),
        })
        .ok()
}

/// `SEEDCAST_HTTP_SERVICE_HOST`, `SEEDCAST_PORT_8080_TCP_ADDR`: links of Kubernetes and Docker.
fn is_link(rest: &str) -> bool {
    let is_part = |part: &str| rest == part || rest.ends_with(&format!("_{part}"));
    let has_port = rest.split('_').any(|part| part == "PORT");
    has_port || is_part("SERVICE_HOST")
}

fn unknown(defaults: &Table, name: &str, lower: &str) -> String {
    let all = defaults.iter().filter_map(|(section, keys)| Some((section, keys.as_table()?)));
    let settings = all.flat_map(|(section, keys)| keys.keys().map(move |key| (section, key)));
    // With the section left out, it is the key alone that was meant.
    let near = settings.map(|(section, key)| {
        let whole = format!("{section}_{key}");
        (edits(lower, &whole).min(if lower == key { 0 } else { usize::MAX }), whole)
    });
    match near.min().filter(|(edits, _)| *edits <= NEAR.min(lower.len() / 3)) {
        Some((_, meant)) => {
            format!("environment variable {name} names no setting; SEEDCAST_{} does", meant.to_ascii_uppercase())
        }
        None => format!("environment variable {name} names no setting"),
    }
}

/// Letters to be put in, taken out or replaced to make one text the other.
fn edits(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, a) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (index, b) in other.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

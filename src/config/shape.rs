//! Values of the wrong type, told in the words of the file's format and not in those of the program.

use toml::{Table, Value};

/// What serde says at the end of a message, in other words; the lines before it show the place and stay.
pub(super) fn in_words(message: &str, table: &Table) -> String {
    let (place, reason) = message.rsplit_once('\n').map_or(("", message), |(place, reason)| (place, reason));
    let said = match reason.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected ")) {
        Some(("map", "a sequence")) => match section_for_list(table) {
            Some(name) => format!("there may be several of these: write [[{name}]]"),
            None => "this must be a list such as [\"x\"], not a section".to_owned(),
        },
        // `as i128` and the like: not even the reader of the format has room for it.
        Some((found, _)) if found.contains("` as ") => {
            "this number is larger than any that a setting may have".to_owned()
        }
        Some((found, expected)) => format!("this must be {}, not {}", wanted(expected), found_as(found)),
        None if reason.contains("untagged enum Word") => {
            "this must be a list of whole numbers, or of ranges where those are allowed, such as [80, \"1024-65535\"]"
                .to_owned()
        }
        None => return message.to_owned(),
    };
    if place.is_empty() { said } else { format!("{place}\n{said}") }
}

/// The name of a list of sections that was written as one section.
fn section_for_list(table: &Table) -> Option<&'static str> {
    let is_section = |value: Option<&Value>| value.is_some_and(Value::is_table);
    if is_section(table.get("feed")) {
        return Some("feed");
    }
    is_section(table.get("seeds").and_then(|seeds| seeds.get("rule"))).then_some("seeds.rule")
}

fn wanted(expected: &str) -> &str {
    match expected {
        "i64" => "a whole number",
        "a boolean" => "true or false",
        "a string" | "a string or map" => "text in quotes",
        "a sequence" => "a list such as [\"x\"]",
        other if other.starts_with("struct Raw") || other == "a map" => "a section such as [site]",
        other => other,
    }
}

fn found_as(found: &str) -> String {
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    match kind {
        "string" => format!("the text {value}"),
        "integer" | "boolean" => value.trim_matches('`').to_owned(),
        "floating" => value.trim_start_matches("point ").trim_matches('`').to_owned(),
        "sequence" => "a list".to_owned(),
        "map" => "a section".to_owned(),
        _ => found.to_owned(),
    }
}

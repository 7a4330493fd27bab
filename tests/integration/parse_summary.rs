//! Summaries: whole sentences of bounded length, and nothing lost that they cannot hold.

use crate::parse_seed::{parsed, pieces};

fn described(description: &str) -> seedcast::item::Item {
    parsed(format!("Headline\n\n{description}\n\n2024-11-01T13:04Z\n\nBody.\n")).item
}

#[test]
fn a_description_of_nothing_but_marks_is_read_in_time_that_grows_with_its_length() {
    // Would not end within the life of a test run if every mark looked at all that follow.
    for unit in [".", ".\"", "。", "a.", "!)", "…'"] {
        let summary = described(&format!("{}x", unit.repeat(500_000))).summary.unwrap();
        assert!(summary.chars().count() <= 301, "{unit}");
    }
}

#[test]
fn a_run_of_marks_and_closing_quotes_ends_one_sentence() {
    let long = "uzun ".repeat(60);
    for first in [
        "He asked \"Is that all there is to be said about the matter at hand tonight, or is there more?\"...",
        "Bu akşam söylenecek başka bir şey kaldı mı, yoksa konu kapandı mı diye sordu arkadaşlarına?!…",
    ] {
        assert_eq!(described(&format!("{first} Sonra {long}")).summary.as_deref(), Some(first));
    }
}

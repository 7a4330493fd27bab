//! Feeds by source, language and category: what they are called.

use std::collections::HashSet;

use seedcast::feed::{By, automatic, slug};
use seedcast::item::Item;

use crate::feed_samples::sample;

#[test]
fn ordinary_names_are_their_own_slugs() {
    for (name, expected) in [
        ("World", "world"),
        ("dünya", "dünya"),
        ("arts & crafts", "arts-crafts"),
        ("R&D", "r-d"),
        ("science/space", "science-space"),
        ("What's new?", "what-s-new"),
        ("St. John's (city), north_east", "st-john-s-city-north-east"),
        ("経済", "経済"),
        ("наука", "наука"),
        ("「経済」", "経済"),
        ("Q&A: politics", "q-a-politics"),
        ("e\u{301}te\u{301}", "e\u{301}te\u{301}"),
    ] {
        assert_eq!(slug(name), expected, "{name}");
    }
}

#[test]
fn names_that_are_one_to_a_filter_have_one_slug() {
    for (one, other) in
        [("İSTANBUL", "istanbul"), ("DIŞ", "dış"), ("IĞDIR", "ığdır"), ("İzmir", "izmir"), ("C++", "c++")]
    {
        assert_eq!(slug(one), slug(other), "{one} {other}");
    }
    assert_eq!(slug("İSTANBUL"), "istanbul");
}

#[test]
fn names_that_differ_in_symbols_alone_have_slugs_of_their_own() {
    let names = ["C", "C++", "C#", "C+", "C*", "C§", "#C", "A$AP", "A AP", "5%", "5", "€5", "£5"];
    let slugs: HashSet<String> = names.iter().map(|name| slug(name)).collect();
    assert_eq!(slugs.len(), names.len(), "{slugs:?}");
    assert_eq!(slug("C"), "c");
    assert!(slug("C++").starts_with("c-"), "{}", slug("C++"));
    let item = Item { categories: names.map(str::to_owned).to_vec(), ..sample() };
    assert_eq!(automatic(&item, &[By::Category]).len(), names.len());
    assert_eq!(slug("+++"), "", "a name of nothing but symbols has none");
}

//! Which items a document holds.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use seedcast::feed::Limits;
use seedcast::feed::selection::{Candidate, select};
use seedcast::item::ItemId;

fn limits(items: usize, max_items: usize, max_bytes: usize) -> Limits {
    Limits { items, window: Duration::from_secs(6 * 3600), max_items, max_bytes }
}

fn second(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_730_000_000 + seconds, 0).expect("a time")
}

fn candidate(id: &str, updated: i64, changed: i64, size: usize) -> Candidate {
    Candidate { id: ItemId::new(id), updated: second(updated), changed: second(changed), size }
}

fn ids(chosen: &[Candidate]) -> Vec<&str> {
    chosen.iter().map(|candidate| candidate.id.as_str()).collect()
}

#[test]
fn newest_by_update_come_first_and_ties_go_by_id() {
    let newest =
        vec![candidate("b", 5, 0, 1), candidate("c", 9, 0, 1), candidate("a", 5, 0, 1), candidate("d", 1, 0, 1)];
    assert_eq!(ids(&select(newest, vec![], &limits(3, 10, 100))), ["c", "a", "b"]);
}

#[test]
fn late_arrivals_join_in_their_place_by_update_time() {
    let newest = vec![candidate("new", 100, 100, 1), candidate("old", 50, 50, 1)];
    let late = vec![candidate("late", 10, 101, 1), candidate("new", 100, 100, 1)];
    assert_eq!(ids(&select(newest, late, &limits(2, 10, 100))), ["new", "old", "late"]);
}

#[test]
fn bursts_stop_at_the_most_items_keeping_the_last_changed() {
    let newest = vec![candidate("n", 100, 0, 1)];
    let recent = vec![candidate("r1", 1, 11, 1), candidate("r3", 3, 13, 1), candidate("r2", 2, 12, 1)];
    assert_eq!(ids(&select(newest, recent, &limits(1, 3, 100))), ["n", "r3", "r2"]);
}

#[test]
fn too_many_bytes_cost_the_window_its_least_recently_changed_first() {
    let newest = || vec![candidate("n1", 100, 0, 40), candidate("n2", 90, 0, 40)];
    let recent = || vec![candidate("r1", 1, 11, 10), candidate("r2", 2, 12, 10)];
    assert_eq!(ids(&select(newest(), recent(), &limits(2, 9, 100))), ["n1", "n2", "r2", "r1"]);
    assert_eq!(ids(&select(newest(), recent(), &limits(2, 9, 99))), ["n1", "n2", "r2"]);
    assert_eq!(ids(&select(newest(), recent(), &limits(2, 9, 79))), ["n1"]);
}

#[test]
fn one_item_stays_however_large_it_is() {
    assert_eq!(ids(&select(vec![candidate("n", 1, 1, 5_000_000)], vec![], &limits(50, 300, 1000))), ["n"]);
}

fn any_candidates() -> impl Strategy<Value = Vec<Candidate>> {
    prop::collection::vec((0..40_u8, 0..20_i64, 0..20_i64, 0..50_usize), 0..40).prop_map(|rows| {
        let row = |(id, updated, changed, size)| candidate(&format!("tag:x,2024:{id}"), updated, changed, size);
        rows.into_iter().map(row).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn choice_is_ordered_bounded_and_without_repetition(
        newest in any_candidates(), recent in any_candidates(),
        items in 0..20_usize, max_items in 1..30_usize, max_bytes in 0..400_usize,
    ) {
        let limits = limits(items, max_items, max_bytes);
        let chosen = select(newest.clone(), recent.clone(), &limits);
        prop_assert!(chosen.is_sorted_by(|a, b| a.updated > b.updated || (a.updated == b.updated && a.id < b.id)));
        prop_assert!(chosen.len() <= max_items);
        prop_assert!(chosen.len() <= 1 || chosen.iter().map(|c| c.size).sum::<usize>() <= max_bytes);
        let offered = recent.len() + if items == 0 { 0 } else { newest.len() };
        prop_assert_eq!(chosen.is_empty(), offered == 0);
        let distinct: HashSet<_> = chosen.iter().map(|c| &c.id).collect();
        prop_assert_eq!(distinct.len(), chosen.len());
    }

    #[test]
    fn order_of_what_is_offered_does_not_matter(
        (newest, shuffled) in any_candidates().prop_flat_map(|rows| {
            let mut seen = HashSet::new();
            let rows: Vec<_> = rows.into_iter().filter(|row| seen.insert(row.id.clone())).collect();
            (Just(rows.clone()), Just(rows).prop_shuffle())
        }),
        max_bytes in 0..400_usize,
    ) {
        let limits = limits(5, 12, max_bytes);
        let one = select(newest.clone(), newest, &limits);
        let other = select(shuffled.clone(), shuffled, &limits);
        prop_assert_eq!(one, other);
    }

    #[test]
    fn burst_within_the_bounds_loses_nothing(recent in any_candidates()) {
        let chosen = select(vec![], recent.clone(), &limits(50, 300, 1_000_000));
        let kept: HashSet<_> = chosen.iter().map(|c| &c.id).collect();
        prop_assert!(recent.iter().all(|c| kept.contains(&c.id)));
    }
}

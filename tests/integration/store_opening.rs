//! A store in every state in which it can be found.

use chrono::{DateTime, Utc};
use seedcast::store::{Origin, Store, StoreError, StoreUrl};

fn now() -> DateTime<Utc> {
    "2024-06-01T12:00:00Z".parse().unwrap()
}

fn place() -> (tempfile::TempDir, StoreUrl) {
    let folder = tempfile::tempdir().unwrap();
    let url = StoreUrl::sqlite(folder.path().join("deep/er/store.sqlite"));
    (folder, url)
}

fn open(url: &StoreUrl) -> Result<(Store, Origin), StoreError> {
    Store::open(url, now()).map(|opened| (opened.store, opened.origin))
}

#[test]
fn nothing_becomes_a_new_store_and_is_there_the_next_time() {
    let (_folder, url) = place();
    let (mut store, origin) = open(&url).unwrap();
    assert_eq!(origin, Origin::Fresh);
    let mut batch = store.batch().unwrap();
    batch.set_meta("word", "kept").unwrap();
    batch.commit().unwrap();
    drop(store);
    let (mut store, origin) = open(&url).unwrap();
    assert_eq!(origin, Origin::Existing);
    assert_eq!(store.batch().unwrap().meta("word").unwrap().as_deref(), Some("kept"));
}

#[test]
fn a_batch_that_is_dropped_leaves_no_trace() {
    let (_folder, url) = place();
    let (mut store, _) = open(&url).unwrap();
    let mut batch = store.batch().unwrap();
    batch.set_meta("word", "gone").unwrap();
    drop(batch);
    assert_eq!(store.batch().unwrap().meta("word").unwrap(), None);
}

#[test]
fn a_store_in_use_is_refused_in_words() {
    let (_folder, url) = place();
    let (_store, _) = open(&url).unwrap();
    let error = open(&url).unwrap_err();
    assert!(matches!(error, StoreError::InUse(_)), "{error}");
    assert!(error.to_string().contains("--store"));
}

#[test]
fn a_store_of_a_newer_program_is_left_alone() {
    let (_folder, url) = place();
    drop(open(&url).unwrap());
    let connection = rusqlite::Connection::open(url.path()).unwrap();
    connection.pragma_update(None, "user_version", 9999).unwrap();
    drop(connection);
    let before = std::fs::read(url.path()).unwrap();
    assert!(matches!(open(&url).unwrap_err(), StoreError::Newer { found: 9999, .. }));
    assert_eq!(std::fs::read(url.path()).unwrap(), before);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let (_folder, url) = place();
    std::fs::create_dir_all(url.path().parent().unwrap()).unwrap();
    rusqlite::Connection::open(url.path()).unwrap().execute_batch("CREATE TABLE bookmarks (url TEXT)").unwrap();
    assert!(matches!(open(&url).unwrap_err(), StoreError::Foreign(_)));
}

#[test]
fn a_damaged_file_is_set_aside_and_kept() {
    let (_folder, url) = place();
    std::fs::create_dir_all(url.path().parent().unwrap()).unwrap();
    std::fs::write(url.path(), b"this was a database once, before the disk failed".repeat(100)).unwrap();
    let (_store, origin) = open(&url).unwrap();
    let Origin::SetAside(aside) = origin else { panic!("{origin:?}") };
    assert!(std::fs::read(aside).unwrap().starts_with(b"this was"));
}

#[test]
fn damage_that_shows_in_use_sets_the_store_aside_at_the_next_start() {
    let (_folder, url) = place();
    let (store, _) = open(&url).unwrap();
    store.mark_suspect();
    drop(store);
    assert!(matches!(open(&url).unwrap().1, Origin::SetAside(_)));
    assert_eq!(open(&url).unwrap().1, Origin::Existing);
}

#[test]
fn a_mark_of_a_store_that_is_gone_says_nothing() {
    let (_folder, url) = place();
    let (store, _) = open(&url).unwrap();
    store.mark_suspect();
    drop(store);
    std::fs::remove_file(url.path()).unwrap();
    assert_eq!(open(&url).unwrap().1, Origin::Fresh);
    assert_eq!(open(&url).unwrap().1, Origin::Existing);

    // Damaged while it was filled for the first time.
    let (mut store, _) = open(&url).unwrap();
    store.begin_filling().unwrap();
    store.mark_suspect();
    drop(store);
    assert_eq!(open(&url).unwrap().1, Origin::Fresh);
    assert_eq!(open(&url).unwrap().1, Origin::Existing);
}

#[test]
fn a_filling_that_was_broken_off_begins_anew() {
    let (_folder, url) = place();
    let (mut store, _) = open(&url).unwrap();
    store.begin_filling().unwrap();
    let mut batch = store.batch().unwrap();
    batch.set_meta("word", "half").unwrap();
    batch.commit().unwrap();
    drop(store);
    let (mut store, origin) = open(&url).unwrap();
    assert_eq!(origin, Origin::Fresh);
    assert_eq!(store.batch().unwrap().meta("word").unwrap(), None);
    store.begin_filling().unwrap();
    let mut batch = store.batch().unwrap();
    batch.set_meta("word", "whole").unwrap();
    batch.commit().unwrap();
    store.end_filling().unwrap();
    drop(store);
    let (mut store, origin) = open(&url).unwrap();
    assert_eq!((origin, store.batch().unwrap().meta("word").unwrap().as_deref()), (Origin::Existing, Some("whole")));
}

//! A store in every state in which it can be found.

use chrono::{DateTime, Utc};
use seedcast::store::{FILE_NAME, Origin, Store, StoreError, StoreUrl};

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
    let before = std::fs::read(url.path()).unwrap();
    assert!(matches!(open(&url).unwrap_err(), StoreError::Foreign { .. }));
    assert_eq!(std::fs::read(url.path()).unwrap(), before);
}

#[test]
fn what_is_no_store_is_left_alone_and_nothing_is_made_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("passwd");
    std::fs::write(&users, "root:x:0:0:root:/root:/bin/sh\n".repeat(40)).unwrap();
    let damaged = folder.path().join("bookmarks.sqlite");
    let mut database = b"SQLite format 3\0".to_vec();
    database.resize(8192, 0xAA);
    std::fs::write(&damaged, &database).unwrap();
    // A second start is not helped by what the first has left.
    for _ in 0..2 {
        for (path, told) in [
            (users.as_path(), "not a seedcast store"),
            (damaged.as_path(), "not known to be a seedcast store"),
            (folder.path(), "is a directory"),
        ] {
            let error = open(&StoreUrl::sqlite(path)).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, StoreError::Foreign { .. }) && text.contains(told), "{text}");
            assert!(text.contains("--store"), "{text}");
        }
    }
    assert!(std::fs::read(&users).unwrap().starts_with(b"root:"));
    assert_eq!(std::fs::read(&damaged).unwrap(), database);
    assert!(!folder.path().join("passwd.lock").exists(), "it would shut out the programs that change the file");
}

#[test]
fn a_damaged_file_is_set_aside_and_kept() {
    let (_folder, url) = place();
    drop(open(&url).unwrap());
    std::fs::write(url.path(), b"this was a database once, before the disk failed".repeat(100)).unwrap();
    let (_store, origin) = open(&url).unwrap();
    let Origin::SetAside(aside) = origin else { panic!("{origin:?}") };
    assert!(std::fs::read(aside).unwrap().starts_with(b"this was"));
}

#[test]
fn a_damaged_store_is_known_by_its_header_or_by_its_name() {
    let (folder, url) = place();
    drop(open(&url).unwrap());
    std::fs::remove_file(url.path().with_extension("sqlite.lock")).unwrap();
    let mut bytes = std::fs::read(url.path()).unwrap();
    bytes[100..].fill(0xAA);
    std::fs::write(url.path(), bytes).unwrap();
    assert!(matches!(open(&url).unwrap().1, Origin::SetAside(_)));

    let named = StoreUrl::sqlite(folder.path().join(FILE_NAME));
    std::fs::write(named.path(), b"the first page was lost").unwrap();
    assert!(matches!(open(&named).unwrap().1, Origin::SetAside(_)));
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

#[test]
fn a_store_of_an_earlier_version_is_brought_up_to_date() {
    let (_folder, url) = place();
    std::fs::create_dir_all(url.path().parent().unwrap()).unwrap();
    let connection = rusqlite::Connection::open(url.path()).unwrap();
    for step in [
        include_str!("../../src/store/migrations/0001_core.sql"),
        include_str!("../../src/store/migrations/0002_hub.sql"),
        "PRAGMA user_version = 2; PRAGMA application_id = 0x73656564;",
        // Held back until 2030.
        "INSERT INTO items (id, handle, state, published, published_offset, published_source, updated, updated_offset, \
         updated_source, changed_at, standing, title, categories, body) \
         VALUES ('tag:a', 1, 1, 1893456000, 0, 0, 1893456000, 0, 0, 0, x'61', 'Later', '[]', x'')",
        "INSERT INTO seeds VALUES (x'61', 1, 1, 1, 1, zeroblob(16), 0, 0, 1, 1, 1893456000, 0, 0, 1893456000, 0, 0, NULL)",
    ] {
        connection.execute_batch(step).unwrap();
    }
    drop(connection);
    let (mut store, origin) = open(&url).unwrap();
    assert_eq!(origin, Origin::Existing);
    assert_eq!(store.batch().unwrap().next_due().unwrap(), Some("2030-01-01T00:00:00Z".parse().unwrap()));
    drop(store);
    assert_eq!(open(&url).unwrap().1, Origin::Existing);
}

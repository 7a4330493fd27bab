//! How others save: what editors, copies and backups do to files while the service runs.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rusqlite::Connection;

use crate::faults::{items, shell, wait_for_items};
use crate::ingest_desk::{Desk, article, clock};
use crate::life_reading::page;
use crate::running::{PATIENCE, Place, Server, eventually, get, program, run, write_seed};
use crate::seed_directory::now;
use crate::seed_limits::is_confined;

/// A namespace in which the test has no rights but those of an owner.
const NO_RIGHTS: &str = "-U";

#[test]
fn a_name_that_lasts_a_moment_makes_no_article() {
    let place = Place::new("[seeds]\nwithdraw_after_seconds = 3600\n");
    for number in 0..10 {
        write_seed(&place.seeds().join(format!("{number}.txt")), &format!("Article {number}\n\nWords.\n"));
    }
    let (server, address) = Server::ready(place.serve());
    for round in 0..5 {
        for number in 0..10 {
            // As `sed -i` and many editors do: a new file is closed, and renamed a moment later.
            let (name, temporary) = (format!("{number}.txt"), place.seeds().join(format!("sed{round}{number}")));
            fs::write(&temporary, format!("Article {number}\n\nWords of round {round}.\n")).unwrap();
            std::thread::sleep(Duration::from_millis(number));
            fs::rename(&temporary, place.seeds().join(name)).unwrap();
        }
    }
    eventually("the last round is shown", PATIENCE, || {
        let shown = page(&address, "/atom.xml").unwrap();
        let is_last = |content: &String| content.contains("round 4");
        (shown.entries.iter().filter(|entry| is_last(&entry.content)).count() == 10).then_some(())
    });
    assert_eq!(items(address), 10, "{}", server.log());
    assert!(!server.log().contains("new=1"), "{}", server.log());
}

#[test]
fn a_backup_leaves_the_log_of_the_store_alone_in_the_run_of_the_first_scan() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &article(1, "Article 1", 0, 1));
    let (mut server, address) = Server::ready(place.serve());
    let store = place.config().with_file_name("store.sqlite");
    let log = place.config().with_file_name("store.sqlite-wal");
    // The last one to close a store empties its log and takes it away; this one is not the last.
    let backup = Connection::open(&store).unwrap();
    let count: i64 = backup.query_row("SELECT count(*) FROM items", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
    drop(backup);
    assert!(log.exists(), "the service writes to a log that has no name any more");
    write_seed(&place.seeds().join("2.txt"), &article(2, "Article 2", 0, 2));
    wait_for_items(address, 2);
    assert_eq!(get(address, "/sources/news.example/atom.xml", &[]).unwrap().status, 200);
    server.kill();
    let store = Connection::open(&store).unwrap();
    let count: i64 = store.query_row("SELECT count(*) FROM items", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 2);
}

#[test]
fn a_directory_that_becomes_readable_is_read_and_watched_without_a_listing() {
    let name = "seed_saving::a_directory_that_becomes_readable_is_read_and_watched_without_a_listing";
    if !is_confined(name, NO_RIGHTS, "true") {
        return;
    }
    let place = Place::new("[seeds]\nreconcile_seconds = 86400\n");
    write_seed(&place.seeds().join("1.txt"), &article(1, "Article 1", 0, 1));
    let (server, address) = Server::ready(place.serve());
    // As an archive is unpacked: the directory gets its own mode at the end.
    let unpacked = place.seeds().join("unpacked");
    shell("umask 777; mkdir \"$1\"", &unpacked);
    eventually("it is told", PATIENCE, || server.log().contains("unpacked").then_some(()));
    fs::set_permissions(&unpacked, fs::Permissions::from_mode(0o755)).unwrap();
    write_seed(&unpacked.join("2.txt"), &article(2, "Article 2", 0, 2));
    wait_for_items(address, 2);
    write_seed(&unpacked.join("3.txt"), &article(3, "Article 3", 0, 3));
    wait_for_items(address, 3);
}

#[test]
fn a_reload_takes_no_half_of_a_file_that_is_being_written() {
    let place = Place::new("");
    let (path, whole) = (place.seeds().join("1.txt"), article(1, "Article 1", 0, 1));
    write_seed(&path, &whole);
    let (server, address) = Server::ready(place.serve());
    let mut file = fs::File::create(&path).unwrap();
    file.write_all(whole.replace("Words of Article 1.", "").as_bytes()).unwrap();
    // Longer than a file is taken to be settled whose writer is not known.
    std::thread::sleep(Duration::from_millis(2500));
    server.hang_up();
    eventually("it is reloaded", PATIENCE, || server.log().contains("reload").then_some(()));
    std::thread::sleep(Duration::from_millis(2500));
    let shown = page(&address, "/atom.xml").unwrap();
    assert!(shown.entries[0].content.contains("Words of Article 1."), "{shown:?}");
    file.write_all(b"Words of the second edition.\n").unwrap();
    drop(file);
    eventually("the second edition", PATIENCE, || {
        page(&address, "/atom.xml").ok()?.entries[0].content.contains("second edition").then_some(())
    });
}

#[test]
fn articles_that_changed_places_while_the_service_was_down_are_told_apart_under_other_settings() {
    let mut desk = Desk::new(clock!("2024-06-01T00:00:00Z"), "");
    desk.write("latest.txt", "First\n\nWords of the first.\n");
    desk.open();
    let id_of = |desk: &Desk, title: &str| {
        let items = desk.items("/feed.json");
        let found =
            items.iter().find(|item| item["title"] == title).unwrap_or_else(|| panic!("no {title} in {items:?}"));
        found["id"].as_str().unwrap().to_owned()
    };
    let first = id_of(&desk, "First");
    desk.close();
    fs::rename(desk.seeds().join("latest.txt"), desk.seeds().join("old.txt")).unwrap();
    desk.write("latest.txt", "Second\n\nWords of the second.\n");
    desk.reconfigure("time_zone = \"Europe/Istanbul\"\n");
    desk.open();
    assert_eq!(id_of(&desk, "First"), first);
    assert_ne!(id_of(&desk, "Second"), first);
}

/// An article from the future: whether somebody is writing it cannot be told by its time, so that a first scan waits two seconds
/// with its end.
fn write_unsettled(place: &Place) {
    let path = place.seeds().join("2.txt");
    write_seed(&path, &article(2, "Article 2", 0, 2));
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(now() + Duration::from_secs(3600)).unwrap();
}

#[test]
fn the_end_of_the_first_scan_is_tried_again_when_the_store_failed() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &article(1, "Article 1", 0, 1));
    write_unsettled(&place);
    let server = Server::spawn(place.serve_with_admin());
    let mark = place.config().with_file_name("store.sqlite.filling");
    eventually("the filling begins", PATIENCE, || mark.exists().then_some(()));
    // What cannot be taken away stands for a full disk.
    fs::remove_file(&mark).unwrap();
    fs::create_dir(&mark).unwrap();
    eventually("it fails", PATIENCE, || server.log().contains("cannot finish").then_some(()));
    fs::remove_dir(&mark).unwrap();
    fs::write(&mark, "").unwrap();
    let address = server.address();
    eventually("it is done", PATIENCE, || {
        let answer = get(address, "/readyz", &[]).ok()?;
        (answer.status == 200).then_some(())
    });
    assert_eq!(get(address, "/sources/news.example/atom.xml", &[]).unwrap().status, 200);
    assert_eq!(items(address), 2);
    let (code, out, _) = run(program().args(["status", "--admin", &place.admin()]));
    assert_eq!(code, 0, "{out}");
}

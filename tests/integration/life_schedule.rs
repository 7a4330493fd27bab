//! Scheduled items by the real clock: on their second, across a restart, a kill and a sleep of the machine.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustix::process::Signal;

use crate::running::{PATIENCE, Place, Server, eventually, get, seed_text, wait_until_ready, write_seed};
use crate::seed_directory::now;

fn clock() -> DateTime<Utc> {
    now().into()
}

/// Writes a seed that is to appear in so many whole seconds; gives the moment.
fn schedule(place: &Place, number: usize, seconds: i64) -> DateTime<Utc> {
    let due = DateTime::from_timestamp(clock().timestamp() + seconds, 0).unwrap();
    let time = due.format("%Y-%m-%dT%H:%M:%S+0000").to_string();
    let url = format!("https://news.example/20240101/slug-{}.html", 1_000_000 + number);
    let text = seed_text(&url, &format!("Article {number}"), &time, &time, "Words.");
    write_seed(&place.seeds().join(format!("{number}.txt")), &text);
    due
}

/// Waits until all that was written before has been read: what was written after it is shown.
fn wait_until_read(place: &Place, address: SocketAddr) {
    let time = "2024-01-01T00:00:00+0000";
    let text = seed_text("https://news.example/20240101/slug-999999.html", "The last", time, time, "Words.");
    write_seed(&place.seeds().join("last.txt"), &text);
    eventually("the last seed is there", PATIENCE, || {
        let body = String::from_utf8(get(address, "/feed.json", &[]).ok()?.body).unwrap();
        body.contains("\"The last\"").then_some(())
    });
}

/// Waits for the item; gives the moments of the last answer without it and of the first one with it.
fn appearance(address: SocketAddr, number: usize) -> (DateTime<Utc>, DateTime<Utc>) {
    let title = format!("\"Article {number}\"");
    let mut without = None;
    let first = eventually("the item is there", PATIENCE, || {
        let asked = clock();
        let answer = get(address, "/feed.json", &[]).ok().filter(|answer| answer.status == 200)?;
        let is_there = String::from_utf8(answer.body).unwrap().contains(&title);
        if !is_there {
            without = Some(asked);
        }
        is_there.then(clock)
    });
    (without.expect("it is not there at first"), first)
}

/// How late an item may be on a machine that is busy with other tests.
const LATE: Duration = Duration::from_secs(3);

#[test]
fn scheduled_item_appears_on_its_second_and_not_before() {
    let place = Place::new("");
    let (_server, address) = Server::ready(place.serve());
    let etag = || get(address, "/feed.json", &[]).unwrap().header("etag").unwrap().to_owned();
    let before = etag();
    let due = schedule(&place, 1, 4);
    let (without, first) = appearance(address, 1);
    assert!(first >= due, "it was there at {first}, and due at {due}");
    assert!(first <= due + LATE, "it was there at {first}, and due at {due}; not yet at {without}");
    assert_ne!(etag(), before);
}

#[test]
fn scheduled_item_is_not_forgotten_by_a_restart_or_a_kill() {
    let place = Place::new("");
    let (mut server, address) = Server::ready(place.serve());
    let (first_due, second_due) = (schedule(&place, 1, 6), schedule(&place, 2, 8));
    wait_until_read(&place, address);
    server.terminate();
    server.end();
    let (mut server, address) = Server::ready(place.serve());
    let (_, first) = appearance(address, 1);
    assert!(first >= first_due);
    server.kill();
    // It is due while nobody is there, or just after.
    let server = Server::spawn(place.serve());
    let address = server.address();
    wait_until_ready(address);
    let shown = eventually("the second one", PATIENCE, || {
        let body = String::from_utf8(get(address, "/feed.json", &[]).ok()?.body).unwrap();
        body.contains("\"Article 2\"").then(clock)
    });
    assert!(shown >= second_due, "it was there at {shown}, and due at {second_due}");
}

#[test]
fn scheduled_item_that_was_due_in_a_sleep_appears_on_waking() {
    let place = Place::new("");
    let (server, address) = Server::ready(place.serve());
    let due = schedule(&place, 1, 4);
    wait_until_read(&place, address);
    server.signal(Signal::STOP);
    // The time that passes is what is tried.
    while clock() < due + Duration::from_secs(1) {
        std::thread::sleep(Duration::from_millis(50));
    }
    server.signal(Signal::CONT);
    let woken = clock();
    eventually("the item is there", PATIENCE, || {
        let body = String::from_utf8(get(address, "/feed.json", &[]).ok()?.body).unwrap();
        body.contains("\"Article 1\"").then_some(())
    });
    assert!(clock() <= woken + LATE, "it took from {woken} to {}", clock());
}

//! Things that break under a running service: what was right is still served, nothing is withdrawn or lost, `/readyz` says
//! in words what to do, and all is well again without a restart when the fault is gone.
//!
//! Each test runs itself again in namespaces, where file systems can be mounted, limits set, and root has no more rights
//! than others.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::ingest_desk::article;
use crate::life_reading::{page, walk};
use crate::running::{PATIENCE, Place, Server, eventually, get, program, run, write_seed};
use crate::seed_limits::is_confined;
use crate::service_admin::{ask, metric};

/// A namespace in which the test may mount file systems, and one in which it has no rights but those of an owner.
const MOUNTS: &str = "-Urm";
const NO_RIGHTS: &str = "-U";

pub(crate) const QUICK: &str = "[seeds]\nreconcile_seconds = 2\nwithdraw_after_seconds = 1\n";

pub(crate) fn write(place: &Place, path: &str, number: usize) {
    let text = article(number, &format!("Article {number}"), 0, i64::try_from(number).unwrap());
    write_seed(&place.seeds().join(path), &text);
}

/// How many items the archive of the feed of everything has, each counted once.
pub(crate) fn items(address: SocketAddr) -> usize {
    let pages = walk(&address, "/feed.json").unwrap();
    let ids: std::collections::BTreeSet<&str> = pages.iter().flat_map(|(_, page)| page.ids()).collect();
    ids.len()
}

pub(crate) fn wait_for_items(address: SocketAddr, count: usize) {
    eventually(&format!("{count} items"), PATIENCE, || (items(address) == count).then_some(()));
}

/// Waits until `/readyz` says all of these words.
pub(crate) fn wait_for_words(address: SocketAddr, words: &[&str]) -> String {
    let mut last = String::new();
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        if let Ok(answer) = get(address, "/readyz", &[]) {
            last = String::from_utf8_lossy(&answer.body).into_owned();
            if answer.status == 503 && words.iter().all(|word| last.contains(word)) {
                return last;
            }
        }
        assert!(std::time::Instant::now() < deadline, "no {words:?} in {last:?}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

pub(crate) fn wait_until_well(address: SocketAddr) {
    let told = || get(address, "/readyz", &[]).map(|answer| String::from_utf8_lossy(&answer.body).into_owned());
    let deadline = std::time::Instant::now() + PATIENCE;
    while !get(address, "/readyz", &[]).is_ok_and(|answer| answer.status == 200) {
        assert!(std::time::Instant::now() < deadline, "still: {:?}", told());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

pub(crate) fn has_no_tombstones(address: SocketAddr) {
    assert!(page(&address, "/atom.xml").unwrap().tombstones.is_empty());
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub(crate) fn shell(script: &str, argument: &Path) {
    let output = Command::new("sh").args(["-ec", script, "sh"]).arg(argument).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn permission_lost_on_the_seed_directory() {
    if !is_confined("faults::permission_lost_on_the_seed_directory", NO_RIGHTS, "true") {
        return;
    }
    let place = Place::new(QUICK);
    (1..=5).for_each(|number| write(&place, &format!("{number}.txt"), number));
    let (_server, address) = Server::ready(place.serve());
    wait_for_items(address, 5);
    mode(&place.seeds(), 0o000);
    let told = wait_for_words(address, &["seed directory", "permission"]);
    assert!(told.contains("needs to read and search it"), "{told}");
    // Longer than a grace period and a listing.
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(items(address), 5);
    mode(&place.seeds(), 0o755);
    write(&place, "6.txt", 6);
    wait_until_well(address);
    wait_for_items(address, 6);
    has_no_tombstones(address);
}

#[test]
fn seeds_without_permission_are_told_and_taken_as_soon_as_they_have_it() {
    let name = "faults::seeds_without_permission_are_told_and_taken_as_soon_as_they_have_it";
    if !is_confined(name, NO_RIGHTS, "true") {
        return;
    }
    // Nothing is listed within the time of this test.
    let place = Place::new("[seeds]\nreconcile_seconds = 86400\n");
    (1..=3).for_each(|number| write(&place, &format!("{number}.txt"), number));
    let closed = |number: usize| place.seeds().join(format!("{number}.txt"));
    mode(&closed(3), 0o000);
    let (mut server, address) = Server::ready(place.serve_with_admin());
    wait_for_items(address, 2);
    eventually("it is counted", PATIENCE, || server.log().contains("items=2 rejected=1").then_some(()));
    let why = "3.txt: cannot be read: permission denied; let the user or group that runs seedcast read it (`chmod g+r`, \
               group `seedcast` under systemd)";
    assert!(server.log().contains(why), "{}", server.log());
    let unreadable = |count: f64| {
        eventually(&format!("{count} are unreadable"), PATIENCE, || {
            let (_, text) = ask(&place, "GET", "/metrics", "");
            let found = metric(&text, "seedcast_diagnostics{code=\"unreadable\",severity=\"rejected\"}");
            (found.unwrap_or_default() == count).then_some(())
        });
    };
    unreadable(1.0);
    // One that comes later, one that goes again, and one whose text is known.
    write_seed(&place.seeds().join(".4"), "");
    fs::write(place.seeds().join(".4"), article(4, "Article 4", 0, 4)).unwrap();
    mode(&place.seeds().join(".4"), 0o000);
    fs::rename(place.seeds().join(".4"), closed(4)).unwrap();
    write_seed(&place.seeds().join(".5"), "x");
    mode(&place.seeds().join(".5"), 0o000);
    fs::rename(place.seeds().join(".5"), closed(5)).unwrap();
    mode(&closed(2), 0o000);
    fs::rename(closed(2), closed(6)).unwrap();
    fs::rename(closed(6), closed(2)).unwrap();
    unreadable(4.0);
    let (_, out, _) = run(program().args(["status", "--admin", &place.admin()]));
    assert!(out.contains(why), "{out}");
    assert_eq!(items(address), 2, "what is known stands");

    fs::remove_file(closed(5)).unwrap();
    unreadable(3.0);
    mode(&closed(3), 0o644);
    wait_for_items(address, 3);
    unreadable(2.0);
    // Known after a restart, too.
    server.terminate();
    server.end();
    let (server, address) = Server::ready(place.serve_with_admin());
    unreadable(2.0);
    mode(&closed(4), 0o644);
    mode(&closed(2), 0o644);
    wait_for_items(address, 4);
    unreadable(0.0);
    let lines = server.log().lines().filter(|line| line.contains("cannot be read")).count();
    assert_eq!(lines, 2, "each is told once: {}", server.log());
}

#[test]
fn permission_lost_on_a_sub_directory() {
    if !is_confined("faults::permission_lost_on_a_sub_directory", NO_RIGHTS, "true") {
        return;
    }
    let place = Place::new(QUICK);
    (1..=5).for_each(|number| write(&place, &format!("closed/{number}.txt"), number));
    write(&place, "open/6.txt", 6);
    let (server, address) = Server::ready(place.serve());
    wait_for_items(address, 6);
    let closed = place.seeds().join("closed");
    mode(&closed, 0o000);
    eventually("a word about it in the log", PATIENCE, || {
        let log = server.log();
        (log.contains("closed") && log.contains("ermission denied")).then_some(())
    });
    write(&place, "open/7.txt", 7);
    wait_for_items(address, 7);
    // What is there and cannot be read is not gone, however much longer than a grace period and a listing it takes.
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(items(address), 7);
    mode(&closed, 0o755);
    write(&place, "closed/8.txt", 8);
    wait_for_items(address, 8);
    wait_until_well(address);
    has_no_tombstones(address);
}

#[test]
fn a_directory_that_was_never_readable_keeps_nothing_from_being_withdrawn() {
    if !is_confined("faults::a_directory_that_was_never_readable_keeps_nothing_from_being_withdrawn", NO_RIGHTS, "true")
    {
        return;
    }
    let place = Place::new(&format!("{QUICK}watch = \"poll\"\n"));
    let closed = place.seeds().join("lost+found");
    fs::create_dir(&closed).unwrap();
    mode(&closed, 0o000);
    (1..=5).for_each(|number| write(&place, &format!("{number}.txt"), number));
    let (_server, address) = Server::ready(place.serve());
    wait_for_items(address, 5);
    fs::remove_file(place.seeds().join("3.txt")).unwrap();
    eventually("it is withdrawn", PATIENCE, || (page(&address, "/atom.xml").ok()?.tombstones.len() == 1).then_some(()));
    mode(&closed, 0o755);
}

#[test]
fn seed_directory_is_unmounted() {
    if !is_confined("faults::seed_directory_is_unmounted", MOUNTS, "true") {
        return;
    }
    let place = Place::new(QUICK);
    let disk = place.seeds().with_file_name("disk");
    fs::create_dir(&disk).unwrap();
    shell("mount -t tmpfs -o size=4m seeds \"$1\"; mount --bind \"$1\" \"${1%disk}seeds\"", &disk);
    (1..=5).for_each(|number| write(&place, &format!("{number}.txt"), number));
    let (_server, address) = Server::ready(place.serve());
    wait_for_items(address, 5);
    shell("umount \"$1\"", &place.seeds());
    wait_for_words(address, &["mounted", "accept-removals"]);
    // Longer than a grace period and two listings.
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert_eq!(items(address), 5);
    shell("mount --bind \"$1\" \"${1%disk}seeds\"", &disk);
    write(&place, "6.txt", 6);
    wait_for_items(address, 6);
    wait_until_well(address);
    has_no_tombstones(address);
}

#[test]
fn disk_of_the_store_is_full() {
    if !is_confined("faults::disk_of_the_store_is_full", MOUNTS, "true") {
        return;
    }
    // No listing but the one after a failure finds what was not kept.
    let place = Place::new("[seeds]\nreconcile_seconds = 86400\n");
    let disk = place.seeds().with_file_name("disk");
    fs::create_dir(&disk).unwrap();
    shell("mount -t tmpfs -o size=3m store \"$1\"", &disk);
    (1..=5).for_each(|number| write(&place, &format!("{number}.txt"), number));
    let mut command = place.serve_as_configured();
    command.env("SEEDCAST_STORE_URL", format!("sqlite:{}", disk.join("store.sqlite").display()));
    let (server, address) = Server::ready(command);
    wait_for_items(address, 5);
    // Another program fills the disk.
    shell("cat /dev/zero > \"$1/other\" 2>/dev/null || true", &disk);
    let before = get(address, "/feed.json", &[]).unwrap();
    (6..=60).for_each(|number| write(&place, &format!("{number}.txt"), number));
    wait_for_words(address, &["no space left for the store", "resumes once there is"]);
    let during = get(address, "/feed.json", &[]).unwrap();
    assert_eq!((during.status, during.body), (200, before.body), "what is served must be what is kept");
    // A reload could store nothing either, and must not end what is served.
    let config = fs::read_to_string(place.config()).unwrap();
    fs::write(place.config(), config.replace("[site]\n", "[site]\ntitle = \"Another\"\n")).unwrap();
    server.hang_up();
    eventually("the reload is refused", PATIENCE, || server.log().contains("reload refused").then_some(()));
    assert_eq!(get(address, "/feed.json", &[]).unwrap().status, 200);
    shell("rm \"$1/other\"", &disk);
    // One that can be kept does not hide that the others could not.
    write(&place, "61.txt", 61);
    wait_until_well(address);
    assert_eq!(items(address), 61);
    has_no_tombstones(address);
    assert!(server.log().contains("the store works again"), "{}", server.log());
}

#[test]
fn disk_of_the_store_is_full_in_the_first_scan() {
    const COUNT: usize = 4_500;
    if !is_confined("faults::disk_of_the_store_is_full_in_the_first_scan", MOUNTS, "true") {
        return;
    }
    let place = Place::new(QUICK);
    let disk = place.seeds().with_file_name("disk");
    fs::create_dir(&disk).unwrap();
    shell("mount -t tmpfs -o size=3m store \"$1\"", &disk);
    (1..=COUNT).for_each(|number| write(&place, &format!("{number}.txt"), number));
    let mut command = place.serve_as_configured();
    command.env("SEEDCAST_STORE_URL", format!("sqlite:{}", disk.join("store.sqlite").display()));
    let server = Server::spawn(command);
    let address = server.address();
    wait_for_words(address, &["no space left for the store", "resumes once there is"]);
    shell("mount -o remount,size=64m \"$1\"", &disk);
    wait_until_well(address);
    assert_eq!(items(address), COUNT);
    let pages = walk(&address, "/feed.json").unwrap();
    let archived: Vec<&str> = pages[1..].iter().flat_map(|(_, page)| page.ids()).collect();
    let once: std::collections::BTreeSet<&str> = archived.iter().copied().collect();
    assert_eq!(once.len(), archived.len(), "as though nothing had happened, each is on one page of the archive");
    has_no_tombstones(address);
}

#[test]
fn disk_of_the_store_is_full_at_the_start() {
    if !is_confined("faults::disk_of_the_store_is_full_at_the_start", MOUNTS, "true") {
        return;
    }
    let place = Place::new(QUICK);
    let disk = place.seeds().with_file_name("disk");
    fs::create_dir(&disk).unwrap();
    shell("mount -t tmpfs -o size=3m store \"$1\"; cat /dev/zero > \"$1/other\" 2>/dev/null || true", &disk);
    write(&place, "1.txt", 1);
    let mut command = place.serve_as_configured();
    command.env("SEEDCAST_STORE_URL", format!("sqlite:{}", disk.join("store.sqlite").display()));
    let (code, _, err) = run(&mut command);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("store") && (err.contains("full") || err.contains("space")), "{err}");
}

#[test]
fn store_that_cannot_be_written() {
    if !is_confined("faults::store_that_cannot_be_written", NO_RIGHTS, "true") {
        return;
    }
    let place = Place::new(QUICK);
    write(&place, "1.txt", 1);
    let folder = place.seeds().with_file_name("store");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("store.sqlite");
    let command = || {
        let mut command = place.serve_as_configured();
        command.env("SEEDCAST_STORE_URL", format!("sqlite:{}", file.display()));
        command
    };
    let (mut server, address) = Server::ready(command());
    wait_for_items(address, 1);
    server.terminate();
    server.end();
    for (locked, open) in [(&file, 0o644), (&folder, 0o755)] {
        mode(locked, if open == 0o755 { 0o555 } else { 0o444 });
        let (code, _, err) = run(&mut command());
        assert_eq!(code, 1, "{}: {err}", locked.display());
        assert!(err.contains("store.sqlite") && err.contains("the user that runs"), "{}: {err}", locked.display());
        mode(locked, open);
    }
    let (_server, address) = Server::ready(command());
    wait_for_items(address, 1);
}

#[test]
fn inotify_watches_run_out() {
    if !is_confined("faults::inotify_watches_run_out", MOUNTS, "echo 3 > /proc/sys/user/max_inotify_watches") {
        return;
    }
    let place = Place::new(QUICK);
    for (number, path) in ["a/1.txt", "b/2.txt", "c/3.txt", "c/d/4.txt", "e/5.txt"].into_iter().enumerate() {
        write(&place, path, number);
    }
    let server = Server::spawn(place.serve());
    let address = server.address();
    wait_for_items(address, 5);
    let told = wait_for_words(address, &["no inotify watch is left", "listed every"]);
    assert!(told.contains("sysctl fs.inotify.max_user_watches="), "{told}");
    for (number, path) in ["a/6.txt", "b/7.txt", "c/d/8.txt", "e/9.txt", "f/10.txt"].into_iter().enumerate() {
        write(&place, path, 10 + number);
    }
    wait_for_items(address, 10);
    fs::write("/proc/sys/user/max_inotify_watches", "100").unwrap();
    wait_until_well(address);
    write(&place, "e/11.txt", 20);
    wait_for_items(address, 11);
    has_no_tombstones(address);
}

#[test]
fn disk_of_the_export_is_full() {
    if !is_confined("faults::disk_of_the_export_is_full", MOUNTS, "true") {
        return;
    }
    let place = Place::new("");
    (1..=30).for_each(|number| write(&place, &format!("{number}.txt"), number));
    let out = place.seeds().with_file_name("out");
    fs::create_dir(&out).unwrap();
    shell("mount -t tmpfs -o size=4m out \"$1\"", &out);
    let mut export = program();
    export.arg("export").arg("--config").arg(place.config()).arg("--seeds").arg(place.seeds()).arg("--out").arg(&out);
    export.arg("--store").arg(format!("sqlite:{}", place.seeds().with_file_name("export.sqlite").display()));
    let (code, _, err) = run(&mut export);
    assert_eq!(code, 0, "{err}");
    let whole = fs::read(out.join("atom.xml")).unwrap();
    shell("cat /dev/zero > \"$1/other\" 2>/dev/null || true", &out);
    (31..=60).for_each(|number| write(&place, &format!("{number}.txt"), number));
    let (code, _, err) = run(&mut export);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("cannot write") && err.contains("space"), "{err}");
    // Each file is of the one export or of the other, and nothing half written lies about.
    for (path, manifest) in [("atom.xml", false), ("manifest.json", true)] {
        let bytes = fs::read(out.join(path)).unwrap();
        assert!(manifest && serde_json::from_slice::<serde_json::Value>(&bytes).is_ok() || bytes == whole, "{path}");
    }
    fs::remove_file(out.join("other")).unwrap();
    let (code, _, err) = run(&mut export);
    assert_eq!(code, 0, "{err}");
    assert!(String::from_utf8(fs::read(out.join("atom.xml")).unwrap()).unwrap().contains("Article 60"));
    shell("! find \"$1\" -name '.*' | grep .", &out);
}

#[test]
fn seeds_that_a_listing_refuses_are_counted_and_an_article_that_grows_too_large_stands() {
    let place = Place::new("[seeds]\nreconcile_seconds = 2\nwithdraw_after_seconds = 1\nmax_bytes = 4096\n");
    let seed = |name: &str| place.seeds().join(name);
    (1..=3).for_each(|number| write(&place, &format!("{number}.txt"), number));
    fs::write(seed("large.txt"), "x".repeat(5000)).unwrap();
    std::os::unix::fs::symlink(place.seeds().join("target"), seed("link.txt")).unwrap();
    let (server, address) = Server::ready(place.serve_with_admin());
    let counted = |code: &str, count: f64| {
        eventually(&format!("{count} of {code}"), PATIENCE, || {
            let (_, text) = ask(&place, "GET", "/metrics", "");
            let name = format!("seedcast_diagnostics{{code=\"{code}\",severity=\"rejected\"}}");
            (metric(&text, &name).unwrap_or_default() == count).then_some(())
        });
    };
    counted("too_large", 1.0);
    counted("symlink_dangling", 1.0);
    let (_, out, _) = run(program().args(["status", "--admin", &place.admin()]));
    assert!(out.contains("large.txt: 5000 bytes, more than `seeds.max_bytes` = 4096"), "{out}");

    // One is spoilt by an edit, one gives its name to what is no file.
    fs::write(seed("1.txt"), "x".repeat(5000)).unwrap();
    fs::remove_file(seed("2.txt")).unwrap();
    shell("mkfifo \"$1/2.txt\"", &place.seeds());
    counted("too_large", 2.0);
    counted("not_a_file", 1.0);
    wait_for_items(address, 2);
    // Longer than a grace period and a listing.
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(items(address), 2, "{}", server.log());
    let stays = page(&address, "/atom.xml").unwrap();
    assert!(stays.entries.iter().any(|entry| entry.title == "Article 1"), "{stays:?}");

    fs::remove_file(seed("large.txt")).unwrap();
    write(&place, "1.txt", 1);
    fs::remove_file(seed("2.txt")).unwrap();
    write(&place, "target", 4);
    wait_for_items(address, 3);
    ["too_large", "symlink_dangling", "not_a_file"].iter().for_each(|code| counted(code, 0.0));
    for code in ["large.txt", "link.txt"] {
        let lines = server.log().lines().filter(|line| line.contains("WARN") && line.contains(code)).count();
        assert_eq!(lines, 1, "{code} is told once: {}", server.log());
    }
}

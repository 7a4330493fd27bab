//! Directories that come, go and change places faster than they can be watched.

use std::fs::{self, File};
use std::io::Write;
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use seedcast::seed::{Change, Options, Reason, Watcher, scan};

use crate::seed_directory::{SeedDirectory, Watching, closed, now, seed, subtree};
use crate::seed_limits::is_confined;

/// Longer than a directory may be away before its watch ends. Time itself is what matters here: there is nothing to wait for.
const AWAY: Duration = Duration::from_millis(400);

/// Whether a listing an hour later would hold the seed back: then only a writer can be the reason.
fn is_held(watching: &Watching, path: &str) -> bool {
    let mut seeds = scan(&watching.options, "".as_ref()).unwrap().seeds;
    watching.handle.hold_back(&mut seeds, now() + Duration::from_secs(3600)).contains(&seed(path))
}

#[test]
fn file_in_a_directory_made_where_another_was_moved_away_is_told() {
    let directory = SeedDirectory::new();
    directory.write_old("d/old.txt", "text");
    let options = directory.options();
    // Nothing is watched anew until the watcher is started, so that the file is there before its directory is watched.
    let watcher = Watcher::new(options.clone()).unwrap();
    directory.shell("mv d ../out; mkdir d; echo > d/new.txt");
    let mut watching = Watching::start(watcher, options);
    watching.follow_until(|known| known.keys().eq([&seed("d/new.txt")]));
}

#[test]
fn writer_in_a_directory_made_where_another_was_moved_away_is_waited_for() {
    let directory = SeedDirectory::new();
    directory.write_old("d/old.txt", "text");
    let watching = directory.watch();
    directory.shell("mv d ../out; mkdir d");
    watching.until(&subtree("d"));
    watching.until(&subtree("d"));
    let mut file = File::create(directory.root.join("d/new.txt")).unwrap();
    write!(file, "half").unwrap();
    thread::sleep(AWAY);
    assert!(is_held(&watching, "d/new.txt"));
    drop(file);
    watching.until(&closed("d/new.txt"));
}

#[test]
fn directory_moved_in_and_renamed_while_it_is_being_watched_is_watched_with_everything_below() {
    const DIRECTORIES: usize = 300;
    let directory = SeedDirectory::new();
    let big = directory.root.join("../big");
    for number in 0..DIRECTORIES {
        fs::create_dir_all(big.join(format!("{number}/below"))).unwrap();
    }
    let mut watching = directory.watch();
    let place = |name: &str| directory.root.join(name);
    fs::rename(&big, place("a")).unwrap();
    for step in 0..25 {
        thread::sleep(Duration::from_micros(step * 100));
        fs::rename(place("a"), place("b")).unwrap();
        fs::rename(place("b"), place("a")).unwrap();
    }
    fs::rename(place("a"), place("last")).unwrap();
    watching.until(&subtree("last"));
    for number in 0..DIRECTORIES {
        directory.write(&format!("last/{number}/below/x.txt"), "text");
    }
    watching.follow_until(|known| known.len() == DIRECTORIES);
}

#[test]
fn directories_that_change_places_are_both_watched() {
    let directory = SeedDirectory::new();
    directory.write_old("a/in_a/one.txt", "text");
    directory.write_old("b/in_b/two.txt", "text");
    let mut watching = directory.watch();
    watching.follow_until(|known| known.len() == 2);
    let exchange = || {
        let place = |name| directory.root.join(name);
        renameat_with(CWD, place("a"), CWD, place("b"), RenameFlags::EXCHANGE).unwrap();
    };
    exchange();
    watching.follow_until(|known| known.keys().eq([&seed("a/in_b/two.txt"), &seed("b/in_a/one.txt")]));
    // A watch that was thought lost would have ended by now.
    thread::sleep(AWAY);
    for path in ["a/x.txt", "b/x.txt", "a/in_b/x.txt", "b/in_a/x.txt"] {
        directory.write(path, "text");
        watching.until(&closed(path));
    }
    // And a writer is known under the new name.
    let mut file = File::create(directory.root.join("a/in_b/slow.txt")).unwrap();
    write!(file, "half").unwrap();
    assert!(is_held(&watching, "a/in_b/slow.txt"));
    exchange();
    watching.until(&subtree("a"));
    thread::sleep(AWAY);
    assert!(is_held(&watching, "b/in_b/slow.txt"));
    drop(file);
    watching.until(&closed("b/in_b/slow.txt"));
}

#[test]
fn writer_in_a_directory_that_is_moved_out_and_in_again_is_waited_for() {
    let directory = SeedDirectory::new();
    fs::create_dir_all(directory.root.join("a/b")).unwrap();
    let watching = directory.watch();
    let create = |path| File::create(directory.root.join(path)).unwrap();
    let (mut slow, mut done) = (create("a/b/slow.txt"), create("a/b/done.txt"));
    write!(slow, "half").unwrap();
    write!(done, "half").unwrap();
    assert!(is_held(&watching, "a/b/slow.txt"));
    directory.shell("mv a ../out");
    watching.until(&subtree("a"));
    thread::sleep(AWAY);
    // Whoever finishes meanwhile is not waited for.
    drop(done);
    directory.shell("mv ../out back");
    watching.until(&subtree("back"));
    assert!(is_held(&watching, "back/b/slow.txt"));
    assert!(!is_held(&watching, "back/b/done.txt"));
    drop(slow);
    assert_eq!(watching.until(&closed("back/b/slow.txt")), [closed("back/b/slow.txt")]);
}

#[test]
fn directories_that_could_not_be_listed_for_want_of_descriptors_are_watched_later() {
    // In a process of its own, because the limit is one of the process.
    let test = "seed_moves::directories_that_could_not_be_listed_for_want_of_descriptors_are_watched_later";
    if !is_confined(test, "-U", "true") {
        return;
    }
    for free in [0, 1] {
        let directory = SeedDirectory::new();
        let watching = Watching::new(Options { reconcile: Duration::from_millis(300), ..directory.options() });
        let before = getrlimit(Resource::Nofile);
        let open = u64::try_from(fs::read_dir("/proc/self/fd").unwrap().count() - 1).unwrap();
        setrlimit(Resource::Nofile, Rlimit { current: Some(open + free), maximum: before.maximum }).unwrap();
        fs::create_dir_all(directory.root.join("a/b/c")).unwrap();
        watching.until(&subtree("a"));
        setrlimit(Resource::Nofile, before).unwrap();
        watching.until(&Change::Rescan(Reason::Reconcile));
        directory.write("a/b/c/x.txt", "text");
        watching.until(&closed("a/b/c/x.txt"));
    }
}

#[test]
fn file_system_mounted_over_a_directory_is_watched_from_the_next_reconcile_on() {
    let test = "seed_moves::file_system_mounted_over_a_directory_is_watched_from_the_next_reconcile_on";
    if !is_confined(test, "-Urm", "true") {
        return;
    }
    let directory = SeedDirectory::new();
    directory.write_old("a b/m\\/one.txt", "text");
    let options = Options { reconcile: Duration::from_millis(500), ..directory.options() };
    let mut watching = Watching::new(options);
    watching.follow_until(|known| known.len() == 1);
    directory.shell("mount -t tmpfs tmpfs 'a b/m\\'");
    watching.until(&Change::Rescan(Reason::Reconcile));
    watching.until(&Change::Rescan(Reason::Reconcile));
    directory.write("a b/m\\/x.txt", "text");
    watching.until(&closed("a b/m\\/x.txt"));
    directory.shell("umount 'a b/m\\'");
    watching.until(&subtree("a b/m\\"));
    directory.write("a b/m\\/y.txt", "text");
    watching.until(&closed("a b/m\\/y.txt"));
}

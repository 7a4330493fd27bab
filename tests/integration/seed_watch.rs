//! What the watch tells of a directory that others work in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use seedcast::item::SeedPath;
use seedcast::seed::{Change, Mode, Options, Reason, Watcher};

use crate::seed_directory::{SeedDirectory, Watching, closed, odd_name, removed, seed, subtree};

const START: Change = Change::Rescan(Reason::Start);

#[test]
fn closed_file_is_told() {
    let directory = SeedDirectory::new();
    directory.write_old("a/old.txt", "text");
    let watching = directory.watch();
    directory.write("x.txt", "text");
    directory.write("a/y.txt", "text");
    assert_eq!(watching.until(&closed("a/y.txt")), [START, closed("x.txt"), closed("a/y.txt")]);
}

#[test]
fn names_are_bytes() {
    let directory = SeedDirectory::new();
    let watching = directory.watch();
    let name = odd_name(b"\xff\n.txt");
    fs::write(directory.root.join(&name), "text").unwrap();
    watching.until(&Change::Closed(SeedPath::new(name)));
}

#[test]
fn rename_away_from_a_temporary_name_is_a_finished_seed() {
    let directory = SeedDirectory::new();
    let watching = directory.watch();
    directory.shell("echo one > .x.tmp; mv .x.tmp x.txt; echo two > x.txt~; mv x.txt~ x.txt");
    assert_eq!(watching.until(&closed("x.txt")), [START, closed("x.txt")]);
    assert_eq!(watching.until(&closed("x.txt")), [closed("x.txt")]);
}

#[test]
fn renamed_deleted_and_replaced_seeds_are_told() {
    let directory = SeedDirectory::new();
    directory.write_old("a.txt", "text");
    let watching = directory.watch();
    directory.shell("mv a.txt b.txt; rm b.txt; echo new > b.txt; mv b.txt .hidden; mv .hidden c.txt");
    let expected = [
        START,
        removed("a.txt"),
        closed("b.txt"),
        removed("b.txt"),
        closed("b.txt"),
        removed("b.txt"),
        closed("c.txt"),
    ];
    assert_eq!(watching.until(&closed("c.txt")), expected);
}

#[test]
fn files_moved_in_and_hard_linked_are_finished_seeds() {
    let directory = SeedDirectory::new();
    fs::write(directory.root.join("../outside"), "text").unwrap();
    let watching = directory.watch();
    directory.shell("mv ../outside in.txt; ln in.txt link.txt");
    assert_eq!(watching.until(&closed("link.txt")), [START, closed("in.txt"), closed("link.txt")]);
}

#[test]
fn link_whose_other_name_is_gone_at_once_is_told_too() {
    let directory = SeedDirectory::new();
    let watching = directory.watch();
    directory.shell("echo text > .x; ln .x x.txt; rm .x");
    watching.until(&closed("x.txt"));
}

#[test]
fn links_fifos_and_the_like_are_told_so_that_reading_refuses_them() {
    let directory = SeedDirectory::new();
    let watching = directory.watch();
    directory.shell("ln -s nowhere link; mkfifo fifo");
    assert_eq!(watching.until(&closed("fifo")), [START, closed("link"), closed("fifo")]);
}

#[test]
fn attributes_and_reads_are_not_told() {
    let directory = SeedDirectory::new();
    directory.write_old("x.txt", "text");
    let watching = directory.watch();
    directory
        .shell("touch -d 2020-01-01 . ; chmod 600 x.txt; cat x.txt > /dev/null; ls -l > /dev/null; echo > last.txt");
    assert_eq!(watching.until(&closed("last.txt")), [START, closed("last.txt")]);
}

#[test]
fn passed_over_and_excluded_names_are_not_told() {
    let directory = SeedDirectory::new();
    let include = globset::GlobSet::builder().add(globset::Glob::new("**/*.txt").unwrap()).build().unwrap();
    let watching = Watching::new(Options { include: Some(include), ..directory.options() });
    directory.shell(
        "mkdir .git; echo > .git/x.txt; echo > x.tmp; echo > x.html; mkdir a.part; echo > a.part/x.txt; echo > x.txt",
    );
    assert_eq!(watching.until(&closed("x.txt")), [START, closed("x.txt")]);
}

#[test]
fn directory_that_appears_is_watched_and_then_listed() {
    let directory = SeedDirectory::new();
    let mut watching = directory.watch();
    directory.shell("mkdir -p a/b/c; echo 1 > a/b/c/x.txt; echo 2 > a/y.txt");
    watching.follow_until(|known| known.len() == 2);
    directory.shell("echo 3 > a/b/c/z.txt");
    assert_eq!(watching.until(&closed("a/b/c/z.txt")).last(), Some(&closed("a/b/c/z.txt")));
}

#[test]
fn renamed_directory_tells_its_old_place_and_then_speaks_of_the_new_one() {
    let directory = SeedDirectory::new();
    directory.write_old("a/b/x.txt", "text");
    directory.write_old("other/y.txt", "text");
    let mut watching = directory.watch();
    watching.follow_until(|known| known.len() == 2);
    directory.shell("mv a other/moved");
    assert_eq!(watching.until(&subtree("other/moved")), [subtree("a"), subtree("other/moved")]);
    directory.shell("echo > other/moved/b/new.txt; mv other/moved back; echo > back/b/newer.txt");
    assert_eq!(
        watching.until(&closed("back/b/newer.txt")),
        [closed("other/moved/b/new.txt"), subtree("other/moved"), subtree("back"), closed("back/b/newer.txt")]
    );
    // The name that has become free is another directory's now.
    directory.shell("mkdir -p a/b");
    watching.until(&subtree("a"));
    directory.shell("echo > a/b/x.txt; echo > back/b/x.txt");
    watching.until(&closed("back/b/x.txt"));
}

#[test]
fn directory_moved_out_is_no_longer_watched_and_watched_again_when_it_is_back() {
    let directory = SeedDirectory::new();
    directory.write_old("a/b/x.txt", "text");
    let mut watching = directory.watch();
    watching.follow_until(|known| known.len() == 1);
    directory.shell("mv a ../out");
    watching.follow_until(BTreeMap::is_empty);
    directory.shell("echo two > ../out/b/y.txt; mv ../out back; echo three > back/b/z.txt");
    watching.follow_until(|known| known.len() == 3);
    assert!(known_names(&watching).iter().all(|path| path.starts_with("back/b")));
}

#[test]
fn hidden_directory_that_is_renamed_into_view_is_listed_and_the_reverse() {
    let directory = SeedDirectory::new();
    directory.write_old(".a/x.txt", "text");
    let mut watching = directory.watch();
    directory.shell("mv .a a");
    watching.follow_until(|known| known.len() == 1);
    directory.shell("mv a .a; echo > .a/y.txt; mkdir b; echo > b/z.txt");
    watching.follow_until(|known| known.keys().eq([&seed("b/z.txt")]));
}

#[test]
fn deleted_directory_is_to_be_listed_and_one_made_in_its_place_is_watched() {
    let directory = SeedDirectory::new();
    directory.write_old("a/b/x.txt", "text");
    let mut watching = directory.watch();
    watching.follow_until(|known| known.len() == 1);
    directory.shell("rm -r a; mkdir -p a/b");
    watching.follow_until(BTreeMap::is_empty);
    directory.shell("echo > a/b/y.txt");
    watching.follow_until(|known| known.keys().eq([&seed("a/b/y.txt")]));
}

#[test]
fn ten_thousand_files_of_another_process_in_new_directories_are_all_told() {
    let directory = SeedDirectory::new();
    let mut watching = directory.watch();
    let script = "for i in 0 1 2 3 4 5 6 7 8 9; do for j in 0 1 2 3 4 5 6 7 8 9; do d=d$i/e/f$j; mkdir -p $d
        n=0; while [ $n -lt 100 ]; do echo \"$d/$n END\" > $d/$n.txt; n=$((n+1)); done; done; done";
    std::thread::scope(|scope| {
        scope.spawn(|| directory.shell(script));
        watching.follow_until(|known| known.len() == 10_000);
    });
    for (path, bytes) in &watching.known {
        let expected = format!("{} END\n", path.as_path().with_extension("").display());
        assert_eq!(bytes, expected.as_bytes());
    }
}

#[test]
fn lost_events_are_made_good_by_a_listing() {
    let directory = SeedDirectory::new();
    let options = directory.options();
    // Nobody takes the events until the watcher is started, so the kernel's queue runs over.
    let watcher = Watcher::new(options.clone()).unwrap();
    let limit: u32 = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    for number in 0..limit / 3 + 100 {
        fs::write(directory.root.join(format!("{number}.txt")), "text").unwrap();
    }
    directory.shell("mkdir -p late/b; echo > late/b/x.txt; rm 0.txt");
    let mut watching = Watching::start(watcher, options);
    let expected = usize::try_from(limit / 3 + 100).unwrap();
    watching.follow_until(|known| known.len() == expected && known.contains_key(&seed("late/b/x.txt")));
    assert!(!watching.known.contains_key(&seed("0.txt")));
    assert_eq!(watching.handle.overflows(), 1);
    // A directory whose creation was among the lost events is watched.
    directory.write("late/b/y.txt", "text");
    watching.until(&closed("late/b/y.txt"));
}

#[test]
fn everything_is_to_be_listed_again_and_again() {
    let directory = SeedDirectory::new();
    let watching = Watching::new(Options { reconcile: Duration::from_millis(20), ..directory.options() });
    watching.until(&Change::Rescan(Reason::Reconcile));
    watching.until(&Change::Rescan(Reason::Reconcile));
}

#[test]
fn without_events_changes_are_found_by_listing() {
    let directory = SeedDirectory::new();
    directory.write_old("a/x.txt", "text");
    directory.write_old("y.txt", "text");
    let options = Options { mode: Mode::Poll, reconcile: Duration::from_millis(50), ..directory.options() };
    let mut watching = Watching::new(options);
    watching.follow_until(|known| known.len() == 2);
    watching.until(&Change::Rescan(Reason::Poll));
    directory.shell("rm y.txt; mkdir b; echo new > b/z.txt; echo edited > a/x.txt");
    watching.follow_until(|known| {
        known.get(&seed("a/x.txt")).is_some_and(|bytes| bytes == b"edited\n") && known.contains_key(&seed("b/z.txt"))
    });
    assert_eq!(watching.known.len(), 2);
}

#[test]
fn stopped_watch_tells_nothing_more() {
    let directory = SeedDirectory::new();
    let Watching { handle, receiver, .. } = directory.watch();
    assert!(handle.is_alive());
    handle.stop();
    directory.write("x.txt", "text");
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [START]);
}

#[test]
fn watch_ends_when_nobody_listens() {
    let directory = SeedDirectory::new();
    let Watching { handle, receiver, .. } = directory.watch();
    drop(receiver);
    while handle.is_alive() {
        directory.write("x.txt", "text");
    }
}

fn known_names(watching: &Watching) -> Vec<&Path> {
    watching.known.keys().map(SeedPath::as_path).collect()
}

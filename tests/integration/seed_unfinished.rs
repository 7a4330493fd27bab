//! Files are never taken while they are half written.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use seedcast::seed::{Change, Mode, Options, Reason, Watcher, scan};

use crate::seed_directory::{SeedDirectory, Watching, closed, now, read, removed, seed, subtree};

const START: Change = Change::Rescan(Reason::Start);

/// What a listing gives to read, and what it holds back.
fn listing(watching: &Watching, at: std::time::SystemTime) -> (Vec<String>, Vec<String>) {
    let mut seeds = scan(&watching.options, Path::new("")).unwrap().seeds;
    let held = watching.handle.hold_back(&mut seeds, at);
    (seeds.iter().map(|(path, _)| path.to_string()).collect(), held.iter().map(ToString::to_string).collect())
}

/// Whether what is read now may be taken.
fn is_finished(watching: &Watching, path: &str) -> bool {
    let begun = now();
    let (_, fingerprint) = read(&watching.options, &seed(path)).unwrap().unwrap();
    watching.handle.is_finished(&seed(path), fingerprint, begun, now())
}

#[test]
fn file_written_in_pieces_is_told_when_it_is_closed() {
    let directory = SeedDirectory::new();
    let watching = directory.watch();
    let mut file = File::create(directory.root.join("x.txt")).unwrap();
    for (piece, sentinel) in ["a.txt", "b.txt", "c.txt"].into_iter().enumerate() {
        write!(file, "piece {piece}").unwrap();
        file.sync_all().unwrap();
        directory.write(sentinel, "text");
        assert!(!watching.until(&closed(sentinel)).contains(&closed("x.txt")));
        assert!(!is_finished(&watching, "x.txt"));
    }
    drop(file);
    assert_eq!(watching.until(&closed("x.txt")), [closed("x.txt")]);
    assert!(is_finished(&watching, "x.txt"));
}

#[test]
fn listing_holds_back_a_file_that_is_being_written_however_long_ago_its_last_piece_was() {
    let directory = SeedDirectory::new();
    directory.write_old("old.txt", "text");
    let watching = directory.watch();
    let mut new = File::create(directory.root.join("new.txt")).unwrap();
    let mut old = File::options().append(true).open(directory.root.join("old.txt")).unwrap();
    write!(new, "half").unwrap();
    write!(old, "half").unwrap();
    let _opened = File::create(directory.root.join("empty.txt")).unwrap();
    let later = now() + Duration::from_secs(3600);
    assert_eq!(listing(&watching, later), (vec![], vec!["empty.txt".into(), "new.txt".into(), "old.txt".into()]));
    assert_eq!(watching.handle.unsettled(), 0, "a writer at work is not waited for");
    drop(new);
    drop(old);
    let changes = watching.until(&closed("old.txt"));
    assert_eq!(changes, [START, closed("new.txt"), closed("old.txt")]);
    assert_eq!(listing(&watching, later).1, ["empty.txt"]);
}

#[test]
fn writer_that_comes_back_is_noticed_by_whoever_has_read_meanwhile() {
    let directory = SeedDirectory::new();
    let watching = directory.watch();
    directory.write("x.txt", "whole");
    watching.until(&closed("x.txt"));
    assert!(is_finished(&watching, "x.txt"));
    // Truncated: reading now gives nothing, and that is not what the writer means.
    let file = File::create(directory.root.join("x.txt")).unwrap();
    assert!(!is_finished(&watching, "x.txt"));
    write!(&file, "again").unwrap();
    assert!(!is_finished(&watching, "x.txt"));
    drop(file);
    assert!(is_finished(&watching, "x.txt"));
    watching.until(&closed("x.txt"));
}

#[test]
fn file_renamed_while_it_is_written_is_told_when_it_is_closed() {
    let directory = SeedDirectory::new();
    fs::create_dir(directory.root.join("a")).unwrap();
    let watching = directory.watch();
    let mut one = File::create(directory.root.join("x.tmp")).unwrap();
    let mut two = File::create(directory.root.join("a/y.txt")).unwrap();
    write!(one, "half").unwrap();
    write!(two, "half").unwrap();
    directory.shell("mv x.tmp x.txt; mv a b; echo > last.txt");
    let changes = watching.until(&closed("last.txt"));
    assert_eq!(changes, [START, subtree("a"), subtree("b"), closed("last.txt")]);
    assert!(!is_finished(&watching, "x.txt"));
    assert!(!is_finished(&watching, "b/y.txt"));
    drop((one, two));
    assert_eq!(watching.until(&closed("b/y.txt")), [closed("x.txt"), closed("b/y.txt")]);
}

#[test]
fn file_met_at_the_start_waits_until_it_has_settled() {
    let directory = SeedDirectory::new();
    directory.write_old("old.txt", "text");
    let path = directory.write("fresh.txt", "half");
    let watching = directory.watch();
    assert_eq!(listing(&watching, now()), (vec!["old.txt".into()], vec!["fresh.txt".into()]));
    assert_eq!(watching.handle.unsettled(), 1);
    // The same file seen long afterwards, by the clock that is passed in, needs no waiting.
    assert_eq!(listing(&Watching::new(watching.options.clone()), now() + Duration::from_secs(3)).1, [""; 0]);
    assert_eq!(watching.until(&closed("fresh.txt")), [START, closed("fresh.txt")]);
    assert_eq!(watching.handle.unsettled(), 0);
    assert!(
        now().duration_since(fs::metadata(path).unwrap().modified().unwrap()).unwrap() >= Duration::from_millis(1900)
    );
}

#[test]
fn file_from_the_future_settles_too() {
    let directory = SeedDirectory::new();
    let path = directory.write("x.txt", "text");
    File::options().write(true).open(path).unwrap().set_modified(now() + Duration::from_secs(1 << 30)).unwrap();
    let watching = directory.watch();
    assert_eq!(listing(&watching, now()).1, ["x.txt"]);
    watching.until(&closed("x.txt"));
}

#[test]
fn empty_file_from_the_future_is_finished_once_it_has_settled() {
    let directory = SeedDirectory::new();
    let path = directory.write("x.txt", "");
    File::options().write(true).open(path).unwrap().set_modified(now() + Duration::from_secs(1 << 30)).unwrap();
    let watching = directory.watch();
    assert_eq!(listing(&watching, now()).1, ["x.txt"]);
    watching.until(&closed("x.txt"));
    assert!(is_finished(&watching, "x.txt"));
    assert_eq!(watching.handle.unsettled(), 0);
    // Empty again is another matter: somebody may have opened it to write it anew.
    directory.write("x.txt", "");
    watching.until(&closed("x.txt"));
    assert!(!is_finished(&watching, "x.txt"));
    watching.until(&closed("x.txt"));
    assert!(is_finished(&watching, "x.txt"));
}

#[test]
fn slow_writer_is_waited_for_though_events_were_lost() {
    let directory = SeedDirectory::new();
    let options = directory.options();
    // Nobody takes the events until the watcher is started, so the kernel's queue runs over.
    let watcher = Watcher::new(options.clone()).unwrap();
    let mut slow = File::create(directory.root.join("slow.txt")).unwrap();
    write!(slow, "half").unwrap();
    let limit: u32 = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    for _ in 0..limit / 2 {
        directory.write(".one", "text");
        directory.write(".two", "text");
    }
    let watching = Watching::start(watcher, options);
    watching.until(&Change::Rescan(Reason::Overflow));
    let later = now() + Duration::from_secs(3600);
    assert_eq!(listing(&watching, later).1, ["slow.txt"]);
    // Several times as long as what nobody was seen to write takes to settle.
    let settled = Duration::from_secs(8);
    assert_eq!(watching.receiver.recv_timeout(settled), Err(RecvTimeoutError::Timeout));
    assert_eq!(listing(&watching, later).1, ["slow.txt"]);
    drop(slow);
    watching.until(&closed("slow.txt"));
    assert!(is_finished(&watching, "slow.txt"));
}

#[test]
fn unsettled_file_that_goes_is_told_as_removed() {
    for mode in [Mode::Events, Mode::Poll] {
        let directory = SeedDirectory::new();
        directory.write("x.txt", "text");
        let watching = Watching::new(Options { mode, ..directory.options() });
        assert_eq!(listing(&watching, now()).1, ["x.txt"]);
        directory.shell("rm x.txt");
        watching.until(&removed("x.txt"));
        assert_eq!(watching.handle.unsettled(), 0);
    }
}

#[test]
fn without_events_a_file_that_keeps_changing_is_not_taken() {
    let directory = SeedDirectory::new();
    let options = Options { mode: Mode::Poll, reconcile: Duration::from_millis(100), ..directory.options() };
    let mut watching = Watching::new(options);
    // Pieces come for longer than it takes to settle.
    let script = "n=0; while [ $n -lt 16 ]; do echo $n; sleep 0.25; n=$((n+1)); done > x.txt; echo END >> x.txt";
    std::thread::scope(|scope| {
        scope.spawn(|| directory.shell(script));
        watching.follow_until(|known| known.contains_key(&seed("x.txt")));
    });
    assert!(watching.known[&seed("x.txt")].ends_with(b"END\n"));
}

#[test]
fn file_that_is_closed_and_written_again_ends_right_and_is_never_seen_half() {
    let directory = SeedDirectory::new();
    let mut watching = directory.watch();
    let script = "n=0; while [ $n -lt 300 ]; do { echo $n; echo more; echo END; } > x.txt; n=$((n+1)); done";
    std::thread::scope(|scope| {
        scope.spawn(|| directory.shell(script));
        watching.follow_until(|known| {
            let bytes = known.get(&seed("x.txt"));
            assert!(bytes.is_none_or(|bytes| bytes.ends_with(b"END\n")), "{bytes:?}");
            bytes.is_some_and(|bytes| bytes.starts_with(b"299\n"))
        });
    });
}

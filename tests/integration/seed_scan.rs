//! Listing the seed directory.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use globset::{Glob, GlobSet, GlobSetBuilder};
use seedcast::item::SeedPath;
use seedcast::seed::{Options, ScanError, is_passed_over, scan};

use crate::seed_directory::{SeedDirectory, odd_name, seed};

fn paths(options: &Options) -> Vec<SeedPath> {
    scan(options, Path::new("")).unwrap().seeds.into_iter().map(|(path, _)| path).collect()
}

fn codes(options: &Options) -> Vec<(SeedPath, &'static str)> {
    let mut codes: Vec<_> =
        scan(options, Path::new("")).unwrap().diagnostics.into_iter().map(|d| (d.path, d.code)).collect();
    codes.sort();
    codes
}

fn globs(patterns: &[&str]) -> Option<GlobSet> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        builder.add(Glob::new(pattern).unwrap());
    }
    Some(builder.build().unwrap())
}

#[test]
fn every_seed_is_listed_in_the_order_of_paths() {
    let directory = SeedDirectory::new();
    for path in ["b.txt", "a/z.txt", "a/b/c/d.txt", "a.txt", "a/c.txt", "a-b/x.txt", "c/x.txt"] {
        directory.write(path, "text");
    }
    let found = paths(&directory.options());
    let mut sorted = found.clone();
    sorted.sort();
    assert_eq!(found, sorted);
    assert_eq!(found.len(), 7);
}

#[test]
fn fingerprint_changes_with_the_file_and_only_with_it() {
    let directory = SeedDirectory::new();
    let path = directory.write("a.txt", "text");
    let fingerprint = || scan(&directory.options(), Path::new("")).unwrap().seeds[0].1;
    let first = fingerprint();
    assert_eq!(first, fingerprint());
    let facts = fs::metadata(&path).unwrap();
    assert_eq!((first.size, first.inode), (4, facts.ino()));
    assert_eq!(first.mtime_ns, facts.mtime() * 1_000_000_000 + facts.mtime_nsec());
    // The same size and modification time, as after a copy that keeps times.
    fs::write(directory.root.join("new"), "TEXT").unwrap();
    fs::File::options()
        .write(true)
        .open(directory.root.join("new"))
        .unwrap()
        .set_modified(facts.modified().unwrap())
        .unwrap();
    fs::rename(directory.root.join("new"), &path).unwrap();
    assert_ne!(first, fingerprint());
}

#[test]
fn hidden_and_temporary_names_are_passed_over() {
    for name in [".x", "x~", "x.tmp", "x.part", "x.swp", "x.swx", "x.crdownload", "4913", "#x#", "x.TMP", ".#x"] {
        assert!(is_passed_over(name.as_ref()), "{name}");
    }
    for name in ["x", "x.txt", "~x", "x.tmp.txt", "4913.txt", "#x", "x#", "#", "tmp", "x.party"] {
        assert!(!is_passed_over(name.as_ref()), "{name}");
    }
    let directory = SeedDirectory::new();
    for path in ["x.txt", ".git/x.txt", "a/.x", "a/x.tmp", "old~/x.txt", "a/x.txt"] {
        directory.write(path, "text");
    }
    assert_eq!(paths(&directory.options()), [seed("a/x.txt"), seed("x.txt")]);
}

#[test]
fn globs_take_in_and_out_files_and_whole_directories() {
    let directory = SeedDirectory::new();
    for path in ["x.txt", "x.html", "drafts/x.txt", "a/x.txt", "a/secret-x.txt"] {
        directory.write(path, "text");
    }
    let options =
        Options { include: globs(&["**/*.txt"]), exclude: globs(&["drafts", "**/secret-*"]), ..directory.options() };
    assert_eq!(paths(&options), [seed("a/x.txt"), seed("x.txt")]);
    assert!(options.selects(Path::new("a/x.txt")));
    assert!(!options.selects(Path::new("drafts/x.txt")));
    assert!(!options.selects(Path::new(".git/x.txt")));
    assert!(scan(&options, Path::new("drafts")).unwrap().seeds.is_empty());
}

#[test]
fn names_are_bytes() {
    let directory = SeedDirectory::new();
    let names: [&[u8]; 5] = [b"caf\xe9.txt", b"line\nbreak.txt", b"-rf", b" ", "ğ\u{202e}.txt".as_bytes()];
    for name in names {
        fs::write(directory.root.join(odd_name(name)), "text").unwrap();
    }
    let mut expected: Vec<_> = names.iter().map(|name| SeedPath::new(odd_name(name))).collect();
    expected.sort();
    assert_eq!(paths(&directory.options()), expected);
}

#[test]
fn links_are_followed_to_files_within_the_directory_only() {
    let directory = SeedDirectory::new();
    directory.write("a/x.txt", "text");
    directory.write(".data/hidden.txt", "text");
    let outside = directory.root.parent().unwrap().join("secret");
    fs::write(&outside, "secret").unwrap();
    let link = |target: &Path, name: &str| symlink(target, directory.root.join(name)).unwrap();
    link(Path::new("a/x.txt"), "relative.txt");
    link(&directory.root.join("a/x.txt"), "absolute.txt");
    link(Path::new(".data/hidden.txt"), "to-hidden.txt");
    link(&outside, "out.txt");
    link(Path::new("../secret"), "out-relative.txt");
    link(Path::new("out.txt"), "out-in-two-steps.txt");
    link(Path::new("nowhere"), "dangling.txt");
    link(Path::new("."), "loop");
    link(Path::new("a"), "directory");
    link(Path::new("itself"), "itself");
    let options = directory.options();
    let expected = [seed("a/x.txt"), seed("absolute.txt"), seed("relative.txt"), seed("to-hidden.txt")];
    assert_eq!(paths(&options), expected);
    let expected = [
        (seed("dangling.txt"), "symlink_dangling"),
        (seed("directory"), "symlink_directory"),
        (seed("itself"), "symlink_dangling"),
        (seed("loop"), "symlink_directory"),
        (seed("out-in-two-steps.txt"), "symlink_outside"),
        (seed("out-relative.txt"), "symlink_outside"),
        (seed("out.txt"), "symlink_outside"),
    ];
    assert_eq!(codes(&options), expected);
}

#[test]
fn what_is_no_regular_file_or_too_large_is_a_diagnostic() {
    let directory = SeedDirectory::new();
    directory.shell("mkfifo fifo");
    let _socket = UnixListener::bind(directory.root.join("socket")).unwrap();
    directory.write("large.txt", "12345");
    directory.write("small.txt", "1234");
    symlink("fifo", directory.root.join("to-fifo")).unwrap();
    let options = Options { max_bytes: 4, ..directory.options() };
    assert_eq!(paths(&options), [seed("small.txt")]);
    let expected = [
        (seed("fifo"), "not_a_file"),
        (seed("large.txt"), "too_large"),
        (seed("socket"), "not_a_file"),
        (seed("to-fifo"), "not_a_file"),
    ];
    assert_eq!(codes(&options), expected);
}

#[test]
fn a_part_of_the_directory_can_be_listed() {
    let directory = SeedDirectory::new();
    for path in ["x.txt", "a/x.txt", "a/b/x.txt", "ab/x.txt"] {
        directory.write(path, "text");
    }
    symlink("a", directory.root.join("link")).unwrap();
    let below = |path: &str| scan(&directory.options(), Path::new(path)).unwrap();
    let found: Vec<_> = below("a").seeds.into_iter().map(|(path, _)| path).collect();
    assert_eq!(found, [seed("a/b/x.txt"), seed("a/x.txt")]);
    for empty in ["nowhere", "a/nowhere/b", "x.txt", "link", "link/b"] {
        let listing = below(empty);
        assert!(listing.seeds.is_empty() && listing.unreadable.is_empty(), "{empty}");
    }
    assert!(!below("../seeds/a").unreadable.is_empty());
}

#[test]
fn missing_seed_directory_is_an_error_that_says_what_to_do() {
    let directory = SeedDirectory::new();
    let options = Options { directory: directory.root.join("nowhere"), ..directory.options() };
    let error = scan(&options, Path::new("")).unwrap_err();
    assert!(matches!(error, ScanError::Missing(_)));
    assert!(error.to_string().contains("nowhere` does not exist; create it"), "{error}");
    let options = Options { directory: directory.write("file", ""), ..directory.options() };
    assert!(matches!(scan(&options, Path::new("")), Err(ScanError::NotADirectory(_))));
}

#[test]
fn seed_directory_may_itself_be_a_link() {
    let directory = SeedDirectory::new();
    directory.write("a/x.txt", "text");
    symlink("a/x.txt", directory.root.join("y.txt")).unwrap();
    let link = directory.root.parent().unwrap().join("link");
    symlink(&directory.root, &link).unwrap();
    let options = Options { directory: link, ..directory.options() };
    assert_eq!(paths(&options), [seed("a/x.txt"), seed("y.txt")]);
}

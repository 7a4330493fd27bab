//! Reading one seed.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use seedcast::item::SeedPath;
use seedcast::seed::{Options, ReadError, scan};

use crate::seed_directory::{SeedDirectory, odd_name, read, seed};

fn refused(options: &Options, path: &str) -> &'static str {
    match read(options, &seed(path)) {
        Err(ReadError::Refused(diagnostic)) => diagnostic.code,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn bytes_come_with_the_fingerprint_of_the_listing() {
    let directory = SeedDirectory::new();
    directory.write("a/x.txt", "text");
    directory.write("empty.txt", "");
    fs::write(directory.root.join(odd_name(b"\xff\n.txt")), b"\0\xff").unwrap();
    let options = directory.options();
    for (path, fingerprint) in scan(&options, Path::new("")).unwrap().seeds {
        let (bytes, found) = read(&options, &path).unwrap().unwrap();
        assert_eq!(found, fingerprint);
        assert_eq!(bytes, fs::read(options.directory.join(path.as_path())).unwrap());
    }
}

#[test]
fn seed_that_is_gone_gives_nothing() {
    let directory = SeedDirectory::new();
    directory.write("x.txt", "text");
    directory.write("a/x.txt", "text");
    for path in ["y.txt", "nowhere/x.txt", "x.txt/y.txt", "a"] {
        assert_eq!(read(&directory.options(), &seed(path)), Ok(None), "{path}");
    }
}

#[test]
fn missing_seed_directory_does_not_mean_that_the_seed_is_gone() {
    let directory = SeedDirectory::new();
    fs::remove_dir(&directory.root).unwrap();
    assert!(matches!(read(&directory.options(), &seed("x.txt")), Err(ReadError::Unreadable(_))));
}

#[test]
fn nothing_outside_the_seed_directory_is_read() {
    let directory = SeedDirectory::new();
    let outside = directory.root.parent().unwrap().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "secret").unwrap();
    symlink(outside.join("secret"), directory.root.join("out.txt")).unwrap();
    symlink(&outside, directory.root.join("out")).unwrap();
    symlink("out/secret", directory.root.join("through.txt")).unwrap();
    let options = directory.options();
    assert_eq!(refused(&options, "out.txt"), "symlink_outside");
    assert_eq!(refused(&options, "through.txt"), "symlink_outside");
    assert_eq!(refused(&options, "out"), "symlink_outside");
    assert_eq!(read(&options, &seed("out/secret")), Ok(None));
    assert!(read(&options, &seed("../outside/secret")).is_err());
    assert!(read(&options, &SeedPath::new(outside.join("secret"))).is_err());
}

#[test]
fn link_to_a_file_within_is_read() {
    let directory = SeedDirectory::new();
    directory.write(".data/x.txt", "text");
    symlink(".data", directory.root.join(".current")).unwrap();
    symlink(".current/x.txt", directory.root.join("x.txt")).unwrap();
    symlink(".", directory.root.join("loop")).unwrap();
    let options = directory.options();
    assert_eq!(read(&options, &seed("x.txt")).unwrap().unwrap().0, b"text");
    assert_eq!(refused(&options, "loop"), "symlink_directory");
}

#[test]
fn fifo_is_refused_without_waiting_for_a_writer() {
    let directory = SeedDirectory::new();
    directory.shell("mkfifo fifo; ln -s fifo link");
    assert_eq!(refused(&directory.options(), "fifo"), "not_a_file");
    assert_eq!(refused(&directory.options(), "link"), "not_a_file");
}

#[test]
fn file_over_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let directory = SeedDirectory::new();
    directory.write("five.txt", "12345");
    directory.write("four.txt", "1234");
    let options = Options { max_bytes: 4, ..directory.options() };
    // It is still the article that it was, so this is no refusal.
    let found = read(&options, &seed("five.txt"));
    assert!(matches!(&found, Err(ReadError::Unreadable(diagnostic)) if diagnostic.code == "too_large"), "{found:?}");
    assert_eq!(read(&options, &seed("four.txt")).unwrap().unwrap().0, b"1234");
}

#[test]
fn file_that_changes_while_it_is_read_is_never_given_in_parts() {
    let directory = SeedDirectory::new();
    let path = directory.write("x.txt", "");
    let options = directory.options();
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::File::options().append(true).open(&path).unwrap();
            for _ in 0..2000 {
                file.write_all(&[b'x'; 100]).unwrap();
            }
            is_done.store(true, Ordering::Release);
        });
        while !is_done.load(Ordering::Acquire) {
            match read(&options, &seed("x.txt")) {
                Ok(found) => {
                    let (bytes, fingerprint) = found.unwrap();
                    assert_eq!(u64::try_from(bytes.len()), Ok(fingerprint.size));
                }
                Err(error) => assert_eq!(error.diagnostic().code, "changing"),
            }
        }
    });
    assert_eq!(read(&options, &seed("x.txt")).unwrap().unwrap().0.len(), 200_000);
}

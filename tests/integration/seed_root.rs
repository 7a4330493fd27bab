//! The seed directory itself goes, comes back, or becomes another one.

use std::fs;
use std::os::unix::fs::symlink;

use seedcast::seed::{Change, Mode, Options, Reason, WatchError, Watcher};

use crate::seed_directory::{SeedDirectory, Watching, closed};

const REPLACED: Change = Change::Rescan(Reason::RootReplaced);

#[test]
fn seed_directory_that_is_deleted_and_made_again_is_watched_again() {
    let directory = SeedDirectory::new();
    directory.write_old("a/x.txt", "text");
    let watching = directory.watch();
    fs::remove_dir_all(&directory.root).unwrap();
    watching.until(&Change::RootGone);
    directory.write("a/y.txt", "text");
    watching.until(&REPLACED);
    directory.write("a/z.txt", "text");
    watching.until(&closed("a/z.txt"));
}

#[test]
fn seed_directory_that_is_replaced_by_another_is_watched() {
    let directory = SeedDirectory::new();
    let watching = directory.watch();
    directory.shell("mkdir ../new; mv ../seeds ../old; mv ../new ../seeds");
    watching.until(&REPLACED);
    fs::write(directory.root.join("../old/x.txt"), "text").unwrap();
    directory.write("y.txt", "text");
    assert!(!watching.until(&closed("y.txt")).contains(&closed("x.txt")));
}

#[test]
fn link_to_the_seed_directory_that_is_changed_is_noticed() {
    let directory = SeedDirectory::new();
    directory.shell("mkdir one two; ln -s one ../link");
    let link = directory.root.join("../link");
    fs::remove_file(&link).unwrap();
    symlink("seeds/one", &link).unwrap();
    for mode in [Mode::Poll, Mode::Events] {
        let watching = Watching::new(Options { directory: link.clone(), mode, ..directory.options() });
        directory.shell("ln -s seeds/two ../new; mv -T ../new ../link");
        watching.until(&REPLACED);
        directory.shell("ln -s seeds/one ../new; mv -T ../new ../link");
        watching.until(&REPLACED);
        if mode == Mode::Events {
            directory.write("one/x.txt", "text");
            watching.until(&closed("x.txt"));
        }
    }
}

#[test]
fn missing_seed_directory_is_an_error_at_the_start() {
    let directory = SeedDirectory::new();
    fs::remove_dir(&directory.root).unwrap();
    let Err(error) = Watcher::new(directory.options()) else { panic!("watched nothing") };
    assert!(matches!(error, WatchError::Root(_)));
    assert!(error.to_string().contains("does not exist; create it"), "{error}");
}

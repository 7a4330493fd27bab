//! No permission, no watches left. These tests run themselves again in a user namespace, where the kernel's limits can be
//! set and root has no more rights than others.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use seedcast::seed::{Change, ReadError, Reason, scan};

use crate::seed_directory::{DEADLINE, SeedDirectory, closed, read, seed};

/// Runs the test of this name (`module::function`) again inside a namespace after `setup`, unless this is that run: then
/// gives `true`.
pub(crate) fn is_confined(test: &str, unshare: &str, setup: &str) -> bool {
    if env::var_os("SEEDCAST_TEST_CONFINED").is_some() {
        return true;
    }
    let unshared = |script: &str| {
        let mut command = Command::new("unshare");
        command.args([unshare, "sh", "-ec", script]).env("SEEDCAST_TEST_CONFINED", "1");
        command
    };
    if !unshared(setup).output().is_ok_and(|output| output.status.success()) {
        // As root, as in CI, there always are: a skip there would hide that nothing was tried.
        assert!(env::var_os("CI").is_none(), "no user namespaces here, so the limits cannot be tried");
        eprintln!("skipped: no user namespaces here");
        return false;
    }
    let script = format!("{setup}\nexec \"$0\" --exact {test} --nocapture");
    let output = unshared(&script).arg(env::current_exe().unwrap()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    false
}

/// A directory that nobody may read until this is dropped.
struct Locked(PathBuf);

impl Locked {
    fn new(path: PathBuf) -> Self {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        Self(path)
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        fs::set_permissions(&self.0, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn directory_without_permission_makes_the_listing_partial() {
    if !is_confined("seed_limits::directory_without_permission_makes_the_listing_partial", "-U", "true") {
        return;
    }
    let directory = SeedDirectory::new();
    directory.write("a/x.txt", "text");
    directory.write("b/x.txt", "text");
    directory.write("y.txt", "text");
    let locked = [Locked::new(directory.root.join("a")), Locked::new(directory.root.join("y.txt"))];
    let options = directory.options();
    let listing = scan(&options, Path::new("")).unwrap();
    let found: Vec<_> = listing.seeds.iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(found, ["b/x.txt", "y.txt"]);
    assert_eq!(listing.unreadable, [Path::new("a")]);
    assert_eq!(listing.diagnostics[0].to_string(), "a: directory cannot be listed: Permission denied (os error 13)");
    for path in ["a/x.txt", "y.txt"] {
        assert!(matches!(read(&options, &seed(path)), Err(ReadError::Unreadable(_))), "{path}");
    }
    drop(locked);
    let _locked = Locked::new(directory.root.clone());
    let error = scan(&options, Path::new("")).unwrap_err();
    assert!(error.to_string().contains("the user that runs the service needs to read and search it"), "{error}");
}

#[test]
fn directories_without_a_watch_are_listed_again_and_again() {
    let setup = "echo 3 > /proc/sys/user/max_inotify_watches";
    if !is_confined("seed_limits::directories_without_a_watch_are_listed_again_and_again", "-Ur", setup) {
        return;
    }
    let directory = SeedDirectory::new();
    for path in ["a/x.txt", "b/x.txt", "c/x.txt", "c/d/e/x.txt", "f/x.txt"] {
        directory.write_old(path, "text");
    }
    let mut watching = directory.watch();
    let told = watching.handle.degraded().unwrap();
    assert!(told.contains(" directories (the first is `"), "{told}");
    assert!(told.contains("sysctl fs.inotify.max_user_watches="), "{told}");
    for path in ["a/new.txt", "b/new.txt", "c/d/e/new.txt", "f/new.txt"] {
        directory.write(path, "text");
    }
    watching.follow_until(|known| known.len() == 9);
    // The limit is raised.
    fs::write("/proc/sys/user/max_inotify_watches", "100").unwrap();
    while watching.handle.degraded().is_some() {
        watching.receiver.recv_timeout(DEADLINE).unwrap();
    }
    directory.write("c/d/e/newer.txt", "text");
    watching.until(&closed("c/d/e/newer.txt"));
}

#[test]
fn everything_is_listed_when_there_is_no_queue_of_events() {
    let setup = "echo 0 > /proc/sys/user/max_inotify_instances";
    if !is_confined("seed_limits::everything_is_listed_when_there_is_no_queue_of_events", "-Ur", setup) {
        return;
    }
    let directory = SeedDirectory::new();
    let watching = directory.watch();
    assert!(watching.handle.degraded().unwrap().contains("sysctl fs.inotify.max_user_instances="));
    fs::write("/proc/sys/user/max_inotify_instances", "10").unwrap();
    watching.until(&Change::Rescan(Reason::Poll));
    assert_eq!(watching.handle.degraded(), None);
    directory.write("x.txt", "text");
    watching.until(&closed("x.txt"));
}

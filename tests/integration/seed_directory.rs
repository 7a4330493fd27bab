//! A seed directory to play with, and a reader of changes that behaves as ingest does.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use seedcast::item::SeedPath;
use seedcast::seed::{Change, Fingerprint, Mode, Options, ReadError, Reader, WatchHandle, Watcher, scan};
use tempfile::TempDir;

/// How long anything may take on a machine that is busy with other tests.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) struct SeedDirectory {
    _temporary: TempDir,
    /// The seed directory; its parent is empty otherwise.
    pub(crate) root: PathBuf,
}

impl SeedDirectory {
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().join("seeds");
        fs::create_dir(&root).unwrap();
        Self { _temporary: temporary, root }
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a file that lies there since yesterday.
    pub(crate) fn write_old(&self, path: &str, text: &str) {
        let path = self.write(path, text);
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(now() - Duration::from_secs(86_400)).unwrap();
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            directory: self.root.clone(),
            mode: Mode::Events,
            include: None,
            exclude: None,
            max_bytes: 1 << 20,
            reconcile: Duration::from_secs(3600),
        }
    }

    /// Runs a shell in the seed directory, as another process that knows nothing of us.
    pub(crate) fn shell(&self, script: &str) {
        let status = Command::new("sh").args(["-ec", script]).current_dir(&self.root).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn watch(&self) -> Watching {
        Watching::new(self.options())
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests' one clock")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

pub(crate) fn seed(path: &str) -> SeedPath {
    SeedPath::new(path)
}

pub(crate) fn odd_name(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

pub(crate) fn closed(path: &str) -> Change {
    Change::Closed(seed(path))
}

pub(crate) fn removed(path: &str) -> Change {
    Change::Removed(seed(path))
}

pub(crate) fn subtree(path: &str) -> Change {
    Change::Subtree(PathBuf::from(path))
}

pub(crate) struct Watching {
    pub(crate) options: Options,
    pub(crate) handle: WatchHandle,
    pub(crate) receiver: Receiver<Change>,
    /// Seeds as a reader that follows the changes knows them, with their bytes.
    pub(crate) known: BTreeMap<SeedPath, Vec<u8>>,
}

impl Watching {
    pub(crate) fn new(options: Options) -> Self {
        Self::start(Watcher::new(options.clone()).unwrap(), options)
    }

    pub(crate) fn start(watcher: Watcher, options: Options) -> Self {
        let (sender, receiver) = channel();
        let handle = watcher.start(sender).unwrap();
        Self { options, handle, receiver, known: BTreeMap::new() }
    }

    /// Every change up to and including `last`.
    pub(crate) fn until(&self, last: &Change) -> Vec<Change> {
        let mut changes = Vec::new();
        let end = Instant::now() + DEADLINE;
        while changes.last() != Some(last) {
            match self.receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(change) => changes.push(change),
                Err(error) => panic!("{last:?} did not come ({error}), but {changes:?}"),
            }
        }
        changes
    }

    /// Follows the changes until the known seeds are what `is_right` wants.
    pub(crate) fn follow_until(&mut self, is_right: impl Fn(&BTreeMap<SeedPath, Vec<u8>>) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !is_right(&self.known) {
            match self.receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(change) => self.follow(change),
                Err(RecvTimeoutError::Timeout) => panic!("{} seeds known: {:?}", self.known.len(), self.known.keys()),
                Err(RecvTimeoutError::Disconnected) => panic!("the watch ended"),
            }
        }
    }

    fn follow(&mut self, change: Change) {
        match change {
            Change::Closed(path) => self.read(path),
            Change::Removed(path) => {
                self.known.remove(&path);
            }
            Change::Subtree(below) => self.list(&below),
            Change::Rescan(_) => self.list(Path::new("")),
            Change::RootGone => {}
        }
    }

    fn list(&mut self, below: &Path) {
        let Ok(listing) = scan(&self.options, below) else { return };
        let mut seeds = listing.seeds;
        let held = self.handle.hold_back(&mut seeds, now());
        let present: BTreeSet<_> = seeds.iter().map(|(path, _)| path.clone()).chain(held).collect();
        self.known.retain(|path, _| !path.as_path().starts_with(below) || present.contains(path));
        for (path, _) in seeds {
            self.read(path);
        }
    }

    fn read(&mut self, path: SeedPath) {
        let begun = now();
        match read(&self.options, &path) {
            Ok(Some((bytes, fingerprint))) => {
                assert_eq!(u64::try_from(bytes.len()), Ok(fingerprint.size));
                if self.handle.is_finished(&path, fingerprint, begun, now()) {
                    self.known.insert(path, bytes);
                }
            }
            Ok(None) => {
                self.known.remove(&path);
            }
            // Written again at that moment: another change will be told.
            Err(ReadError::Unreadable(why)) if why.code == "changing" => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// Reads one seed with a reader of its own.
pub(crate) fn read(options: &Options, path: &SeedPath) -> Result<Option<(Vec<u8>, Fingerprint)>, ReadError> {
    Reader::new(options).read(path)
}

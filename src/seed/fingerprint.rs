//! What tells that a file has not changed since it was last looked at.

use std::time::{Duration, SystemTime};

use rustix::fs::Stat;

/// Facts about a file that a listing gives without opening it: equal fingerprints of one path mean unchanged bytes.
/// The change time cannot be set by a program, so that a file whose modification time was set back is noticed too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// In bytes.
    pub size: u64,
    /// Modification time in nanoseconds since 1970, negative before.
    pub mtime_ns: i64,
    /// Inode change time in nanoseconds since 1970.
    pub ctime_ns: i64,
    /// Number of the file in its file system: another one means that the file was replaced.
    pub inode: u64,
}

impl Fingerprint {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mtime_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
            ctime_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
            inode: stat.st_ino,
        }
    }

    /// How much time is missing until the last write is `settle` ago: zero when it is, all of `settle` when the
    /// modification time lies in the future and so tells nothing.
    pub(super) fn unsettled_for(&self, settle: Duration, now: SystemTime) -> Duration {
        age(self.mtime_ns, now).map_or(settle, |age| settle.saturating_sub(age))
    }

    /// Whether something was done to the file less than `time` before `now`. What lies in the future tells nothing.
    pub(super) fn appeared_within(&self, time: Duration, now: SystemTime) -> bool {
        age(self.ctime_ns, now).is_some_and(|age| age < time)
    }

    /// Whether nothing at all was done to the file in the time of `settle` before `now`.
    pub(super) fn was_left_alone(&self, settle: Duration, now: SystemTime) -> bool {
        let is_old = |at_ns| age(at_ns, now).is_some_and(|age| age >= settle);
        is_old(self.mtime_ns) && is_old(self.ctime_ns)
    }
}

/// How long before `now` a moment was; `None` when it lies in the future.
fn age(at_ns: i64, now: SystemTime) -> Option<Duration> {
    let at = match u64::try_from(at_ns) {
        Ok(after) => SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(after))?,
        Err(_) => SystemTime::UNIX_EPOCH,
    };
    now.duration_since(at).ok()
}

fn nanoseconds(seconds: i64, nanoseconds: impl TryInto<i64>) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds.try_into().unwrap_or(0))
}

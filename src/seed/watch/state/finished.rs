//! Whether a file is finished.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::State;
use crate::seed::Fingerprint;
use crate::seed::watch::unfinished::{SETTLE, Verdict};

/// How long a file may have a name before it gets its own: the renaming follows within microseconds, on a busy machine milliseconds.
const RENAME: Duration = Duration::from_millis(50);

impl State {
    /// Whether bytes that were just read are all that the writer meant.
    ///
    /// 1. Who wrote before the bytes were read and has not closed the file is known by now.
    /// 2. Who has closed it since wrote more, and so it looks different; what looks different for another reason is
    ///    read again when it has settled.
    /// 3. A file that is opened to be written anew is seen empty before the event that says so is queued: the file
    ///    system may take milliseconds in between. One that stayed empty until it had settled is empty.
    /// 4. What had been as it was read for a while when reading began is what a listing would have taken for finished: there
    ///    is no need to look at the file again.
    pub(in crate::seed::watch) fn is_finished(
        &mut self,
        path: &Path,
        read: Fingerprint,
        begun: SystemTime,
        now: SystemTime,
        clock: Instant,
    ) -> bool {
        if self.unfinished.is_being_written(path) {
            return false;
        }
        if read.was_left_alone(SETTLE, begun) {
            return true;
        }
        let Some(found) = self.look(path) else { return false };
        if found != read {
            self.unfinished.unsettled(path.to_owned(), found, SETTLE, clock);
            return false;
        }
        found.size > 0 || self.unfinished.was_settled_empty(path, found) || !self.holds(path, found, now, clock)
    }

    /// Whether a file that is new is to wait for the name that it may get at once.
    pub(in crate::seed::watch) fn awaits_name(
        &mut self,
        path: &Path,
        found: Fingerprint,
        begun: SystemTime,
        clock: Instant,
    ) -> bool {
        let awaits = found.appeared_within(RENAME, begun);
        if awaits {
            self.unfinished.unsettled(path.to_owned(), found, RENAME, clock);
        }
        awaits
    }

    fn look(&self, path: &Path) -> Option<Fingerprint> {
        rustix::fs::stat(self.options.directory.join(path)).ok().as_ref().map(Fingerprint::of)
    }

    /// Whether a seed that was met in a listing is to wait.
    pub(in crate::seed::watch) fn holds(
        &mut self,
        path: &Path,
        found: Fingerprint,
        now: SystemTime,
        clock: Instant,
    ) -> bool {
        if self.unfinished.is_being_written(path) {
            return true;
        }
        let wait = found.unsettled_for(SETTLE, now);
        if !wait.is_zero() {
            self.unfinished.unsettled(path.to_owned(), found, wait, clock);
        }
        !wait.is_zero()
    }

    pub(super) fn look_at_unfinished(&mut self, now: Instant) {
        while let Some(path) = self.unfinished.next_due(now) {
            let found = self.look(&path);
            match self.unfinished.looked(path.clone(), found, now) {
                Verdict::Finished => self.closed(path),
                Verdict::Gone => self.removed(path),
                Verdict::Unfinished => {}
            }
        }
    }
}

//! What an event says.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Instant;

use rustix::fs::inotify::ReadFlags;

use super::State;
use crate::item::SeedPath;
use crate::seed::watch::Change;
use crate::seed::watch::away::MOVE;
use crate::seed::watch::events::Event;
use crate::seed::watch::session::Extent;

impl State {
    pub(super) fn closed(&mut self, path: PathBuf) {
        if self.options.selects_file(&path) {
            self.tell(Change::Closed(SeedPath::new(path)));
        }
    }

    pub(super) fn removed(&mut self, path: PathBuf) {
        if self.options.selects_file(&path) {
            self.tell(Change::Removed(SeedPath::new(path)));
        }
    }

    pub(super) fn take(&mut self, event: &Event) {
        let Some(session) = &mut self.session else { return };
        if event.flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            return self.start_again();
        }
        let Some((top, directory)) = session.tree.place(event.watch) else { return };
        if session.tree.is_root(event.watch)
            && event
                .flags
                .intersects(ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF | ReadFlags::UNMOUNT | ReadFlags::IGNORED)
        {
            return self.check_root(true, Instant::now());
        }
        if event.flags.contains(ReadFlags::UNMOUNT) && session.tree.is_root(top) {
            // What the file system had covered is there again.
            session.tree.remove(event.watch);
            return self.appeared(directory, Extent::Everything);
        }
        if event.flags.contains(ReadFlags::IGNORED) {
            session.unwatch(event.watch);
            return;
        }
        if event.name.is_empty() {
            return;
        }
        let path = directory.join(&event.name);
        if !session.tree.is_root(top) {
            return session.away.heard(top, &path, event, Instant::now());
        }
        if event.flags.contains(ReadFlags::ISDIR) {
            self.take_directory(event, path);
        } else {
            self.take_file(event, path);
        }
    }

    fn take_directory(&mut self, event: &Event, path: PathBuf) {
        if !self.options.enters(&path) {
            // Neither it nor what is in it concerns us.
        } else if event.flags.contains(ReadFlags::MOVED_TO) {
            self.appeared(path, Extent::Everything);
        } else if event.flags.contains(ReadFlags::CREATE) {
            self.appeared(path, Extent::New);
        } else if event.flags.contains(ReadFlags::MOVED_FROM) {
            // Another one may have taken its place by now.
            if let Some(session) = &mut self.session {
                session.watch_below(&self.options, &path, Extent::New, &mut self.unfinished);
            }
            self.tell(Change::Subtree(path));
        } else if event.flags.contains(ReadFlags::DELETE) {
            // One that has been found in its place since keeps its writers.
            if self.session.as_ref().is_some_and(|session| session.tree.find(&path).is_none()) {
                self.unfinished.forget_below(&path);
            }
            self.tell(Change::Subtree(path));
        }
    }

    fn take_file(&mut self, event: &Event, path: PathBuf) {
        let now = Instant::now();
        if event.flags.contains(ReadFlags::CREATE) {
            match fs::symlink_metadata(self.options.directory.join(&path)) {
                Ok(found) if found.is_file() && found.nlink() == 1 => self.unfinished.created(path, now),
                // A hard link to what was written elsewhere, or no regular file: nobody will close it.
                Ok(_) => self.closed(path),
                Err(_) => {}
            }
        } else if event.flags.contains(ReadFlags::MODIFY) {
            self.unfinished.modified(path, now);
        } else if event.flags.contains(ReadFlags::CLOSE_WRITE) {
            self.unfinished.take(&path);
            self.closed(path);
        } else if event.flags.contains(ReadFlags::MOVED_TO) {
            self.unfinished.take(&path);
            match self.moves.remove(&event.cookie) {
                Some((_, entry)) => self.unfinished.put(path, entry),
                _ => self.closed(path),
            }
        } else if event.flags.contains(ReadFlags::MOVED_FROM) {
            if let Some(entry) = self.unfinished.take(&path) {
                self.moves.insert(event.cookie, (now + MOVE, entry));
            }
            self.removed(path);
        } else if event.flags.contains(ReadFlags::DELETE) {
            self.unfinished.take(&path);
            self.removed(path);
        }
    }

    /// A directory is there: watches it and everything in it, and has it listed unless that was done before.
    pub(super) fn appeared(&mut self, path: PathBuf, extent: Extent) {
        let Some(session) = &mut self.session else { return };
        let was_watched = session.watch_below(&self.options, &path, extent, &mut self.unfinished);
        if extent == Extent::Everything || !was_watched {
            self.tell(Change::Subtree(path));
        }
    }
}

//! Many files at once: read and parsed on several threads, handed over in the order in which they were asked for.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

use super::read::{Job, Outcome, Source};

/// Readers: more than cores, since on a cold disk they mostly wait.
const READERS: usize = 8;
/// Jobs that one reader takes at a time.
const CHUNK: usize = 64;
/// Chunks that may be read and not yet asked for: what is kept in memory while one file on a slow disk holds up the turn.
const AHEAD: usize = 64;

/// Jobs with what came of them.
type Chunk = Vec<(Job, Outcome)>;

/// What is being read, a chunk at a time. Let go of early, it leaves the rest unread.
#[derive(Debug)]
pub(super) struct Readers {
    /// Where each chunk will come from, in the order of the jobs.
    turns: Receiver<Receiver<Chunk>>,
}

/// Jobs that no reader has taken yet.
struct Waiting<I> {
    jobs: I,
    turns: SyncSender<Receiver<Chunk>>,
}

impl Readers {
    /// Starts threads that read `count` jobs.
    pub(super) fn begin<'scope, I>(
        scope: &'scope Scope<'scope, '_>,
        source: Source<'scope>,
        count: usize,
        jobs: I,
    ) -> Self
    where
        I: Iterator<Item = Job> + Send + 'scope,
    {
        let (sender, turns) = sync_channel(AHEAD);
        let size = CHUNK.min(count.div_ceil(READERS)).max(1);
        let waiting = Arc::new(Mutex::new(Waiting { jobs, turns: sender }));
        for _ in 0..READERS.min(count) {
            let waiting = Arc::clone(&waiting);
            scope.spawn(move || {
                while let Some((jobs, done)) = next(&waiting, size) {
                    // Nobody waits for it only when taking failed; the next turn tells so.
                    let _ = done.send(source.read_each(jobs));
                }
            });
        }
        Self { turns }
    }
}

/// The next jobs, and where to put what comes of them. `None` at the end, or when nobody takes any more.
fn next<I: Iterator<Item = Job>>(waiting: &Mutex<Waiting<I>>, size: usize) -> Option<(Vec<Job>, SyncSender<Chunk>)> {
    // Held while the queue of turns is full: the others would have to wait for it as well.
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let jobs: Vec<Job> = waiting.jobs.by_ref().take(size).collect();
    if jobs.is_empty() {
        return None;
    }
    let (done, turn) = sync_channel(1);
    waiting.turns.send(turn).ok()?;
    Some((jobs, done))
}

impl Iterator for Readers {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        // A reader that panicked gives none: then so does the end of the scope in which it ran.
        self.turns.recv().ok()?.recv().ok()
    }
}

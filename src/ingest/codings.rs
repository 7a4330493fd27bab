//! The dearer content codings, made when a document is shown already: nobody waits for Brotli who can have gzip.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::process::setpriority_process;
use rustix::thread::gettid;

use crate::feed::Document;
use crate::http::{Served, Slot};

/// How far the thread stands behind the others (`nice(2)`): it gets a tenth of what they do while they want it all.
const NICE: i32 = 10;

/// A thread that completes documents, each in its slot. Of documents that follow one another quickly only the last is
/// worth the work.
pub(super) struct Codings {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// By path, so that a newer document takes the place of one that waits.
    documents: BTreeMap<String, (Arc<Slot>, Arc<Served>)>,
    is_over: bool,
}

impl Codings {
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start() -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let theirs = Arc::clone(&queue);
        let thread = std::thread::Builder::new().name("codings".to_owned()).spawn(move || theirs.work())?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Has the codings of a shown document made that it lacks.
    pub(super) fn complete(&self, path: &str, slot: Arc<Slot>, document: Arc<Served>) {
        self.queue.lock().documents.insert(path.to_owned(), (slot, document));
        self.queue.changed.notify_one();
    }
}

impl Queue {
    fn work(&self) {
        // Changes and requests come first. Where the system does not let a thread step back, it works as the others do.
        let _ = setpriority_process(Some(gettid()), NICE);
        while let Some((slot, document)) = self.next() {
            let whole = Document::clone(&document).compress();
            slot.replace(&document, whole);
        }
    }

    fn next(&self) -> Option<(Arc<Slot>, Arc<Served>)> {
        let mut waiting = self.lock();
        loop {
            if waiting.is_over {
                return None;
            }
            if let Some((_, next)) = waiting.documents.pop_first() {
                return Some(next);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Codings {
    fn drop(&mut self) {
        self.queue.lock().is_over = true;
        self.queue.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic in a coder costs a coding, not the store that is being closed.
            let _ = thread.join();
        }
    }
}

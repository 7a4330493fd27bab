//! Headers of a document's answers that are kept with it, so that they need not be written for every request.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

/// A place for the prepared headers of one document, empty until whoever serves it fills it. A copy of the document, which
/// may be changed before it is shown, begins with an empty one.
#[derive(Debug, Default)]
pub struct PreparedSlot(ArcSwapOption<Prepared>);

/// Header lines as they are sent.
#[derive(Debug)]
pub struct Prepared {
    /// Which settings of the server they were written with.
    pub edition: u64,
    /// For each variant of the document those of a 200 and those of a 304.
    pub of_variants: Vec<[Box<[u8]>; 2]>,
}

impl PreparedSlot {
    /// What was prepared last.
    #[must_use]
    pub fn load(&self) -> Guard<Option<Arc<Prepared>>> {
        self.0.load()
    }

    /// Keeps it in place of what was there.
    pub fn store(&self, prepared: Arc<Prepared>) {
        self.0.store(Some(prepared));
    }
}

impl Clone for PreparedSlot {
    fn clone(&self) -> Self {
        Self::default()
    }
}

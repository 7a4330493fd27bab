//! What is said of a seed to whoever wrote it.

use crate::item::{Diagnostic, SeedPath};

/// The findings about one seed, in the order in which it is read.
pub(super) struct Report<'a> {
    path: &'a SeedPath,
    /// What was put right or left out.
    pub(super) repairs: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    pub(super) fn of(path: &'a SeedPath) -> Self {
        Self { path, repairs: Vec::new() }
    }

    /// Notes what was put right or left out; the seed gives an item all the same.
    pub(super) fn repaired(&mut self, line: Option<u32>, code: &'static str, reason: impl Into<String>) {
        self.repairs.push(Diagnostic::repaired(self.path, line, code, reason));
    }

    /// Why the seed gives no item.
    pub(super) fn rejected(&self, line: Option<u32>, code: &'static str, reason: impl Into<String>) -> Diagnostic {
        Diagnostic::rejected(self.path, line, code, reason)
    }
}

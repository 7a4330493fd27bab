//! What is wrong with seeds, told once.

use std::collections::HashMap;

use crate::item::{Diagnostic, SeedPath};

/// Seeds remembered as unreadable; more are reported again at the next listing.
const MOST: usize = 10_000;

/// What is wrong with files of which nothing can be read, and which are therefore met again with each listing.
#[derive(Debug, Default)]
pub(super) struct Noticed {
    unread: HashMap<SeedPath, Diagnostic>,
}

impl Noticed {
    /// Warns about a file that gave no bytes: once for what is wrong with it.
    pub(super) fn report_unread(&mut self, diagnostic: Diagnostic) {
        if self.unread.get(&diagnostic.path) == Some(&diagnostic) {
            return;
        }
        warn(&diagnostic);
        if self.unread.len() >= MOST {
            self.unread.clear();
        }
        self.unread.insert(diagnostic.path.clone(), diagnostic);
    }

    /// A file that can be read now is warned about again when it cannot be once more.
    pub(super) fn forget(&mut self, path: &SeedPath) {
        self.unread.remove(path);
    }

    /// Warns about what reading some files came upon. `true` beside what was found in new bytes: those are not read again
    /// before they change, so that each version is warned about once.
    pub(super) fn report(&mut self, troubles: impl IntoIterator<Item = (Diagnostic, bool)>) {
        for (diagnostic, is_of_new_bytes) in troubles {
            if is_of_new_bytes { warn(&diagnostic) } else { self.report_unread(diagnostic) }
        }
    }
}

fn warn(diagnostic: &Diagnostic) {
    tracing::warn!(seed.path = %diagnostic.path, line = diagnostic.line, code = diagnostic.code, "{diagnostic}");
}

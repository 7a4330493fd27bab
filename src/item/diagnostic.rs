//! Why a seed gave no item, or what was repaired in it.

use std::fmt;

use super::{SeedPath, bidi};

/// One finding about one seed, for the person who has to mend the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The seed.
    pub path: SeedPath,
    /// Line in the file, counted from 1, where there is one to point at.
    pub line: Option<u32>,
    /// Whether the seed was refused or only repaired.
    pub severity: Severity,
    /// Stable word for counting in metrics and JSON, such as `bad_time` or `nul`.
    pub code: &'static str,
    /// What was found and what was expected: lower case, no full stop.
    pub reason: String,
}

/// What a diagnostic meant for the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The seed gave no item.
    Rejected,
    /// The seed gave an item; something in it was put right or left out.
    Repaired,
}

impl Severity {
    /// The word for output that machines read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Repaired => "repaired",
        }
    }
}

impl Diagnostic {
    /// Code of a seed that is there and cannot be read now, so that nothing is known of what it says.
    pub const UNREADABLE: &'static str = "unreadable";
    /// Code of a seed that is larger than is allowed.
    pub const TOO_LARGE: &'static str = "too_large";
    /// Codes of seeds that gave no bytes, and will not until somebody does something about it.
    pub const UNREAD: [&'static str; 6] =
        [Self::UNREADABLE, Self::TOO_LARGE, "not_a_file", "symlink_dangling", "symlink_directory", "symlink_outside"];

    /// A seed that gives no item.
    #[must_use]
    pub fn rejected(path: &SeedPath, line: Option<u32>, code: &'static str, reason: impl Into<String>) -> Self {
        Self { path: path.clone(), line, severity: Severity::Rejected, code, reason: visible(reason.into()) }
    }

    /// A seed that gives an item all the same.
    #[must_use]
    pub fn repaired(path: &SeedPath, line: Option<u32>, code: &'static str, reason: impl Into<String>) -> Self {
        Self { path: path.clone(), line, severity: Severity::Repaired, code, reason: visible(reason.into()) }
    }

    /// Whether it is about a seed that gave no bytes, and not about what was in them.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        Self::UNREAD.contains(&self.code)
    }
}

/// What a seed says must not split a line of the log, nor turn one around.
fn visible(reason: String) -> String {
    let is_hidden = |c: char| c.is_control() || bidi::is_control(c);
    if !reason.contains(is_hidden) {
        return reason;
    }
    let shown = |c: char| if is_hidden(c) { c.escape_unicode().to_string() } else { c.to_string() };
    reason.chars().map(shown).collect()
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

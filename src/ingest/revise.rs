//! What an edit does to the times of an item. Pure.

use chrono::{DateTime, SubsecRound, Utc};

use crate::config::SilentEdit;
use crate::item::{Item, TimeSource, Times};

/// How a version of a seed came to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: DateTime<Utc>,
    /// Whether a difference to what stood before is an edit made now. It is not in the first scan of an empty store,
    /// nor where known bytes are read in another way.
    pub is_edit: bool,
    /// What an edit under an unchanged declared update time does.
    pub silent_edit: SilentEdit,
}

/// Whether two versions say something different to a reader. Categories and language are not counted: they follow
/// from where the file lies and from settings, and a moved file is not an edited one.
#[must_use]
pub fn is_edited(old: &Item, new: &Item) -> bool {
    (&old.title, &old.summary, &old.content) != (&new.title, &new.summary, &new.content)
}

/// The times that a new version has for subscribers, given those that stood (`old`) and those read from it (`new`).
///
/// `published` stays unless the new version states it as well or better; a first-seen time is kept for ever.
/// `updated` is what the seed declares; where it declares none, an edit counts from when it was seen.
#[must_use]
pub fn revise(old: &Times, new: &Times, is_edited: bool, seen: Seen) -> Times {
    let keeps_published = new.published_source > old.published_source
        || (new.published_source == TimeSource::FirstSeen && old.published_source == TimeSource::FirstSeen);
    let (published, published_source) =
        if keeps_published { (old.published, old.published_source) } else { (new.published, new.published_source) };

    let is_edit = is_edited && seen.is_edit;
    let seen_at = seen.at.trunc_subsecs(0).with_timezone(new.published.offset());
    let is_declared = new.updated_source == TimeSource::Declared;
    let was_bumped = old.updated_source == TimeSource::EditSeen;
    let (updated, updated_source) = match (is_declared, is_edit) {
        // A silent correction, or an announced one.
        (true, true) if seen.silent_edit == SilentEdit::Bump && new.updated <= old.updated => {
            (seen_at.max(old.updated), TimeSource::EditSeen)
        }
        // Bumped before, and nothing new since.
        (true, false) if seen.silent_edit == SilentEdit::Bump && was_bumped && new.updated <= old.updated => {
            (old.updated, TimeSource::EditSeen)
        }
        (true, _) => (new.updated, TimeSource::Declared),
        (false, true) => (seen_at.max(old.updated), TimeSource::EditSeen),
        (false, false) if old.updated_source == TimeSource::Published => (published, TimeSource::Published),
        (false, false) => (old.updated, old.updated_source),
    };
    if updated < published {
        return Times { published, published_source, updated: published, updated_source: TimeSource::Published };
    }
    Times { published, published_source, updated, updated_source }
}

/// The times of an item that came back after a withdrawal at `restored`: whoever keeps the record of the withdrawal takes
/// it back only for a later update (RFC 6721 §3).
#[must_use]
pub fn not_before(times: Times, restored: Option<DateTime<Utc>>) -> Times {
    let floor = restored.map(|at| at.trunc_subsecs(0).with_timezone(times.updated.offset()));
    match floor.filter(|floor| *floor > times.updated) {
        Some(updated) => Times { updated, updated_source: TimeSource::EditSeen, ..times },
        None => times,
    }
}

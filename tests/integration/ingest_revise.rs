//! What an edit does to the times of an item, for any history of versions.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use proptest::prelude::*;
use seedcast::config::SilentEdit;
use seedcast::ingest::{Seen, not_before, revise};
use seedcast::item::{TimeSource, Times};

fn moment(second: i64) -> DateTime<FixedOffset> {
    DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap().into()
}

prop_compose! {
    /// Times as a seed gives them: `updated` declared, or none and so the publication time.
    fn read()(published in 0..100_000_i64, later in 0..100_000_i64, source in 0..5_u8, declared: bool) -> Times {
        let updated_source = if declared { TimeSource::Declared } else { TimeSource::Published };
        let updated = if declared { published + later } else { published };
        Times {
            published: moment(published),
            published_source: TimeSource::from_code(source).unwrap(),
            updated: moment(updated),
            updated_source,
        }
    }
}

prop_compose! {
    fn seen()(at in 200_000..400_000_i64, is_edit: bool, bump: bool) -> Seen {
        let silent_edit = if bump { SilentEdit::Bump } else { SilentEdit::Keep };
        Seen { at: moment(at).to_utc() + TimeDelta::milliseconds(7), is_edit, silent_edit }
    }
}

proptest! {
    #[test]
    fn published_moves_only_for_a_source_as_good_or_better(old in read(), new in read(), edited: bool, seen in seen()) {
        let now = revise(&old, &new, edited, seen);
        if new.published_source > old.published_source {
            prop_assert_eq!((now.published, now.published_source), (old.published, old.published_source));
        } else if new.published_source != TimeSource::FirstSeen {
            prop_assert_eq!((now.published, now.published_source), (new.published, new.published_source));
        }
    }

    #[test]
    fn a_first_seen_time_is_kept_for_ever(mut old in read(), mut new in read(), edited: bool, seen in seen()) {
        (old.published_source, new.published_source) = (TimeSource::FirstSeen, TimeSource::FirstSeen);
        prop_assert_eq!(revise(&old, &new, edited, seen).published, old.published);
    }

    #[test]
    fn updated_is_never_before_published(old in read(), new in read(), edited: bool, seen in seen()) {
        let now = revise(&old, &new, edited, seen);
        prop_assert!(now.updated >= now.published);
    }

    #[test]
    fn the_same_version_again_changes_nothing(first in read(), seen in seen()) {
        prop_assert_eq!(revise(&first, &first, false, seen), first);
    }

    #[test]
    fn a_silent_correction_keeps_the_declared_update(mut old in read(), earlier in 0..1000_i64, seen in seen()) {
        old.updated_source = TimeSource::Declared;
        // The publication time may be put right as well.
        let new = Times { published: old.published - TimeDelta::seconds(earlier), ..old };
        let seen = Seen { silent_edit: SilentEdit::Keep, ..seen };
        let now = revise(&old, &new, true, seen);
        prop_assert_eq!((now.updated, now.updated_source), (old.updated, TimeSource::Declared));
    }

    #[test]
    fn an_edit_without_a_declared_update_counts_from_when_it_was_seen(mut old in read(), seen in seen()) {
        (old.updated, old.updated_source) = (old.published, TimeSource::Published);
        let seen = Seen { is_edit: true, ..seen };
        let now = revise(&old, &old, true, seen);
        prop_assert_eq!(now.updated.timestamp(), seen.at.timestamp());
        prop_assert_eq!(now.updated_source, TimeSource::EditSeen);
        // Read once more without an edit, it stays.
        prop_assert_eq!(revise(&now, &old, false, seen), now);
    }

    #[test]
    fn what_came_back_is_updated_after_it_left(times in read(), back in 0..400_000_i64) {
        let back: DateTime<Utc> = moment(back).to_utc();
        let now = not_before(times, Some(back));
        prop_assert!(now.updated >= times.updated && now.updated.to_utc() >= back);
        prop_assert_eq!(now.published, times.published);
        prop_assert_eq!(not_before(times, None), times);
    }
}

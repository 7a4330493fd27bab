//! Which time block of a seed is for what.

use chrono::{DateTime, FixedOffset, NaiveDate};

use super::Block;
use crate::parse::hints::Hints;
use crate::parse::time::{self, Reading};

/// The time blocks of a seed, or lines of them.
///
/// The first day without time of day is the day block, the first moment is published, the second is updated; where there is
/// no second, a later day is the day of the update. What the text tells of is often a day in words, and a number of eight to
/// ten digits may be any: such blocks are taken only where nothing else can be meant.
#[derive(Default)]
pub(in crate::parse) struct Times<'a> {
    /// The first of them.
    pub(in crate::parse) first: Option<Block<'a>>,
    pub(in crate::parse) day: Option<NaiveDate>,
    pub(in crate::parse) later_day: Option<NaiveDate>,
    pub(in crate::parse) published: Option<DateTime<FixedOffset>>,
    pub(in crate::parse) updated: Option<DateTime<FixedOffset>>,
    /// Written as a time, but none, where published belongs; and why.
    pub(in crate::parse) impossible: Option<(Block<'a>, &'static str)>,
    /// Between the others, but of no use.
    pub(in crate::parse) left_out: Vec<Block<'a>>,
    /// Whether one of them cannot well be a line of a text: it has a time of day, or is a day in digits.
    pub(super) is_plain: bool,
    /// Whether published is in UNIX seconds.
    is_in_seconds: bool,
}

impl<'a> Times<'a> {
    pub(in crate::parse) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Takes a block for what it can be; says whether there was something.
    pub(super) fn take(&mut self, block: Block<'a>, reading: Reading, hints: &Hints) -> bool {
        let is_taken = match reading {
            Reading::Text => false,
            Reading::Impossible(reason) => {
                let is_open = self.published.is_none();
                if is_open {
                    self.impossible.get_or_insert((block, reason));
                }
                is_open
            }
            Reading::Day(day) => self.take_day(day, block.text, hints),
            Reading::Moment(moment) if time::is_number(block.text) => self.take_seconds(moment, hints),
            Reading::Moment(moment) => self.take_moment(moment, block),
        };
        if is_taken {
            self.first.get_or_insert(block);
            self.is_plain |= match reading {
                Reading::Moment(_) => !time::is_number(block.text),
                Reading::Day(day) if time::is_number(block.text) => hints.is_of_its_year(day),
                Reading::Day(_) => !block.text.contains(char::is_alphabetic),
                Reading::Impossible(_) | Reading::Text => false,
            };
        }
        is_taken
    }

    fn take_day(&mut self, day: NaiveDate, text: &str, hints: &Hints) -> bool {
        if time::is_number(text) && !hints.allow_number(day) {
            return false;
        }
        if self.day.is_none() && self.published.is_none() {
            self.day = Some(day);
            return true;
        }
        if self.says_nothing(day) {
            return !text.contains(char::is_alphabetic);
        }
        let is_later = self.day.is_none_or(|known| known < day)
            && self.published.is_none_or(|published| published.date_naive() < day);
        let is_open = self.later_day.is_none() && self.updated.is_none();
        let is_update = time::is_year_first(text) && is_open && is_later;
        if is_update {
            self.later_day = Some(day);
        }
        is_update
    }

    fn take_seconds(&mut self, moment: DateTime<FixedOffset>, hints: &Hints) -> bool {
        let is_allowed = hints.allow_number(moment.date_naive());
        match (self.published, self.updated) {
            (None, _) if is_allowed => (self.published, self.is_in_seconds) = (Some(moment), true),
            (Some(published), None) if is_allowed && self.is_in_seconds && published <= moment => {
                self.updated = Some(moment);
            }
            _ => return false,
        }
        true
    }

    fn take_moment(&mut self, moment: DateTime<FixedOffset>, block: Block<'a>) -> bool {
        let is_year_first = time::is_year_first(block.text);
        match (self.published, self.updated) {
            (None, _) => self.published = Some(moment),
            (Some(published), None) if is_year_first || published <= moment => self.updated = Some(moment),
            // Written by a program, not for readers.
            _ if is_year_first => self.left_out.push(block),
            _ => return false,
        }
        true
    }

    /// Leaves blocks out that stand before one that has been taken.
    pub(super) fn leave_out(&mut self, blocks: &mut Vec<(Block<'a>, Reading)>) {
        for (block, reading) in blocks.drain(..) {
            if !matches!(reading, Reading::Day(day) if self.says_nothing(day)) {
                self.left_out.push(block);
            }
        }
    }

    /// Whether it is the day of a moment that is known already.
    fn says_nothing(&self, day: NaiveDate) -> bool {
        [self.published, self.updated].into_iter().flatten().any(|known| known.date_naive() == day)
    }
}

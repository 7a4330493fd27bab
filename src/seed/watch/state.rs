//! Events → changes.

mod finished;
mod heard;
mod whole;

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::session::Session;
use super::unfinished::{Entry, Unfinished};
use super::{Change, Reason, Writers};
use crate::seed::{Mode, Options};
use whole::{ROOT_CHECK, UNREADABLE_LOOK};

/// How often directories without a watch are listed.
const UNWATCHED_LISTING: Duration = Duration::from_secs(10);

pub(super) struct State {
    options: Options,
    sender: Sender<Change>,
    is_receiver_gone: bool,
    /// `None` while the seed directory is gone.
    session: Option<Session>,
    unfinished: Unfinished,
    /// Files that were not finished when they were moved, by the cookies of the moves, and until when the second half may come.
    moves: HashMap<u32, (Instant, Entry)>,
    overflows: u64,
    next_root_check: Instant,
    next_listing: Instant,
    next_unwatched_listing: Instant,
    next_unreadable_look: Instant,
}

impl State {
    pub(super) fn new(
        options: Options,
        session: Session,
        writers: Writers,
        sender: Sender<Change>,
        now: Instant,
    ) -> Self {
        let mut state = Self {
            sender,
            is_receiver_gone: false,
            session: Some(session),
            unfinished: Unfinished::resume(writers, now),
            moves: HashMap::new(),
            overflows: 0,
            next_root_check: now + ROOT_CHECK,
            next_listing: now + options.reconcile,
            next_unwatched_listing: now + UNWATCHED_LISTING,
            next_unreadable_look: now + UNREADABLE_LOOK,
            options,
        };
        state.tell(Change::Rescan(Reason::Start));
        state
    }

    pub(super) fn is_receiver_gone(&self) -> bool {
        self.is_receiver_gone
    }

    pub(super) fn overflows(&self) -> u64 {
        self.overflows
    }

    pub(super) fn writers(&self) -> Writers {
        self.unfinished.writers()
    }

    pub(super) fn unsettled(&self) -> usize {
        self.unfinished.count_unsettled()
    }

    /// What becomes readable when there are events.
    pub(super) fn queue(&self) -> Option<Arc<OwnedFd>> {
        Some(self.session.as_ref()?.queue.as_ref()?.descriptor())
    }

    /// When `tick` has something to do, unless events come first.
    pub(super) fn deadline(&self) -> Instant {
        let has = |what: fn(&Session) -> bool| self.session.as_ref().is_some_and(what);
        let (degraded, unreadable) = (has(|it| !it.unwatched.is_empty()), has(|it| !it.unreadable.is_empty()));
        [self.next_root_check, self.next_listing]
            .into_iter()
            .chain(degraded.then_some(self.next_unwatched_listing))
            .chain(unreadable.then_some(self.next_unreadable_look))
            .chain(self.unfinished.deadline())
            .chain(self.moves.values().map(|(until, _)| *until))
            .chain(self.session.as_ref().and_then(|session| session.away.deadline()))
            .min()
            .expect("two are always there")
    }

    /// Takes in every event up to this moment.
    pub(super) fn pump(&mut self) {
        if let Some(queue) = self.session.as_mut().and_then(|session| session.queue.as_mut()) {
            queue.fill();
        }
        while let Some(event) = self.session.as_mut().and_then(|session| session.queue.as_mut()?.next()) {
            self.take(&event);
        }
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.next_root_check <= now {
            self.check_root(false, now);
        }
        self.end_moves(now);
        self.look_at_unfinished(now);
        if self.next_unwatched_listing <= now {
            self.next_unwatched_listing = now + UNWATCHED_LISTING;
            self.list_unwatched();
        }
        if self.next_unreadable_look <= now {
            self.next_unreadable_look = now + UNREADABLE_LOOK;
            self.retry_unreadable();
        }
        if self.next_listing <= now {
            self.next_listing = now + self.options.reconcile;
            if self.session.is_some() {
                self.retry_unreadable();
                self.watch_mounts();
                let is_polling = self.options.mode == Mode::Poll;
                self.tell(Change::Rescan(if is_polling { Reason::Poll } else { Reason::Reconcile }));
            }
        }
    }

    fn tell(&mut self, change: Change) {
        self.is_receiver_gone |= self.sender.send(change).is_err();
    }

    /// What was moved and did not come back is no longer ours.
    fn end_moves(&mut self, now: Instant) {
        self.moves.retain(|_, (until, _)| *until > now);
        if let Some(session) = &mut self.session {
            session.end_away(now);
        }
    }
}

//! Who polls one feed: people behind aggregators, people with readers of their own, and how considerately.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::agent::{Agent, Announcement, announcement};
use super::counter::Counter;
use super::distinct::Distinct;

/// Aggregators kept for one feed. There are about thirty in the world; forged names must not fill the memory.
const SERVICES: usize = 128;
/// Days after which an aggregator that has not come again is forgotten.
const DAYS: u64 = 3;

/// One poll of one of a feed's documents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Poll<'a> {
    pub agent: Agent,
    /// The User-Agent field, where it has an announcement, with its digest, which differs from day to day.
    pub announcing: Option<(&'a str, u64)>,
    /// Salted digest of the client's address.
    pub client: Option<u64>,
    pub is_conditional: bool,
    pub is_not_modified: bool,
    /// It is the poll that makes its client an unconditional poller: one that never says what it has.
    pub adds_unconditional: bool,
    /// Days since the start.
    pub day: u64,
}

/// Polls of one feed, all its formats together.
#[derive(Debug)]
pub struct Polls {
    announced: Mutex<HashMap<Service, Announced>>,
    /// Digest of the latest field with an announcement.
    heard: AtomicU64,
    today: Distinct,
    yesterday: Distinct,
    agents: Vec<AgentCounts>,
    unconditional_today: Counter,
    unconditional_yesterday: Counter,
}

/// One aggregator's subscription: several addresses and formats of it are one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Service {
    agent: Agent,
    /// Of an aggregator that is not in the table.
    product: String,
    feed_id: String,
}

#[derive(Clone, Copy, Debug)]
struct Announced {
    subscribers: u64,
    day: u64,
}

#[derive(Debug, Default)]
struct AgentCounts {
    polls: Counter,
    conditional: Counter,
    not_modified: Counter,
}

/// Polls of one kind of program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgentShare {
    /// The program.
    pub agent: Agent,
    /// All its polls.
    pub polls: u64,
    /// Those with a validator.
    pub conditional: u64,
    /// Those answered with 304.
    pub not_modified: u64,
}

impl Default for Polls {
    fn default() -> Self {
        Self {
            announced: Mutex::default(),
            heard: AtomicU64::new(0),
            today: Distinct::default(),
            yesterday: Distinct::default(),
            agents: std::iter::repeat_with(AgentCounts::default).take(Agent::COUNT).collect(),
            unconditional_today: Counter::default(),
            unconditional_yesterday: Counter::default(),
        }
    }
}

impl Polls {
    pub(super) fn note(&self, poll: &Poll<'_>) {
        let counts = &self.agents[poll.agent.index()];
        counts.polls.add_one();
        if poll.is_conditional {
            counts.conditional.add_one();
        }
        if poll.is_not_modified {
            counts.not_modified.add_one();
        }
        if poll.adds_unconditional {
            self.unconditional_today.add_one();
        }
        match poll.announcing {
            // The same words as last time say nothing new.
            Some((_, digest)) if self.heard.swap(digest, Ordering::Relaxed) == digest => {}
            Some((user_agent, _)) => {
                if let Some(announcement) = announcement(user_agent) {
                    self.announce(poll.agent, announcement, poll.day);
                }
            }
            None => {
                if let Some(client) = poll.client {
                    self.today.note(client);
                }
            }
        }
    }

    /// The latest number of a service is right; a newcomer takes the place of the one that was silent longest.
    fn announce(&self, agent: Agent, announcement: Announcement<'_>, day: u64) {
        let product = if agent == Agent::OTHER { announcement.product } else { "" };
        let service = Service {
            agent,
            // It is shown on terminals.
            product: product.chars().filter(|c| !c.is_control()).take(40).collect(),
            feed_id: announcement.feed_id.unwrap_or_default().to_owned(),
        };
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        if announced.len() >= SERVICES && !announced.contains_key(&service) {
            let oldest = announced.iter().min_by_key(|(_, known)| known.day).map(|(service, _)| service.clone());
            oldest.and_then(|oldest| announced.remove(&oldest));
        }
        announced.insert(service, Announced { subscribers: announcement.subscribers, day });
    }

    /// People that aggregators say they poll for.
    #[must_use]
    pub fn announced(&self) -> u64 {
        let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.values().map(|known| known.subscribers).sum()
    }

    /// The aggregators with their subscribers, the largest first.
    #[must_use]
    pub fn services(&self) -> Vec<(String, u64)> {
        let announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums: HashMap<String, u64> = HashMap::new();
        for (service, known) in announced.iter() {
            let name = if service.product.is_empty() { service.agent.name() } else { &service.product };
            *sums.entry(name.to_owned()).or_default() += known.subscribers;
        }
        drop(announced);
        let mut all: Vec<_> = sums.into_iter().collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all
    }

    /// About how many addresses polled by themselves in a day: yesterday's number until today's is greater.
    #[must_use]
    pub fn addresses(&self) -> u64 {
        self.today.estimate().max(self.yesterday.estimate())
    }

    /// Addresses that took a whole document again and again without a validator within a day.
    #[must_use]
    pub fn unconditional_pollers(&self) -> u64 {
        self.unconditional_today.value().max(self.unconditional_yesterday.value())
    }

    /// Programs that have polled, the busiest first.
    #[must_use]
    pub fn agents(&self) -> Vec<AgentShare> {
        let share = |agent: Agent| {
            let counts = &self.agents[agent.index()];
            AgentShare {
                agent,
                polls: counts.polls.value(),
                conditional: counts.conditional.value(),
                not_modified: counts.not_modified.value(),
            }
        };
        let mut all: Vec<_> = Agent::all().map(share).filter(|share| share.polls > 0).collect();
        all.sort_by_key(|share| std::cmp::Reverse(share.polls));
        all
    }

    /// A day is over.
    pub(super) fn turn_day(&self, day: u64) {
        self.yesterday.take_from(&self.today);
        let yesterday = self.unconditional_today.take();
        self.unconditional_yesterday.take();
        self.unconditional_yesterday.add(yesterday);
        let mut announced = self.announced.lock().unwrap_or_else(PoisonError::into_inner);
        announced.retain(|_, known| known.day + DAYS >= day);
    }
}

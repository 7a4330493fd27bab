//! What recent User-Agent fields said, so that the common ones are not searched again for every request.

use std::cell::RefCell;

use super::agent::{Agent, announcement};

/// Fields remembered by each thread; a few dozen make up nearly all polls.
const REMEMBERED: usize = 64;
/// Longer fields are searched each time.
const LONGEST: usize = 512;

#[derive(Clone)]
struct Known {
    user_agent: Box<str>,
    agent: Agent,
    announces: bool,
}

thread_local! {
    static RECENT: RefCell<Vec<Option<Known>>> = RefCell::new(vec![None; REMEMBERED]);
}

/// The kind of program, and whether the field has an announcement.
pub(super) fn agent(user_agent: Option<&str>) -> (Agent, bool) {
    let Some(text) = user_agent else { return (Agent::of(None), false) };
    if text.len() > LONGEST {
        return (Agent::of(user_agent), announcement(text).is_some());
    }
    RECENT.with_borrow_mut(|recent| {
        let slot = &mut recent[place(text.as_bytes())];
        if let Some(known) = slot.as_ref().filter(|known| *known.user_agent == *text) {
            return (known.agent, known.announces);
        }
        let (agent, announces) = (Agent::of(user_agent), announcement(text).is_some());
        *slot = Some(Known { user_agent: text.into(), agent, announces });
        (agent, announces)
    })
}

/// Where a field is remembered, from its length and two pieces of it. Fields that share a place cost a search, no more.
fn place(text: &[u8]) -> usize {
    let piece = |at: usize| text.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let mixed =
        (piece(0) ^ piece(text.len() / 2).rotate_left(21) ^ piece(text.len().saturating_sub(8)).rotate_left(42))
            .wrapping_add(u64::try_from(text.len()).unwrap_or(0));
    // Fibonacci hashing: the upper bits of the product depend on all bits.
    usize::try_from(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - REMEMBERED.trailing_zeros())).unwrap_or(0)
}

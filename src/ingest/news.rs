//! What a batch changed for subscribers, for the log.

use crate::item::{ItemId, SeedPath};

use super::apply::Touched;

/// Withdrawals that are named one by one in a batch; all are counted.
const NAMED: usize = 20;

/// Counted while the batch is open, told once it is shown.
#[derive(Debug, Default)]
pub(super) struct News {
    new: u64,
    changed: u64,
    withdrawn: u64,
    named: Vec<(SeedPath, ItemId)>,
}

impl News {
    pub(super) fn of(touched: &[Touched]) -> Self {
        let mut news = Self::default();
        for Touched { before, after, .. } in touched {
            match (before, after) {
                (None, Some(row)) => {
                    news.new += 1;
                    tracing::debug!(seed.path = %row.standing, item.id = %row.item.id, "new");
                }
                (Some(_), Some(row)) => {
                    news.changed += 1;
                    tracing::debug!(seed.path = %row.standing, item.id = %row.item.id, "changed");
                }
                (Some(row), None) => {
                    news.withdrawn += 1;
                    if news.named.len() < NAMED {
                        news.named.push((row.standing.clone(), row.item.id.clone()));
                    }
                }
                (None, None) => {}
            }
        }
        news
    }

    pub(super) fn tell(self) {
        let Self { new, changed, withdrawn, named } = self;
        for (path, id) in named {
            tracing::info!(seed.path = %path, item.id = %id, "withdrawn");
        }
        if new + changed + withdrawn > 0 {
            tracing::info!(new, changed, withdrawn, "published");
        }
    }
}

//! When to try again.

use std::time::Duration;

/// The wait after so many failures in a row: the list's, the last one over and over, each up to a fifth shorter or
/// longer, so that callbacks that failed together are not tried together.
#[must_use]
pub fn wait(retries: &[Duration], failures: u32, chance: u8) -> Duration {
    let index = usize::try_from(failures).unwrap_or(usize::MAX).min(retries.len().saturating_sub(1));
    let wait = retries.get(index).copied().unwrap_or(Duration::from_secs(60));
    wait.mul_f64(0.8 + 0.4 * f64::from(chance) / 255.0)
}

//! What the process uses, as the kernel counts it.

use std::time::Duration;

use rustix::process::{Resource, getrlimit};

/// Milliseconds of a tick in `/proc` (USER_HZ is 100, whatever the kernel's own).
const TICK_MS: u64 = 10;

/// Figures of this process; what the system does not tell is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessFigures {
    /// Memory in use, in bytes.
    pub resident_bytes: u64,
    /// Open file descriptors.
    pub open_fds: u64,
    /// Most of them that there may be.
    pub max_fds: u64,
    /// Threads.
    pub threads: u64,
    /// Time on a processor since the start, of all threads.
    pub cpu: Duration,
}

impl ProcessFigures {
    /// Reads them (`/proc/self`, proc(5)).
    #[must_use]
    pub fn read() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()).and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        let fds = std::fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count().saturating_sub(1));
        Self {
            resident_bytes: field("VmRSS:") * 1024,
            open_fds: u64::try_from(fds).unwrap_or(u64::MAX),
            max_fds: getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX),
            threads: field("Threads:"),
            cpu: cpu(),
        }
    }
}

/// `utime` and `stime`, the 14th and 15th field; the second one, a name in parentheses, may have spaces.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * TICK_MS)
}

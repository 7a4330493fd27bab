//! Whether the process may open as many connections as the limits promise.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything that is no connection: listeners, the store, watches, event loops.
const RESERVED: u64 = 256;

/// Raises the soft limit on open files towards what `connections` need, as far as the hard limit goes. What is
/// missing after that is said in the log: the surplus connections would wait for others to end.
pub(super) fn provide(connections: usize) {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(RESERVED);
    let Rlimit { current: Some(current), maximum } = getrlimit(Resource::Nofile) else { return };
    if current >= wanted {
        return;
    }
    let reachable = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(reachable), maximum }).is_ok();
    let open_files = if raised { reachable } else { current };
    if open_files < wanted {
        tracing::warn!(
            open_files,
            wanted,
            "fewer open files are allowed than the limit on connections needs: raise LimitNOFILE or lower the limit"
        );
    }
}

//! Whether the process may open as many connections as the limits promise.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything that is no connection: listeners, the store, watches, event loops.
const RESERVED: u64 = 256;

/// Raises the soft limit on open files towards what `connections` need, as far as the hard limit goes, and gives how many
/// there may be then. Fewer than wanted are said in the log: if they took every descriptor, neither seeds nor the store
/// could be opened.
pub(super) fn provide(connections: usize) -> usize {
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(RESERVED);
    let Rlimit { current: Some(current), maximum } = getrlimit(Resource::Nofile) else { return connections };
    if current >= wanted {
        return connections;
    }
    let reachable = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(reachable), maximum }).is_ok();
    let open_files = if raised { reachable } else { current };
    if open_files >= wanted {
        return connections;
    }
    // Where there is next to nothing, the rest of the program still has the larger part.
    let affordable = open_files - RESERVED.min(open_files / 4 * 3);
    tracing::warn!(
        open_files,
        wanted,
        connections = affordable,
        "fewer open files are allowed than the limit on connections needs, so fewer connections are taken: raise \
         LimitNOFILE or lower the limit"
    );
    usize::try_from(affordable).unwrap_or(connections)
}

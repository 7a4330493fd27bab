//! Settings that take effect only at a start: what runs goes on, whatever a reload reads.

use crate::config::Config;

/// Which listeners are sockets that the service manager passed; the addresses in the configuration are not used for those.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passed {
    pub public: bool,
    pub admin: bool,
}

/// Puts what runs in the place of what was read, and warns where the two differ.
pub(super) fn keep(running: &Config, passed: Passed, new: &mut Config) {
    let (is, read) = (&running.http, &mut new.http);
    for (key, is_passed, differs) in [
        ("http.listen", passed.public, is.listen != read.listen),
        ("http.admin_listen", passed.admin, is.admin_listen != read.admin_listen),
        ("http.tls_certificate", false, is.tls != read.tls),
        ("http.drain_seconds", false, is.drain != read.drain),
        ("store.url", false, running.store != new.store),
    ] {
        match (differs, is_passed) {
            (false, _) => {}
            (true, false) => tracing::warn!("`{key}` has changed; it takes effect at the next start"),
            (true, true) => tracing::warn!("`{key}` has changed; it is not used: the sockets come from systemd"),
        }
    }
    // An address that is not used is kept as it was read, so that it is told once.
    if !passed.public {
        read.listen.clone_from(&is.listen);
    }
    if !passed.admin {
        read.admin_listen.clone_from(&is.admin_listen);
    }
    read.tls.clone_from(&is.tls);
    read.drain = is.drain;
    new.store.clone_from(&running.store);
}

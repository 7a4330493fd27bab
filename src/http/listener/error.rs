//! Why an address cannot be listened on.

use std::io;
use std::path::PathBuf;

/// What is wrong with an address, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Not an address at all.
    #[error("expected `HOST:PORT` (such as `127.0.0.1:8080` or `[::]:8080`) or `unix:/path`: `{0}`")]
    Syntax(String),
    /// A host name that does not resolve.
    #[error("cannot resolve `{address}`: give an IP address")]
    Resolve {
        /// As given.
        address: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Somebody else listens there.
    #[error("address `{0}` is in use: stop the other program (`ss -ltnp` names it) or choose another")]
    InUse(String),
    /// Ports below 1024.
    #[error(
        "not permitted to listen on `{0}`: ports below 1024 need CAP_NET_BIND_SERVICE; choose one above, or let systemd pass the socket"
    )]
    Privileged(String),
    /// The address is none of this machine's.
    #[error(
        "address `{0}` does not belong to this machine: listen on one that does (`ip addr`), or on `0.0.0.0` or `[::]` for all"
    )]
    NotOurs(String),
    /// A Unix socket's directory.
    #[error("cannot make the socket `{path}`: its directory must exist and be writable")]
    Directory {
        /// Path of the socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something that is no socket stands in the place of a Unix socket.
    #[error("`{0}` exists and is not a socket: remove it or choose another path")]
    NotASocket(PathBuf),
    /// Everything else.
    #[error("cannot listen on `{address}`")]
    Other {
        /// As given.
        address: String,
        /// What the system said.
        source: io::Error,
    },
}

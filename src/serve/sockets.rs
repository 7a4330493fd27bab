//! Sockets that the service manager opened and passes on, so that connections wait in them while we restart
//! (sd_listen_fds(3)).

use listenfd::ListenFd;

use crate::http::Listener;

/// Name of a socket (`FileDescriptorName=`) that serves the admin resources.
const ADMIN: &str = "admin";

/// Why sockets that were passed are not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum SocketError {
    /// Neither a listening TCP socket nor a Unix stream socket.
    #[error("socket {number} that the service manager passed is not a stream socket: {source}")]
    Kind {
        /// Counted from 1.
        number: usize,
        /// The system's words.
        source: std::io::Error,
    },
}

/// The sockets passed to this process; empty when there are none.
pub(super) fn inherited() -> Result<Vec<Listener>, SocketError> {
    let mut passed = ListenFd::from_env();
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let names: Vec<&str> = names.split(':').collect();
    let mut listeners = Vec::new();
    for index in 0..passed.len() {
        let wrong = |source| SocketError::Kind { number: index + 1, source };
        let listener = match passed.take_tcp_listener(index) {
            Ok(socket) => socket.map(Listener::from_tcp),
            Err(_) => passed.take_unix_listener(index).map_err(wrong)?.map(Listener::from_unix),
        };
        let Some(listener) = listener.transpose().map_err(wrong)? else { continue };
        let is_admin = names.get(index).is_some_and(|name| *name == ADMIN);
        listeners.push(if is_admin { listener.for_admin() } else { listener });
    }
    Ok(listeners)
}

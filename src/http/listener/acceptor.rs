//! Accepting connections.

use std::io;
use std::sync::Arc;

use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::net::{TcpListener, UnixListener};

use super::super::proxies::Peer;
use super::super::stream::Accepted;
use super::super::tls::Tls;
use super::Bound;
use super::bind::SocketFile;

/// What the kernel holds of an answer for its reader. Room for nearly every document in one write; left to itself the
/// kernel lets it grow to megabytes for each slow reader, and many connections then push one another out of the
/// processor's cache.
const SEND_BUFFER_BYTES: usize = 256 * 1024;

/// A listener on its runtime.
#[derive(Debug)]
pub(crate) struct Acceptor {
    socket: AcceptorSocket,
    pub(crate) is_admin: bool,
    pub(crate) tls: Option<Arc<Tls>>,
}

#[derive(Debug)]
enum AcceptorSocket {
    Tcp(TcpListener),
    /// The file goes when accepting ends.
    Unix(UnixListener, #[expect(dead_code, reason = "kept for its end")] Option<SocketFile>),
}

impl Acceptor {
    pub(super) fn new(socket: Bound, is_admin: bool, tls: Option<Arc<Tls>>) -> io::Result<Self> {
        let socket = match socket {
            Bound::Tcp(listener, _) => AcceptorSocket::Tcp(TcpListener::from_std(listener)?),
            Bound::Unix(listener, _, file) => AcceptorSocket::Unix(UnixListener::from_std(listener)?, file),
        };
        Ok(Self { socket, is_admin, tls })
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<(Accepted, Peer)> {
        match &self.socket {
            AcceptorSocket::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Small answers must not wait for the acknowledgement of the one before.
                stream.set_nodelay(true)?;
                set_socket_send_buffer_size(&stream, SEND_BUFFER_BYTES)?;
                Ok((Accepted::Tcp(stream.into_std()?), Peer::Ip(address.ip().to_canonical())))
            }
            AcceptorSocket::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Accepted::Unix(stream.into_std()?), Peer::Unix))
            }
        }
    }
}

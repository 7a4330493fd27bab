//! Addresses that connections are accepted on.

use std::fmt;
use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::net::{TcpListener, UnixListener};

use super::proxies::Peer;
use super::stream::Accepted;
use super::tls::Tls;

/// Connections waiting to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

/// What the kernel holds of an answer for its reader. Room for nearly every document in one write; left to itself the
/// kernel lets it grow to megabytes for each slow reader, and many connections then push one another out of the
/// processor's cache.
const SEND_BUFFER_BYTES: usize = 256 * 1024;

/// A bound address.
#[derive(Debug)]
pub struct Listener {
    socket: Bound,
    is_admin: bool,
    tls: Option<Arc<Tls>>,
}

#[derive(Debug)]
enum Bound {
    Tcp(std::net::TcpListener, SocketAddr),
    Unix(std::os::unix::net::UnixListener, PathBuf, Option<SocketFile>),
}

/// Why an address cannot be listened on, and what to do about it.
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

impl Listener {
    /// Binds `127.0.0.1:8080`, `[::1]:0`, `localhost:8080` or `unix:/run/seedcast/http.sock`. A socket file left by a
    /// process that is gone is replaced.
    ///
    /// # Errors
    /// The address cannot be listened on; the message says what to do.
    pub fn bind(address: &str) -> Result<Self, BindError> {
        Self::check(address)?;
        let socket = match address.strip_prefix("unix:") {
            Some(path) => bind_unix(Path::new(path))?,
            None => bind_tcp(address)?,
        };
        Ok(Self { socket, is_admin: false, tls: None })
    }

    /// The same listener, its Unix socket open to every user who may enter the directory: what is served on it is public,
    /// and the proxy in front is mostly another user. Nothing changes for TCP.
    ///
    /// # Errors
    /// The mode of the socket's file cannot be set.
    pub fn for_everybody(self) -> Result<Self, BindError> {
        if let Bound::Unix(_, path, _) = &self.socket {
            std::fs::set_permissions(path, Permissions::from_mode(0o666))
                .map_err(|source| BindError::Other { address: format!("unix:{}", path.display()), source })?;
        }
        Ok(self)
    }

    /// Whether this is an address at all. Nothing is bound, and no name is looked up.
    ///
    /// # Errors
    /// It is none.
    pub fn check(address: &str) -> Result<(), BindError> {
        let is_right = match address.strip_prefix("unix:") {
            Some(path) => path.starts_with('/'),
            None if address.starts_with('[') => address.parse::<SocketAddr>().is_ok(),
            None => {
                address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
            }
        };
        if is_right { Ok(()) } else { Err(BindError::Syntax(address.to_owned())) }
    }

    /// A listening TCP socket that was passed in, by systemd for one.
    ///
    /// # Errors
    /// The socket is none, or cannot be made non-blocking.
    pub fn from_tcp(listener: std::net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { socket: Bound::Tcp(listener, address), is_admin: false, tls: None })
    }

    /// A listening Unix socket that was passed in.
    ///
    /// # Errors
    /// The socket is none, or cannot be made non-blocking.
    pub fn from_unix(listener: std::os::unix::net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let path = listener.local_addr()?.as_pathname().map(Path::to_path_buf).unwrap_or_default();
        Ok(Self { socket: Bound::Unix(listener, path, None), is_admin: false, tls: None })
    }

    /// The same listener, for the admin resources instead of the documents.
    #[must_use]
    pub fn for_admin(mut self) -> Self {
        self.is_admin = true;
        self
    }

    /// The same listener, speaking TLS: HTTP/2 and HTTP/1.1 by ALPN. Nothing changes for a Unix socket.
    #[must_use]
    pub fn with_tls(mut self, tls: Arc<Tls>) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Whether it serves the admin resources.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.is_admin
    }

    /// The address with the port that was picked; `None` for a Unix socket.
    #[must_use]
    pub fn local_address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Bound::Tcp(_, address) => Some(*address),
            Bound::Unix(..) => None,
        }
    }

    /// Registers the socket with the runtime that accepts.
    pub(crate) fn into_acceptor(self) -> io::Result<Acceptor> {
        let socket = match self.socket {
            Bound::Tcp(listener, _) => AcceptorSocket::Tcp(TcpListener::from_std(listener)?),
            Bound::Unix(listener, _, file) => AcceptorSocket::Unix(UnixListener::from_std(listener)?, file),
        };
        Ok(Acceptor { socket, is_admin: self.is_admin, tls: self.tls })
    }
}

/// `http://127.0.0.1:8080`, `https://…` or `unix:/run/seedcast/http.sock`.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Bound::Tcp(_, address) if self.tls.is_some() => write!(f, "https://{address}"),
            Bound::Tcp(_, address) => write!(f, "http://{address}"),
            Bound::Unix(_, path, _) => write!(f, "unix:{}", path.display()),
        }
    }
}

fn bind_tcp(address: &str) -> Result<Bound, BindError> {
    let resolved =
        address.to_socket_addrs().map_err(|source| BindError::Resolve { address: address.to_owned(), source })?;
    let mut failed = None;
    for one in resolved {
        match listen(one) {
            Ok(listener) => {
                let local = listener.local_addr().unwrap_or(one);
                return Ok(Bound::Tcp(listener, local));
            }
            Err(error) => failed = Some(error),
        }
    }
    let source = failed.unwrap_or_else(|| io::Error::from(ErrorKind::NotFound));
    let address = address.to_owned();
    Err(match source.kind() {
        ErrorKind::AddrInUse => BindError::InUse(address),
        ErrorKind::PermissionDenied => BindError::Privileged(address),
        ErrorKind::AddrNotAvailable => BindError::NotOurs(address),
        _ => BindError::Other { address, source },
    })
}

fn listen(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // `[::]` is all addresses, IPv4 too, whatever the system's default.
        socket.set_only_v6(false)?;
    }
    // A restart must not wait for the old connections' TIME_WAIT.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn bind_unix(path: &Path) -> Result<Bound, BindError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(BindError::NotASocket(path.to_owned())),
        Ok(_) => {
            // Left over, unless somebody answers.
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(BindError::InUse(format!("unix:{}", path.display())));
            }
            std::fs::remove_file(path).map_err(|source| BindError::Directory { path: path.to_owned(), source })?;
        }
        Err(_) => {}
    }
    let listener = std::os::unix::net::UnixListener::bind(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::PermissionDenied => BindError::Directory { path: path.to_owned(), source },
        _ => BindError::Other { address: format!("unix:{}", path.display()), source },
    })?;
    listener
        .set_nonblocking(true)
        .map_err(|source| BindError::Other { address: format!("unix:{}", path.display()), source })?;
    Ok(Bound::Unix(listener, path.to_owned(), SocketFile::new(path)))
}

/// The file of a Unix socket that we made: removed at the end, unless another one stands there by then.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl SocketFile {
    fn new(path: &Path) -> Option<Self> {
        Some(Self { path: path.to_owned(), identity: identity(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path) == Some(self.identity) {
            // What stays is replaced at the next start.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = std::fs::symlink_metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

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
    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<(Accepted, Peer)> {
        match &self.socket {
            AcceptorSocket::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // Small answers must not wait for the acknowledgement of the one before.
                stream.set_nodelay(true)?;
                SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER_BYTES)?;
                Ok((Accepted::Tcp(stream.into_std()?), Peer::Ip(address.ip().to_canonical())))
            }
            AcceptorSocket::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Accepted::Unix(stream.into_std()?), Peer::Unix))
            }
        }
    }
}

//! Addresses that connections are accepted on.

mod acceptor;
mod bind;
mod error;

use std::fmt;
use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::tls::Tls;

use bind::{SocketFile, bind_tcp, bind_unix};

pub(crate) use acceptor::Acceptor;
pub use error::BindError;

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
        Acceptor::new(self.socket, self.is_admin, self.tls)
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

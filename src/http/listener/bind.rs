//! Binding addresses.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};

use super::{BindError, Bound};

/// Connections waiting to be accepted; the kernel cuts it to `net.core.somaxconn`.
const BACKLOG: i32 = 4096;

pub(super) fn bind_tcp(address: &str) -> Result<Bound, BindError> {
    let resolved =
        address.to_socket_addrs().map_err(|source| BindError::Resolve { address: address.to_owned(), source })?;
    let mut failed = None;
    for one in resolved {
        match listener(one) {
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

fn listener(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    if address.is_ipv6() {
        // `[::]` is all addresses, IPv4 too, whatever the system's default.
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    // A restart must not wait for the old connections' TIME_WAIT.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address)?;
    listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

pub(super) fn bind_unix(path: &Path) -> Result<Bound, BindError> {
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
pub(super) struct SocketFile {
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

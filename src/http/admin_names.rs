//! The names that the admin listener may be asked by.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Names beside IP addresses and `localhost`.
///
/// SECURITY: whoever has a domain can have a name in it resolve to an address of ours, and a page under that name then
/// reads the listener as its own server ("DNS rebinding"). Its requests bear that name; nobody can make an address or
/// `localhost` mean something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AdminNames {
    /// None.
    #[default]
    None,
    /// This one.
    One(String),
    /// Any: the listener is open on purpose, to machines that know this one by names of their own.
    Any,
}

impl AdminNames {
    /// What follows from the address that the listener was given: the name in it, or any where it is a wildcard.
    #[must_use]
    pub fn of(address: &str) -> Self {
        match (address.parse::<SocketAddr>(), address.rsplit_once(':')) {
            (Ok(address), _) if address.ip().is_unspecified() => Self::Any,
            (Ok(_), _) => Self::None,
            // The socket of a file is in no network.
            (Err(_), _) if address.starts_with("unix:") => Self::None,
            (Err(_), Some((name, _port))) => Self::One(name.to_owned()),
            (Err(_), None) => Self::None,
        }
    }

    /// Whether the listener may be asked by this value of Host, its port apart.
    pub(crate) fn include(&self, host: &[u8]) -> bool {
        let Ok(host) = std::str::from_utf8(host) else { return false };
        if let Some(rest) = host.strip_prefix('[') {
            return rest.split_once(']').is_some_and(|(address, _port)| address.parse::<Ipv6Addr>().is_ok());
        }
        let name = host.split(':').next().unwrap_or_default();
        let name = name.strip_suffix('.').unwrap_or(name);
        let top = name.rsplit('.').next().unwrap_or_default();
        let is_ours = match self {
            Self::None => false,
            Self::One(ours) => name.eq_ignore_ascii_case(ours),
            Self::Any => true,
        };
        is_ours || name.parse::<Ipv4Addr>().is_ok() || top.eq_ignore_ascii_case("localhost")
    }
}

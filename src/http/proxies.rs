//! The client's address behind proxies that the operator vouches for.

use std::net::IpAddr;
use std::str::FromStr;

use super::request::{Field, Head};

/// Addresses whose `Forwarded` (RFC 7239) and `X-Forwarded-For` are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<Network>,
    unix: bool,
}

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The other end of a TCP connection, IPv4-mapped addresses as IPv4.
    Ip(IpAddr),
    /// A process on this machine.
    Unix,
}

impl TrustedProxies {
    /// From `127.0.0.1`, `10.0.0.0/8`, `fd00::/8`, or `unix` for whatever connects to a Unix socket.
    ///
    /// # Errors
    /// The entry that is none of these.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, NotANetwork> {
        let mut trusted = Self::default();
        for entry in entries {
            if entry == "unix" {
                trusted.unix = true;
            } else {
                trusted.networks.push(entry.parse()?);
            }
        }
        Ok(trusted)
    }

    /// Whether the peer may speak for other addresses.
    #[must_use]
    pub fn includes(&self, peer: Peer) -> bool {
        match peer {
            Peer::Ip(address) => self.includes_address(address),
            Peer::Unix => self.unix,
        }
    }

    fn includes_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// Who the request is from: the peer, or, where that is a trusted proxy, the last address in its list that is not
    /// one. `None` when nobody says: a Unix socket, or a trusted proxy that names no client.
    pub(crate) fn client(&self, peer: Peer, head: &Head<'_>) -> Option<IpAddr> {
        if !self.includes(peer) {
            return match peer {
                Peer::Ip(address) => Some(address),
                Peer::Unix => None,
            };
        }
        // SECURITY: only what the proxies themselves appended counts, so the list is read from its end and the first
        // entry that is unreadable or not ours to trust ends the walk.
        let forwarded = head.joined(Field::Forwarded);
        let list: Vec<Option<IpAddr>> = match &forwarded {
            Some(value) => value.split(|b| *b == b',').map(forwarded_for).collect(),
            None => {
                let value = head.joined(Field::XForwardedFor)?;
                value.split(|b| *b == b',').map(node_address).collect()
            }
        };
        for hop in list.into_iter().rev() {
            let address = hop?;
            if !self.includes_address(address) {
                return Some(address);
            }
        }
        None
    }
}

/// The `for` parameter of one element: `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(element: &[u8]) -> Option<IpAddr> {
    element.split(|b| *b == b';').find_map(|pair| {
        let pair = pair.trim_ascii();
        let value = pair.get(..4).filter(|name| name.eq_ignore_ascii_case(b"for=")).map(|_| &pair[4..])?;
        node_address(value)
    })
}

fn node_address(node: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(node).ok()?.trim().trim_matches('"');
    let address = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0.parse().ok()?,
        None => match text.parse() {
            Ok(address) => address,
            Err(_) => text.split_once(':')?.0.parse().ok()?,
        },
    };
    Some(IpAddr::to_canonical(&address))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix_bits: u32,
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(one)) => {
                let shift = 32 - self.prefix_bits;
                net.to_bits().checked_shr(shift) == one.to_bits().checked_shr(shift)
            }
            (IpAddr::V6(net), IpAddr::V6(one)) => {
                let shift = 128 - self.prefix_bits;
                net.to_bits().checked_shr(shift) == one.to_bits().checked_shr(shift)
            }
            _ => false,
        }
    }
}

/// An entry of the trusted proxies that says nothing.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an address, a network such as `10.0.0.0/8`, or `unix`: `{0}`")]
pub struct NotANetwork(String);

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let wrong = || NotANetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?,
            None => most,
        };
        Ok(Self { address, prefix_bits })
    }
}

//! The client's address behind proxies that the operator vouches for.

use std::net::{IpAddr, Ipv4Addr};

use super::cidr::{Cidr, NotACidr};
use super::head::{Field, Head};
use super::settings::Limits;

/// The field in which proxies say whose request they pass on. Only one is read: the other may be the client's own, passed
/// on as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedField {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
}

/// Addresses that are believed when they say whose request they pass on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<Cidr>,
    unix: bool,
    field: ForwardedField,
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
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, NotACidr> {
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

    /// The same proxies, which say it in this field.
    #[must_use]
    pub fn writing(self, field: ForwardedField) -> Self {
        Self { field, ..self }
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

    /// Who the request is from: the peer, or, where that is a trusted proxy, the last in its list that is not one.
    pub(crate) fn client(&self, peer: Peer, head: &Head<'_>) -> Client {
        let address = match peer {
            Peer::Ip(address) => Some(address),
            Peer::Unix => None,
        };
        let unnamed = Client { address, is_unclear: false };
        if !self.includes(peer) {
            return unnamed;
        }
        match self.field {
            ForwardedField::XForwardedFor => {
                self.walk(unnamed, head.joined(Field::XForwardedFor).as_deref(), node_address)
            }
            ForwardedField::Forwarded => self.walk(unnamed, head.joined(Field::Forwarded).as_deref(), forwarded_for),
        }
    }

    /// SECURITY: only what the proxies themselves appended counts, so the list is read from its end, and the first entry
    /// that is unreadable or not ours to trust ends the walk.
    fn walk(&self, peer: Client, list: Option<&[u8]>, read: fn(&[u8]) -> Option<IpAddr>) -> Client {
        let mut client = peer;
        for hop in list.into_iter().flat_map(|list| list.rsplit(|b| *b == b',')) {
            let Some(address) = read(hop) else { return Client { is_unclear: true, ..client } };
            client.address = Some(address);
            if !self.includes_address(address) {
                break;
            }
        }
        client
    }
}

/// Who a request is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The last one that is known; `None` on a Unix socket where nobody says.
    pub(crate) address: Option<IpAddr>,
    /// Whether a proxy speaks for somebody whose address cannot be read.
    is_unclear: bool,
}

impl Client {
    /// The address whose allowance a request uses up; `None` where no limit holds. What cannot be read is no way around
    /// the limits: it counts for whoever passed it on.
    pub(crate) fn limited(self, limits: &Limits) -> Option<IpAddr> {
        match self.address {
            Some(address) => (self.is_unclear || limits.bind(address)).then_some(address),
            None => self.is_unclear.then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        }
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

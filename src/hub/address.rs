//! Which addresses a callback may have. SECURITY: anyone can make us send requests to a callback, so none may lead to
//! where only we can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use crate::http::Cidr;

/// IPv4 networks that are not the public Internet (IANA IPv4 Special-Purpose Address Registry, and multicast).
const CLOSED_V4: [(Ipv4Addr, u8, &str); 17] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network, RFC 791"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private, RFC 1918"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by carriers, RFC 6598"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback, RFC 1122"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local, RFC 3927"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private, RFC 1918"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments, RFC 6890"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation, RFC 5737"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "AS112, RFC 7535"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "multicast relays, RFC 7450"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relays, RFC 7526"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private, RFC 1918"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "AS112, RFC 7534"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarks, RFC 2544"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation, RFC 5737"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation, RFC 5737"),
    (Ipv4Addr::new(224, 0, 0, 0), 3, "multicast, reserved and broadcast, RFC 1112"),
];

/// What is closed within 2000::/3; outside of that nothing is open.
const CLOSED_V6: [(Ipv6Addr, u8, &str); 5] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignments and Teredo, RFC 2928, RFC 4380"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation, RFC 3849"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4, RFC 3056"),
    (Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0), 48, "AS112, RFC 7534"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation, RFC 9637"),
];

/// Why no request may go to the address; `None` for the public Internet. An IPv4 address within an IPv6 one counts
/// as itself where a connection would reach it (mapped, RFC 4291 §2.5.5.2; NAT64, RFC 6052).
#[must_use]
pub fn closed(address: IpAddr) -> Option<&'static str> {
    match reached(address) {
        IpAddr::V4(v4) => {
            CLOSED_V4.iter().find(|(network, bits, _)| within(v4, *network, *bits)).map(|(_, _, why)| *why)
        }
        IpAddr::V6(v6) => {
            if v6.segments()[0] & 0xe000 != 0x2000 {
                return Some("outside of global unicast, RFC 4291");
            }
            CLOSED_V6.iter().find(|(network, bits, _)| within(v6, *network, *bits)).map(|(_, _, why)| *why)
        }
    }
}

/// The address at which a connection to this one arrives.
fn reached(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => match v6.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
                IpAddr::V4(Ipv4Addr::new(a, b, c, d))
            }
            _ => IpAddr::V6(v6),
        },
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn within(address: impl Into<IpAddr>, network: impl Into<IpAddr>, bits: u8) -> bool {
    Cidr::new(network.into(), bits).is_some_and(|block| block.contains(address.into()))
}

/// Where requests may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Networks of the operator's own that are open although they are not public.
    pub allowed: Vec<Cidr>,
    /// Open ports.
    pub ports: Vec<RangeInclusive<u16>>,
}

impl Policy {
    /// Whether a request may go to the address.
    ///
    /// # Errors
    /// When not; says why.
    pub fn check(&self, address: IpAddr) -> Result<(), Refused> {
        match closed(address) {
            Some(why) if !self.allowed.iter().any(|block| block.contains(reached(address))) => {
                Err(Refused::Address(why))
            }
            _ => Ok(()),
        }
    }

    /// Whether a request may go to the port.
    ///
    /// # Errors
    /// When not.
    pub fn check_port(&self, port: u16) -> Result<(), Refused> {
        if self.ports.iter().any(|range| range.contains(&port)) { Ok(()) } else { Err(Refused::Port(port)) }
    }
}

/// A callback that gets no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Its host has an address that is not public.
    #[error("the host's address is not public ({0})")]
    Address(&'static str),
    /// Its port is not one of those allowed.
    #[error("port {0} is not allowed")]
    Port(u16),
}

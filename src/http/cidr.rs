//! Blocks of addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address and how many of its leading bits count: `10.0.0.0/8` (RFC 4632 §3.1, RFC 4291 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl Cidr {
    /// `None` when there are more bits than the address has, or some are set beyond them.
    ///
    /// IPv4 written as IPv6 (`::ffff:10.0.0.0/104`, RFC 4291 §2.5.5.2) is IPv4: clients are known by their IPv4 address
    /// whichever socket they came through.
    #[must_use]
    pub fn new(address: IpAddr, bits: u8) -> Option<Self> {
        if let (IpAddr::V6(v6), 96..=128) = (address, bits)
            && let Some(v4) = v6.to_ipv4_mapped()
        {
            return Self::new(v4.into(), bits - 96);
        }
        let (value, width) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let host_bits = u32::from(u8::checked_sub(width, bits)?);
        (value.checked_shr(host_bits).unwrap_or(0).checked_shl(host_bits).unwrap_or(0) == value)
            .then_some(Self { address, bits })
    }

    /// Whether the address is in it. IPv4 and IPv6 have nothing in common.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (differing, width) = match (address, self.address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits() ^ other.to_bits()), 32),
            (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits(), 128),
            _ => return false,
        };
        differing.checked_shr(width - u32::from(self.bits)).unwrap_or(0) == 0
    }
}

/// The text is no block of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address, or a network such as `10.0.0.0/8` without bits beyond the length: `{0}`")]
pub struct NotACidr(String);

impl FromStr for Cidr {
    type Err = NotACidr;

    /// Bits beyond the length must be zero, so that nobody allows more than was meant. Without a length: one address.
    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let read = || {
            let address: IpAddr = address.parse().ok()?;
            let all = if address.is_ipv4() { 32 } else { 128 };
            Self::new(address, bits.map_or(Some(all), |bits| bits.parse().ok())?)
        };
        read().ok_or_else(|| NotACidr(text.to_owned()))
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

//! How many different addresses there were, without keeping any of them.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};

/// Registers of the estimate (Flajolet et al., HyperLogLog, 2007): a standard error of 1.04 / √1024, about 3 %.
const REGISTERS: usize = 1024;
const REGISTER_BITS: u32 = REGISTERS.trailing_zeros();

/// An estimate of how many different addresses were noted. Each register keeps only the longest run of zeros among the
/// salted digests that fell to it, from which no address can be told.
pub struct Distinct {
    registers: Box<[AtomicU8; REGISTERS]>,
}

impl std::fmt::Debug for Distinct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Distinct").field("estimate", &self.estimate()).finish_non_exhaustive()
    }
}

impl Default for Distinct {
    fn default() -> Self {
        Self { registers: Box::new([const { AtomicU8::new(0) }; REGISTERS]) }
    }
}

impl Distinct {
    /// Notes one address by its salted digest.
    pub fn note(&self, digest: u64) {
        let register = usize::try_from(digest >> (64 - REGISTER_BITS)).expect("ten bits");
        let rest = digest << REGISTER_BITS;
        let run = u8::try_from(rest.leading_zeros().min(64 - REGISTER_BITS) + 1).expect("at most 55");
        self.registers[register].fetch_max(run, Ordering::Relaxed);
    }

    /// About how many different ones were noted.
    #[must_use]
    pub fn estimate(&self) -> u64 {
        let runs = self.registers.iter().map(|register| register.load(Ordering::Relaxed));
        let (mut sum, mut empty) = (0.0_f64, 0_u32);
        for run in runs {
            sum += f64::powi(2.0, -i32::from(run));
            empty += u32::from(run == 0);
        }
        let m = f64::from(u32::try_from(REGISTERS).expect("1024"));
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        // Small numbers are better told from how many registers are empty (linear counting).
        let estimate = if raw <= 2.5 * m && empty > 0 { m * (m / f64::from(empty)).ln() } else { raw };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and far below 2^53")]
        let estimate = estimate.round() as u64;
        estimate
    }

    /// Takes over what another one noted, and empties that one.
    pub fn take_from(&self, other: &Self) {
        for (own, other) in self.registers.iter().zip(other.registers.iter()) {
            own.store(other.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

/// The salted digest of a client.
pub(super) fn digest(salt: &RandomState, client: IpAddr) -> u64 {
    salt.hash_one(client_key(client))
}

/// One client: an IPv4 address, or the /64 that one IPv6 host or household has to itself.
pub(crate) fn client_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

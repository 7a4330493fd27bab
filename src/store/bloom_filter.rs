//! Telling new items from known ones without a search.

/// Bits that are kept: 4 MiB, sixteen a digest with a million items under two digests each.
const BITS: u32 = 1 << 25;

/// Bits that stand for one digest.
const PROBES: u32 = 4;

/// Digests that went through: what it does not know was never in it; what it knows was, or rarely (one in
/// four hundred with two million, more often with more) was not. While a store is filled, nearly all is new, and need not
/// be looked for in trees that grow beyond every cache.
#[derive(Debug)]
pub(super) struct BloomFilter(Vec<u64>);

impl BloomFilter {
    pub(super) fn new() -> Self {
        Self(vec![0; (BITS / u64::BITS) as usize])
    }

    pub(super) fn add(&mut self, digest: u64) {
        for (word, bit) in places(digest) {
            self.0[word] |= bit;
        }
    }

    /// Whether it may have gone through.
    pub(super) fn may_know(&self, digest: u64) -> bool {
        places(digest).all(|(word, bit)| self.0[word] & bit != 0)
    }
}

/// Word and bit of each probe, from the two halves of the digest (Kirsch and Mitzenmacher, "Less Hashing, Same
/// Performance").
fn places(digest: u64) -> impl Iterator<Item = (usize, u64)> {
    let [a, b, c, d, rest @ ..] = digest.to_be_bytes();
    let (first, step) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes(rest) | 1);
    (0..PROBES).map(move |probe| {
        let bit = first.wrapping_add(probe.wrapping_mul(step)) % BITS;
        ((bit / u64::BITS) as usize, 1 << (bit % u64::BITS))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_through_is_known_and_little_else() {
        let digest = |n: u64| u64::from_le_bytes(crate::item::digest::of(&n.to_le_bytes()));
        let mut filter = BloomFilter::new();
        (0..100_000).for_each(|n| filter.add(digest(n)));
        assert!((0..100_000).all(|n| filter.may_know(digest(n))));
        assert!((100_000..200_000).filter(|&n| filter.may_know(digest(n))).count() < 10);
    }
}

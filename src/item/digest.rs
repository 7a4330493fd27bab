//! Digests shorter than they come.

/// The first bytes of the digest of `bytes`.
pub(crate) fn of<const LENGTH: usize>(bytes: &[u8]) -> [u8; LENGTH] {
    start_of(&blake3::hash(bytes))
}

/// The first bytes of a digest. Sixteen are enough that two never meet, eight that it hardly happens.
pub(crate) fn start_of<const LENGTH: usize>(digest: &blake3::Hash) -> [u8; LENGTH] {
    *digest.as_bytes().first_chunk().expect("a digest has 32 bytes")
}

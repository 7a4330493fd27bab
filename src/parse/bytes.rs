//! Looking for rare bytes in long texts: many are compared at once, and only where one is found each by itself.

/// Bytes compared at once.
const LANES: usize = 32;

/// Whether any byte is one that `is` says.
pub(super) fn any(bytes: &[u8], is: impl Fn(u8) -> bool) -> bool {
    bytes.chunks(LANES).any(|chunk| any_of(chunk, &is))
}

/// Where the first byte is that `is` says.
pub(super) fn position(bytes: &[u8], is: impl Fn(u8) -> bool) -> Option<usize> {
    let skipped = bytes.chunks(LANES).take_while(|chunk| !any_of(chunk, &is)).count() * LANES;
    let rest = bytes.get(skipped..)?;
    rest.iter().position(|&byte| is(byte)).map(|at| skipped + at)
}

/// Where all bytes are that `is` says.
pub(super) fn positions(bytes: &[u8], is: impl Fn(u8) -> bool + Copy) -> impl Iterator<Item = usize> {
    let chunks = bytes.chunks(LANES).enumerate().filter(move |(_, chunk)| any_of(chunk, &is));
    chunks.flat_map(move |(index, chunk)| {
        let found = chunk.iter().enumerate().filter(move |&(_, &byte)| is(byte));
        found.map(move |(at, _)| index * LANES + at)
    })
}

/// How many bytes are such that `is` says so.
pub(super) fn count(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    // A chunk is short enough for a byte to hold its count, and bytes are added many at once.
    let of = |chunk: &[u8]| chunk.iter().fold(0_u8, |count, &byte| count + u8::from(is(byte)));
    bytes.chunks(LANES).map(|chunk| usize::from(of(chunk))).sum()
}

/// Without a way out in the middle, so that it becomes a few instructions for all.
fn any_of(chunk: &[u8], is: &impl Fn(u8) -> bool) -> bool {
    chunk.iter().fold(false, |found, &byte| found | is(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_found_wherever_it_is() {
        let is = |byte| byte == b'.';
        for length in 0..100 {
            assert_eq!((any(&vec![b'a'; length], is), position(&vec![b'a'; length], is)), (false, None));
            for at in 0..length {
                let mut bytes = vec![b'a'; length];
                bytes[at..].fill(b'.');
                assert_eq!((any(&bytes, is), position(&bytes, is)), (true, Some(at)));
                assert_eq!(count(&bytes, is), length - at);
                assert!(positions(&bytes, is).eq(at..length));
            }
        }
    }
}

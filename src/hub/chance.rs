//! Random bytes from the system.

/// A byte, for spreading things in time.
pub(super) fn byte() -> u8 {
    let [byte] = bytes();
    byte
}

/// A word that nobody can guess: 32 hexadecimal digits.
pub(super) fn word() -> String {
    bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

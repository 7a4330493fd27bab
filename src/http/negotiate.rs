//! Which variant of a document a request gets: Accept-Encoding, RFC 9110 §12.5.3.

use crate::feed::{Coding, Document};

/// Weight of each coding of [`Coding::ALL`] in two-thousandths, as the request gives it; 0 is a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acceptable([u16; Coding::ALL.len()]);

/// What identity weighs unless the field names it: not refused, and less than any coding that was asked for.
const IDENTITY_UNNAMED: u16 = 1;
/// Where every document has its identity variant, and the weights have that of the identity.
const IDENTITY: usize = Coding::Identity as usize;

impl Acceptable {
    /// From the field's value; `None` without the field, which then asks for nothing: identity is what every client
    /// can read.
    ///
    /// A member whose weight cannot be read is taken as refused.
    pub(crate) fn new(accept_encoding: Option<&[u8]>) -> Self {
        let mut named = [None::<u16>; Coding::ALL.len()];
        let mut rest = None;
        for (name, weight) in weighted(accept_encoding.unwrap_or_default()) {
            if name == b"*" {
                rest = Some(weight);
            } else if let Some(coding) = Coding::named(name) {
                let slot = &mut named[coding as usize];
                *slot = Some(slot.map_or(weight, |known| known.max(weight)));
            }
        }
        let mut weights = named.map(|weight| weight.or(rest).unwrap_or(0) * 2);
        if named[IDENTITY].or(rest).is_none() {
            weights[IDENTITY] = IDENTITY_UNNAMED;
        }
        Self(weights)
    }

    /// Index of the variant to send: the greatest weight, among equals the fewest bytes. `None` when the request
    /// refuses all that we know (406).
    ///
    /// Where it takes none of those that there are, but one that is still being made or that would be no smaller, it gets the
    /// identity: the field may be disregarded (RFC 9110 §12.5.3), and that is better than no document.
    pub(crate) fn choose(self, document: &Document) -> Option<usize> {
        let mut best: Option<(usize, u16, usize)> = None;
        for (index, variant) in document.variants.iter().enumerate() {
            let (weight, len) = (self.0[variant.coding as usize], variant.bytes.len());
            let is_better = |(_, most, least)| weight > most || weight == most && len < least;
            if weight > 0 && best.is_none_or(is_better) {
                best = Some((index, weight, len));
            }
        }
        let takes_any = self.0[IDENTITY + 1..].iter().any(|weight| *weight > 0);
        best.map(|(index, ..)| index).or(takes_any.then_some(IDENTITY))
    }
}

/// Members of a list and the weight of each in thousandths; one whose weight cannot be read has 0.
pub(crate) fn weighted(list: &[u8]) -> impl Iterator<Item = (&[u8], u16)> {
    list.split(|b| *b == b',').map(|member| match member.iter().position(|b| *b == b';') {
        None => (member.trim_ascii(), 1000),
        Some(at) => {
            let weight = member[at + 1..].split(|b| *b == b';').find_map(weight);
            (member[..at].trim_ascii(), weight.unwrap_or(1000))
        }
    })
}

/// `q=0.5` → 500 (RFC 9110 §12.4.2); `None` for another parameter, 0 for a weight that is none.
fn weight(parameter: &[u8]) -> Option<u16> {
    let parameter = parameter.trim_ascii();
    let value = parameter.get(..2).filter(|name| name.eq_ignore_ascii_case(b"q=")).map(|_| &parameter[2..])?;
    let (whole, fraction) = match value {
        [whole, b'.', fraction @ ..] => (whole, fraction),
        [whole] => (whole, &[][..]),
        _ => return Some(0),
    };
    if !matches!(whole, b'0' | b'1') || fraction.len() > 3 || !fraction.iter().all(u8::is_ascii_digit) {
        return Some(0);
    }
    let thousandths =
        [100, 10, 1].iter().zip(fraction).map(|(unit, digit)| unit * u16::from(digit - b'0')).sum::<u16>();
    Some((u16::from(whole - b'0') * 1000 + thousandths).min(1000))
}

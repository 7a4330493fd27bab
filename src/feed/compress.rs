//! A document's other content codings, made once when it changes.

use std::io::Write;
use std::ops::RangeInclusive;

use bytes::Bytes;

use super::coding::Coding;
use super::document::{Document, Variant};

/// Levels are the fast ones: a subscriber waits for the new document, and between these and the best ones lie a few
/// per cent of size at ten times the work.
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 5;
/// Windows of 64 KiB to 4 MiB (RFC 7932 §9.1): a whole document is in reach of every reference, and no more, since all of
/// it is cleared first.
const BROTLI_WINDOW_BITS: RangeInclusive<u32> = 16..=22;
const ZSTD_LEVEL: i32 = 6;

impl Document {
    /// Adds the gzip, Brotli and Zstandard variants that it lacks, each with a tag of its own, and leaves out every one
    /// that is not smaller than the identity. Equal bytes in give equal bytes out. The work of some milliseconds: call it
    /// where blocking is allowed.
    #[must_use]
    pub fn compress(self) -> Self {
        self.with(&CODERS)
    }

    /// Adds the gzip variant alone, which nearly every client takes and which is made in a quarter of the time: the
    /// document can be shown so, and [`Self::compress`] follow.
    #[must_use]
    pub fn compress_first(self) -> Self {
        self.with(&CODERS[..1])
    }

    fn with(mut self, coders: &[(Coding, Coder)]) -> Self {
        let identity = self.identity().bytes.clone();
        for &(coding, compress) in coders {
            if self.variants.iter().any(|variant| variant.coding == coding) {
                continue;
            }
            if let Some(bytes) = compress(&identity).filter(|bytes| bytes.len() < identity.len()) {
                self.variants.push(Variant::new(coding, Bytes::from(bytes)));
            }
        }
        self
    }
}

/// Makes one coding of some bytes.
type Coder = fn(&[u8]) -> Option<Vec<u8>>;

/// In the order in which variants are kept.
const CODERS: [(Coding, Coder); 3] = [(Coding::Gzip, gzip), (Coding::Brotli, brotli), (Coding::Zstd, zstd)];

/// `None` never happens when writing to memory; a variant less is then the harmless answer.
fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 3), flate2::Compression::new(GZIP_LEVEL));
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

fn brotli(bytes: &[u8]) -> Option<Vec<u8>> {
    let (least, most) = BROTLI_WINDOW_BITS.into_inner();
    let window = (usize::BITS - bytes.len().leading_zeros()).clamp(least, most);
    let params = brotli::enc::BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: window.cast_signed(),
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut out = Vec::with_capacity(bytes.len() / 3);
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &params).ok()?;
    Some(out)
}

fn zstd(bytes: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::compress(bytes, ZSTD_LEVEL).ok()
}

//! A document with what serving it has made ready.

use std::ops::Deref;

use arc_swap::ArcSwapOption;

use crate::feed::Document;

use super::files::Twin;

/// A document as it is served. What stands beside it is empty until a request makes it, and made once.
#[derive(Debug)]
pub struct Served {
    document: Document,
    /// What was prepared last.
    pub(super) prepared: ArcSwapOption<Prepared>,
    /// A place for a file beside each variant.
    twins: Vec<Twin>,
}

/// Header lines of a document's answers as they are sent, so that they need not be written for every request.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Which settings of the server they were written with.
    pub(super) edition: u64,
    /// For each variant of the document those of a 200 and those of a 304.
    pub(super) of_variants: Vec<[Box<[u8]>; 2]>,
}

impl Served {
    /// A document that has all variants of another one, and perhaps more: the files of those serve on.
    pub(super) fn with_more_variants(document: Document, before: &Self) -> Self {
        let mut served = Self::from(document);
        let variants = served.document.variants.iter().zip(&before.document.variants);
        for ((twin, known), (new, old)) in served.twins.iter_mut().zip(&before.twins).zip(variants) {
            if new.etag == old.etag {
                *twin = known.clone();
            }
        }
        served
    }

    /// The place for a file beside a variant.
    pub(super) fn twin(&self, index: usize) -> &Twin {
        &self.twins[index]
    }
}

impl From<Document> for Served {
    fn from(document: Document) -> Self {
        let twins = document.variants.iter().map(|_| Twin::default()).collect();
        Self { document, prepared: ArcSwapOption::empty(), twins }
    }
}

impl Deref for Served {
    type Target = Document;

    fn deref(&self) -> &Document {
        &self.document
    }
}

//! Documents as files, each replaced whole, and the manifest that tells the next export what is there.
//!
//! While files are written, a second file names all that may be touched. Only an export that came to its end removes it; one
//! that finds it trusts nothing that is there, and clears away what the other one left.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::feed::{Coding, Document};
use crate::item::percent;

use super::target::{Target, WriteError, unfinished};

/// Name of the manifest.
const MANIFEST: &str = "manifest.json";
/// Name of the file that is there while an export is under way: the paths of all documents, old and new.
const UNFINISHED: &str = ".unfinished.json";

/// One document in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    content_type: String,
    /// As in Last-Modified; absent for documents that are served without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    max_age_seconds: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// Identity first.
    files: Vec<Variant>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Variant {
    file: String,
    /// As in Content-Encoding; absent for the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    etag: String,
    size_bytes: usize,
}

/// What is in the way of an export.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It would be overwritten.
    #[error(
        "`{}` is there and not from an earlier export; move it away or name another directory with --out", .0.display()
    )]
    Foreign(PathBuf),
}

/// The directory of an export.
pub(super) struct Folder {
    path: PathBuf,
    target: Target,
    /// What the last export that came to its end wrote.
    old: BTreeMap<String, Entry>,
    /// Paths of documents that may be here from exports that did not.
    unfinished: Option<BTreeSet<String>>,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, FolderError> {
        let target = Target::open(path)?;
        let old = match target.read(Path::new(MANIFEST)) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| FolderError::Foreign(path.join(MANIFEST)))?,
            Err(_) => BTreeMap::new(),
        };
        let unfinished = target.read(Path::new(UNFINISHED)).ok();
        let unfinished = unfinished.map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default());
        Ok(Self { path: path.to_owned(), target, old, unfinished })
    }

    /// Makes it known on the disk that documents of these paths will be written.
    pub(super) fn begin(&self, paths: &[String]) -> Result<(), FolderError> {
        let old: BTreeSet<&String> = self.old.keys().chain(self.unfinished.iter().flatten()).collect();
        for file in paths.iter().filter(|path| !old.contains(path)).flat_map(|path| files_of(path)) {
            if self.target.has(Path::new(&file)) {
                return Err(FolderError::Foreign(self.path.join(file)));
            }
        }
        let all: BTreeSet<&String> = old.into_iter().chain(paths).collect();
        self.replace_json(UNFINISHED, &all)?;
        Ok(self.target.sync()?)
    }

    /// Writes the document of a path, unless it is there already; says whether it was written.
    pub(super) fn put(&self, path: &str, document: &Document) -> Result<(Entry, bool), WriteError> {
        let file = file_of(path);
        let entry = Entry {
            content_type: document.content_type.to_owned(),
            last_modified: document.date().map(|moment| httpdate::fmt_http_date(moment.into())),
            max_age_seconds: document.cache.max_age.as_secs(),
            link: document.link.clone(),
            files: document
                .variants
                .iter()
                .map(|variant| Variant {
                    file: format!("{file}{}", variant.coding.suffix()),
                    encoding: variant.coding.content_encoding().map(str::to_owned),
                    etag: variant.etag.clone(),
                    size_bytes: variant.bytes.len(),
                })
                .collect(),
        };
        let is_there = self.unfinished.is_none()
            && self.old.get(path).is_some_and(|old| old.files == entry.files)
            && entry
                .files
                .iter()
                .all(|one| self.target.size(Path::new(&one.file)) == u64::try_from(one.size_bytes).ok());
        if !is_there {
            for (variant, one) in document.variants.iter().zip(&entry.files) {
                self.target.replace(Path::new(&one.file), &variant.bytes)?;
            }
        }
        Ok((entry, !is_there))
    }

    fn replace_json(&self, file: &str, value: &impl Serialize) -> Result<(), WriteError> {
        let mut text = serde_json::to_vec_pretty(value).expect("paths and entries become JSON");
        text.push(b'\n');
        self.target.replace(Path::new(file), &text)
    }

    /// Writes the manifest when all else is on the disk, then removes what earlier exports wrote and is no more; says how
    /// many documents of the last one that were.
    pub(super) fn finish(self, new: &BTreeMap<String, Entry>) -> Result<usize, WriteError> {
        self.target.sync()?;
        let kept: BTreeSet<&str> = new.values().flat_map(|entry| &entry.files).map(|one| one.file.as_str()).collect();
        let gone = self.old.iter().filter(|(path, _)| !new.contains_key(*path)).count();
        if *new != self.old {
            self.replace_json(MANIFEST, new)?;
        }
        for one in self.old.values().flat_map(|entry| &entry.files).filter(|one| !kept.contains(one.file.as_str())) {
            self.target.remove(Path::new(&one.file))?;
        }
        for file in self.unfinished.iter().flatten().flat_map(|path| files_of(path)) {
            self.target.remove(&unfinished(Path::new(&file)))?;
            if !kept.contains(file.as_str()) {
                self.target.remove(Path::new(&file))?;
            }
        }
        self.target.sync()?;
        for file in [&unfinished(Path::new(MANIFEST)), Path::new(UNFINISHED)] {
            self.target.remove(file)?;
        }
        Ok(gone)
    }
}

/// The paths whose files can lie beside one another: not those below a name that is the file of another one, such as the
/// articles of a host called `index.html`.
pub(super) fn without_collisions(paths: Vec<String>) -> Vec<String> {
    let files: HashSet<String> = paths.iter().flat_map(|path| files_of(path)).collect();
    let is_free = |path: &String| {
        let file = file_of(path);
        let taken =
            Path::new(&file).ancestors().skip(1).find(|above| above.to_str().is_some_and(|a| files.contains(a)));
        if let Some(taken) = taken {
            tracing::warn!(path, "left out: `{}` is a file of another document", taken.display());
        }
        taken.is_none()
    };
    paths.into_iter().filter(is_free).collect()
}

/// All files that a path may have.
fn files_of(path: &str) -> impl Iterator<Item = String> {
    let file = file_of(path);
    Coding::ALL.into_iter().map(move |coding| format!("{file}{}", coding.suffix()))
}

/// The file that a static host serves for a path: percent-encoding undone, `index.html` for directories.
fn file_of(path: &str) -> String {
    let name = decode(path.trim_start_matches('/'));
    if name.is_empty() || name.ends_with('/') { format!("{name}index.html") } else { name }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = percent::escaped(rest);
        bytes.push(escape.unwrap_or(*first));
        rest = if escape.is_some() { &rest[3..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

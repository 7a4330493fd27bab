//! Documents as files, each replaced whole, and the manifest that tells the next export what is there.
//!
//! While files are written, a second file names all that may be touched. Only an export that came to its end removes it; one
//! that finds it trusts nothing that is there, and clears away what the other one left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::feed::{Coding, Document};

/// Name of the manifest.
const MANIFEST: &str = "manifest.json";
/// Name of the file that is there while an export is under way: the paths of all documents, old and new.
const UNFINISHED: &str = ".unfinished.json";

/// One document in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    content_type: String,
    /// As in Last-Modified.
    last_modified: String,
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

/// Why something could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {reason}; free some room or name another directory with --out, then run the export again", path.display())]
pub(super) struct WriteError {
    path: PathBuf,
    reason: std::io::Error,
}

/// The directory of an export.
pub(super) struct Folder {
    path: PathBuf,
    /// What the last export that came to its end wrote.
    old: BTreeMap<String, Entry>,
    /// Paths of documents that may be here from exports that did not.
    unfinished: Option<BTreeSet<String>>,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, WriteError> {
        fs::create_dir_all(path).map_err(|reason| WriteError { path: path.to_owned(), reason })?;
        // Without a manifest that can be read everything is written anew, which is right if slow.
        let old = fs::read(path.join(MANIFEST)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let unfinished = fs::read(path.join(UNFINISHED)).ok();
        let unfinished = unfinished.map(|bytes| serde_json::from_slice(&bytes).unwrap_or_default());
        Ok(Self { path: path.to_owned(), old: old.unwrap_or_default(), unfinished })
    }

    /// Makes it known on the disk that documents of these paths will be written.
    pub(super) fn begin(&self, paths: &[String]) -> Result<(), WriteError> {
        let paths = self.old.keys().chain(self.unfinished.iter().flatten()).chain(paths);
        let all: BTreeSet<&String> = paths.collect();
        self.replace_json(UNFINISHED, &all)?;
        self.sync()
    }

    /// Writes the document of a path, unless it is there already; says whether it was written.
    pub(super) fn put(&self, path: &str, document: &Document) -> Result<(Entry, bool), WriteError> {
        let file = file_of(path);
        let entry = Entry {
            content_type: document.content_type.to_owned(),
            last_modified: httpdate::fmt_http_date(document.last_modified.into()),
            max_age_seconds: document.cache.max_age.as_secs(),
            link: document.link.clone(),
            files: document
                .variants
                .iter()
                .map(|variant| Variant {
                    file: format!("{file}{}", suffix(variant.coding)),
                    encoding: encoding(variant.coding).map(str::to_owned),
                    etag: variant.etag.clone(),
                    size_bytes: variant.bytes.len(),
                })
                .collect(),
        };
        let is_there = self.unfinished.is_none()
            && self.old.get(path).is_some_and(|old| old.files == entry.files)
            && entry.files.iter().all(|one| self.size(&one.file) == u64::try_from(one.size_bytes).ok());
        if !is_there {
            for (variant, one) in document.variants.iter().zip(&entry.files) {
                self.replace(&one.file, &variant.bytes)?;
            }
        }
        Ok((entry, !is_there))
    }

    fn size(&self, file: &str) -> Option<u64> {
        fs::metadata(self.path.join(file)).ok().map(|found| found.len())
    }

    fn replace(&self, file: &str, bytes: &[u8]) -> Result<(), WriteError> {
        let path = self.path.join(file);
        let new = unfinished(&path);
        let write = || -> std::io::Result<()> {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::File::create(&new)?.write_all(bytes)?;
            fs::rename(&new, &path)
        };
        write().map_err(|reason| {
            // What is left of it is of no use to anyone.
            let _ = fs::remove_file(&new);
            WriteError { path: path.clone(), reason }
        })
    }

    fn replace_json(&self, file: &str, value: &impl Serialize) -> Result<(), WriteError> {
        let failed = |error: serde_json::Error| WriteError { path: self.path.join(file), reason: error.into() };
        let mut text = serde_json::to_vec_pretty(value).map_err(failed)?;
        text.push(b'\n');
        self.replace(file, &text)
    }

    /// Returns when all that was written is on the disk.
    fn sync(&self) -> Result<(), WriteError> {
        let result = fs::File::open(&self.path).and_then(|folder| Ok(rustix::fs::syncfs(&folder)?));
        result.map_err(|reason| WriteError { path: self.path.clone(), reason })
    }

    /// Writes the manifest when all else is on the disk, then removes what earlier exports wrote and is no more; says how
    /// many documents of the last one that were.
    pub(super) fn finish(self, new: &BTreeMap<String, Entry>) -> Result<usize, WriteError> {
        self.sync()?;
        let kept: BTreeSet<&str> = new.values().flat_map(|entry| &entry.files).map(|one| one.file.as_str()).collect();
        let gone = self.old.iter().filter(|(path, _)| !new.contains_key(*path)).count();
        if *new != self.old {
            self.replace_json(MANIFEST, new)?;
        }
        for one in self.old.values().flat_map(|entry| &entry.files).filter(|one| !kept.contains(one.file.as_str())) {
            self.remove(Path::new(&one.file))?;
        }
        for path in self.unfinished.iter().flatten() {
            for coding in [Coding::Identity, Coding::Gzip, Coding::Brotli, Coding::Zstd] {
                let file = format!("{}{}", file_of(path), suffix(coding));
                self.remove(&unfinished(Path::new(&file)))?;
                if !kept.contains(file.as_str()) {
                    self.remove(Path::new(&file))?;
                }
            }
        }
        self.sync()?;
        for file in [&unfinished(Path::new(MANIFEST)), Path::new(UNFINISHED)] {
            self.remove(file)?;
        }
        Ok(gone)
    }

    /// Removes a file, if it is there.
    fn remove(&self, file: &Path) -> Result<(), WriteError> {
        // SECURITY: the lists of files lie where anyone may have written to them.
        if file.components().any(|part| !matches!(part, std::path::Component::Normal(_))) {
            return Ok(());
        }
        let path = self.path.join(file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(WriteError { path, reason: error }),
            _ => Ok(()),
        }
    }
}

/// Where a file is written before it takes its place.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_file_name(format!(".{name}.new"))
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
        let escape = tail.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn suffix(coding: Coding) -> &'static str {
    match coding {
        Coding::Identity => "",
        Coding::Gzip => ".gz",
        Coding::Brotli => ".br",
        Coding::Zstd => ".zst",
    }
}

fn encoding(coding: Coding) -> Option<&'static str> {
    match coding {
        Coding::Identity => None,
        Coding::Gzip => Some("gzip"),
        Coding::Brotli => Some("br"),
        Coding::Zstd => Some("zstd"),
    }
}

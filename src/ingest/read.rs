//! From a path to what its file says.

use chrono::{DateTime, Utc};

use crate::config::{Config, Rule};
use crate::item::{Diagnostic, SeedPath, digest};
use crate::ops::ReadOutcome;
use crate::parse::{self, Parsed};
use crate::seed::{Fingerprint, ReadError, Reader};
use crate::store::{Body, Digest, SeedRow, Stamp};

/// One file to read.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub path: SeedPath,
    /// What is known of it.
    pub known: Option<SeedRow>,
    /// Parse it although its bytes are known.
    pub is_forced: bool,
}

/// What came of a job.
#[derive(Debug)]
pub(super) enum Outcome {
    /// No such file any more.
    Gone,
    /// It cannot be read; nothing of it is known.
    Unreadable(Diagnostic),
    /// What is there is no seed, however it got its name.
    NoSeed(Diagnostic),
    /// The bytes are those that were read before.
    Same(Fingerprint),
    /// New bytes, and the item in them.
    Parsed { fingerprint: Fingerprint, digest: Digest, parsed: Box<Parsed>, body: Body },
    /// New bytes that give no item.
    Rejected { fingerprint: Fingerprint, digest: Digest, diagnostic: Diagnostic },
}

impl Outcome {
    /// The word for it in metrics.
    pub(super) fn kind(&self) -> ReadOutcome {
        match self {
            Self::Gone => ReadOutcome::Gone,
            Self::Unreadable(_) | Self::NoSeed(_) => ReadOutcome::Unreadable,
            Self::Same(_) => ReadOutcome::Same,
            Self::Parsed { .. } => ReadOutcome::Parsed,
            Self::Rejected { .. } => ReadOutcome::Rejected,
        }
    }

    /// How the file looked when its bytes were read.
    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        match self {
            Self::Gone | Self::Unreadable(_) | Self::NoSeed(_) => None,
            Self::Same(fingerprint) | Self::Parsed { fingerprint, .. } | Self::Rejected { fingerprint, .. } => {
                Some(*fingerprint)
            }
        }
    }
}

/// Everything that reading depends on.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub config: &'a Config,
    /// RFC 4151 authority of ids without URL.
    pub tag_authority: &'a str,
    pub now: DateTime<Utc>,
}

impl Source<'_> {
    /// Reads one file.
    pub(super) fn read(&self, job: &Job) -> Outcome {
        self.read_with(&mut Reader::new(&self.config.seeds.options), job)
    }

    /// Reads some files that mostly lie beside one another.
    pub(super) fn read_each(&self, jobs: Vec<Job>) -> Vec<(Job, Outcome)> {
        let mut reader = Reader::new(&self.config.seeds.options);
        let read = |job: Job| {
            let outcome = self.read_with(&mut reader, &job);
            (job, outcome)
        };
        jobs.into_iter().map(read).collect()
    }

    fn read_with(&self, reader: &mut Reader<'_>, job: &Job) -> Outcome {
        let (bytes, fingerprint) = match reader.read(&job.path) {
            Ok(Some(found)) => found,
            Ok(None) => return Outcome::Gone,
            Err(ReadError::Unreadable(diagnostic)) => return Outcome::Unreadable(diagnostic),
            Err(ReadError::Refused(diagnostic)) => return Outcome::NoSeed(diagnostic),
        };
        let digest: Digest = digest::of(&bytes);
        let is_read = |known: &SeedRow| known.digest == digest && !known.stamp.is_unread();
        if !job.is_forced && job.known.as_ref().is_some_and(is_read) {
            return Outcome::Same(fingerprint);
        }
        let first_seen = job.known.as_ref().map_or(self.now, |known| known.first_seen);
        match self.parse(&bytes, &job.path, first_seen) {
            Ok(parsed) => {
                let body = Body::of(&parsed.item);
                Outcome::Parsed { fingerprint, digest, parsed: Box::new(parsed), body }
            }
            Err(diagnostic) => Outcome::Rejected { fingerprint, digest, diagnostic },
        }
    }

    /// Parses with what is declared for the directory; and once more where the host, known only then, has a rule.
    pub(super) fn parse(&self, bytes: &[u8], path: &SeedPath, first_seen: DateTime<Utc>) -> Result<Parsed, Diagnostic> {
        let rules = &self.config.seeds.rules;
        let by_path = rules.iter().find(|rule| rule.matches(path, None));
        let parsed = self.parse_with(bytes, path, first_seen, by_path)?;
        let host = parsed.item.source.as_deref();
        match rules.iter().find(|rule| rule.matches(path, host)) {
            Some(rule) if !by_path.is_some_and(|same| std::ptr::eq(same, rule)) => {
                self.parse_with(bytes, path, first_seen, Some(rule))
            }
            _ => Ok(parsed),
        }
    }

    fn parse_with(
        &self,
        bytes: &[u8],
        path: &SeedPath,
        first_seen: DateTime<Utc>,
        rule: Option<&Rule>,
    ) -> Result<Parsed, Diagnostic> {
        let site = &self.config.site;
        parse::parse(
            bytes,
            &parse::Context {
                path,
                zone: rule.and_then(|rule| rule.time_zone).unwrap_or(site.time_zone),
                language: rule.and_then(|rule| rule.language.as_ref()),
                fallback_language: site.language.as_ref(),
                first_seen,
                directory_categories: self.config.seeds.directory_categories,
                tag_authority: self.tag_authority,
            },
        )
    }
}

/// A fingerprint as the store keeps it.
pub(super) fn stamp(found: &Fingerprint) -> Stamp {
    let Fingerprint { size, mtime_ns, ctime_ns, inode } = *found;
    Stamp { size: size.cast_signed(), mtime_ns, ctime_ns, inode: inode.cast_signed() }
}

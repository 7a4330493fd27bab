//! `seedcast check`: what would become of each seed, for the person who writes them.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, FixedOffset, Utc};
use serde::Serialize;

use crate::config::{Config, Purpose};
use crate::item::{Diagnostic, Item, SeedPath};
use crate::ops::counted;
use crate::parse::Parsed;
use crate::seed::{self, ScanError};
use crate::serve::{self, SetupError, tag_authority};

use super::logging::Logging;
use super::{Check, Format, load_for, print, system_clock};

/// What `--format json` prints for one seed.
#[derive(Serialize)]
struct Line<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<ItemLine<'a>>,
    diagnostics: Vec<DiagnosticLine<'a>>,
}

#[derive(Serialize)]
struct ItemLine<'a> {
    /// The one that it gets if its article is new; a known one keeps what the store has for it, which is not opened.
    id: &'a str,
    url: Option<&'a str>,
    title: &'a str,
    published: String,
    published_source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_back_until: Option<String>,
    updated: String,
    updated_source: &'static str,
    language: Option<&'a str>,
    categories: &'a [String],
    source: Option<&'a str>,
    summary: Option<&'a str>,
    content_bytes: usize,
}

#[derive(Serialize)]
struct DiagnosticLine<'a> {
    severity: &'static str,
    code: &'a str,
    line: Option<u32>,
    reason: &'a str,
}

/// What was found so far.
#[derive(Default)]
struct Tally {
    items: usize,
    rejected: usize,
    repaired: usize,
}

pub(super) fn run(arguments: Check) -> anyhow::Result<ExitCode> {
    let Check { settings, paths, config_only, format } = arguments;
    let config = load_for(Purpose::Check, &settings)?;
    Logging::start(&config)?;
    if config_only {
        serve::check(&config)?;
        return print("the configuration is right\n");
    }
    serve::check_files(&config)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut tally = Tally::default();
    let result = check_all(&config, &paths, format, &mut out, &mut tally).and_then(|()| {
        if format == Format::Text {
            let (items, rejected) = (counted(tally.items, "item"), counted(tally.rejected, "seed"));
            writeln!(out, "{items}, {rejected} rejected, {}", counted(tally.repaired, "repair"))?;
        }
        Ok(out.flush()?)
    });
    match result {
        // The reader of a pipe has seen enough.
        Err(error) if is_broken_pipe(&error) => {}
        other => other?,
    }
    Ok(ExitCode::from(u8::from(tally.rejected + tally.repaired > 0)))
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
}

fn check_all(
    config: &Config,
    paths: &[PathBuf],
    format: Format,
    out: &mut impl Write,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let root = &config.seeds.options.directory;
    if paths.is_empty() {
        return check_tree(config, root, Path::new(""), format, out, tally);
    }
    for path in paths {
        let (root, below) = place(root, path)?;
        if root.join(&below).is_dir() {
            check_tree(config, &root, &below, format, out, tally)?;
        } else {
            check_one(&at(config, &root), &SeedPath::new(below), format, out, tally)?;
        }
    }
    Ok(())
}

/// A path as root and relative path: below the seed directory where it lies there (so that its categories come out
/// right), else below its own parent.
fn place(root: &Path, path: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let real = path.canonicalize().map_err(|e| anyhow::anyhow!("cannot read `{}`: {e}", path.display()))?;
    if let Ok(below) = root
        .canonicalize()
        .and_then(|root| real.strip_prefix(&root).map(Path::to_owned).map_err(|_| std::io::ErrorKind::NotFound.into()))
    {
        return Ok((root.to_owned(), below));
    }
    if real.is_dir() {
        return Ok((real, PathBuf::new()));
    }
    let (Some(parent), Some(name)) = (real.parent(), real.file_name()) else {
        anyhow::bail!("`{}` is not a file", path.display());
    };
    Ok((parent.to_owned(), PathBuf::from(name)))
}

fn at(config: &Config, root: &Path) -> Config {
    let mut config = config.clone();
    root.clone_into(&mut config.seeds.options.directory);
    config
}

fn check_tree(
    config: &Config,
    root: &Path,
    below: &Path,
    format: Format,
    out: &mut impl Write,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let config = at(config, root);
    let listing = seed::scan(&config.seeds.options, below)
        .map_err(|error: ScanError| anyhow::Error::new(SetupError::Seeds(error)))?;
    for diagnostic in &listing.diagnostics {
        report(&diagnostic.path, Err(diagnostic.clone()), format, out, tally)?;
    }
    for (path, _) in &listing.seeds {
        check_one(&config, path, format, out, tally)?;
    }
    Ok(())
}

fn check_one(
    config: &Config,
    path: &SeedPath,
    format: Format,
    out: &mut impl Write,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let now = system_clock()();
    let base_url = config.site.base_url.as_deref().unwrap_or("http://localhost");
    let authority = tag_authority(config, base_url);
    let result = match seed::Reader::new(&config.seeds.options).read(path) {
        Ok(Some((bytes, _))) => crate::ingest::parse_seed(config, &authority, &bytes, path, now),
        Ok(None) => Err(Diagnostic::rejected(path, None, "gone", "no longer exists")),
        Err(error) => Err(error.diagnostic().clone()),
    };
    report(path, result, format, out, tally)
}

fn report(
    path: &SeedPath,
    result: Result<Parsed, Diagnostic>,
    format: Format,
    out: &mut impl Write,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let now = system_clock()();
    let (item, diagnostics) = match result {
        Ok(parsed) => (Some(parsed.item), parsed.repairs),
        Err(diagnostic) => (None, vec![diagnostic]),
    };
    tally.items += usize::from(item.is_some());
    if item.is_none() {
        tally.rejected += 1;
    } else {
        tally.repaired += diagnostics.len();
    }
    match format {
        Format::Text => text(path, item.as_ref(), &diagnostics, now, out)?,
        Format::Json => json(path, item.as_ref(), &diagnostics, now, out)?,
    }
    Ok(())
}

fn text(
    path: &SeedPath,
    item: Option<&Item>,
    diagnostics: &[Diagnostic],
    now: DateTime<Utc>,
    out: &mut impl Write,
) -> std::io::Result<()> {
    if let Some(item) = item {
        let times = &item.times;
        writeln!(out, "{path}")?;
        writeln!(out, "  title       {}", item.title)?;
        writeln!(out, "  id (if new) {}", item.id)?;
        let held_back =
            held_back_until(item, now).map_or_else(String::new, |until| format!(", held back until {until}"));
        writeln!(out, "  published   {} ({}){held_back}", stamp(&times.published), times.published_source.as_str())?;
        writeln!(out, "  updated     {} ({})", stamp(&times.updated), times.updated_source.as_str())?;
        if let Some(language) = &item.language {
            writeln!(out, "  language    {language}")?;
        }
        if !item.categories.is_empty() {
            writeln!(out, "  categories  {}", item.categories.join(", "))?;
        }
        if let Some(summary) = &item.summary {
            writeln!(out, "  summary     {summary}")?;
        }
    }
    for diagnostic in diagnostics {
        writeln!(out, "{diagnostic} [{}, {}]", diagnostic.code, diagnostic.severity.as_str())?;
    }
    Ok(())
}

fn json(
    path: &SeedPath,
    item: Option<&Item>,
    diagnostics: &[Diagnostic],
    now: DateTime<Utc>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let line = Line {
        path: path.to_string(),
        item: item.map(|item| ItemLine {
            id: item.id.as_str(),
            url: item.url.as_deref(),
            title: &item.title,
            published: stamp(&item.times.published),
            published_source: item.times.published_source.as_str(),
            held_back_until: held_back_until(item, now),
            updated: stamp(&item.times.updated),
            updated_source: item.times.updated_source.as_str(),
            language: item.language.as_ref().map(crate::item::Language::as_str),
            categories: &item.categories,
            source: item.source.as_deref(),
            summary: item.summary.as_deref(),
            content_bytes: item.content.len(),
        }),
        diagnostics: diagnostics
            .iter()
            .map(|one| DiagnosticLine {
                severity: one.severity.as_str(),
                code: one.code,
                line: one.line,
                reason: &one.reason,
            })
            .collect(),
    };
    let text = serde_json::to_string(&line)?;
    Ok(writeln!(out, "{text}")?)
}

/// When an article from the future comes into the feeds.
fn held_back_until(item: &Item, now: DateTime<Utc>) -> Option<String> {
    (item.times.published > now).then(|| stamp(&item.times.published))
}

fn stamp(time: &DateTime<FixedOffset>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

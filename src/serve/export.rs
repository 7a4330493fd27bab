//! Every document as files, for any static host or object store.

mod files;
mod target;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::config::Config;
use crate::feed::{By, CachePolicy, Definition, Document, Format, Site, archive_page_path, page};
use crate::http::{OnDemand, Published, Rendered};
use crate::ingest::{Clock, Ingest, Shared, StaleDocuments, archive_pages};
use crate::ops::{Health, Metrics};
use crate::seed::Watcher;
use crate::store::Reader;

use super::names::Names;
use super::pages::{LISTED, Pages};
use super::setup::{SetupError, site, watch_error};
use super::within::{is_within, refuse_store_in_seeds};
use files::{Entry, Folder, without_collisions};

/// Pause between looks while the seeds are read.
const LOOK: Duration = Duration::from_millis(20);

/// The page that static hosts show, by its name, where there is nothing.
const MISSING: &str = "/404.html";

/// What an export did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Documents there are.
    pub documents: usize,
    /// Documents that were new or different, and so were written.
    pub written: usize,
    /// Documents that were there from an earlier export and are no more.
    pub removed: usize,
}

/// Reads the seeds, then writes every document below `out`: files with their pre-compressed variants beside them, and
/// `manifest.json` with the validators of each. What an earlier export wrote and is unchanged is left alone. With
/// `accepts_removals`, seeds that are gone are taken as meant to be gone, however many.
///
/// # Errors
/// When `site.base_url` is not set, `out` is or lies in the seed directory, has the store in it or files of somebody else, the seeds cannot be read, the store is in use, or a file cannot be written; then the
/// files that are there are whole, some of them of the earlier export, as they are after a kill. The next export makes all
/// of it right.
pub fn export(config: &Config, out: &Path, accepts_removals: bool, clock: Clock) -> anyhow::Result<Exported> {
    let Some(base_url) = config.site.base_url.clone() else { return Err(SetupError::NoBaseUrl.into()) };
    if is_within(out, &config.seeds.options.directory) {
        return Err(SetupError::ExportIntoSeeds(out.to_owned()).into());
    }
    if is_within(config.store.path(), out) {
        return Err(SetupError::StoreInExport(config.store.path().to_owned()).into());
    }
    refuse_store_in_seeds(&config.store, config)?;
    // What is gone in two listings is gone: the next export may be a day away.
    let mut config = config.clone();
    config.seeds.withdraw_after = Duration::ZERO;
    // A static host takes no subscriptions.
    (config.hub.is_enabled, config.hub.takes_rsscloud) = (false, false);
    let config = &config;
    let watcher = Watcher::new(config.seeds.options.clone()).map_err(watch_error)?;
    let mut store = super::open_store(config, clock)?;
    let names = Names::settle(&mut store, config, &base_url)?;
    names.warn_of_local(config);
    let site = site(config, &base_url, &names.id_base);
    let (published, health) = (Arc::new(Published::default()), Arc::new(Health::default()));
    let reader = store.reader();
    let pages = Pages::new(store.reader(), config, site.clone(), clock);
    let metrics = Arc::new(Metrics::default());
    let (stale, shown) = (Box::new(|_: StaleDocuments<'_>| ()), Box::new(|_: &[String]| ()));
    let shared = Shared::new(Arc::clone(&published), Arc::clone(&health), metrics, stale, shown);
    if accepts_removals {
        shared.accept_removals();
    }
    let ingest = Ingest::start(watcher, config.clone(), site.clone(), names.tag_authority, store, shared, clock)?;
    list_twice(&ingest, &health)?;
    // Held until all is written, so that the documents of one export belong to one state of the directory.
    let _store = ingest.stop()?;
    if let Some(reason) = health.first_degraded() {
        bail!("nothing was exported: {reason}");
    }
    let paths = without_collisions(paths(&reader, config)?);
    let find = |path: &str| match path {
        MISSING => missing(&site, clock).map(Some),
        _ => find(&published, &pages, path),
    };
    let folder = Folder::open(out)?;
    folder.begin(&paths)?;
    write_all(folder, &paths, &find)
}

/// Waits for the first scan, and for a listing after it: what is gone in both is gone.
fn list_twice(ingest: &Ingest, health: &Health) -> anyhow::Result<()> {
    let until = |is_done: &dyn Fn() -> bool| -> anyhow::Result<()> {
        while !is_done() {
            if !ingest.is_alive() {
                bail!(ingest.failure().unwrap_or_else(|| "reading the seeds ended early".to_owned()));
            }
            if let Some(reason) = health.first_degraded() {
                bail!("nothing was exported: {reason}");
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    };
    until(&|| health.is_scanned())?;
    let listings = ingest.listings();
    ingest.rescan(false);
    until(&|| ingest.listings() > listings)
}

fn find(published: &Published, pages: &Pages, path: &str) -> anyhow::Result<Option<Document>> {
    if let Some(document) = published.slot(path).and_then(|slot| slot.load()) {
        // The service shows a document before its dearer codings are there; files are not made better later.
        return Ok(Some(Document::clone(&document).compress()));
    }
    match pages.render(path) {
        Rendered::Found(document) => Ok(Some(document)),
        Rendered::Failed => bail!("`{path}` cannot be made"),
        Rendered::Gone | Rendered::Missing | Rendered::Redirect(_) => Ok(None),
    }
}

fn missing(site: &Site, clock: Clock) -> anyhow::Result<Document> {
    let cache = CachePolicy { max_age: Duration::ZERO, is_stable: false };
    Ok(Document::new(page::CONTENT_TYPE, page::not_found(site)?, clock(), cache, None).undated().compress())
}

/// Every path that has a document.
fn paths(reader: &Reader, config: &Config) -> anyhow::Result<Vec<String>> {
    let documents = |base: String| {
        let of_format = Format::ALL.map(|format| format!("{base}{}", format.file_name()));
        of_format.into_iter().chain([base])
    };
    let mut paths = vec!["/opml.xml".to_owned(), MISSING.to_owned()];
    let configured = config.feeds.iter().map(|feed: &Definition| feed.path.clone());
    let mut listed: BTreeMap<By, usize> = config.automatic.iter().map(|by| (*by, 0)).collect();
    let (feeds, handles) = reader.read(|reading| -> anyhow::Result<_> {
        let mut feeds: BTreeMap<String, u64> = configured.map(|path| (path, 0)).collect();
        for row in reading.all_feeds()? {
            if let Some(count) = row.by.filter(|_| row.live > 0).and_then(|by| listed.get_mut(&by)) {
                *count += 1;
            }
            if row.by.is_some() || feeds.contains_key(&row.path) {
                let pages = archive_pages(&row);
                feeds.insert(row.path, pages);
            }
        }
        Ok((feeds, reading.live_handles()?))
    })?;
    for (by, count) in listed {
        paths.extend((1..=count.div_ceil(LISTED) as u64).map(|page| by.list_path(page)));
    }
    for (feed, pages) in feeds {
        paths.extend(documents(format!("{feed}/")));
        paths.extend((1..=pages).flat_map(|page| documents(archive_page_path(&feed, page))));
    }
    paths.extend(handles.into_iter().map(|handle| format!("/items/{handle}/")));
    Ok(paths)
}

type Find<'a> = dyn Fn(&str) -> anyhow::Result<Option<Document>> + Sync + 'a;

fn write_all(folder: Folder, paths: &[String], find: &Find<'_>) -> anyhow::Result<Exported> {
    let next = AtomicUsize::new(0);
    let done: Mutex<BTreeMap<String, Entry>> = Mutex::default();
    let written = AtomicUsize::new(0);
    let work = || -> anyhow::Result<()> {
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = find(path).and_then(|document| {
                let Some(document) = document else { return Ok(()) };
                let (entry, is_new) = folder.put(path, &document)?;
                written.fetch_add(usize::from(is_new), Ordering::Relaxed);
                done.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), entry);
                Ok(())
            });
            if result.is_err() {
                // The others have nothing left to do.
                next.store(paths.len(), Ordering::Relaxed);
                return result;
            }
        }
        Ok(())
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        let joined =
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.fold(own, Result::and)
    })?;
    let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let documents = done.len();
    let removed = folder.finish(&done).context("cannot finish the export")?;
    Ok(Exported { documents, written: written.into_inner(), removed })
}

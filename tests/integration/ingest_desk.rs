//! A service without a network: seed directory, store and ingest in this process, with a clock that stands still until
//! it is set.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use seedcast::config::{self, Config, Overrides, Purpose};
use seedcast::feed::{Document, Site};
use seedcast::http::{OnDemand, Published, Rendered};
use seedcast::ingest::{Clock, Ingest, Shared};
use seedcast::ops::{Health, Metrics};
use seedcast::seed::Watcher;
use seedcast::serve::Pages;
use seedcast::store::{Store, StoreUrl};
use serde_json::Value;

use crate::running::{PATIENCE, eventually, seed_text, write_seed};

/// A clock of its own for one test: seconds since the epoch in a static, since a clock is a plain function.
macro_rules! clock {
    ($start:expr) => {{
        static NOW: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);
        fn now() -> chrono::DateTime<chrono::Utc> {
            let millis = NOW.load(std::sync::atomic::Ordering::SeqCst);
            chrono::DateTime::from_timestamp_millis(millis).expect("a time")
        }
        let start: chrono::DateTime<chrono::Utc> = $start.parse().expect("a time");
        NOW.store(start.timestamp_millis(), std::sync::atomic::Ordering::SeqCst);
        (&NOW, now as seedcast::ingest::Clock)
    }};
}
pub(crate) use clock;

pub(crate) struct Desk {
    folder: tempfile::TempDir,
    config: Config,
    millis: &'static std::sync::atomic::AtomicI64,
    clock: Clock,
    running: Option<Running>,
    /// The Atom and the JSON document of everything, each time they were shown before the first scan was done.
    early: Arc<Mutex<Vec<[String; 2]>>>,
}

struct Running {
    ingest: Ingest,
    pages: Pages,
    published: Arc<Published>,
    health: Arc<Health>,
}

impl Desk {
    /// `more` is TOML on top of the defaults.
    pub(crate) fn new((millis, clock): (&'static std::sync::atomic::AtomicI64, Clock), more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("seeds")).unwrap();
        let file = folder.path().join("seedcast.toml");
        std::fs::write(&file, format!("[site]\nbase_url = \"http://feeds.example\"\n{more}")).unwrap();
        let overrides = Overrides { seeds: Some(folder.path().join("seeds")), ..Overrides::default() };
        let config = config::load(Purpose::Service, Some(&file), [], &overrides).unwrap();
        Self { folder, config, millis, clock, running: None, early: Arc::default() }
    }

    pub(crate) fn reconfigure(&mut self, more: &str) {
        let file = self.folder.path().join("seedcast.toml");
        std::fs::write(&file, format!("[site]\nbase_url = \"http://feeds.example\"\n{more}")).unwrap();
        let overrides = Overrides { seeds: Some(self.seeds()), ..Overrides::default() };
        self.config = config::load(Purpose::Service, Some(&file), [], &overrides).unwrap();
    }

    pub(crate) fn seeds(&self) -> PathBuf {
        self.folder.path().join("seeds")
    }

    pub(crate) fn store(&self) -> StoreUrl {
        StoreUrl::sqlite(self.folder.path().join("store.sqlite"))
    }

    fn site(&self) -> Site {
        Site {
            title: self.config.site.title.clone(),
            base_url: "http://feeds.example".to_owned(),
            icon: None,
            is_unconfigured: false,
            id_base: "http://feeds.example".to_owned(),
            language: None,
            author: None,
            hubs: Vec::new(),
            cloud: None,
        }
    }

    /// What there is at a path before anything was read.
    pub(crate) fn before_the_first_scan(&self, path: &str) -> Rendered {
        let store = Store::open(&self.store(), (self.clock)()).unwrap().store;
        Pages::new(store.reader(), &self.config, self.site(), self.clock).render(path)
    }

    /// Starts and waits for the first scan.
    pub(crate) fn open(&mut self) {
        let watcher = Watcher::new(self.config.seeds.options.clone()).unwrap();
        // A process that another test is starting has our locks too, between fork and exec.
        let mut opened = Err(String::new());
        eventually_or(
            || {
                opened = Store::open(&self.store(), (self.clock)()).map_err(|error| error.to_string());
                opened.is_ok().then_some(())
            },
            || "the store cannot be opened".to_owned(),
        );
        let store = opened.unwrap().store;
        let site = self.site();
        let pages = Pages::new(store.reader(), &self.config, site.clone(), self.clock);
        let (published, health) = (Arc::new(Published::default()), Arc::new(Health::default()));
        let metrics = Arc::new(Metrics::default());
        let shown = {
            let (published, health, early) = (Arc::clone(&published), Arc::clone(&health), Arc::clone(&self.early));
            move |paths: &[String]| {
                if !paths.is_empty() && !health.is_scanned() {
                    early.lock().unwrap().push(["/atom.xml", "/feed.json"].map(|path| text_of(&published, path)));
                }
            }
        };
        let shared =
            Shared::new(Arc::clone(&published), Arc::clone(&health), metrics, Box::new(|_| ()), Box::new(shown));
        let authority = "feeds.example,2026".to_owned();
        let ingest = Ingest::start(watcher, self.config.clone(), site, authority, store, shared, self.clock).unwrap();
        eventually("the first scan is done", PATIENCE, || health.is_scanned().then_some(()));
        self.running = Some(Running { ingest, pages, published, health });
    }

    pub(crate) fn close(&mut self) {
        if let Some(running) = self.running.take() {
            drop(running.ingest.stop().unwrap());
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Sets the clock forward (or back), has everything looked at, and waits until that is done.
    pub(crate) fn pass(&self, seconds: i64) {
        self.pass_by(seconds);
        self.rescan(false);
    }

    /// Sets the clock, also while nothing is open.
    pub(crate) fn pass_by(&self, seconds: i64) {
        self.millis.fetch_add(seconds * 1000, std::sync::atomic::Ordering::SeqCst);
    }

    /// Listings of the whole directory so far, asked for or not.
    pub(crate) fn listings(&self) -> u64 {
        self.running().ingest.listings()
    }

    pub(crate) fn rescan(&self, accepts_removals: bool) {
        let ingest = &self.running().ingest;
        // The first one that is waited for may have begun earlier; the second has not.
        for _ in 0..2 {
            let before = ingest.listings();
            ingest.rescan(accepts_removals);
            eventually_or(|| (ingest.listings() > before).then_some(()), || "the listing does not end".to_owned());
        }
    }

    /// The Atom and the JSON document of everything as they were shown while the first scan was under way.
    pub(crate) fn early(&self) -> Vec<[String; 2]> {
        self.early.lock().unwrap().clone()
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it is open")
    }

    pub(crate) fn reasons(&self) -> Vec<String> {
        self.running().health.reasons()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        write_seed(&self.seeds().join(path), text);
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.seeds().join(path)).unwrap();
    }

    /// Removes a seed and waits until its grace period is over.
    pub(crate) fn withdraw(&self, path: &str) {
        self.remove(path);
        self.rescan(false);
        self.pass(31);
    }

    /// A document, kept ready or made now; `Err` has what there is instead.
    pub(crate) fn document(&self, path: &str) -> Result<Document, String> {
        if let Some(document) = self.running().published.slot(path).and_then(|slot| slot.load()) {
            return Ok(Document::clone(&document));
        }
        match self.running().pages.render(path) {
            Rendered::Found(document) => Ok(document),
            other => Err(format!("{other:?}")),
        }
    }

    pub(crate) fn text(&self, path: &str) -> String {
        let document = self.document(path).unwrap_or_else(|what| panic!("{path}: {what}"));
        String::from_utf8(document.identity().bytes.to_vec()).unwrap()
    }

    pub(crate) fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path)).unwrap()
    }

    /// The items of a JSON document.
    pub(crate) fn items(&self, path: &str) -> Vec<Value> {
        self.json(path)["items"].as_array().unwrap().clone()
    }

    pub(crate) fn titles(&self, path: &str) -> Vec<String> {
        self.items(path).iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until the feed of everything holds exactly these titles, in this order.
    pub(crate) fn expect(&self, titles: &[&str]) {
        let mut last = Vec::new();
        let ask = || {
            last = self.titles("/feed.json");
            (last == titles).then_some(())
        };
        eventually_or(ask, || format!("the feed has {:?} and not {titles:?}", self.titles("/feed.json")));
    }

    /// Follows `next_url` from a JSON document; the ids of every document in turn.
    pub(crate) fn walk(&self, path: &str) -> Vec<Vec<String>> {
        let mut documents = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let document = self.json(&path);
            let ids = document["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned());
            documents.push(ids.collect());
            let url = document["next_url"].as_str();
            next = url.map(|url| url.strip_prefix("http://feeds.example").expect("a URL of ours").to_owned());
            assert!(documents.len() < 1000, "the walk does not end");
        }
        documents
    }
}

fn text_of(published: &Published, path: &str) -> String {
    let document = published.slot(path).and_then(|slot| slot.load()).expect("a document that is shown");
    String::from_utf8(document.identity().bytes.to_vec()).unwrap()
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.close();
    }
}

pub(crate) fn eventually_or(mut ask: impl FnMut() -> Option<()>, what: impl Fn() -> String) {
    let deadline = std::time::Instant::now() + PATIENCE / 4;
    while ask().is_none() {
        assert!(std::time::Instant::now() < deadline, "{}", what());
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// A seed of article `number` on `host` with everything declared; published on 1 January 2024 at noon plus `minute`.
pub(crate) fn article(number: usize, title: &str, minute: i64, updated_minute: i64) -> String {
    let noon: DateTime<Utc> = "2024-01-01T12:00:00Z".parse().unwrap();
    let time = |minute| (noon + chrono::TimeDelta::minutes(minute)).format("%Y-%m-%dT%H:%M:%S+0000").to_string();
    let url = format!("https://news.example/20240101/slug-{}.html", 1_000_000 + number);
    seed_text(&url, title, &time(minute), &time(updated_minute), &format!("Words of {title}."))
}

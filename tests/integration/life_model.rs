//! Random lives of a seed directory against a simple model of the contract: at every quiet point all documents,
//! tombstones and archives agree with it, and ids and times of publication have never changed.
//!
//! `MODEL_STEPS` is the number of changes in each life, `MODEL_SEED` makes it another one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use seedcast::item::ItemId;

use crate::ingest_desk::{Desk, clock};
use crate::life_articles::{Article, Kind, Span, Version, number_of, title};
use crate::life_contract::Model;
use crate::life_reading::{Entry, Page, Served, page, path_of, walk};
use crate::running::{PATIENCE, Place, Server, eventually, get, wait_until_ready};
use crate::seed_directory::now as system_now;

/// The `whole` feed shows everything at once; the feed of everything is as it is by default.
const FEEDS: &str = "[[feed]]\nname = \"whole\"\nitems = 100000\nmax_items = 100000\nmax_bytes = 1000000000\n";

fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |word| word.parse().unwrap())
}

/// Says what is wrong when something is.
fn ensure(holds: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(wrong()) }
}

/// What has been seen at earlier quiet points and must still be so.
#[derive(Default)]
struct Memory {
    /// The items of each full archive page.
    pages: BTreeMap<String, BTreeSet<String>>,
    /// Update time of the feed of everything.
    updated: i64,
}

/// Whether an entry says what one of the versions that may stand says; gives the path of that version.
fn matching<'a>(model: &Model, number: usize, article: &'a Article, entry: &Entry) -> Result<&'a PathBuf, String> {
    let has = |version: &Version, path: &Path| {
        let (published, updated) = (entry.published, entry.updated);
        let is_offset_right = article.kind == Kind::Pathless || published.offset() == &article.offset;
        entry.title == title(number, version.edition)
            && entry.content == format!("<p>Words of edition {}.</p>", version.edition)
            && article.url(number, version).is_none_or(|url| url == entry.url)
            && article.published.has(published.timestamp())
            && article.updated(version).has(updated.timestamp())
            && updated >= published
            && is_offset_right
            && article.id.as_ref().is_none_or(|id| *id == entry.id)
            && (article.kind == Kind::Pathless || article.urls.contains(&entry.id))
            && model.categories(path).iter().eq(&entry.categories)
    };
    let standing = article.standing();
    let found = standing.iter().find(|(path, version)| has(version, path));
    found.map(|(path, _)| *path).ok_or_else(|| format!("{entry:#?}\nis none of {standing:#?}\nof {article:#?}"))
}

/// Compares everything that is served with the model.
fn check(served: &impl Served, model: &mut Model, memory: &mut Memory) -> Result<(), String> {
    let whole = page(served, "/feeds/whole/feed.json")?;
    let mut live = BTreeMap::new();
    let mut learned = Vec::new();
    for entry in &whole.entries {
        let number = number_of(&entry.title);
        let article = model.articles.get(number).ok_or_else(|| format!("never written: {entry:?}"))?;
        let path = matching(model, number, article, entry)?.clone();
        ensure(live.insert(number, entry.id.clone()).is_none(), || format!("twice: {entry:?}"))?;
        learned.push((number, path, entry));
    }
    let is_there = |article: &Article| !article.versions.is_empty() && article.is_due;
    for (number, article) in model.articles.iter().enumerate() {
        ensure(is_there(article) == live.contains_key(&number), || {
            format!("article {number} is not right: {article:#?}")
        })?;
    }
    let order: Vec<_> = whole.entries.iter().map(|entry| (-entry.updated.timestamp(), &entry.id)).collect();
    ensure(order.is_sorted(), || format!("not in order: {order:?}"))?;
    let ids: BTreeSet<&str> = whole.ids().collect();
    ensure(ids.len() == whole.entries.len(), || "an id for two articles".to_owned())?;

    let mut formats = Vec::new();
    for format in ["atom.xml", "rss.xml"] {
        let read = page(served, &format!("/feeds/whole/{format}"))?;
        for (ours, theirs) in read.entries.iter().zip(&whole.entries) {
            let is_same_url = ours.url == theirs.url || theirs.url.is_empty();
            ensure(ours == &Entry { url: ours.url.clone(), ..theirs.clone() } && is_same_url, || {
                format!("{format} has {ours:#?}\nand JSON {theirs:#?}")
            })?;
        }
        ensure(read.entries.len() == whole.entries.len(), || format!("{format} has another length"))?;
        ensure(read.is_complete, || format!("{format} is complete and does not say so"))?;
        formats.push(read);
    }
    tombstones(served, model, &formats[0])?;
    archives(served, model, memory, &ids)?;
    recent(served, model, &live)?;
    let updated = formats[0].updated.expect("Atom has one").timestamp();
    ensure(updated >= memory.updated, || "the feed's own update time went back".to_owned())?;
    memory.updated = updated;
    for (number, path, entry) in learned {
        model.learn(number, &path, &entry.id, entry.published.timestamp(), entry.updated.timestamp());
    }
    Ok(())
}

/// What was withdrawn is named in Atom, with its moment, and its page is gone; nothing else is.
fn tombstones(served: &impl Served, model: &Model, atom: &Page) -> Result<(), String> {
    let mut left: BTreeSet<&String> = atom.tombstones.keys().collect();
    for (number, article) in model.articles.iter().enumerate() {
        let Some(id) = &article.id else { continue };
        let handle = ItemId::new(id.as_str()).handle();
        if let Some(withdrawn) = article.withdrawn {
            let when = atom.tombstones.get(id).ok_or_else(|| format!("no tombstone of {number}: {article:#?}"))?;
            // RFC 6721 §3: one that is earlier than the entry's own update says nothing of it.
            let declared = article.last.as_ref().map(|(_, version)| version.updated);
            let is_ahead = |updated: Span| updated.to > withdrawn.from && updated.has(when.timestamp());
            let is_right =
                withdrawn.has(when.timestamp()) || [declared, article.restored].into_iter().flatten().any(is_ahead);
            ensure(is_right, || format!("tombstone of {number} at {when}: {withdrawn:?}, {article:?}"))?;
            left.remove(id);
        }
        // Some each time: all of them would take most of the time of the test.
        if number % 16 == atom.entries.len() % 16 {
            let status = served.fetch(&format!("/items/{handle}/")).map(|(status, _)| status);
            let right = if article.withdrawn.is_some() { 410 } else { 200 };
            ensure(status == Some(right), || format!("the page of {number} has {status:?}: {article:#?}"))?;
        }
    }
    // An article that went before anybody looked has an id that is not known here.
    let is_short_lived = |article: &&Article| article.id.is_none() && article.withdrawn.is_some();
    let unknown = model.articles.iter().filter(is_short_lived).count();
    let live: BTreeSet<&str> = atom.ids().collect();
    ensure(left.len() <= unknown, || format!("tombstones of nothing that was withdrawn: {left:?}"))?;
    ensure(left.iter().all(|id| !live.contains(id.as_str())), || format!("tombstones of live items: {left:?}"))
}

/// The archive of the feed of everything has each item once, linked both ways; a full page only ever loses items.
fn archives(served: &impl Served, model: &Model, memory: &mut Memory, ids: &BTreeSet<&str>) -> Result<(), String> {
    let mut walked = Vec::new();
    for format in ["atom.xml", "rss.xml", "feed.json"] {
        let pages = walk(served, &format!("/{format}"))?;
        let (first, archive) = pages.split_first().expect("the walk begins somewhere");
        ensure(first.1.ids().all(|id| ids.contains(id)), || format!("{format} has strangers"))?;
        let all: Vec<&str> = archive.iter().flat_map(|(_, page)| page.ids()).collect();
        let once: BTreeSet<&str> = all.iter().copied().collect();
        if archive.is_empty() {
            let whole: BTreeSet<&str> = first.1.ids().collect();
            ensure(whole == *ids, || format!("{format} has no archive and {} of {}", whole.len(), ids.len()))?;
        } else {
            ensure(all.len() == once.len(), || format!("{format}: {} items in {}", once.len(), all.len()))?;
            ensure(once == *ids, || {
                format!("{format}: not in the archive {:?}", ids.symmetric_difference(&once).collect::<Vec<_>>())
            })?;
        }
        for (index, (path, page)) in archive.iter().enumerate().filter(|_| format != "feed.json") {
            let next = page.next.as_deref().map(path_of);
            let is_right = match index {
                0 => next.is_none(),
                _ => next.as_deref() == Some(archive[index - 1].0.as_str()),
            };
            ensure(is_right, || format!("{path} has next {next:?}"))?;
            let current = page.current.as_deref().map(path_of);
            ensure(current.as_deref() == Some(pages[0].0.as_str()), || format!("{path} has current {current:?}"))?;
            ensure(page.is_archive && !page.is_complete, || format!("{path} is no archive page"))?;
        }
        walked.push(pages);
    }
    let ids_of = |is_so: fn(&Article) -> bool| -> BTreeSet<&String> {
        model.articles.iter().filter(|article| is_so(article)).filter_map(|article| article.id.as_ref()).collect()
    };
    let withdrawn = ids_of(|article| article.withdrawn.is_some());
    let restored = ids_of(|article| article.restored.is_some());
    // The newest page may still be filled.
    for (path, page) in walked[2].iter().skip(2) {
        let now: BTreeSet<String> = page.ids().map(str::to_owned).collect();
        let before = memory.pages.entry(path.clone()).or_insert_with(|| now.clone());
        // One that comes back takes its old place.
        let more: Vec<String> = now.difference(before).cloned().collect();
        ensure(more.iter().all(|id| restored.contains(id)), || format!("{path} was full and got {more:?}"))?;
        before.extend(more);
        let lost: Vec<&String> = before.difference(&now).collect();
        ensure(lost.iter().all(|id| withdrawn.contains(id)), || format!("{path} lost {lost:?}"))?;
    }
    Ok(())
}

/// Whatever is new since the last quiet point is in the document itself: a reader that polls only that misses nothing.
fn recent(served: &impl Served, model: &Model, live: &BTreeMap<usize, String>) -> Result<(), String> {
    let feed = page(served, "/feed.json")?;
    let shown: BTreeSet<&str> = feed.ids().collect();
    let missed: Vec<_> = model
        .news
        .iter()
        .filter(|number| model.articles[**number].is_news(model.burst))
        .filter(|number| live.get(number).is_some_and(|id| !shown.contains(id.as_str())))
        .map(|number| (number, &model.articles[*number]))
        .collect();
    ensure(missed.is_empty(), || format!("new and not in the feed: {missed:#?}"))
}

/// Compares until it agrees or patience ends. What the model takes for granted after `rest` counts only when it agrees: before
/// that, not everything had come to rest.
fn settle(served: &impl Served, model: &mut Model, memory: &mut Memory, rest: impl Fn(&mut Model)) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut rested = model.clone();
        rest(&mut rested);
        match check(served, &mut rested, memory) {
            Ok(()) => {
                *model = rested;
                return;
            }
            Err(wrong) => {
                assert!(Instant::now() < deadline, "{wrong}\nafter {:#?}", model.journal);
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn second() -> i64 {
    chrono::DateTime::<chrono::Utc>::from(system_now()).timestamp()
}

impl Served for SocketAddr {
    fn fetch(&self, path: &str) -> Option<(u16, Vec<u8>)> {
        get(*self, path, &[]).ok().map(|answer| (answer.status, answer.body))
    }
}

impl Served for Desk {
    fn fetch(&self, path: &str) -> Option<(u16, Vec<u8>)> {
        match self.document(path) {
            Ok(document) => Some((200, document.identity().bytes.to_vec())),
            Err(what) if what == "Gone" => Some((410, Vec::new())),
            Err(_) => Some((404, Vec::new())),
        }
    }
}

/// Polls all the time and remembers what it was told of each article.
#[derive(Default)]
struct Onlooker {
    address: Mutex<Option<SocketAddr>>,
    stop: AtomicBool,
}

impl Onlooker {
    /// The first contradiction, at its end.
    fn look(&self) -> Option<String> {
        let mut known: BTreeMap<usize, (String, i64)> = BTreeMap::new();
        let mut wrong = None;
        while !self.stop.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(50));
            let Some(address) = *self.address.lock().unwrap() else { continue };
            // A server that was just killed answers nothing or half, and one that begins says that it is not ready.
            let Ok(read) = page(&address, "/feed.json") else { continue };
            for entry in read.entries {
                let told = (entry.id.clone(), entry.published.timestamp());
                let before = known.entry(number_of(&entry.title)).or_insert_with(|| told.clone());
                if *before != told && wrong.is_none() {
                    wrong = Some(format!("told {before:?} before, and now {entry:?}"));
                }
            }
        }
        wrong
    }
}

#[test]
fn a_thousand_changes_restarts_and_kills_agree_with_the_model() {
    let (seed, steps) = (number("MODEL_SEED", 20_241_101), number("MODEL_STEPS", 1_000));
    eprintln!("MODEL_SEED={seed} MODEL_STEPS={steps}");
    let more = format!("[seeds]\nreconcile_seconds = 2\nwithdraw_after_seconds = 1\n{FEEDS}");
    let place = Place::new(&more);
    let mut model = Model::new(u64::try_from(seed).unwrap(), place.seeds(), false);
    let mut memory = Memory::default();
    let (mut server, mut address) = Server::ready(place.serve());
    let onlooker = Arc::new(Onlooker::default());
    let looking = std::thread::spawn({
        let onlooker = Arc::clone(&onlooker);
        move || onlooker.look()
    });
    const BURST: usize = 100;
    for _ in 0..steps.div_ceil(BURST) {
        model.begin(second());
        let (kill, restart) = (model.dice.roll(BURST), model.dice.roll(2 * BURST));
        for step in 0..BURST {
            if step == kill || step == restart {
                *onlooker.address.lock().unwrap() = None;
                if step == kill {
                    server.kill();
                } else {
                    // It may not even listen yet, and has no handler of the signal then.
                    server.address_again();
                    server.terminate();
                    server.end();
                }
                server = Server::spawn(place.serve());
            }
            model.change();
            std::thread::sleep(Duration::from_millis(u64::try_from(model.dice.roll(6)).unwrap()));
        }
        address = server.address_again();
        *onlooker.address.lock().unwrap() = Some(address);
        wait_until_ready(address);
        settle(&address, &mut model, &mut memory, |model| {
            let now = second();
            model.come_to_rest(now, now);
        });
    }
    eventually("ready at the end", PATIENCE, || {
        get(address, "/readyz", &[]).ok().filter(|answer| answer.status == 200)
    });
    onlooker.stop.store(true, Ordering::SeqCst);
    assert_eq!(looking.join().unwrap(), None);
}

#[test]
fn a_thousand_changes_under_a_clock_that_jumps_agree_with_the_model() {
    let (seed, steps) = (number("MODEL_SEED", 20_241_101), number("MODEL_STEPS", 1_000));
    eprintln!("MODEL_SEED={seed} MODEL_STEPS={steps}");
    let more = format!("[seeds]\ntombstone_days = 3650\nreconcile_seconds = 86400\n{FEEDS}");
    let mut desk = Desk::new(clock!("2026-06-01T00:00:00Z"), &more);
    let mut model = Model::new(u64::try_from(seed).unwrap(), desk.seeds(), true);
    let mut memory = Memory::default();
    desk.open();
    const BURST: usize = 20;
    for _ in 0..steps.div_ceil(BURST) {
        // Set by a person, drifting, woken from sleep, set right by the network.
        let jump = i64::try_from(model.dice.roll(40_000)).unwrap();
        let jump = [0, 0, jump % 100, -(jump % 100), jump, -jump, 4 * jump, -2 * jump][model.dice.roll(8)];
        let is_asleep = model.dice.roll(4) == 0;
        if is_asleep {
            desk.close();
        }
        desk.pass_by(jump);
        if is_asleep {
            desk.open();
        }
        desk.rescan(false);
        let begin = desk.now().timestamp();
        model.begin(begin);
        model.journal.push(format!("the clock jumps by {jump} to {begin}, asleep: {is_asleep}"));
        let restart = model.dice.roll(4 * BURST);
        for step in 0..BURST {
            if step == restart {
                desk.close();
                desk.open();
            }
            model.change();
        }
        desk.rescan(false);
        desk.pass(40);
        let now = desk.now().timestamp();
        settle(&desk, &mut model, &mut memory, |model| model.come_to_rest(begin, now));
        assert_eq!(desk.reasons(), Vec::<String>::new());
    }
}

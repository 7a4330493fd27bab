//! A life in fast motion: thousands of changes to the seed directory while the server is killed again and again and a
//! reader polls. Afterwards the feeds say exactly what the directory says, and the reader has missed nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset};

use crate::life_dice::Dice;
use crate::running::{Place, Server, eventually, get, seed_text, wait_until_ready, write_seed};

const ROUNDS: usize = 25;
const CHANGES_A_ROUND: usize = 80;

/// The `whole` feed shows everything at once; the reader has to get by with the feed of everything as it is by default.
const CONFIGURATION: &str = "[seeds]\nreconcile_seconds = 2\nwithdraw_after_seconds = 1\n\
    [[feed]]\nname = \"whole\"\nitems = 10000\nmax_items = 10000\nmax_bytes = 100000000\n";

/// What one seed says. `article` is the number in its URL and so the identity of the item.
#[derive(Clone, Debug)]
struct Seed {
    article: usize,
    slug: usize,
    edition: usize,
    published: DateTime<FixedOffset>,
    updated: DateTime<FixedOffset>,
}

impl Seed {
    fn url(&self) -> String {
        format!("https://life.example/20240101/slug{}-{}.html", self.slug, 1_000_000_000 + self.article)
    }

    fn title(&self) -> String {
        format!("Article {} edition {}", self.article, self.edition)
    }

    fn text(&self) -> String {
        let time = |moment: DateTime<FixedOffset>| moment.format("%Y-%m-%dT%H:%M:%S%z").to_string();
        let body = format!("Words of edition {}.", self.edition);
        seed_text(&self.url(), &self.title(), &time(self.published), &time(self.updated), &body)
    }
}

/// The directory as it must be, and all that was ever in it.
struct Model {
    dice: Dice,
    root: PathBuf,
    seeds: BTreeMap<PathBuf, Seed>,
    /// Every URL under which an article was ever written: its id is one of these.
    urls: BTreeMap<usize, BTreeSet<String>>,
    articles: usize,
    editions: usize,
    files: usize,
}

impl Model {
    fn moment(&mut self) -> DateTime<FixedOffset> {
        let offset = FixedOffset::east_opt([0, 3 * 3600, -5 * 3600, 19_800][self.dice.roll(4)]).unwrap();
        let second = 1_704_067_200 + i64::try_from(self.dice.roll(50_000_000)).unwrap();
        DateTime::from_timestamp(second, 0).unwrap().with_timezone(&offset)
    }

    fn directory(&mut self) -> PathBuf {
        let (a, b) = (self.dice.roll(8), self.dice.roll(3));
        self.root.join(if b == 0 { format!("d{a}") } else { format!("d{a}/below{b}") })
    }

    fn new_path(&mut self) -> PathBuf {
        self.files += 1;
        let name = format!("{}.txt", self.files);
        self.directory().join(name)
    }

    fn write(&mut self, path: &Path, seed: Seed) {
        self.urls.entry(seed.article).or_default().insert(seed.url());
        if self.dice.roll(2) == 0 {
            write_seed(path, &seed.text());
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, seed.text()).unwrap();
        }
        self.seeds.insert(path.to_owned(), seed);
    }

    fn any(&mut self) -> Option<(PathBuf, Seed)> {
        if self.seeds.is_empty() {
            return None;
        }
        let index = self.dice.roll(self.seeds.len());
        self.seeds.iter().nth(index).map(|(path, seed)| (path.clone(), seed.clone()))
    }

    /// A later moment for an article that no other seed of it has, so that it is always clear which of them stands.
    fn later(&mut self, article: usize) -> DateTime<FixedOffset> {
        let newest = self.seeds.values().filter(|seed| seed.article == article).map(|seed| seed.updated).max();
        newest.unwrap_or_default() + Duration::from_secs(1 + u64::try_from(self.dice.roll(5000)).unwrap())
    }

    fn create(&mut self) {
        self.articles += 1;
        let published = self.moment();
        let updated = published + Duration::from_secs(u64::try_from(self.dice.roll(100_000)).unwrap());
        let seed = Seed { article: self.articles, slug: 0, edition: 0, published, updated };
        let path = self.new_path();
        self.write(&path, seed);
    }

    /// One random change of the directory and of the model alike.
    fn change(&mut self) {
        let kind = self.dice.roll(100);
        let Some((path, mut seed)) = self.any() else { return self.create() };
        self.editions += 1;
        match kind {
            0..35 => self.create(),
            // An edit of title and body under the old times: a silent correction.
            35..45 => {
                seed.edition = self.editions;
                self.write(&path, seed);
            }
            // An edit that says so.
            45..58 => {
                (seed.edition, seed.updated) = (self.editions, self.later(seed.article));
                self.write(&path, seed);
            }
            // Another slug: the same article under another URL.
            58..64 => {
                (seed.slug, seed.edition, seed.updated) = (self.editions, self.editions, self.later(seed.article));
                self.write(&path, seed);
            }
            // The seed itself corrects the time of publication.
            64..68 => {
                seed.published -= Duration::from_secs(3600);
                seed.edition = self.editions;
                self.write(&path, seed);
            }
            68..74 => fs::File::options()
                .append(true)
                .open(&path)
                .unwrap()
                .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_000))
                .unwrap(),
            // Copied again: the same bytes with a new time of the file.
            74..80 => self.write(&path, seed),
            80..86 => {
                let to = self.new_path();
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::rename(&path, &to).unwrap();
                self.seeds.remove(&path);
                self.seeds.insert(to, seed);
            }
            86..88 => self.move_directory(),
            // The same article in another file, later: it stands from now on.
            88..93 => {
                (seed.edition, seed.updated) = (self.editions, self.later(seed.article));
                let path = self.new_path();
                self.write(&path, seed);
            }
            _ => {
                fs::remove_file(&path).unwrap();
                self.seeds.remove(&path);
            }
        }
    }

    fn move_directory(&mut self) {
        let from = self.directory();
        self.files += 1;
        let to = self.root.join(format!("moved{}", self.files));
        if !from.exists() {
            return;
        }
        fs::rename(&from, &to).unwrap();
        let moved: Vec<PathBuf> = self.seeds.keys().filter(|path| path.starts_with(&from)).cloned().collect();
        for path in moved {
            let seed = self.seeds.remove(&path).expect("just listed");
            let below = path.strip_prefix(&from).expect("it lies there").to_owned();
            self.seeds.insert(to.join(below), seed);
        }
    }

    /// The seed that stands for each article.
    fn standing(&self) -> BTreeMap<usize, &Seed> {
        let mut standing: BTreeMap<usize, &Seed> = BTreeMap::new();
        for seed in self.seeds.values() {
            let entry = standing.entry(seed.article).or_insert(seed);
            if seed.updated > entry.updated {
                *entry = seed;
            }
        }
        standing
    }
}

/// An item as a document of ours gives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    id: String,
    title: String,
    url: String,
    published: String,
    updated: String,
    content: String,
}

fn items(feed: &serde_json::Value) -> Vec<Seen> {
    let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    let list = feed["items"].as_array().expect("a list of items");
    list.iter()
        .map(|item| Seen {
            id: text(item, "id"),
            title: text(item, "title"),
            url: text(item, "url"),
            published: text(item, "date_published"),
            updated: text(item, "date_modified"),
            content: text(item, "content_html"),
        })
        .collect()
}

fn article_of(id: &str) -> usize {
    let number = id.rsplit_once('-').and_then(|(_, tail)| tail.strip_suffix(".html")).expect("an id of ours");
    number.parse::<usize>().expect("a number") - 1_000_000_000
}

/// A well-behaved reader: polls with the entity tag that it kept and remembers all that it was shown.
#[derive(Default)]
struct Reader {
    address: Mutex<Option<SocketAddr>>,
    polls: AtomicUsize,
    stop: AtomicBool,
    seen: Mutex<BTreeSet<(String, String, String)>>,
    ids: Mutex<BTreeMap<usize, BTreeSet<String>>>,
    problems: Mutex<Vec<String>>,
}

impl Reader {
    fn read(&self) {
        let mut tag = String::new();
        while !self.stop.load(Ordering::SeqCst) {
            // How often this reader polls.
            std::thread::sleep(Duration::from_millis(100));
            let Some(address) = *self.address.lock().unwrap() else { continue };
            let headers = [("If-None-Match", tag.as_str())];
            let headers = if tag.is_empty() { &headers[..0] } else { &headers[..] };
            // A server that was just killed answers nothing or half: the reader comes again, as readers do.
            let Ok(answer) = get(address, "/feed.json", headers) else { continue };
            match answer.status {
                200 => {
                    tag = answer.header("etag").unwrap_or_default().to_owned();
                    for item in items(&answer.json()) {
                        self.ids.lock().unwrap().entry(article_of(&item.id)).or_default().insert(item.id.clone());
                        self.seen.lock().unwrap().insert((item.id, item.title, item.updated));
                    }
                }
                304 => {}
                // Before the first scan is done there may be nothing to serve yet.
                503 => continue,
                other => self.problems.lock().unwrap().push(format!("status {other}")),
            }
            self.polls.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Waits for two polls, the second of which has begun after now.
    fn wait(&self) {
        let from = self.polls.load(Ordering::SeqCst);
        eventually("the reader polls", Duration::from_secs(60), || {
            (self.polls.load(Ordering::SeqCst) >= from + 2).then_some(())
        });
    }
}

/// What the feed of everything must hold, but for the ids.
fn expected(model: &Model) -> Vec<Seen> {
    let time = |moment: DateTime<FixedOffset>| moment.format("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let standing = model.standing();
    standing
        .values()
        .map(|seed| Seen {
            id: seed.article.to_string(),
            title: seed.title(),
            url: seed.url(),
            published: time(seed.published),
            updated: time(seed.updated.max(seed.published)),
            content: format!("<p>Words of edition {}.</p>", seed.edition),
        })
        .collect()
}

/// The same as served, each id replaced by the number of its article.
fn served(address: SocketAddr) -> Option<(Vec<Seen>, Vec<String>)> {
    let answer = get(address, "/feeds/whole/feed.json", &[]).ok().filter(|answer| answer.status == 200)?;
    let mut list = items(&answer.json());
    let ids = list.iter().map(|item| item.id.clone()).collect();
    for item in &mut list {
        item.id = article_of(&item.id).to_string();
        let zulu = |time: &str| time.strip_suffix('Z').map_or_else(|| time.to_owned(), |bare| format!("{bare}+00:00"));
        (item.published, item.updated) = (zulu(&item.published), zulu(&item.updated));
        item.content = item.content.trim().to_owned();
    }
    list.sort_by_key(|item| item.id.parse::<usize>().expect("a number"));
    Some((list, ids))
}

/// Waits until the feed says what the directory says; tells the difference otherwise.
fn settle(address: SocketAddr, model: &Model, when: &str) -> Vec<String> {
    let want = expected(model);
    let mut last = Vec::new();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    while std::time::Instant::now() < deadline {
        if let Some((got, ids)) = served(address) {
            if got == want {
                return ids;
            }
            last = got;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let (want, got): (BTreeSet<Seen>, BTreeSet<Seen>) = (want.into_iter().collect(), last.into_iter().collect());
    let missing: Vec<&Seen> = want.difference(&got).take(5).collect();
    let surplus: Vec<&Seen> = got.difference(&want).take(5).collect();
    panic!(
        "{when}: {} of {} right\nmissing: {missing:#?}\nsurplus: {surplus:#?}",
        want.intersection(&got).count(),
        want.len()
    );
}

fn live(seed: u64) {
    let place = Place::new(CONFIGURATION);
    let mut model = Model {
        dice: Dice(seed),
        root: place.seeds(),
        seeds: BTreeMap::new(),
        urls: BTreeMap::new(),
        articles: 0,
        editions: 0,
        files: 0,
    };
    let (mut server, mut address) = Server::ready(place.serve());
    let reader = Arc::new(Reader::default());
    *reader.address.lock().unwrap() = Some(address);
    let polling = std::thread::spawn({
        let reader = Arc::clone(&reader);
        move || reader.read()
    });
    // What was in the feed whenever everything had come to rest: a reader must have met all of it.
    let mut rested: BTreeSet<String> = BTreeSet::new();
    for round in 0..ROUNDS {
        let death = model.dice.roll(CHANGES_A_ROUND);
        for step in 0..CHANGES_A_ROUND {
            if step == death {
                server.kill();
                server = Server::spawn(place.serve());
                *reader.address.lock().unwrap() = None;
            }
            model.change();
            // A breath now and then lets a kill fall into the middle of the work of the server, too.
            std::thread::sleep(Duration::from_millis(u64::try_from(model.dice.roll(8)).unwrap()));
        }
        address = server.address();
        *reader.address.lock().unwrap() = Some(address);
        wait_until_ready(address);
        reader.wait();
        if round % 5 == 4 {
            rested.extend(settle(address, &model, &format!("round {round}")));
            reader.wait();
        }
    }
    let ids = settle(address, &model, "at the end");
    reader.wait();
    reader.stop.store(true, Ordering::SeqCst);
    polling.join().unwrap();
    rested.extend(ids.iter().cloned());

    let problems = reader.problems.lock().unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let strange: Vec<&String> = ids.iter().filter(|id| !model.urls[&article_of(id)].contains(*id)).collect();
    assert!(strange.is_empty(), "ids that no seed ever named: {strange:?}");
    let known = reader.ids.lock().unwrap();
    let changed: Vec<_> = known.values().filter(|ids| ids.len() > 1).collect();
    assert!(changed.is_empty(), "ids that changed: {changed:?}");
    let moved: Vec<_> =
        ids.iter().filter(|id| known.get(&article_of(id)).is_some_and(|known| !known.contains(*id))).collect();
    assert!(moved.is_empty(), "ids that the reader knows otherwise: {moved:?}");

    let seen = reader.seen.lock().unwrap();
    let met: BTreeSet<&String> = seen.iter().map(|(id, ..)| id).collect();
    let missed: Vec<&String> = rested.iter().filter(|id| !met.contains(id)).collect();
    assert!(missed.is_empty(), "the reader never met {} of {}: {missed:?}", missed.len(), rested.len());
    let editions: BTreeSet<&String> = seen.iter().map(|(_, title, _)| title).collect();
    let stale: Vec<String> =
        expected(&model).into_iter().map(|item| item.title).filter(|title| !editions.contains(title)).collect();
    assert!(stale.is_empty(), "editions that the reader never met: {stale:?}");
}

#[test]
fn two_thousand_changes_and_many_deaths_leave_what_the_directory_says() {
    // Another life can be had by LIFE_SEED; this one is the same every time, but for the moments of death.
    live(std::env::var("LIFE_SEED").map_or(20_241_101, |word| word.parse().unwrap()));
}

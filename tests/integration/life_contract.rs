//! A simple model of the contract: what a seed directory says about its articles, and every change that may befall it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset};

use crate::running::seed_text;

/// A reproducible source of chance (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    fn seconds(&mut self, sides: usize) -> i64 {
        i64::try_from(self.roll(sides)).unwrap()
    }
}

/// A moment in whole seconds that is known to lie between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Span {
    fn at(second: i64) -> Self {
        Self { from: second, to: second }
    }

    /// The later of two.
    fn max(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.max(other.to) }
    }

    pub(crate) fn has(self, second: i64) -> bool {
        (self.from..=self.to).contains(&second)
    }

    /// Once seen, it stays what it was seen to be.
    fn pin(&mut self, second: i64) {
        if self.has(second) {
            *self = Self::at(second);
        }
    }
}

/// What an article states about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// URL, time of publication, time of the update.
    Dated,
    /// URL and time of publication: an edit counts from when it is seen.
    Undeclared,
    /// Title and body: published when it was first seen, and the same article only while it keeps its path or its bytes.
    Pathless,
}

/// One seed.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) slug: usize,
    pub(crate) edition: usize,
    pub(crate) updated: Span,
    /// In which burst of changes its path and bytes came.
    arrival: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Article {
    pub(crate) kind: Kind,
    pub(crate) offset: FixedOffset,
    pub(crate) published: Span,
    pub(crate) versions: BTreeMap<PathBuf, Version>,
    /// Since when it is back after its last withdrawal.
    pub(crate) restored: Option<Span>,
    /// What the clock must show at the least, had it been right all the time.
    not_before: i64,
    /// When it was withdrawn, while it is.
    pub(crate) withdrawn: Option<Span>,
    /// The last version, after that was deleted.
    last: Option<(PathBuf, Version)>,
    /// Subscribers have had it.
    pub(crate) was_shown: bool,
    /// Its time of publication has come.
    pub(crate) is_due: bool,
    /// Every URL that a seed ever gave for it.
    pub(crate) urls: BTreeSet<String>,
    pub(crate) id: Option<String>,
}

impl Article {
    pub(crate) fn url(&self, number: usize, version: &Version) -> Option<String> {
        (self.kind != Kind::Pathless)
            .then(|| format!("https://life.example/20240101/slug{}-{}.html", version.slug, 1_000_000_000 + number))
    }

    /// Whether it was withdrawn and would be live at once if it came back.
    fn can_return(&self, now: i64) -> bool {
        self.withdrawn.is_some() && self.last.is_some() && self.published.to <= now
    }

    /// The versions that may stand: the latest update, then the latest arrival.
    pub(crate) fn standing(&self) -> Vec<(&PathBuf, &Version)> {
        let rank = |version: &Version| (version.updated.to, version.arrival);
        let best = self.versions.values().map(rank).max();
        self.versions.iter().filter(|(_, version)| Some(rank(version)) == best).collect()
    }

    /// Whether what stands is of the present burst.
    pub(crate) fn is_news(&self, burst: usize) -> bool {
        self.standing().iter().any(|(_, version)| version.arrival == burst)
    }

    /// What its update time is when `version` stands.
    pub(crate) fn updated(&self, version: &Version) -> Span {
        self.restored.map_or(version.updated, |restored| version.updated.max(restored))
    }
}

/// The directory as it must be, and what was ever in it.
pub(crate) struct Model {
    pub(crate) dice: Dice,
    root: PathBuf,
    pub(crate) articles: Vec<Article>,
    /// Which article lies where.
    paths: BTreeMap<PathBuf, usize>,
    /// Paths that an article without URL was moved away from before this burst, and in it.
    left: [Vec<(PathBuf, usize)>; 2],
    /// Articles whose next change could be taken for a part of the last one.
    touched: BTreeSet<usize>,
    /// Articles that subscribers get something new of since the last quiet point.
    pub(crate) news: BTreeSet<usize>,
    /// How many seconds ahead articles are scheduled.
    ahead: usize,
    /// Whether files get times of their own, since the clock is not that of the system.
    has_own_clock: bool,
    pub(crate) burst: usize,
    now: i64,
    removed: usize,
    editions: usize,
    files: usize,
    /// All that happened, for whoever looks for a fault.
    pub(crate) journal: Vec<String>,
}

/// A time that is not known yet.
const OPEN: i64 = i64::MAX;

impl Model {
    pub(crate) fn new(seed: u64, root: PathBuf, has_own_clock: bool) -> Self {
        Self {
            dice: Dice(seed),
            root,
            articles: Vec::new(),
            paths: BTreeMap::new(),
            left: [Vec::new(), Vec::new()],
            touched: BTreeSet::new(),
            news: BTreeSet::new(),
            ahead: if has_own_clock { 20_000 } else { 4 },
            has_own_clock,
            burst: 0,
            now: 0,
            removed: 0,
            editions: 0,
            files: 0,
            journal: Vec::new(),
        }
    }

    /// A burst of changes begins at `now`.
    pub(crate) fn begin(&mut self, now: i64) {
        self.tick(now);
        (self.now, self.removed) = (now, 0);
        let [left, leaving] = &mut self.left;
        left.append(leaving);
        self.burst += 1;
        self.touched.clear();
        self.news.clear();
        self.journal.push(format!("burst {} at {now}", self.burst));
    }

    /// The clock shows `now`; what is due then stays, wherever the clock goes.
    pub(crate) fn tick(&mut self, now: i64) {
        let there = self.articles.iter_mut().filter(|article| !article.versions.is_empty());
        there.for_each(|article| article.is_due |= article.published.from <= now);
    }

    /// All files had been read by `read`, and what stayed gone was withdrawn by `now`.
    pub(crate) fn come_to_rest(&mut self, read: i64, now: i64) {
        self.tick(now);
        let gone = Span { from: self.now, to: now };
        for article in &mut self.articles {
            let close = |span: &mut Span| span.to = if span.to == OPEN { read.max(span.from) } else { span.to };
            close(&mut article.published);
            article.versions.values_mut().for_each(|version| close(&mut version.updated));
            if let Some((_, version)) = &mut article.last {
                close(&mut version.updated);
            }
            if let Some(restored) = article.restored.as_mut().filter(|restored| restored.to == OPEN) {
                restored.to = read.max(article.not_before);
            }
            if article.versions.is_empty() && article.withdrawn.is_none() {
                article.withdrawn = Some(gone);
            }
        }
    }

    /// Takes over what was within the bounds and is known from now on.
    pub(crate) fn learn(&mut self, number: usize, path: &Path, id: &str, published: i64, updated: i64) {
        let article = &mut self.articles[number];
        article.id = Some(id.to_owned());
        article.was_shown = true;
        article.published.pin(published);
        if let Some(restored) = &mut article.restored {
            restored.pin(updated);
            restored.to = restored.to.min(updated).max(restored.from);
        }
        let version = article.versions.get_mut(path).expect("it stands");
        version.updated.pin(updated);
    }

    fn seen_now(&self) -> Span {
        Span { from: self.now, to: OPEN }
    }

    fn is_seen(span: Span) -> bool {
        span.to == OPEN
    }

    fn directory(&mut self) -> PathBuf {
        let (a, b) = (self.dice.roll(6), self.dice.roll(3));
        self.root.join(if b == 0 { format!("d{a}") } else { format!("d{a}/below{b}") })
    }

    fn new_path(&mut self) -> PathBuf {
        self.files += 1;
        let name = format!("{}.txt", self.files);
        self.directory().join(name)
    }

    fn text(&self, number: usize, version: &Version) -> String {
        let article = &self.articles[number];
        let (title, body) = (title(number, version.edition), format!("Words of edition {}.", version.edition));
        let time = |second| {
            let moment: DateTime<FixedOffset> =
                DateTime::from_timestamp(second, 0).unwrap().with_timezone(&article.offset);
            moment.format("%Y-%m-%dT%H:%M:%S%z").to_string()
        };
        let Some(url) = article.url(number, version) else { return format!("{title}\n\n{body}\n") };
        let published = time(article.published.from);
        let whole = seed_text(&url, &title, &published, &time(version.updated.from), &body);
        match article.kind {
            Kind::Undeclared => whole.replacen(
                &format!("\n\n{published}\n\n{}\n", time(version.updated.from)),
                &format!("\n\n{published}\n"),
                1,
            ),
            _ => whole,
        }
    }

    /// Puts a version at a path, in one of the ways in which programs write files.
    fn write(&mut self, number: usize, path: &Path, version: Version) {
        let text = self.text(number, &version);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if self.has_own_clock || self.dice.roll(2) == 0 {
            let hidden = path.with_file_name(format!(".{}.tmp", path.file_name().unwrap().display()));
            fs::write(&hidden, text).unwrap();
            if self.has_own_clock {
                // Long ago by every clock: a file from the future counts as being written still.
                set_modified(&hidden, 1_000_000_000 + u64::try_from(self.journal.len()).unwrap());
            }
            fs::rename(&hidden, path).unwrap();
        } else {
            fs::write(path, text).unwrap();
        }
        let article = &mut self.articles[number];
        article.urls.extend(article.url(number, &version));
        article.versions.insert(path.to_owned(), version);
        self.paths.insert(path.to_owned(), number);
    }

    fn forget(&mut self, path: &Path) -> (usize, Version) {
        let number = self.paths.remove(path).expect("a path with a seed");
        (number, self.articles[number].versions.remove(path).expect("the seed"))
    }

    fn any(&mut self) -> Option<(PathBuf, usize)> {
        let index = self.dice.roll(self.paths.len().max(1));
        self.paths.iter().nth(index).map(|(path, number)| (path.clone(), *number))
    }

    /// One random change.
    pub(crate) fn change(&mut self) {
        let kind = self.dice.roll(100);
        let what = match kind {
            0..30 => self.create(),
            30..36 => self.restore(),
            36..39 => self.move_directory(),
            _ => {
                let Some((path, number)) = self.any() else { return self.change() };
                let what = match kind {
                    39..50 => self.edit_silently(&path, number),
                    50..64 => self.edit(&path, number),
                    64..69 => self.retitle(&path, number),
                    69..73 => self.touch(&path),
                    73..76 => self.replace(&path, number),
                    76..83 => self.rename(&path, number),
                    83..90 => self.duplicate(&path, number),
                    _ => self.delete(&path, number),
                };
                what.map(|what| format!("{what} {number} {}", path.strip_prefix(&self.root).unwrap().display()))
            }
        };
        match what {
            Some(what) => self.journal.push(what),
            None => self.change(),
        }
    }

    fn create(&mut self) -> Option<String> {
        let number = self.articles.len();
        let kind = [Kind::Dated, Kind::Dated, Kind::Undeclared, Kind::Pathless][self.dice.roll(4)];
        let offset = FixedOffset::east_opt([0, 3 * 3600, -5 * 3600, 19_800][self.dice.roll(4)]).unwrap();
        let is_scheduled = kind == Kind::Dated && self.dice.roll(8) == 0;
        let published = match kind {
            Kind::Pathless => self.seen_now(),
            _ if is_scheduled => Span::at(self.now + 1 + self.dice.seconds(self.ahead)),
            _ => Span::at(1_704_067_200 + self.dice.seconds(50_000_000)),
        };
        let updated = match kind {
            Kind::Dated if !is_scheduled => Span::at(published.from + self.dice.seconds(100_000)),
            _ => published,
        };
        let article = Article {
            kind,
            offset,
            published,
            versions: BTreeMap::new(),
            restored: None,
            not_before: 0,
            withdrawn: None,
            last: None,
            was_shown: false,
            is_due: false,
            urls: BTreeSet::new(),
            id: None,
        };
        self.articles.push(article);
        // An article may come where another one was before it moved away.
        let free = (kind == Kind::Pathless && self.dice.roll(3) == 0).then(|| self.left[0].pop()).flatten();
        let free = free.filter(|(path, other)| {
            let other_stays = !self.articles[*other].versions.is_empty() && !self.touched.contains(other);
            other_stays && !self.paths.contains_key(path)
        });
        self.touched.extend(free.iter().map(|(_, other)| *other));
        let path = free.map_or_else(|| self.new_path(), |(path, _)| path);
        self.news.insert(number);
        self.write(number, &path, Version { slug: 0, edition: 0, updated, arrival: self.burst });
        Some(format!("create {kind:?} {number} {}", path.strip_prefix(&self.root).unwrap().display()))
    }

    /// Title and body change under the old times.
    fn edit_silently(&mut self, path: &Path, number: usize) -> Option<&'static str> {
        if self.articles[number].kind != Kind::Dated || self.has_rival(number, path) {
            return None;
        }
        let version = self.articles[number].versions[path].clone();
        self.editions += 1;
        self.news.insert(number);
        self.write(number, path, Version { edition: self.editions, arrival: self.burst, ..version });
        Some("silent edit")
    }

    /// Another version is as late: which of the two came later is not known within a burst.
    fn has_rival(&self, number: usize, path: &Path) -> bool {
        let article = &self.articles[number];
        article
            .versions
            .iter()
            .any(|(other, version)| other != path && version.updated == article.versions[path].updated)
    }

    /// The next version of an article that is later than all there are.
    fn next(&mut self, path: &Path, number: usize) -> Option<Version> {
        let article = &self.articles[number];
        let own = article.versions[path].clone();
        let updated = match article.kind {
            Kind::Dated => {
                let newest = article.versions.values().map(|version| version.updated.to).max().expect("it has one");
                Span::at(newest + 1 + self.dice.seconds(5000))
            }
            _ if self.touched.contains(&number) || !article.was_shown => return None,
            // Under a clock that was set back it is open whether an edit is later than the version that stands.
            _ if article.versions.values().any(|other| other.updated.to > own.updated.to.max(self.now)) => return None,
            _ => self.seen_now().max(own.updated),
        };
        self.editions += 1;
        if article_is_undated(&self.articles[number]) {
            self.touched.insert(number);
        }
        self.news.insert(number);
        Some(Version { edition: self.editions, updated, arrival: self.burst, ..own })
    }

    fn edit(&mut self, path: &Path, number: usize) -> Option<&'static str> {
        let version = self.next(path, number)?;
        self.write(number, path, version);
        Some("edit")
    }

    /// Another slug: the same article under another URL.
    fn retitle(&mut self, path: &Path, number: usize) -> Option<&'static str> {
        if self.articles[number].kind == Kind::Pathless {
            return None;
        }
        let version = self.next(path, number)?;
        self.write(number, path, Version { slug: version.edition, ..version });
        Some("retitle")
    }

    fn touch(&mut self, path: &Path) -> Option<&'static str> {
        set_modified(path, 1_500_000_000 + u64::try_from(self.journal.len()).unwrap());
        Some("touch")
    }

    /// As editors and copying programs do it: the same bytes in a new file.
    fn replace(&mut self, path: &Path, number: usize) -> Option<&'static str> {
        let version = self.articles[number].versions[path].clone();
        if self.touched.contains(&number) || Self::is_seen(version.updated) || self.has_rival(number, path) {
            return None;
        }
        fs::remove_file(path).unwrap();
        self.write(number, path, version);
        Some("replace")
    }

    fn rename(&mut self, path: &Path, number: usize) -> Option<&'static str> {
        if self.touched.contains(&number) || self.has_rival(number, path) {
            return None;
        }
        let to = self.new_path();
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(path, &to).unwrap();
        self.moved(path, to);
        Some("rename")
    }

    fn moved(&mut self, from: &Path, to: PathBuf) {
        let (number, version) = self.forget(from);
        if self.articles[number].kind == Kind::Pathless {
            self.left[1].push((from.to_owned(), number));
            self.touched.insert(number);
        }
        self.articles[number].versions.insert(to.clone(), version);
        self.paths.insert(to, number);
    }

    /// The same article in another file, later: it stands from now on.
    fn duplicate(&mut self, path: &Path, number: usize) -> Option<&'static str> {
        if self.articles[number].kind == Kind::Pathless {
            return None;
        }
        let mut version = self.next(path, number)?;
        if self.articles[number].kind == Kind::Undeclared {
            let article = &self.articles[number];
            let standing = article.standing().into_iter().map(|(_, standing)| article.updated(standing));
            version.updated = standing.fold(version.updated, Span::max);
        }
        let to = self.new_path();
        self.write(number, &to, version);
        Some("duplicate")
    }

    fn delete(&mut self, path: &Path, number: usize) -> Option<&'static str> {
        let article = &self.articles[number];
        // More at once would be taken for an accident.
        let is_mass = 3 * (self.removed + 1) > self.paths.len();
        let is_scheduled = article.published.to > self.now && article.kind == Kind::Dated;
        if is_mass || is_scheduled || self.touched.contains(&number) {
            return None;
        }
        fs::remove_file(path).unwrap();
        self.removed += 1;
        let (_, version) = self.forget(path);
        let article = &mut self.articles[number];
        if article.versions.is_empty() {
            // What came and went between two looks may never have been an item.
            article.last = article.was_shown.then(|| (path.to_owned(), version));
            self.news.remove(&number);
        }
        self.touched.insert(number);
        Some("delete")
    }

    /// A withdrawn article is put back as it was.
    fn restore(&mut self) -> Option<String> {
        let withdrawn: Vec<usize> =
            (0..self.articles.len()).filter(|&number| self.articles[number].can_return(self.now)).collect();
        let number = *withdrawn.get(self.dice.roll(withdrawn.len().max(1)))?;
        let (old, version) = self.articles[number].last.clone().expect("what is withdrawn had a version");
        let is_elsewhere = self.articles[number].kind != Kind::Pathless && self.dice.roll(2) == 0;
        let path = if is_elsewhere { self.new_path() } else { old };
        if self.paths.contains_key(&path) {
            return None;
        }
        let now = self.seen_now();
        let article = &mut self.articles[number];
        let withdrawn = article.withdrawn.take().expect("just looked at");
        // What declares no update keeps the one that it had after an earlier withdrawal.
        let earlier = article.restored.filter(|_| article_is_undated(article)).unwrap_or(Span::at(0));
        article.not_before = (withdrawn.to + 1).max(earlier.to);
        article.restored = Some(Span { from: now.from.max(withdrawn.from + 1).max(earlier.from), to: OPEN });
        self.news.insert(number);
        self.touched.insert(number);
        self.write(number, &path, Version { arrival: self.burst, ..version });
        Some(format!("restore {number} {}", path.strip_prefix(&self.root).unwrap().display()))
    }

    fn move_directory(&mut self) -> Option<String> {
        let from = self.directory();
        let moved: Vec<PathBuf> = self.paths.keys().filter(|path| path.starts_with(&from)).cloned().collect();
        let is_unclear = moved.iter().any(|path| {
            let number = self.paths[path];
            self.touched.contains(&number) || self.has_rival(number, path)
        });
        if moved.is_empty() || is_unclear {
            return None;
        }
        self.files += 1;
        let to = self.root.join(format!("moved{}", self.files));
        fs::rename(&from, &to).unwrap();
        for path in &moved {
            let below = path.strip_prefix(&from).expect("it lies there");
            self.moved(path, to.join(below));
        }
        Some(format!(
            "move {} to {}",
            from.strip_prefix(&self.root).unwrap().display(),
            to.file_name().unwrap().display()
        ))
    }

    /// The categories of a seed at a path: the directories that it lies in.
    pub(crate) fn categories(&self, path: &Path) -> Vec<String> {
        let parent =
            path.strip_prefix(&self.root).expect("a seed of ours").parent().expect("a file lies in a directory");
        parent.iter().map(|name| name.to_string_lossy().into_owned()).collect()
    }
}

fn article_is_undated(article: &Article) -> bool {
    article.kind != Kind::Dated
}

/// Says which article an item is of.
pub(crate) fn title(number: usize, edition: usize) -> String {
    format!("Article {number} edition {edition}")
}

pub(crate) fn number_of(title: &str) -> usize {
    title.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{title:?} is not ours"))
}

fn set_modified(path: &Path, second: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
    fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

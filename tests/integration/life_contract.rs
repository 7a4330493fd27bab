//! A simple model of the contract: what a seed directory says about its articles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, FixedOffset};

use crate::life_articles::{Article, Kind, Span, Version, title};
use crate::life_dice::Dice;
use crate::running::seed_text;

/// The directory as it must be, and what was ever in it.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) dice: Dice,
    pub(crate) root: PathBuf,
    pub(crate) articles: Vec<Article>,
    /// Which article lies where.
    pub(crate) paths: BTreeMap<PathBuf, usize>,
    /// Paths that an article without URL was moved away from before this burst, and in it.
    pub(crate) left: [Vec<(PathBuf, usize)>; 2],
    /// Articles whose next change could be taken for a part of the last one.
    pub(crate) touched: BTreeSet<usize>,
    /// Articles that subscribers get something new of since the last quiet point.
    pub(crate) news: BTreeSet<usize>,
    /// How many seconds ahead articles are scheduled.
    pub(crate) ahead: usize,
    /// Whether files get times of their own, since the clock is not that of the system.
    pub(crate) has_own_clock: bool,
    pub(crate) burst: usize,
    pub(crate) now: i64,
    pub(crate) removed: usize,
    pub(crate) editions: usize,
    pub(crate) files: usize,
    /// All that happened, for whoever looks for a fault.
    pub(crate) journal: Vec<String>,
}

/// A time that is not known yet.
pub(crate) const OPEN: i64 = i64::MAX;

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

    pub(crate) fn seen_now(&self) -> Span {
        Span { from: self.now, to: OPEN }
    }

    pub(crate) fn is_seen(span: Span) -> bool {
        span.to == OPEN
    }

    pub(crate) fn directory(&mut self) -> PathBuf {
        let (a, b) = (self.dice.roll(6), self.dice.roll(3));
        self.root.join(if b == 0 { format!("d{a}") } else { format!("d{a}/below{b}") })
    }

    pub(crate) fn new_path(&mut self) -> PathBuf {
        self.files += 1;
        let name = format!("{}.txt", self.files);
        self.directory().join(name)
    }

    pub(crate) fn text(&self, number: usize, version: &Version) -> String {
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
    pub(crate) fn write(&mut self, number: usize, path: &Path, version: Version) {
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

    pub(crate) fn forget(&mut self, path: &Path) -> (usize, Version) {
        let number = self.paths.remove(path).expect("a path with a seed");
        (number, self.articles[number].versions.remove(path).expect("the seed"))
    }

    pub(crate) fn any(&mut self) -> Option<(PathBuf, usize)> {
        let index = self.dice.roll(self.paths.len().max(1));
        self.paths.iter().nth(index).map(|(path, number)| (path.clone(), *number))
    }

    /// The categories of a seed at a path: the directories that it lies in.
    pub(crate) fn categories(&self, path: &Path) -> Vec<String> {
        let parent =
            path.strip_prefix(&self.root).expect("a seed of ours").parent().expect("a file lies in a directory");
        parent.iter().map(|name| name.to_string_lossy().into_owned()).collect()
    }
}

pub(crate) fn set_modified(path: &Path, second: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
    fs::File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

//! Every change that may befall the articles of the contract.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::FixedOffset;

use crate::life_articles::{Article, Kind, Span, Version};
use crate::life_contract::{Model, OPEN, set_modified};

impl Model {
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
        if !self.articles[number].is_dated() {
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
        // Its tombstone was no earlier than its update, be that declared, seen, or of an earlier return.
        let earlier = article.restored.unwrap_or(Span::at(0));
        let told = [withdrawn, earlier, version.updated].map(|span| span.to).into_iter().filter(|to| *to < OPEN);
        article.not_before = told.max().unwrap_or_default() + 1;
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
}

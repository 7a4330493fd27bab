//! Where every setting was given, so that a mistake in it is told with its place.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

/// The places of the settings that are not defaults.
///
/// A key is written with dots, entries of a list by their number from 0: `site.title`, `seeds.rule.1.paths`, `feed.0`.
#[derive(Default)]
pub(super) struct Origins {
    file: Option<PathBuf>,
    places: HashMap<String, Place>,
}

enum Place {
    /// Of the file, from 1.
    Line(usize),
    Variable(String),
    Argument(&'static str),
}

impl Origins {
    /// The places in a file that is known to be right TOML.
    pub(super) fn of_file(path: &Path, text: &str) -> Self {
        let mut origins = Self { file: Some(path.to_owned()), places: HashMap::new() };
        if let Ok(table) = DeTable::parse(text) {
            let mut lines = Lines { text, places: &mut origins.places };
            lines.table("", table.get_ref());
        }
        origins
    }

    pub(super) fn by_variable(&mut self, key: String, name: &str) {
        self.places.insert(key, Place::Variable(name.to_owned()));
    }

    pub(super) fn by_argument(&mut self, key: String, option: &'static str) {
        self.places.insert(key, Place::Argument(option));
    }

    /// In words. What was not given by itself was given with what it is part of, or should have been in the file.
    pub(super) fn of(&self, key: &str) -> String {
        let file = || match &self.file {
            Some(path) => format!("configuration `{}`", path.display()),
            None => "configuration".to_owned(),
        };
        match self.places.get(key).or_else(|| self.places.get(key.rsplit_once('.')?.0)) {
            Some(Place::Line(line)) => format!("{}, line {line}", file()),
            Some(Place::Variable(name)) => format!("environment variable {name}"),
            Some(Place::Argument(option)) => format!("option {option}"),
            None => file(),
        }
    }
}

struct Lines<'a> {
    text: &'a str,
    places: &'a mut HashMap<String, Place>,
}

impl Lines<'_> {
    fn table(&mut self, parent: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let key =
                if parent.is_empty() { name.get_ref().to_string() } else { format!("{parent}.{}", name.get_ref()) };
            self.put(&key, name.span().start);
            self.value(&key, value.get_ref());
        }
    }

    fn value(&mut self, key: &str, value: &DeValue<'_>) {
        match value {
            DeValue::Table(table) => self.table(key, table),
            DeValue::Array(entries) => {
                for (number, entry) in entries.iter().enumerate() {
                    let key = format!("{key}.{number}");
                    self.put(&key, entry.span().start);
                    self.value(&key, entry.get_ref());
                }
            }
            _ => {}
        }
    }

    fn put(&mut self, key: &str, offset: usize) {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        self.places.insert(key.to_owned(), Place::Line(line));
    }
}

//! Default ← file ← environment ← command line.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::credential::{Purpose, fill_in};
use super::origin::Origins;
use super::raw::Raw;
use super::shape::in_words;
use super::validate::validate;
use super::variables::{self, Variable};
use super::{Config, ConfigError, DEFAULT_FILE};

/// Settings given on the command line; what is `None` or empty was not given.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--seeds`
    pub seeds: Option<PathBuf>,
    /// `--listen`, any number.
    pub listen: Vec<String>,
    /// `--base-url`
    pub base_url: Option<String>,
    /// `--store`
    pub store: Option<String>,
    /// `--log-level`
    pub log_level: Option<String>,
    /// `--log-format`
    pub log_format: Option<String>,
}

/// Puts the layers together and checks every value. `environment` holds all variables; those that are not ours are
/// passed over.
///
/// # Errors
/// When the file or a credential cannot be read or understood, or a value is out of its range.
pub fn load(
    purpose: Purpose,
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    overrides: &Overrides,
) -> Result<Config, ConfigError> {
    let defaults: Table = DEFAULT_FILE.parse().expect("the embedded configuration is TOML");
    let mut table = defaults.clone();
    let mut origins = Origins::default();
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(path).map_err(|reason| ConfigError::Read { path: path.to_owned(), reason })?;
        merge(&mut table, parse(path, &text)?);
        origins = Origins::of_file(path, &text);
    }
    let mut warnings = Vec::new();
    let mut state_directory = None;
    let mut credentials = None;
    for (name, value) in environment {
        // A name that is not UTF-8 is none of ours.
        let Some(name) = name.to_str() else { continue };
        if name == "STATE_DIRECTORY" {
            state_directory = first_directory(&value);
        } else if name == "CREDENTIALS_DIRECTORY" {
            credentials = Some(PathBuf::from(value));
        } else if let Some(rest) = name.strip_prefix("SEEDCAST_") {
            match variables::read(&defaults, rest, &value)? {
                Variable::Setting { section, key, value } => {
                    set(&mut table, &section, &key, value);
                    origins.by_variable(format!("{section}.{key}"), name);
                }
                Variable::Unknown(warning) => warnings.push(warning),
                Variable::Foreign => {}
            }
        }
    }
    apply((&mut table, &mut origins), overrides);
    fill_in(&mut table, &defaults, credentials.as_deref(), purpose)?;
    let merged = table.clone();
    let raw = Raw::deserialize(Value::Table(table)).map_err(|reason| ConfigError::Shape {
        origin: origins.of(""),
        reason: in_words(reason.to_string().trim_end(), &merged),
    })?;
    let mut config = validate(raw, &origins, state_directory)?;
    warnings.append(&mut config.warnings);
    config.warnings = warnings;
    // TOML is text, and a path need not be.
    if let Some(path) = overrides.seeds.as_ref().filter(|path| path.to_str().is_none()) {
        config.seeds.options.directory.clone_from(path);
    }
    Ok(config)
}

/// systemd separates several directories by colons; the first is ours.
fn first_directory(list: &OsStr) -> Option<PathBuf> {
    let first = list.as_bytes().split(|byte| *byte == b':').next()?;
    (!first.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(first)))
}

/// Reads the file alone, so that a mistake in it is shown where it stands.
fn parse(path: &Path, text: &str) -> Result<Table, ConfigError> {
    let syntax = |reason: toml::de::Error, table: &Table| ConfigError::Syntax {
        path: path.to_owned(),
        reason: in_words(reason.to_string().trim_end(), table),
    };
    let table: Table = text.parse().map_err(|reason| syntax(reason, &Table::new()))?;
    // Serde reports positions only while it reads the text itself.
    toml::from_str::<Raw>(text).map_err(|reason| syntax(reason, &table))?;
    Ok(table)
}

fn merge(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

fn set(table: &mut Table, section: &str, key: &str, value: Value) {
    if let Some(Value::Table(keys)) = table.get_mut(section) {
        keys.insert(key.to_owned(), value);
    }
}

fn apply((table, origins): (&mut Table, &mut Origins), overrides: &Overrides) {
    let Overrides { seeds, listen, base_url, store, log_level, log_format } = overrides;
    let text = |value: &String| Value::String(value.clone());
    let directory = seeds.as_ref().map(|path| Value::String(path.to_string_lossy().into_owned()));
    let addresses = (!listen.is_empty()).then(|| Value::Array(listen.iter().map(text).collect()));
    for (section, key, option, value) in [
        ("seeds", "directory", "--seeds", directory),
        ("http", "listen", "--listen", addresses),
        ("site", "base_url", "--base-url", base_url.as_ref().map(text)),
        ("store", "url", "--store", store.as_ref().map(text)),
        ("log", "level", "--log-level", log_level.as_ref().map(text)),
        ("log", "format", "--log-format", log_format.as_ref().map(text)),
    ] {
        if let Some(value) = value {
            set(table, section, key, value);
            origins.by_argument(format!("{section}.{key}"), option);
        }
    }
}

//! Values that stand in a credential of the service manager instead of the file (systemd.exec(5), LoadCredential=).

use std::path::Path;

use toml::{Table, Value};

use super::ConfigError;

const MARK: &str = "credential:";

/// What settings are loaded for: the credentials of a service are there for the service alone, so only those are read
/// that will be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To serve or export: all settings are used.
    Service,
    /// To look at seeds: the store is not used.
    Check,
    /// To speak to the running service: its admin address is used, and nothing else.
    Admin,
}

impl Purpose {
    fn uses(self, section: &str, key: &str) -> bool {
        match self {
            Self::Service => true,
            Self::Check => section != "store",
            Self::Admin => (section, key) == ("http", "admin_listen"),
        }
    }
}

/// Replaces every text `credential:NAME` by what the credential holds, without white space at its ends, or by the default
/// where it is not used.
pub(super) fn fill_in(
    table: &mut Table,
    defaults: &Table,
    directory: Option<&Path>,
    purpose: Purpose,
) -> Result<(), ConfigError> {
    for (section, keys) in table.iter_mut() {
        let Value::Table(keys) = keys else { continue };
        for (key, value) in keys.iter_mut() {
            if let Value::String(text) = value
                && let Some(name) = text.strip_prefix(MARK)
            {
                if !purpose.uses(section, key) {
                    *text = defaults[section][key].as_str().unwrap_or_default().to_owned();
                    continue;
                }
                *text = read(directory, name).map_err(|reason| ConfigError::Credential {
                    key: format!("{section}.{key}"),
                    name: name.to_owned(),
                    reason,
                })?;
            }
        }
    }
    Ok(())
}

fn read(directory: Option<&Path>, name: &str) -> Result<String, String> {
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err("a credential's name is one file name".to_owned());
    }
    let directory =
        directory.ok_or("$CREDENTIALS_DIRECTORY is not set; give it to the service with LoadCredential=")?;
    let text = std::fs::read_to_string(directory.join(name)).map_err(|error| error.to_string())?;
    Ok(text.trim().to_owned())
}

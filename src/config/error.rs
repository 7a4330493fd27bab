//! What is wrong with a configuration, for the person who wrote it.

use std::path::PathBuf;

use thiserror::Error;

/// Why a configuration is refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read configuration `{path}`: {reason}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: std::io::Error,
    },
    /// The file is not TOML, or has an unknown key or a value of the wrong type; `reason` shows line, column, caret.
    #[error("configuration `{path}` is wrong\n{reason}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// With line, column and caret.
        reason: String,
    },
    /// The layers together have not the shape that every layer has by itself.
    #[error("{origin}: {reason}")]
    Shape {
        /// The file, or where else settings were given.
        origin: String,
        /// In the words of the reader.
        reason: String,
    },
    /// A value that cannot be.
    #[error("{origin}: `{key}` must be {expected}: {value}")]
    Value {
        /// The file and line, or where else the setting was given.
        origin: String,
        /// Section and key.
        key: String,
        /// What would be right.
        expected: String,
        /// What was found.
        value: String,
    },
    /// A value is to be read from a credential, which cannot be read.
    #[error("`{key}`: cannot read credential `{name}`: {reason}")]
    Credential {
        /// Section and key.
        key: String,
        /// As the configuration names it.
        name: String,
        /// What is missing.
        reason: String,
    },
}

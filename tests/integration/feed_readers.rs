//! Readers that share no code with the writers, and golden files.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use seedcast::feed::Format;
use serde_json::Value;

const SCRIPT: &str = include_str!("../data/feeds/read.py");

/// What Python's own parsers read in the document; `None`, with a message, where there is no Python (in CI there must
/// be one).
pub(crate) fn read(document: &[u8], kind: &str) -> Option<Value> {
    let child = Command::new("python3")
        .args(["-c", SCRIPT, kind])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "python3 is needed: {error}");
            eprintln!("python3 is missing: the document was not read by an independent parser");
            return None;
        }
    };
    child.stdin.take().expect("a pipe").write_all(document).expect("python3 reads its input");
    let output = child.wait_with_output().expect("python3 ends");
    assert!(
        output.status.success(),
        "{kind} is not readable: {}\n{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&document[..document.len().min(4000)])
    );
    Some(serde_json::from_slice(&output.stdout).expect("the script prints JSON"))
}

/// The script's word for a format.
pub(crate) fn kind(format: Format) -> &'static str {
    match format {
        Format::Rss => "rss",
        Format::Atom => "atom",
        Format::Json => "json",
    }
}

/// Compares with `tests/data/feeds/NAME`, in which `{version}` stands for our version; `UPDATE_GOLDEN=1` rewrites the
/// file instead.
pub(crate) fn golden(name: &str, document: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/feeds").join(name);
    let found = std::str::from_utf8(document).expect("UTF-8");
    let found = found
        .replace(concat!("version=\"", env!("CARGO_PKG_VERSION"), "\">seedcast"), "version=\"{version}\">seedcast")
        .replace(concat!("seedcast ", env!("CARGO_PKG_VERSION")), "seedcast {version}");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).expect("golden files can be written");
    }
    let expected = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; UPDATE_GOLDEN=1 makes it", path.display()));
    assert!(found == expected, "{name} differs; UPDATE_GOLDEN=1 accepts this:\n{found}");
}

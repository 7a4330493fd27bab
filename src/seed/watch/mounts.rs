//! File systems mounted in the seed directory: proc_pid_mountinfo(5). That one comes gives no event.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The mount points below a directory, relative to it; none when the system does not tell.
pub(super) fn below(directory: &Path) -> Vec<PathBuf> {
    let (Ok(directory), Ok(mounts)) = (fs::canonicalize(directory), fs::read("/proc/self/mountinfo")) else {
        return Vec::new();
    };
    mounts
        .split(|&byte| byte == b'\n')
        .filter_map(|line| line.split(|&byte| byte == b' ').nth(4))
        .filter_map(|point| unescape(point).strip_prefix(&directory).ok().map(Path::to_owned))
        .filter(|point| !point.as_os_str().is_empty())
        .collect()
}

/// Space, tab, newline and backslash come as a backslash with three octal digits.
fn unescape(escaped: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let [first, after @ ..] = rest {
        if let (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) = (*first, after) {
            bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    OsString::from_vec(bytes).into()
}

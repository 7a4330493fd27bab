//! The terminal that the program was started on: log lines, and below them how far the first scan is.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::termios::tcgetwinsize;
use tracing_subscriber::fmt::MakeWriter;

use crate::serve::Scanning;

use super::logging::is_dumb;

/// Cells of the bar.
const CELLS: u64 = 24;
/// Back to the beginning of the line, and everything in it away (ECMA-48).
const WIPE: &[u8] = b"\r\x1b[K";

/// What stands in the last line without a line end.
static BAR: Mutex<String> = Mutex::new(String::new());

/// Writes log lines above the bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines;

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        *self
    }
}

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let bar = bar();
        let mut terminal = io::stderr().lock();
        if bar.is_empty() {
            return terminal.write(line);
        }
        terminal.write_all(WIPE)?;
        terminal.write_all(line)?;
        terminal.write_all(bar.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Draws how far the first scan is, or takes that away. Only on a terminal; elsewhere the log tells it.
pub(super) fn draw(scanning: Option<Scanning>) {
    let mut bar = bar();
    if (bar.is_empty() && scanning.is_none()) || !io::stderr().is_terminal() || is_dumb() {
        return;
    }
    *bar = scanning.map(line).unwrap_or_default();
    let mut terminal = io::stderr().lock();
    // A line that the terminal breaks in two is not wiped as a whole. It has no columns where it does not tell.
    if let Some(last) = tcgetwinsize(&terminal).ok().and_then(|size| size.ws_col.checked_sub(1)) {
        bar.truncate(last.into());
    }
    // A terminal that is gone is nobody's loss here.
    let _ = terminal.write_all(WIPE).and_then(|()| terminal.write_all(bar.as_bytes()));
}

fn bar() -> MutexGuard<'static, String> {
    BAR.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `[############------------]  50 %  500 of 1,000 seeds, 250/s, 2 s left`
fn line(Scanning { done, left, since }: Scanning) -> String {
    let of = (done + left).max(1);
    let full = usize::try_from(done * CELLS / of).unwrap_or_default();
    let empty = usize::try_from(CELLS).unwrap_or_default().saturating_sub(full);
    let milliseconds = u64::try_from(since.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = done.saturating_mul(1000) / milliseconds;
    let mut line = format!("[{}{}] {:>3} %  ", "#".repeat(full), "-".repeat(empty), done * 100 / of);
    let _ = write!(line, "{} of {} seeds, {}/s", grouped(done), grouped(of), grouped(per_second));
    if let Some(seconds) = left.checked_div(per_second) {
        let _ = write!(line, ", {seconds} s left");
    }
    line
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

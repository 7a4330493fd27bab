//! The access log: one line an answer, in the combined format or JSON, to standard output or a file.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use chrono::{DateTime, SecondsFormat, Utc};
use rustix::fs::{Access, access};
use serde_json::json;

use super::answered::{Answered, RequestLine};
use super::counter::Counter;

/// Lines that wait to be written; more are dropped and counted. A slow disk must not slow down answers.
const WAITING: usize = 8192;
/// How long a stop waits for whoever reads the log.
const STOP: Duration = Duration::from_secs(2);

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessStyle {
    /// As Apache and nginx write it by default.
    Combined,
    /// An object a line.
    Json,
}

/// Writes lines on a thread of its own.
#[derive(Debug, Default)]
pub struct AccessLog {
    writer: ArcSwapOption<Writer>,
    /// Closed when the last line is written.
    done: Mutex<Option<Receiver<()>>>,
    /// Lines that were not written because too many waited.
    pub dropped: Counter,
}

#[derive(Debug)]
struct Writer {
    style: AccessStyle,
    lines: SyncSender<String>,
}

impl AccessLog {
    /// Logs in this style from now on (`None`: not at all), to a file, or to standard output. A file is opened anew
    /// each time, so that one that was rotated away is let go.
    ///
    /// # Errors
    /// When the file cannot be opened or the system gives no thread; then the log goes on as before.
    pub fn configure(&self, style: Option<AccessStyle>, file: Option<&Path>) -> io::Result<()> {
        let Some(style) = style else {
            self.stop();
            return Ok(());
        };
        let output: Box<dyn Write + Send> = match file {
            Some(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
            None => Box::new(io::stdout()),
        };
        let name = file.map_or_else(|| PathBuf::from("standard output"), Path::to_path_buf);
        let (lines, waiting) = sync_channel(WAITING);
        let (writing, done) = sync_channel(0);
        std::thread::Builder::new().name("access-log".to_owned()).spawn(move || {
            let _writing: SyncSender<()> = writing;
            write_all(BufWriter::new(output), &waiting, &name);
        })?;
        let before = self.writer.swap(Some(Arc::new(Writer { style, lines })));
        drop(before);
        // The thread of before ends by itself when the last line that waits is written.
        *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        Ok(())
    }

    /// Whether a file could be logged to. It is not made.
    ///
    /// # Errors
    /// What [`configure`](Self::configure) would meet.
    pub fn check(file: &Path) -> io::Result<()> {
        match OpenOptions::new().append(true).open(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
                Ok(access(parent, Access::WRITE_OK | Access::EXEC_OK)?)
            }
            other => other.map(drop),
        }
    }

    /// Logs an answer; never waits.
    pub fn note(&self, answer: &Answered<'_>, now: impl FnOnce() -> DateTime<Utc>) {
        let Some(writer) = &*self.writer.load() else { return };
        let line = match writer.style {
            AccessStyle::Combined => combined(answer, now()),
            AccessStyle::Json => json_line(answer, now()),
        };
        if writer.lines.try_send(line).is_err() {
            self.dropped.add_one();
        }
    }

    /// Writes what waits, and ends; what nobody takes within two seconds is given up.
    pub fn stop(&self) {
        drop(self.writer.swap(None));
        if let Some(done) = self.done.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = done.recv_timeout(STOP);
        }
    }
}

fn write_all(mut output: BufWriter<Box<dyn Write + Send>>, lines: &Receiver<String>, name: &Path) {
    let mut is_failing = false;
    while let Ok(line) = lines.recv() {
        let mut written = output.write_all(line.as_bytes());
        while let Ok(line) = lines.try_recv() {
            written = written.and_then(|()| output.write_all(line.as_bytes()));
        }
        match written.and_then(|()| output.flush()) {
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::error!("cannot write the access log to `{}`: {error}", name.display());
            }
            Err(_) => {}
            Ok(()) => is_failing = false,
        }
    }
}

fn combined(answer: &Answered<'_>, now: DateTime<Utc>) -> String {
    let Answered { client, line: request, status, body_bytes, user_agent, referrer, .. } = answer;
    let client = client.map_or_else(|| "-".to_owned(), |client| client.to_string());
    let mut line = format!("{client} - - [{}] \"", now.format("%d/%b/%Y:%H:%M:%S %z"));
    match request {
        RequestLine::Read { method, target, protocol, .. } => {
            escape(&mut line, method);
            line.push(' ');
            escape(&mut line, target);
            line.push(' ');
            line.push_str(protocol);
        }
        RequestLine::Raw([]) => line.push('-'),
        RequestLine::Raw(bytes) => line.push_str(&raw(bytes)),
    }
    line.write_fmt(format_args!("\" {status} {body_bytes} \"")).expect("writing to a string cannot fail");
    escape(&mut line, referrer.unwrap_or("-"));
    line.push_str("\" \"");
    escape(&mut line, user_agent.unwrap_or("-"));
    line.push_str("\"\n");
    line
}

/// SECURITY: nothing that a client sends may end the quotes or the line, or reach a terminal as a control sequence.
fn escape(line: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            c if c.is_control() => {
                line.write_fmt(format_args!("\\x{:02X}", u32::from(c))).expect("writing to a string cannot fail");
            }
            other => line.push(other),
        }
    }
}

/// SECURITY: what is no request may be no text either; only printable ASCII is written as it is.
fn raw(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            other => text.write_fmt(format_args!("\\x{other:02X}")).expect("writing to a string cannot fail"),
        }
    }
    text
}

fn json_line(answer: &Answered<'_>, now: DateTime<Utc>) -> String {
    let Answered { client, line, status, body_bytes, user_agent, referrer, .. } = answer;
    let mut object = json!({
        "time": now.to_rfc3339_opts(SecondsFormat::Millis, true),
        "client": client.map(|client| client.to_string()),
        "status": status,
        "size_bytes": body_bytes,
        "user_agent": user_agent,
        "referrer": referrer,
    });
    match line {
        RequestLine::Read { method, target, path, protocol } => {
            object["method"] = json!(method);
            object["target"] = json!(target);
            object["path"] = json!(path);
            object["protocol"] = json!(protocol);
        }
        RequestLine::Raw(bytes) => object["refused"] = json!(raw(bytes)),
    }
    format!("{object}\n")
}

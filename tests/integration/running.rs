//! The program itself as a process of its own, seen only from outside: its standard error, its signals, its HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a thing may take that is expected to happen; far more than it needs, so that a busy machine fails no test.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until the answer is `Some`.
///
/// # Panics
/// When that has not happened within the time.
pub(crate) fn eventually<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A folder with a seed directory, a configuration and a store.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// Makes the folder; `more` is added to the configuration, which listens on a free port and nowhere else.
    pub(crate) fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("seeds")).unwrap();
        let place = Self { folder };
        let configuration = format!(
            "[site]\nbase_url = \"http://feeds.example\"\n[http]\nlisten = [\"127.0.0.1:0\"]\nadmin_listen = \"\"\n{more}"
        );
        std::fs::write(place.config(), configuration).unwrap();
        place
    }

    pub(crate) fn seeds(&self) -> PathBuf {
        self.folder.path().join("seeds")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("seedcast.toml")
    }

    /// The command that serves this place.
    pub(crate) fn serve(&self) -> Command {
        let mut command = program();
        command.arg("serve").arg("--config").arg(self.config()).arg("--seeds").arg(self.seeds());
        command.arg("--store").arg(format!("sqlite:{}", self.folder.path().join("store.sqlite").display()));
        command.current_dir(self.folder.path());
        command
    }
}

impl Place {
    /// The command that serves this place with nothing but its configuration; the store is the default one.
    pub(crate) fn serve_as_configured(&self) -> Command {
        let mut command = program();
        command.arg("serve").arg("--config").arg(self.config()).env("SEEDCAST_SEEDS_DIRECTORY", self.seeds());
        command.current_dir(self.folder.path());
        command
    }

    /// The same where the system gives it no more than so many descriptors.
    pub(crate) fn serve_with_descriptors(&self, most: u32) -> Command {
        let serve = self.serve();
        let mut command = Command::new("sh");
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
        command.arg("-c").arg("ulimit -n \"$0\" && exec \"$@\"").arg(most.to_string());
        command.arg(serve.get_program()).args(serve.get_args());
        command.current_dir(self.folder.path());
        command
    }

    /// Address of an admin listener in the folder, for commands that start with [`Place::serve_with_admin`].
    pub(crate) fn admin(&self) -> String {
        format!("unix:{}", self.folder.path().join("admin.sock").display())
    }

    pub(crate) fn serve_with_admin(&self) -> Command {
        let mut command = self.serve();
        command.env("SEEDCAST_HTTP_ADMIN_LISTEN", self.admin());
        command
    }
}

/// The program without arguments, in an environment that tells it nothing.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seedcast"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    command
}

/// What a program that ends by itself left behind: exit code, standard output, standard error.
pub(crate) fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).expect("everything printed is UTF-8");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: Arc<Mutex<String>>,
    addresses: Receiver<SocketAddr>,
    address: Option<SocketAddr>,
}

impl Server {
    /// Starts it without waiting for anything.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().expect("it is piped");
        let log = Arc::new(Mutex::new(String::new()));
        let (sender, addresses) = channel();
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let rest = line.split_once("listening on http").map(|(_, rest)| rest.trim_start_matches('s'));
                if let Some(rest) = rest.and_then(|rest| rest.strip_prefix("://")) {
                    let end = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
                    let _ = sender.send(rest[..end].trim_end_matches('/').parse().expect("an address"));
                }
                let mut kept = kept.lock().unwrap();
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        Self { child, log, addresses, address: None }
    }

    /// Waits for the line that names the address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not listen:\n{}", self.log()))
    }

    /// The same, any number of times.
    pub(crate) fn address_again(&mut self) -> SocketAddr {
        let address = self.address.unwrap_or_else(|| self.address());
        self.address = Some(address);
        address
    }

    /// Starts it and waits until its feeds are right.
    pub(crate) fn ready(command: Command) -> (Self, SocketAddr) {
        let mut server = Self::spawn(command);
        let address = server.address_again();
        wait_until_ready(address);
        (server, address)
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Peak of its resident memory in KiB.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel tells it");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Has it read its configuration again.
    pub(crate) fn hang_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
    }

    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("the program ends", PATIENCE, || child.try_wait().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let from = log.len().saturating_sub(3000);
            let from = (from..log.len()).find(|&at| log.is_char_boundary(at)).unwrap_or(0);
            eprintln!("the end of the server's log:\n{}", &log[from..]);
        }
    }
}

pub(crate) fn wait_until_ready(address: SocketAddr) {
    eventually("/readyz answers 200", PATIENCE, || get(address, "/readyz", &[]).ok().filter(|a| a.status == 200));
}

/// An answer, its body whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in the answer\n{}", self.head))
    }
}

/// One GET on a connection of its own.
///
/// # Errors
/// When the server is away or the answer is cut off.
pub(crate) fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    stream.write_all(
        format!("GET {path} HTTP/1.1\r\nHost: feeds.example\r\nConnection: close\r\n{more}\r\n").as_bytes(),
    )?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw)?;
    let cut = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let split = raw.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(cut)?;
    let head = String::from_utf8_lossy(&raw[..split]).into_owned();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(cut)?;
    let answer = Answer { status, head, body: raw[split + 4..].to_vec() };
    let length = answer.header("content-length").and_then(|text| text.parse().ok());
    if status != 304 && length.is_some_and(|length: usize| length != answer.body.len()) {
        return Err(cut());
    }
    Ok(answer)
}

/// Whether a program is there that a test needs. It may be missing on somebody's machine, and then the test says so; it must
/// be there where `CI` is set.
pub(crate) fn has_program(name: &str) -> bool {
    match Command::new(name).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status() {
        Ok(_) => true,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{name} is needed: {error}");
            eprintln!("skipped: {name} is missing");
            false
        }
    }
}

/// Writes a seed the way careful programs do: under a name that is passed over, then renamed.
pub(crate) fn write_seed(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a seed lies in a directory")).unwrap();
    let name = path.file_name().expect("a seed has a name").to_string_lossy();
    let hidden = path.with_file_name(format!(".{name}.tmp"));
    std::fs::write(&hidden, text).unwrap();
    std::fs::rename(&hidden, path).unwrap();
}

/// A seed in the news-text form.
pub(crate) fn seed_text(url: &str, title: &str, published: &str, updated: &str, body: &str) -> String {
    format!(
        " date {} {url}\n\n{title}\n\n{title}\n\n{}\n\n{published}\n\n{updated}\n\n{body}\n",
        &published[..7],
        &published[..10]
    )
}

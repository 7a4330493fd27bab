//! What the service manager is told, received as it receives it.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::running::{PATIENCE, Place, Server, eventually, get, program, run, seed_text, write_seed};

/// The service manager's end of the conversation.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    fn at(place: &Place) -> Self {
        let path = place.config().with_file_name("notify.sock");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, path }
    }

    fn told_by(&self, command: &mut Command) {
        command.env("NOTIFY_SOCKET", &self.path);
    }

    /// The next message; `None` when none comes within `time`.
    fn next(&self, time: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(time)).unwrap();
        let mut bytes = [0; 4096];
        let len = self.socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8(bytes[..len].to_vec()).unwrap())
    }

    /// Messages up to and including the first one with this line.
    fn until(&self, line: &str) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let message = self.next(PATIENCE).unwrap_or_else(|| panic!("no {line} after {told:?}"));
            let is_it = message.lines().any(|one| one.starts_with(line));
            told.push(message);
            if is_it {
                return told;
            }
        }
    }
}

fn seed(number: u32) -> String {
    let url = format!("https://news.example/20241101/a-good-day-{}.html", 1_200_000_000 + number);
    seed_text(&url, &format!("Day {number}"), "2024-11-01T13:04+0300", "2024-11-01T13:17+0300", "It was quiet.")
}

fn fill(place: &Place, count: u32) {
    for number in 0..count {
        write_seed(&place.seeds().join(format!("{number}.txt")), &seed(number));
    }
}

#[test]
fn ready_is_told_when_the_first_scan_is_done_and_stopping_when_told_to_stop() {
    let place = Place::new("");
    fill(&place, 300);
    let manager = Manager::at(&place);
    let mut command = place.serve();
    manager.told_by(&mut command);
    let mut server = Server::spawn(command);
    let before = manager.until("READY=1");
    assert!(before[0].starts_with("EXTEND_TIMEOUT_USEC="), "more time is asked for while it scans: {before:?}");
    assert!(before.iter().any(|told| told.starts_with("STATUS=first scan")), "{before:?}");
    // Ready means: all of them are served.
    let address = server.address();
    assert_eq!(get(address, "/readyz", &[]).unwrap().status, 200);
    let status = manager.until("STATUS=").pop().unwrap();
    assert_eq!(status.trim(), "STATUS=300 items of 300 seeds in 1 feed, 0 diagnostics");
    server.terminate();
    let last = manager.until("STOPPING=1");
    assert!(!last.iter().any(|told| told.contains("READY=1")), "{last:?}");
    assert_eq!(server.end().code(), Some(0));
}

#[test]
fn reload_is_told_with_its_time_and_ready_follows_even_when_the_file_is_wrong() {
    let place = Place::new("");
    fill(&place, 1);
    let manager = Manager::at(&place);
    let mut command = place.serve();
    manager.told_by(&mut command);
    let server = Server::spawn(command);
    manager.until("READY=1");
    server.hang_up();
    let reloading = manager.until("RELOADING=1").pop().unwrap();
    let micros =
        reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).expect("the time of the reload");
    assert!(micros.parse::<u64>().unwrap() > 0);
    manager.until("READY=1");
    let right = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), right + "\n[feeds]\nitems = 0\n").unwrap();
    server.hang_up();
    manager.until("RELOADING=1");
    manager.until("READY=1");
    eventually("the refusal is in the log", PATIENCE, || server.log().contains("reload refused").then_some(()));
    assert_eq!(get(server.address(), "/readyz", &[]).unwrap().status, 200);
}

#[test]
fn watchdog_is_told_nothing_more_when_ingest_hangs() {
    let place = Place::new("");
    fill(&place, 1);
    let manager = Manager::at(&place);
    let mut command = place.serve_with_admin();
    manager.told_by(&mut command);
    command.env("WATCHDOG_USEC", "3000000").stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    manager.until("READY=1");
    for _ in 0..3 {
        manager.until("WATCHDOG=1");
    }
    // Each of these is warned about on standard error, a pipe that nobody empties here: the thread that reads seeds
    // waits in the middle of its work, while everything else goes on.
    for number in 0..3000 {
        std::fs::write(place.seeds().join(format!("a-seed-with-a-long-name-and-a-nul-{number}.txt")), "t\n\n\0\n")
            .unwrap();
    }
    let deadline = Instant::now() + PATIENCE;
    // Silence of more than two intervals.
    while let Some(told) = manager.next(Duration::from_secs(7)) {
        assert!(Instant::now() < deadline, "still told: {told}");
    }
    // The listeners are alive all the same, and say what hangs.
    let (code, out, err) = run(program().args(["status", "--format", "json", "--admin", &place.admin()]));
    assert_eq!(code, 0, "{out}{err}");
    kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
    child.wait().unwrap();
}

/// Makes a named pipe in which an access log gets stuck, and has it written there.
fn log_to_a_pipe(place: &Place) -> PathBuf {
    let fifo = place.config().with_file_name("access.fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let configuration = std::fs::read_to_string(place.config()).unwrap();
    let log = "[log]\naccess = \"combined\"\naccess_file = \"access.fifo\"\n";
    std::fs::write(place.config(), configuration + log).unwrap();
    fifo
}

#[test]
fn watchdog_is_told_on_while_a_reload_takes_long_and_a_second_signal_ends_it() {
    let place = Place::new("");
    fill(&place, 1);
    let manager = Manager::at(&place);
    let mut command = place.serve();
    manager.told_by(&mut command);
    command.env("WATCHDOG_USEC", "3000000");
    let mut server = Server::spawn(command);
    manager.until("READY=1");
    // Nobody reads it, so that opening it lasts.
    log_to_a_pipe(&place);
    server.hang_up();
    manager.until("RELOADING=1");
    for _ in 0..3 {
        manager.until("WATCHDOG=1");
    }
    server.terminate();
    eventually("it has heard", PATIENCE, || server.log().contains("stopping").then_some(()));
    assert!(server.is_running());
    server.terminate();
    assert_eq!(server.end().code(), Some(0), "{}", server.log());
    assert!(server.log().contains("ending at once"), "{}", server.log());
}

#[test]
fn a_second_signal_ends_it_also_while_it_waits_for_its_last_parts() {
    let place = Place::new("");
    fill(&place, 1);
    let fifo = log_to_a_pipe(&place);
    // A reader that never reads.
    let _reader = std::fs::File::options().read(true).write(true).open(fifo).unwrap();
    let (mut server, address) = Server::ready(place.serve());
    let agent = "x".repeat(4000);
    for _ in 0..40 {
        get(address, "/livez", &[("User-Agent", &agent)]).unwrap();
    }
    server.terminate();
    eventually("it stops", PATIENCE, || get(address, "/livez", &[]).is_err().then_some(()));
    // Long enough for all that can end.
    std::thread::sleep(Duration::from_millis(500));
    assert!(server.is_running(), "{}", server.log());
    server.terminate();
    assert_eq!(server.end().code(), Some(0), "{}", server.log());
    assert!(server.log().contains("ending at once"), "{}", server.log());
}

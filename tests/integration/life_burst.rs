//! A flood: another process writes files as fast as it can while a reader polls that follows the archive.
//!
//! `BURST_FILES` is their number (10,000), `BURST_PROGRAM` another build of the program to do it with.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::life_reading::{page, path_of, walk};
use crate::running::{PATIENCE, Place, Server, has_program};

/// Peak of resident memory that may not be passed, in KiB. Measured with and without optimising, on an idle machine and a
/// busy one: 129 to 149 MB for the files of a usual run, once 226; then 300 for 40,000 files, and 338 to 347 for 100,000,
/// when the 64 MiB of archive pages that are kept are full.
const MEMORY_KIB: u64 = 256 * 1024;
const MEMORY_KIB_OF_MANY: u64 = 400 * 1024;
const USUAL: usize = 10_000;

/// Writes files of the news-text form from several processes at once, into directories of 1,000.
const WRITER: &str = r#"
import os, sys
from multiprocessing import Process
root, count, processes = sys.argv[1], int(sys.argv[2]), 2
text = (" date 2024-11 https://flood.example/20241101/one-of-many-13{0:07}.html\n\nNumber {0}\n\n2024-11-01\n\n"
        "2024-11-01T13:04+0300\n\n2024-11-01T13:17+0300\n\n" + "Words and more words of it, as an article has. " * 20 + "\n")
def write(part):
    for number in range(part, count, processes):
        folder = f"{root}/{part}/{number // 1000}"
        if number % 1000 < processes:
            os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{number}.txt", "w") as file:
            file.write(text.format(number))
parts = [Process(target=write, args=(part,)) for part in range(processes)]
for part in parts: part.start()
for part in parts: part.join()
"#;

/// A reader that walks back from the feed until it meets a page that it knows whole, as RFC 5005 §4 has it.
#[derive(Default)]
struct Walker {
    seen: BTreeSet<String>,
    polls: usize,
    pages: usize,
}

impl Walker {
    fn poll(&mut self, address: SocketAddr) {
        self.polls += 1;
        // A page whose items all came with the feed just now says nothing of the page before it.
        let before = self.seen.clone();
        let mut next = Some("/feed.json".to_owned());
        while let Some(path) = next {
            let read = page(&address, &path).unwrap_or_else(|wrong| panic!("{wrong}"));
            self.pages += 1;
            let ids: BTreeSet<&str> = read.ids().collect();
            assert_eq!(ids.len(), read.entries.len(), "{path} has an item twice");
            let is_known = !ids.is_empty() && ids.iter().all(|id| before.contains(*id));
            self.seen.extend(ids.into_iter().map(str::to_owned));
            next = read.prev.as_deref().map(path_of).filter(|_| !is_known);
        }
    }
}

impl Walker {
    /// What the archive has that the reader has not met.
    fn shortfall(&self, address: SocketAddr, files: usize) -> String {
        let archive = walk(&address, "/feed.json").unwrap();
        let missed: Vec<(&String, &str)> = archive
            .iter()
            .flat_map(|(path, page)| page.ids().map(move |id| (path, id)))
            .filter(|(_, id)| !self.seen.contains(*id))
            .collect();
        let all: usize = archive.iter().skip(1).map(|(_, page)| page.entries.len()).sum();
        format!("{} of {files} met, {all} in the archive; not met: {missed:?}", self.seen.len())
    }
}

#[test]
fn flood_of_files_is_met_whole_by_a_reader_that_follows_the_archive() {
    let files: usize = std::env::var("BURST_FILES").map_or(USUAL, |word| word.parse().unwrap());
    let place = Place::new("");
    let mut command = place.serve();
    if let Some(program) = std::env::var_os("BURST_PROGRAM") {
        let mut other = Command::new(program);
        other.args(command.get_args()).current_dir(place.seeds().parent().unwrap());
        command = other;
    }
    let (server, address) = Server::ready(command);
    let begun = Instant::now();
    let script = ["-c", WRITER];
    if !has_program("python3") {
        return;
    }
    let mut command = Command::new("python3");
    command.args(script).arg(place.seeds()).arg(files.to_string()).stdin(Stdio::null());
    let mut writer = command.spawn().unwrap();
    let mut reader = Walker::default();
    let mut written = None;
    let deadline = begun + PATIENCE + Duration::from_millis(u64::try_from(files).unwrap());
    while reader.seen.len() < files {
        reader.poll(address);
        if written.is_none() && writer.try_wait().unwrap().is_some() {
            written = Some(begun.elapsed());
        }
        assert!(Instant::now() < deadline, "{}", reader.shortfall(address, files));
        // How often this reader polls.
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(writer.wait().unwrap().success());
    let whole = begun.elapsed();
    // Nothing comes twice, nothing is missing: at rest the archive has each item once.
    reader.poll(address);
    let archive = walk(&address, "/feed.json").unwrap();
    let ids: Vec<&str> = archive[1..].iter().flat_map(|(_, page)| page.ids()).collect();
    let once: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!((ids.len(), once.len(), reader.seen.len()), (files, files, files));
    let peak = server.peak_memory_kib();
    eprintln!(
        "{files} files written in {written:?}, all met after {whole:?} by {} polls of {} documents, peak {peak} KiB",
        reader.polls, reader.pages
    );
    let most = if files > USUAL { MEMORY_KIB_OF_MANY } else { MEMORY_KIB };
    assert!(peak < most, "{peak} KiB, more than {most}");
}

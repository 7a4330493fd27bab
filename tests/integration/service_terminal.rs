//! What stands on the terminal of someone who starts the program by hand.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::running::{PATIENCE, Place, eventually, program};

/// Enough that reading them takes longer than half a second, from which on progress is shown.
const SEEDS: usize = 20_000;

/// A terminal so many columns wide: its screen, and the end that programs write to.
fn terminal(columns: u16) -> (File, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    tcsetwinsize(&master, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (File::from(master), slave)
}

/// Runs a first scan on a terminal so many columns wide; gives all that was written there.
fn scanned_on_terminal(columns: u16) -> String {
    let place = Place::new("");
    for number in 0..SEEDS {
        // A few are bad, so that warnings come in between.
        let text = if number % 5000 == 7 {
            "Title\n\n\0\n".into()
        } else {
            format!("Title {number}\n\n2024-11-01T13:04Z\n\nWords.\n")
        };
        std::fs::write(place.seeds().join(format!("{number}.txt")), text).unwrap();
    }
    let (master, slave) = terminal(columns);
    let mut child = place.serve().stderr(slave).spawn().unwrap();
    let (sender, pieces) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut terminal = master;
        let mut buffer = [0; 4096];
        // Reading fails once nobody has the other end open.
        while let Ok(length) = terminal.read(&mut buffer) {
            sender.send(buffer[..length].to_vec()).unwrap_or_default();
        }
    });
    let mut written = Vec::new();
    eventually("ready", PATIENCE, || {
        written.extend(pieces.try_iter().flatten());
        String::from_utf8_lossy(&written).contains(" ready ").then_some(())
    });
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    child.wait().unwrap();
    written.extend(pieces.iter().flatten());
    String::from_utf8(written).unwrap()
}

/// The lines that are left on a terminal: a carriage return goes to the beginning, `ESC [ K` wipes to the end.
fn left(written: &str) -> Vec<String> {
    let lines = written.replace("\r\n", "\n");
    lines.split('\n').map(|line| line.rsplit("\r\u{1b}[K").next().unwrap().to_owned()).collect()
}

#[test]
fn a_first_scan_is_drawn_on_a_terminal_and_leaves_nothing_behind() {
    let written = scanned_on_terminal(120);
    let bars: Vec<&str> = written.split("\r\u{1b}[K").filter(|line| line.starts_with('[')).collect();
    // Files that were written a moment ago are read when they are seen to be left alone, and counted then.
    let last = bars.last().expect("a bar was drawn");
    assert!(last.contains(" seeds, ") && last.contains("/s, ") && last.contains(" s left"), "{last:?}");
    for bar in &bars {
        let of = bar.split_once(" of ").and_then(|(_, rest)| rest.split_once(" seeds")).unwrap().0.replace(',', "");
        assert!(of.parse::<usize>().unwrap() <= SEEDS, "{bar:?}");
    }
    let lines = left(&written);
    assert!(lines.iter().any(|line| line.contains("7.txt")), "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains("[#") && !line.contains("[-")), "{lines:#?}");
}

#[test]
fn the_bar_of_a_first_scan_fits_a_narrow_terminal() {
    let written = scanned_on_terminal(40);
    let bars = written.split("\r\u{1b}[K").filter(|line| line.starts_with("[#") || line.starts_with("[-"));
    assert!(bars.clone().count() > 0);
    for bar in bars {
        assert!(bar.len() < 40, "{bar:?}");
    }
}

#[test]
fn colours_are_left_out_where_somebody_says_so_or_the_terminal_has_none() {
    let place = Place::new("");
    let written = |name: &str, value: &str| {
        let (mut screen, end) = terminal(80);
        let mut check = program();
        check.args(["check", "--config-only", "--config"]).arg(place.config()).arg("--seeds").arg(place.seeds());
        // No setting, so there is a warning.
        check.env("SEEDCAST_SITE_TITEL", "x").env(name, value).stderr(end);
        assert!(check.output().unwrap().status.success());
        drop(check);
        let mut text = Vec::new();
        // It ends with an error once nobody has the other end open.
        let _ = screen.read_to_end(&mut text);
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("SEEDCAST_SITE_TITLE"), "{text:?}");
        text.contains('\u{1b}')
    };
    for (name, value, is_coloured) in
        [("TERM", "xterm", true), ("NO_COLOR", "", true), ("NO_COLOR", "1", false), ("TERM", "dumb", false)]
    {
        assert_eq!(written(name, value), is_coloured, "{name}={value}");
    }
}

//! `seedcast export` killed at any moment: no file is ever half of one, and the next run leaves what a fresh export gives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::ingest_desk::article;
use crate::life_dice::Dice;
use crate::running::{Place, program, run, write_seed};
use crate::seed_directory::now as clock;

/// Kills: half of them in the later half of an export, half when so many files were written.
const KILLS: usize = 21;

/// All files below a directory, hidden ones too, by name.
type Files = BTreeMap<String, Vec<u8>>;

fn export(place: &Place, out: &Path) -> Command {
    let mut command = program();
    command.arg("export").arg("--config").arg(place.config()).arg("--seeds").arg(place.seeds()).arg("--out").arg(out);
    command.arg("--store").arg(format!("sqlite:{}", place.seeds().with_file_name("export.sqlite").display()));
    command
}

/// Calls for each file below a directory that may change meanwhile.
fn each_file(folder: &Path, mut call: impl FnMut(&Path)) {
    let mut rest = vec![folder.to_owned()];
    while let Some(directory) = rest.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().map(Result::unwrap) {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => rest.push(entry.path()),
                _ => call(&entry.path()),
            }
        }
    }
}

fn files(folder: &Path) -> Files {
    let mut all = Files::new();
    each_file(folder, |path| {
        let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
        all.insert(name, std::fs::read(path).unwrap());
    });
    all
}

fn written_since(folder: &Path, begun: SystemTime) -> usize {
    let mut count = 0;
    each_file(folder, |path| {
        let is_new = path.metadata().and_then(|found| found.modified()).is_ok_and(|time| time >= begun);
        count += usize::from(is_new);
    });
    count
}

fn complete(place: &Place, out: &Path) -> Files {
    let (code, _, err) = run(&mut export(place, out));
    assert_eq!(code, 0, "{err}");
    files(out)
}

/// When an export is to die.
enum Death {
    After(Duration),
    WithFiles(usize),
}

/// Starts an export and kills it; whether it was still running then.
fn killed(place: &Place, out: &Path, death: &Death) -> bool {
    // The clock of a file system may be a tick behind.
    let begun = clock() - Duration::from_millis(10);
    let start = Instant::now();
    let mut child = export(place, out).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        let is_time = match death {
            Death::After(time) => start.elapsed() >= *time,
            Death::WithFiles(count) => written_since(out, begun) >= *count,
        };
        if is_time {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        // What is tried is the moment itself.
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// One change of the directory: articles come, go, and are edited to and fro without another length.
fn change(place: &Place, dice: &mut Dice) {
    let number = dice.roll(16);
    let path = place.seeds().join(format!("{}/{number}.txt", number % 3));
    if path.exists() && dice.roll(3) == 0 {
        std::fs::remove_file(path).unwrap();
    } else {
        let title = format!("Article {number} {}", ["red", "tan"][dice.roll(2)]);
        write_seed(&path, &article(number, &title, 0, i64::try_from(number).unwrap()));
    }
}

/// Gives the directory what it had.
fn restore(place: &Place, seeds: &Files) {
    for name in files(&place.seeds()).into_keys().filter(|name| !seeds.contains_key(name)) {
        std::fs::remove_file(place.seeds().join(name)).unwrap();
    }
    for (name, text) in seeds {
        write_seed(&place.seeds().join(name), std::str::from_utf8(text).unwrap());
    }
}

#[test]
fn export_that_is_killed_leaves_whole_files_and_the_next_one_what_a_fresh_one_gives() {
    let place = Place::new("[feeds]\nautomatic = [\"sources\"]\n");
    let mut dice = Dice(20_241_101);
    (0..20).for_each(|_| change(&place, &mut dice));
    let out = place.seeds().with_file_name("out");
    let mut versions: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    let fresh = |name: &str| {
        let folder = place.seeds().with_file_name(name);
        let begun = Instant::now();
        let files = complete(&place, &folder);
        std::fs::remove_dir_all(folder).unwrap();
        (files, begun.elapsed())
    };
    let (mut now, mut time) = fresh("first");
    let (mut deaths, mut mixed) = (0, 0);
    let mut exported = files(&place.seeds());
    for round in 0..KILLS {
        let death = if round % 2 == 0 {
            Death::After(time.mul_f64(f64::from(u32::try_from(500 + dice.roll(500)).unwrap()) / 1000.0))
        } else {
            Death::WithFiles(1 + round * now.len() / KILLS)
        };
        deaths += usize::from(killed(&place, &out, &death));
        // What this export was about to write.
        (now, time) = fresh("fresh");
        for (name, bytes) in &now {
            versions.entry(name.clone()).or_default().insert(bytes.clone());
        }
        let left = files(&out);
        let is_hidden = |name: &str| name.rsplit('/').next().unwrap().starts_with('.');
        for (name, bytes) in left.iter().filter(|(name, _)| !is_hidden(name)) {
            assert!(versions[name].contains(bytes), "round {round}: `{name}` is of no export: {} bytes", bytes.len());
        }
        mixed += usize::from(left != now);
        // Every third time it is done again, else killed once more over what the last death left: first when there are
        // changes again, then when all are taken back, so that what the last whole export wrote is right again.
        if round % 3 == 2 {
            let again = complete(&place, &out);
            let names = |files: &Files| files.keys().cloned().collect::<BTreeSet<_>>();
            let differing: Vec<_> = names(&again).symmetric_difference(&names(&now)).cloned().collect();
            assert!(differing.is_empty(), "round {round}: too many or too few: {differing:?}");
            let differing: Vec<_> =
                now.iter().filter(|(name, bytes)| again[*name] != **bytes).map(|(n, _)| n).collect();
            assert!(differing.is_empty(), "round {round}: differ from a fresh export: {differing:?}");
        }
        match round % 3 {
            1 => restore(&place, &exported),
            2 => exported = files(&place.seeds()),
            _ => {}
        }
        if round % 3 != 1 {
            (0..1 + dice.roll(4)).for_each(|_| change(&place, &mut dice));
        }
    }
    eprintln!("{deaths} of {KILLS} exports were killed, {mixed} of them left something to do");
    assert!(deaths > KILLS / 2, "only {deaths} of {KILLS} exports were killed before their end");
    assert!(mixed > KILLS / 4, "only {mixed} kills fell into the writing");
}

//! `seedcast export`: every document as a file.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use crate::ingest_desk::article;
use crate::running::{Place, program, run, write_seed};

fn export(place: &Place, out: &Path) -> Command {
    let mut command = program();
    command.arg("export").arg("--config").arg(place.config()).arg("--seeds").arg(place.seeds()).arg("--out").arg(out);
    command.arg("--store").arg(format!("sqlite:{}", place.seeds().with_file_name("export.sqlite").display()));
    command
}

fn times(folder: &Path) -> BTreeMap<String, SystemTime> {
    let mut all = BTreeMap::new();
    let mut rest = vec![folder.to_owned()];
    while let Some(directory) = rest.pop() {
        for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                rest.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                all.insert(name, entry.metadata().unwrap().modified().unwrap());
            }
        }
    }
    all
}

#[test]
fn export_writes_every_document_and_a_second_run_only_what_changed() {
    let place = Place::new("");
    for number in 1..=3 {
        let text = article(number, &format!("Article {number}"), 0, i64::try_from(number).unwrap());
        write_seed(&place.seeds().join(format!("dünya/{number}.txt")), &text);
    }
    let out = place.seeds().with_file_name("out");
    let (code, _, err) = run(&mut export(&place, &out));
    assert_eq!(code, 0, "{err}");
    assert!(err.lines().count() == 1 && err.contains(" written, 0 removed"), "{err}");
    let first = times(&out);
    for file in [
        "index.html",
        "atom.xml",
        "atom.xml.gz",
        "atom.xml.br",
        "atom.xml.zst",
        "rss.xml",
        "feed.json",
        "opml.xml",
        "404.html",
        "archive/1/atom.xml",
        "archive/1/index.html",
        "sources/news.example/atom.xml",
        "categories/dünya/feed.json",
        "categories/index.html",
        "manifest.json",
    ] {
        assert!(first.contains_key(file), "no {file} among {:?}", first.keys());
    }
    assert_eq!(first.keys().filter(|name| name.starts_with("items/") && name.ends_with("index.html")).count(), 3);
    let atom = std::fs::read_to_string(out.join("atom.xml")).unwrap();
    assert!(atom.contains("http://feeds.example/atom.xml") && atom.contains("Article 3"));
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(out.join("manifest.json")).unwrap()).unwrap();
    let entry = &manifest["/atom.xml"];
    assert!(entry["files"][0]["etag"].as_str().unwrap().starts_with('"'));
    assert_eq!(entry["files"][1]["encoding"], "gzip");
    assert!(entry["last_modified"].as_str().unwrap().ends_with("GMT"));

    let (code, _, err) = run(&mut export(&place, &out));
    assert_eq!(code, 0, "{err}");
    assert_eq!(err, "", "cron mails every word, each time");
    assert_eq!(times(&out), first);

    std::fs::write(out.join("not-ours.txt"), "kept").unwrap();
    write_seed(&place.seeds().join("4.txt"), &article(4, "Article 4", 0, 4));
    let (code, _, err) = run(&mut export(&place, &out));
    assert_eq!(code, 0, "{err}");
    assert!(std::fs::read_to_string(out.join("atom.xml")).unwrap().contains("Article 4"));
    let third = times(&out);
    assert_eq!(third["categories/dünya/feed.json"], first["categories/dünya/feed.json"], "written though unchanged");
    assert!(third.contains_key("not-ours.txt"));
}

#[test]
fn export_names_only_hubs_that_are_elsewhere() {
    let place = Place::new("[hub]\nrsscloud = true\nexternal = [\"https://hub.example/\"]\n");
    write_seed(&place.seeds().join("1.txt"), &article(1, "Article 1", 0, 1));
    let out = place.seeds().with_file_name("out");
    let (code, _, err) = run(&mut export(&place, &out));
    assert_eq!(code, 0, "{err}");
    for file in ["atom.xml", "rss.xml", "feed.json", "manifest.json", "sources/news.example/atom.xml"] {
        let text = std::fs::read_to_string(out.join(file)).unwrap();
        assert!(!text.contains("feeds.example/hub"), "{file} names a hub that a static host has not");
        assert!(!text.contains("<cloud"), "{file}");
        assert_eq!(text.contains("https://hub.example/"), !file.starts_with("sources"), "{file}");
    }
}

#[test]
fn article_that_was_removed_before_an_export_is_not_in_it() {
    let place = Place::new("");
    for number in 1..=3 {
        let text = article(number, &format!("Article {number}"), 0, i64::try_from(number).unwrap());
        write_seed(&place.seeds().join(format!("{number}.txt")), &text);
    }
    let out = place.seeds().with_file_name("out");
    let pages = || times(&out).into_keys().filter(|name| name.starts_with("items/") && name.ends_with(".html")).count();
    assert_eq!(run(&mut export(&place, &out)).0, 0);
    assert_eq!(pages(), 3);
    std::fs::remove_file(place.seeds().join("2.txt")).unwrap();
    let (code, _, err) = run(&mut export(&place, &out));
    assert_eq!(code, 0, "{err}");
    assert_eq!(pages(), 2, "{err}");
    let feed = std::fs::read_to_string(out.join("feed.json")).unwrap();
    assert!(!feed.contains("Article 2") && feed.contains("Article 3"));
}

#[test]
fn export_without_a_base_url_says_what_to_set() {
    let place = Place::new("");
    std::fs::write(place.config(), "").unwrap();
    let (code, _, err) = run(&mut export(&place, &place.seeds().with_file_name("out")));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("site.base_url") && err.contains("--base-url"), "{err}");
}

#[test]
fn export_to_a_place_that_cannot_be_written_fails_in_words() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &article(1, "Article 1", 0, 1));
    let out = place.seeds().with_file_name("a-file");
    std::fs::write(&out, "in the way").unwrap();
    let (code, _, err) = run(&mut export(&place, &out.join("below")));
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("cannot write") && err.contains("--out"), "{err}");
}

#[test]
fn mass_removal_stops_an_export_until_it_is_said_to_be_meant() {
    let place = Place::new("");
    for number in 1..=24 {
        write_seed(&place.seeds().join(format!("{number}.txt")), &article(number, &format!("Article {number}"), 0, 0));
    }
    let out = place.seeds().with_file_name("out");
    let pages = || times(&out).into_keys().filter(|name| name.starts_with("items/") && name.ends_with(".html")).count();
    assert_eq!(run(&mut export(&place, &out)).0, 0);
    for number in 1..=20 {
        std::fs::remove_file(place.seeds().join(format!("{number}.txt"))).unwrap();
    }
    let (code, _, err) = run(&mut export(&place, &out));
    assert_ne!(code, 0);
    assert!(err.contains("20 of 24 seeds disappeared") && err.contains("--accept-removals"), "{err}");
    assert_eq!(pages(), 24);
    let (code, _, err) = run(export(&place, &out).arg("--accept-removals"));
    assert_eq!(code, 0, "{err}");
    assert_eq!(pages(), 4);
}

#[test]
fn export_into_the_seed_directory_is_refused() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &article(1, "One", 0, 0));
    for out in ["", ".", "public", "public/site", "none/../public"] {
        let (code, _, err) = run(&mut export(&place, &place.seeds().join(out)));
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("seed directory") && err.contains("--out"), "{err}");
    }
    let link = place.seeds().with_file_name("link");
    std::os::unix::fs::symlink(place.seeds(), &link).unwrap();
    assert_eq!(run(&mut export(&place, &link.join("public"))).0, 2);
    assert_eq!(std::fs::read_dir(place.seeds()).unwrap().count(), 1, "nothing is left there");
}

#[test]
fn export_leaves_what_is_not_its_own() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &article(1, "One", 0, 0));
    let out = place.seeds().with_file_name("out");
    std::fs::create_dir(&out).unwrap();
    for file in ["index.html", "rss.xml.gz", "manifest.json"] {
        std::fs::write(out.join(file), "mine").unwrap();
        for _ in 0..2 {
            let (code, _, err) = run(&mut export(&place, &out));
            assert_eq!(code, 1, "{err}");
            assert!(err.contains(file) && err.contains("not from an earlier export"), "{err}");
        }
        assert_eq!(std::fs::read(out.join(file)).unwrap(), b"mine");
        std::fs::remove_file(out.join(file)).unwrap();
    }
    assert_eq!(run(&mut export(&place, &out)).0, 0);
}

#[test]
fn export_follows_no_link() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &article(1, "One", 0, 0));
    let (out, other) = (place.seeds().with_file_name("out"), place.seeds().with_file_name("other"));
    std::fs::create_dir(&out).unwrap();
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("file"), "mine").unwrap();
    std::os::unix::fs::symlink(other.join("file"), out.join(".atom.xml.new")).unwrap();
    assert_eq!(run(&mut export(&place, &out)).0, 0);
    assert!(!out.join("atom.xml").is_symlink());
    assert_eq!(std::fs::read(other.join("file")).unwrap(), b"mine");

    let out = place.seeds().with_file_name("out2");
    std::fs::create_dir(&out).unwrap();
    std::os::unix::fs::symlink(&other, out.join("items")).unwrap();
    let (code, _, err) = run(&mut export(&place, &out));
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("items/") && err.contains("--out"), "{err}");
    assert_eq!(std::fs::read_dir(&other).unwrap().count(), 1);
}

#[test]
fn article_of_a_host_named_like_a_file_stops_no_export() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &article(1, "One", 0, 0));
    let odd = article(2, "Two", 0, 0).replace("news.example", "index.html");
    write_seed(&place.seeds().join("2.txt"), &odd);
    let out = place.seeds().with_file_name("out");
    let (code, _, err) = run(&mut export(&place, &out));
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("/sources/index.html/"), "{err}");
    assert!(out.join("sources/index.html").is_file());
    assert!(std::fs::read_to_string(out.join("atom.xml")).unwrap().contains("Two"));
}

#[test]
fn export_says_as_much_as_is_asked_for() {
    let place = Place::new("");
    let out = place.seeds().with_file_name("out");
    let (code, _, err) = run(export(&place, &out).arg("--quiet"));
    assert_eq!((code, err.as_str()), (0, ""));
    let (code, _, err) = run(export(&place, &out).args(["--log-level", "info"]));
    assert!(code == 0 && err.contains("INFO") && err.contains("store opened"), "{err}");
    let (code, _, err) = run(export(&place, &out).args(["--quiet", "--base-url", "ftp://x"]));
    assert!(code == 2 && err.contains("option --base-url"), "{err}");
}

#[test]
fn export_is_never_made_around_its_store() {
    let place = Place::new("");
    let folder = place.seeds().parent().unwrap().to_owned();
    let (code, _, err) = run(&mut export(&place, &folder));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("export.sqlite` lies in the directory of the export") && err.contains("--store"), "{err}");
    assert!(!folder.join("manifest.json").exists() && !folder.join("export.sqlite").exists());
}

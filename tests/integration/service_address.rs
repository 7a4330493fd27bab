//! The address of the site: what stays when it changes, and what is said of one that is none.

use crate::running::{PATIENCE, Place, Server, eventually, get, program, run, write_seed};

const CHANGED: &str = "`site.base_url` has changed from http://feeds.example to https://other.example/news: redirect \
    http://feeds.example to https://other.example/news (308); subscribers to topics under http://feeds.example get nothing more";
const UNSET: &str = "`site.base_url` is not set: articles without a URL get ids under \"localhost\", and keep them; set it \
    before anybody subscribes";

/// An article without a URL.
fn note(place: &Place, name: &str) {
    write_seed(&place.seeds().join(name), &format!("Note {name}\n\nText.\n"));
}

/// What an Atom feed says: its id, the address of itself, the ids of its entries in order.
fn atom(text: &str) -> (String, String, Vec<String>) {
    let ids: Vec<&str> = text.split("<id>").skip(1).map(|rest| rest.split("</id>").next().unwrap()).collect();
    let own = text.split("<link ").find(|link| link.contains("rel=\"self\"")).unwrap();
    let own = own.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let mut entries: Vec<String> = ids[1..].iter().map(|&id| id.to_owned()).collect();
    entries.sort();
    (ids[0].to_owned(), own.to_owned(), entries)
}

fn served(address: std::net::SocketAddr, path: &str, entries: usize) -> (String, String, Vec<String>) {
    eventually("the entries", PATIENCE, || {
        let answer = get(address, path, &[]).ok().filter(|answer| answer.status == 200)?;
        let found = atom(&String::from_utf8(answer.body).unwrap());
        (found.2.len() == entries).then_some(found)
    })
}

#[test]
fn ids_of_feeds_and_the_authority_of_new_ids_stay_when_the_address_changes() {
    let place = Place::new("");
    note(&place, "a.txt");
    let (mut server, address) = Server::ready(place.serve());
    let old = ("http://feeds.example/".to_owned(), "http://feeds.example/atom.xml".to_owned());
    let (id, own, entries) = served(address, "/atom.xml", 1);
    assert_eq!(((id, own), entries), (old.clone(), vec!["tag:feeds.example,2026:a.txt".to_owned()]));
    assert!(!server.log().contains("site.base_url"), "{}", server.log());
    server.terminate();
    server.end();

    let moved = || {
        let mut command = place.serve();
        command.args(["--base-url", "https://other.example/news"]);
        command
    };
    let (mut server, address) = Server::ready(moved());
    assert!(server.log().contains(CHANGED), "{}", server.log());
    note(&place, "b.txt");
    let (id, own, entries) = served(address, "/news/atom.xml", 2);
    assert_eq!((&id, own.as_str()), (&old.0, "https://other.example/news/atom.xml"));
    assert_eq!(entries, ["tag:feeds.example,2026:a.txt", "tag:feeds.example,2026:b.txt"]);
    server.terminate();
    server.end();

    let (mut server, address) = Server::ready({
        let mut command = moved();
        command.env("SEEDCAST_SITE_TAG_AUTHORITY", "elsewhere.example,2025");
        command
    });
    assert!(!server.log().contains("has changed"), "told once: {}", server.log());
    note(&place, "c.txt");
    let (id, _, entries) = served(address, "/news/atom.xml", 3);
    assert_eq!(id, old.0);
    assert_eq!(entries[0], "tag:elsewhere.example,2025:c.txt");
    server.terminate();
    server.end();
}

#[test]
fn address_that_changes_with_a_reload_is_told_and_leaves_ids_alone() {
    let place = Place::new("");
    note(&place, "a.txt");
    let (server, address) = Server::ready(place.serve());
    served(address, "/atom.xml", 1);
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), config.replace("http://feeds.example", "https://other.example/news")).unwrap();
    server.hang_up();
    eventually("a word about it", PATIENCE, || server.log().contains(CHANGED).then_some(()));
    eventually("the new address", PATIENCE, || {
        let answer = get(address, "/news/atom.xml", &[]).ok().filter(|answer| answer.status == 200)?;
        let (id, own, _) = atom(&String::from_utf8(answer.body).unwrap());
        (own == "https://other.example/news/atom.xml").then(|| assert_eq!(id, "http://feeds.example/"))
    });
}

#[test]
fn address_that_was_only_tried_out_leaves_nothing_behind() {
    let place = Place::new("");
    let bare = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), bare.replace("base_url = \"http://feeds.example\"", "")).unwrap();
    for base in [None, Some("http://127.0.0.1:8080"), Some("http://localhost:8080")] {
        let mut command = place.serve();
        command.args(base.iter().flat_map(|base| ["--base-url", base]));
        let (mut server, _) = Server::ready(command);
        let log = server.log();
        let warnings: Vec<&str> = log.lines().filter(|line| line.contains("`site.base_url`")).collect();
        assert_eq!(warnings.len(), 1, "{log}");
        let expected =
            if base.is_none() { UNSET } else { "`site.base_url` has no domain name: articles without a URL get ids" };
        assert!(warnings[0].contains(expected), "{log}");
        assert_eq!(warnings[0].contains("`site.tag_authority`"), base.is_some(), "{log}");
        // What people look for is not lost above it.
        assert!(log.find("listening on") > log.find("`site.base_url`"), "{log}");
        server.terminate();
        server.end();
    }
    std::fs::write(place.config(), bare).unwrap();
    note(&place, "a.txt");
    let (server, address) = Server::ready(place.serve());
    let (id, _, entries) = served(address, "/atom.xml", 1);
    assert_eq!((id.as_str(), entries[0].as_str()), ("http://feeds.example/", "tag:feeds.example,2026:a.txt"));
    assert!(!server.log().contains("`site.base_url`"), "{}", server.log());
}

#[test]
fn export_keeps_the_ids_of_its_feeds_too() {
    let place = Place::new("");
    note(&place, "a.txt");
    let out = place.seeds().with_file_name("out");
    let export = |more: &[&str]| {
        let store = format!("sqlite:{}", place.seeds().with_file_name("store.sqlite").display());
        let mut command = program();
        command.arg("export").arg("--config").arg(place.config()).arg("--seeds").arg(place.seeds());
        command.arg("--out").arg(&out).args(["--store", &store]).args(more);
        let (code, _, err) = run(&mut command);
        assert_eq!(code, 0, "{err}");
        (atom(&std::fs::read_to_string(out.join("atom.xml")).unwrap()), err)
    };
    assert_eq!(export(&[]).0.0, "http://feeds.example/");
    let ((id, own, _), err) = export(&["--base-url", "https://other.example/news"]);
    assert_eq!((id.as_str(), own.as_str()), ("http://feeds.example/", "https://other.example/news/atom.xml"));
    assert!(err.contains(CHANGED), "{err}");
}

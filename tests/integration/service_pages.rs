//! Pages for people as a visitor of the running service finds them.

use crate::ingest_desk::article;
use crate::running::{PATIENCE, Place, Server, eventually, get, write_seed};

const BROWSER: (&str, &str) = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");

#[test]
fn visitor_of_a_missing_page_finds_the_way_to_the_front_page() {
    let place = Place::new("");
    let text = std::fs::read_to_string(place.config()).unwrap();
    let text = text.replace("feeds.example\"", "feeds.example/news\"\ntitle = \"The desk\"");
    std::fs::write(place.config(), text).unwrap();
    let (_server, address) = Server::ready(place.serve());
    for path in ["/news/nothing", "/items/0123456789abcdef/", "/sources/"] {
        let answer = get(address, path, &[BROWSER]).unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (404, Some("text/html; charset=utf-8")), "{path}");
        let page = String::from_utf8(answer.body).unwrap();
        assert!(page.contains("The desk") && page.contains("href=\"/news/\""), "{page}");
    }
}

#[test]
fn older_items_are_linked_where_there_are_more_than_the_page_shows() {
    let place = Place::new("[[feed]]\nname = \"all\"\n");
    for number in 1..=30 {
        write_seed(&place.seeds().join(format!("world/{number}.txt")), &article(number, "A good day", 0, 0));
    }
    let (_server, address) = Server::ready(place.serve());
    let has_link = |path: &str| {
        let page = String::from_utf8(get(address, path, &[]).unwrap().body).unwrap();
        assert!(page.contains("A good day"), "{path}");
        page.contains("/archive/1/\">Older items</a>")
    };
    let pages = ["/", "/feeds/all/", "/categories/world/", "/sources/news.example/"];
    assert_eq!(pages.map(has_link), [false; 4]);
    write_seed(&place.seeds().join("world/31.txt"), &article(31, "A good day", 0, 0));
    eventually("there is one item more", PATIENCE, || pages.map(has_link).eq(&[true; 4]).then_some(()));
}

#[test]
fn every_category_is_reached_from_page_to_page_while_they_change() {
    let place = Place::new("");
    for number in 0..=200 {
        write_seed(&place.seeds().join(format!("c{number:03}/{number}.txt")), &article(number, "A good day", 0, 0));
    }
    // Categories that could be taken for pages.
    for (number, name) in [(300, "2"), (301, "page")] {
        write_seed(&place.seeds().join(format!("{name}/{number}.txt")), &article(number, "A good day", 0, 0));
    }
    let (_server, address) = Server::ready(place.serve());
    let feeds = |path: &str| {
        let answer = get(address, path, &[]).unwrap();
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.len() < 100_000, "{path}");
        let page = String::from_utf8(answer.body).unwrap();
        page.split("<a class=\"name\" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let pages = ["/categories/", "/categories/page/2/", "/categories/page/3/"];
    let all: [Vec<String>; 3] = pages.map(feeds);
    assert_eq!([100, 100, 3], [all[0].len(), all[1].len(), all[2].len()]);
    let all: std::collections::BTreeSet<String> = all.into_iter().flatten().collect();
    assert_eq!(all.len(), 203, "each once");
    for (path, status) in [
        ("/categories/2/", 200),
        ("/categories/page/", 200),
        ("/categories/page/4/", 404),
        ("/categories/page/1/", 404),
        ("/categories/page/02/", 404),
        ("/categories/page/2", 308),
        ("/categories/page/2/atom.xml", 404),
    ] {
        assert_eq!(get(address, path, &[]).unwrap().status, status, "{path}");
    }
    // The last category becomes the largest: all that were before it move on by one.
    write_seed(&place.seeds().join("page/400.txt"), &article(400, "A better day", 0, 0));
    eventually("the lists follow", PATIENCE, || {
        let now = pages.map(feeds);
        (now[0].first().is_some_and(|first| first == "/categories/page/") && now.concat().len() == 203).then_some(now)
    })
    .concat()
    .into_iter()
    .for_each(|path| assert!(all.contains(&path), "{path}"));
    let now: std::collections::BTreeSet<String> = pages.map(feeds).concat().into_iter().collect();
    assert_eq!(now, all);
}

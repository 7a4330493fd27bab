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

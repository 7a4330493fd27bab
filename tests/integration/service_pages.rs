//! Pages for people as a visitor of the running service finds them.

use crate::running::{Place, Server, get};

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

//! Which URLs are one article, and what items are called.

use crate::parse_seed::{Given, parsed};
use proptest::prelude::*;
use seedcast::item::{IdentityKey, SeedPath};
use seedcast::parse::normalised_url;

#[track_caller]
fn same(one: &str, other: &str) {
    assert!(normalised_url(one).is_some(), "{one}");
    assert_eq!(normalised_url(one), normalised_url(other), "{one} and {other}");
}

#[track_caller]
fn different(one: &str, other: &str) {
    assert!(normalised_url(one).is_some() && normalised_url(other).is_some(), "{one} {other}");
    assert_ne!(normalised_url(one), normalised_url(other), "{one} and {other}");
}

#[test]
fn scheme_host_case_port_and_fragment_do_not_matter() {
    same("http://site.example/a", "https://site.example/a");
    same("https://Site.Example/a", "HTTPS://site.example/a");
    same("https://site.example:443/a", "http://site.example:80/a");
    same("https://site.example./a", "https://site.example/a");
    same("https://site.example/a#comments", "https://site.example/a");
    same("https://site.example", "https://site.example/");
    same("https://münchen.example/a", "https://xn--mnchen-3ya.example/a");
    same("https://site.example/%7eali/%c5%9fiir", "https://site.example/~ali/şiir");
    same("https://site.example/a/../b", "https://site.example/b");
}

#[test]
fn parameters_that_tell_where_a_reader_came_from_do_not_matter() {
    same("https://site.example/a?utm_source=x&UTM_Medium=y&fbclid=z", "https://site.example/a");
    same("https://site.example/a?id=7&gclid=q", "https://site.example/a?id=7");
    same("https://site.example/a?", "https://site.example/a");
}

#[test]
fn everything_that_may_name_another_article_matters() {
    different("https://site.example/a", "https://site.example/b");
    different("https://site.example/a", "https://site.example/A");
    different("https://site.example/a", "https://site.example/a/");
    different("https://site.example/a", "https://www.site.example/a");
    different("https://site.example/a", "https://site.example:8080/a");
    different("https://site.example/a?id=7", "https://site.example/a?id=8");
    different("https://site.example/a?id=7", "https://site.example/a");
    different("https://site.example/#!/article/1", "https://site.example/#!/article/2");
    different("https://site.example/a%2Fb", "https://site.example/a/b");
}

#[test]
fn a_retitled_slug_is_the_same_article() {
    same(
        "https://site.example/20241101/slug-1089925937.html",
        "http://site.example/20241101/other-words-1089925937.html?utm_id=1",
    );
    same("https://site.example/x/slug_123456", "https://site.example/x/other_123456/");
    same("https://site.example/x/slug-123456.html", "https://site.example/x/slug-123456.php");
    same("https://site.example/a-1089925937", "https://site.example/b-1089925937");
    same("https://site.example/%C5%9F-123456", "https://site.example/a-123456");
}

#[test]
fn two_articles_are_never_taken_for_one() {
    different(
        "https://site.example/20241101/slug-1089925937.html",
        "https://site.example/20241101/slug-1089925938.html",
    );
    different(
        "https://site.example/20241101/slug-1089925937.html",
        "https://site.example/20241102/slug-1089925937.html",
    );
    different("https://site.example/x/slug-123456", "https://other.example/x/slug-123456");
    // Too short a number, no number of its own, no slug, another kind of file, another page.
    different("https://site.example/x/slug-12345", "https://site.example/x/other-12345");
    different("https://site.example/x/slug123456", "https://site.example/x/other123456");
    different("https://site.example/x/12-123456", "https://site.example/x/34-123456");
    different("https://site.example/x/slug-123456", "https://site.example/x/123456");
    different("https://site.example/x/slug-123456.jpg", "https://site.example/x/other-123456.jpg");
    different("https://site.example/x/slug-123456?page=1", "https://site.example/x/slug-123456?page=2");
    different("https://site.example/x/slug-123456/a", "https://site.example/x/other-123456/a");
    // Dates, which many articles of a directory share.
    different("https://site.example/x/weather-20241101", "https://site.example/x/horoscope-20241101");
    different("https://site.example/x/weather-202411011304", "https://site.example/x/horoscope-202411011304");
    different("https://site.example/x/weather-202411", "https://site.example/x/horoscope-202411");
    different("https://site.example/x/weather-241101", "https://site.example/x/horoscope-241101");
}

#[test]
fn a_date_with_the_day_or_the_month_first_is_no_article_number() {
    for date in [
        "01112024",
        "11012024",
        "31121999",
        "12311999",
        "011120241304",
        "011124",
        "110124",
        "311299",
        "112024",
        "14030811",
        "14460429",
        "25671101",
        "19630122",
        "01112567",
        "140308111304",
    ] {
        different(
            &format!("https://site.example/x/hava-durumu-{date}"),
            &format!("https://site.example/x/gunluk-burclar-{date}"),
        );
        same(&format!("https://site.example/x/a-{date}"), &format!("http://site.example/x/a-{date}#top"));
    }
}

#[test]
fn two_years_in_a_row_are_no_article_number() {
    for season in ["20232024", "19992000", "202425", "199900"] {
        different(&format!("https://site.example/x/nba-{season}"), &format!("https://site.example/x/nfl-{season}"));
    }
}

#[test]
fn a_round_amount_is_no_article_number() {
    different("https://site.example/bitcoin-hits-100000", "https://site.example/bitcoin-falls-below-100000");
    different("https://site.example/x/debt-of-1250000.html", "https://site.example/x/fine-of-1250000.html");
    same("https://site.example/x/old-title-1089925000.html", "https://site.example/x/new-title-1089925000.html");
}

#[test]
fn numbers_that_only_look_a_little_like_dates_or_amounts_are_an_article_s_own() {
    // No such day or month, years apart, a year that no news is of, a digit more, two zeros.
    for number in
        ["32112024", "13132024", "20202024", "01111789", "011120241", "1076543217", "329924", "202437", "451500"]
    {
        same(
            &format!("https://site.example/x/slug-{number}.html"),
            &format!("https://site.example/x/new-{number}.html"),
        );
    }
}

#[test]
fn only_http_urls_are_normalised() {
    for url in ["", "a", "/a", "ftp://site.example/a", "mailto:a@b.example", "javascript:alert(1)", "https://"] {
        assert_eq!(normalised_url(url), None, "{url}");
    }
}

fn id_of(url: &str) -> String {
    let item = parsed(format!("date 2024-11 {url}\n\nH\n\nB")).item;
    assert_eq!(item.url.as_deref(), Some(item.id.as_str()));
    item.id.to_string()
}

#[test]
fn the_id_is_the_url_as_the_seed_gives_it() {
    for url in [
        "https://site.example/a?utm_source=x#top",
        "HTTP://Site.Example:80/a/%c5%9f",
        "https://site.example/şiir?q=[1]".split('?').next().unwrap(),
        "http://[2001:db8::1]:8080/a",
    ] {
        assert_eq!(id_of(url), url);
    }
}

#[test]
fn an_id_that_would_not_be_a_legal_iri_is_escaped() {
    assert_eq!(id_of("https://site.example/a b<c>\"|\\d"), "https://site.example/a%20b%3Cc%3E%22%7C/d");
    assert_eq!(id_of("https://site.example/100%"), "https://site.example/100%25");
    assert_eq!(id_of("https://site.example/a?x[1]=2"), "https://site.example/a?x%5B1%5D=2");
    assert_eq!(id_of("https:/site.example/a"), "https://site.example/a");
    assert_eq!(id_of("https://site.example/\u{202e}a"), "https://site.example/%E2%80%AEa");
}

#[test]
fn credentials_in_a_url_are_not_passed_on() {
    let parsed = parsed("date 2024-11 https://user:secret@site.example/a\n\nH\n\nB");
    assert_eq!(parsed.item.url.as_deref(), Some("https://site.example/a"));
    assert_eq!((parsed.repairs[0].code, parsed.repairs[0].line), ("bad_url", Some(1)));
}

#[test]
fn the_source_is_the_host_alone() {
    let source = |url: &str| parsed(format!("date 2024-11 {url}\n\nH\n\nB")).item.source;
    assert_eq!(source("https://Www.Site.Example:8443/a").as_deref(), Some("www.site.example"));
    assert_eq!(source("https://site.example./a").as_deref(), Some("site.example"));
}

#[test]
fn a_seed_without_url_is_known_by_its_path() {
    let path = SeedPath::from_bytes(b"d\xfcnya/a b:\xc5\x9f~1.txt");
    let parsed = Given { path: path.clone(), ..Given::default() }.parse("H\n\nB").unwrap();
    assert_eq!(parsed.item.id.as_str(), "tag:example.org,2026:d%FCnya/a%20b%3A%C5%9F~1.txt");
    assert!(parsed.key.is_path());
    assert_ne!(parsed.key, Given::at("other.txt").parse("H\n\nB").unwrap().key);
}

proptest! {
    #[test]
    fn seeds_of_one_url_have_its_key(slug in "[a-z]{1,8}(-[a-z]{1,8}){0,3}", number in 100_000_000_u64..999_999_999) {
        let url = format!("https://site.example/n/{slug}-{number}.html");
        let seed = format!("date 2024-11 {url}\n\nH\n\nB");
        prop_assert_eq!(Some(parsed(&seed).key), normalised_url(&url).map(|url| IdentityKey::from_url(&url)));
        prop_assert_eq!(normalised_url(&url), normalised_url(&format!("http://SITE.example/n/new-{number}.html#x")));
    }

    #[test]
    fn articles_with_different_numbers_or_directories_differ(
        a in "[a-z0-9]{1,5}", b in "[a-z0-9]{1,5}", one in 0..u64::MAX, other in 0..u64::MAX,
    ) {
        let url = |directory: &str, number: u64| normalised_url(&format!("https://site.example/{directory}/slug-{number}"));
        prop_assert_eq!(url(&a, one) == url(&b, other), a == b && one == other);
    }

    #[test]
    fn normalising_is_stable_for_any_url(rest in "\\PC{0,40}") {
        let url = format!("https://site.example/{rest}");
        if let Some(normal) = normalised_url(&url).filter(|normal| !normal.contains('#')) {
            prop_assert_eq!(normalised_url(&format!("https:{normal}")), Some(normal));
        }
    }
}

#[test]
fn a_url_without_host_between_its_slashes_is_put_right() {
    // RFC 9110 §4.2: a URI with an empty host is invalid.
    assert_eq!(id_of("https:///three.example.com/x"), "https://three.example.com/x");
    assert_eq!(id_of("https:////four.example.com/x"), "https://four.example.com/x");
    assert_eq!(id_of("https://\\five.example.com/x"), "https://five.example.com/x");
}

#[test]
fn a_url_that_no_server_would_take_is_left_out() {
    let longest = format!("https://site.example/{}", "a".repeat(8000 - 21));
    assert_eq!(id_of(&longest), longest);
    let parsed = parsed(format!("date 2024-11 {longest}a\n\nH\n\nB"));
    assert_eq!((parsed.item.url, parsed.item.title.as_str()), (None, "H"));
    assert_eq!((parsed.repairs[0].code, parsed.repairs[0].line), ("bad_url", Some(1)));
    assert!(parsed.repairs[0].reason.contains("8000") && parsed.repairs[0].reason.len() < 400);
}

#[test]
fn a_percent_sign_without_two_digits_escapes_nothing() {
    different("https://site.example/a?q=%+5", "https://site.example/a?q=%05");
    different("https://site.example/a?q=%+5x", "https://site.example/a?q=%05x");
}

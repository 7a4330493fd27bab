//! The header line, as the format has it and nearly so.

use crate::parse_seed::{Given, parsed};

const URL: &str = "https://example.com/20241101/p-1000001.html";

#[test]
fn a_line_that_is_nearly_a_header_is_one_and_is_reported() {
    for line in [
        format!(" date 2024-11-01 {URL}"),
        format!(" date 2024-5 {URL}"),
        format!("Date: 2024-11 {URL}"),
        format!("DATE\t2024/11  {URL}"),
        format!("date: {URL}"),
        format!("date 2024-11-01T13:04+0300 {URL}"),
        format!("date 2024-11-01 13:04 {URL}"),
    ] {
        let parsed = parsed(format!("{line}\n\nH\n\nB"));
        assert_eq!((parsed.item.title.as_str(), parsed.item.url.as_deref()), ("H", Some(URL)), "{line}");
        let [repair] = &parsed.repairs[..] else { panic!("{line}: {:?}", parsed.repairs) };
        assert_eq!((repair.code, repair.line), ("odd_header", Some(1)), "{line}");
    }
}

#[test]
fn of_what_stands_between_only_a_month_is_read() {
    let at = |line: &str| {
        let seed = format!("{line} https://example.com/a\n\nH\n\nB");
        let times = Given::default().parse(seed).unwrap().item.times;
        (times.published_source.as_str(), times.published.date_naive().to_string())
    };
    assert_eq!(at("Date: 2024-11"), ("crawl-month", "2024-11-01".to_owned()));
    for line in ["date 2024-11-05", "date 2024-5", "date 11/2024", "date 05-06-2024"] {
        assert_eq!(at(line).0, "first-seen", "{line}");
    }
}

#[test]
fn words_between_make_a_headline() {
    for line in [
        "date with https://site.example/a",
        "Date: the night of https://site.example/a",
        "date 2024-11 is near https://site.example/a",
        "Date: 2024-11",
        "date 2024-11-01",
        "date: 2024-11 ftp://site.example/a",
        "dated 2024-11-01 https://site.example/a",
    ] {
        let parsed = parsed(format!("{line}\n\nB"));
        assert_eq!((parsed.item.title.as_str(), parsed.repairs.len()), (line, 0));
    }
}

#[test]
fn what_stands_behind_the_url_is_no_part_of_it() {
    for (line, url) in [
        ("date 2024-11 https://n.example/a23.html 200 text/html", "https://n.example/a23.html"),
        ("date https://n.example/a23.html\t200", "https://n.example/a23.html"),
        ("date 2024-11 https://n.example/a23.html 200 text/html; charset=utf-8 18231", "https://n.example/a23.html"),
    ] {
        let parsed = parsed(format!("{line}\n\nH\n\nB"));
        assert_eq!((parsed.item.title.as_str(), parsed.item.url.as_deref()), ("H", Some(url)), "{line}");
        assert_eq!(parsed.item.id.as_str(), url);
        let [repair] = &parsed.repairs[..] else { panic!("{line}: {:?}", parsed.repairs) };
        assert_eq!((repair.code, repair.line), ("odd_header", Some(1)), "{line}");
    }
}

//! Which items a feed selects.

use globset::{Glob, GlobSet};
use seedcast::feed::{By, Filter, automatic_definition};
use seedcast::item::{Item, Language, SeedPath};

use crate::feed_samples::{definition, plain, sample};

fn selects(filter: &Filter, item: &Item) -> bool {
    filter.selects(item, &SeedPath::new("dunya/2024/a.txt"))
}

#[test]
fn filter_without_conditions_selects_everything() {
    let filter = Filter::default();
    assert!(selects(&filter, &sample()) && selects(&filter, &plain()));
}

#[test]
fn host_stands_for_its_sub_domains_but_not_for_look_alikes() {
    let filter = Filter { sources: vec!["example.org".to_owned()], ..Filter::default() };
    let from = |host: &str| selects(&filter, &Item { source: Some(host.to_owned()), ..sample() });
    assert!(from("example.org") && from("news.example.org"));
    assert!(!from("badexample.org") && !from("example.org.evil.example") && !from("org"));
    assert!(!selects(&filter, &plain()), "an item without source");
}

#[test]
fn language_stands_for_its_regions() {
    let filter = Filter { languages: Language::new("pt").into_iter().collect(), ..Filter::default() };
    let in_language = |tag: &str| selects(&filter, &Item { language: Language::new(tag), ..sample() });
    assert!(in_language("pt") && in_language("pt-BR"));
    assert!(!in_language("ptx") && !in_language("tr"));
    assert!(!selects(&filter, &plain()), "an item whose language nobody knows");
}

#[test]
fn categories_and_words_are_compared_without_regard_to_case() {
    let category = |wanted: &str, own: &str| {
        let filter = Filter { categories: vec![wanted.to_owned()], ..Filter::default() };
        selects(&filter, &Item { categories: vec!["x".to_owned(), own.to_owned()], ..sample() })
    };
    assert!(category("Dünya", "dünya") && category("istanbul", "İSTANBUL") && category("DIŞ", "dış"));
    assert!(!category("dün", "dünya"));
    let word = |wanted: &str, title: &str| {
        let filter = Filter { words: vec![wanted.to_owned()], ..Filter::default() };
        selects(&filter, &Item { title: title.to_owned(), ..sample() })
    };
    assert!(word("istanbul", "SON DAKİKA: İSTANBUL'da kar") && word("son dakika", "Son Dakika: kar"));
    assert!(word("Москва", "Сегодня москва") && word("選挙", "衆院選挙の結果"));
    assert!(!word("kar", "Karadeniz") && !word("kar", "okar"));
    assert!(word("مصر", "أخبار مصر اليوم") && !word("مصر", "المصرية تفوز"), "Arabic words stand apart");
    assert!(word("서울", "서울에서 열린 회의") && word("ไทย", "ประเทศไทยวันนี้"), "these do not");
}

#[test]
fn every_condition_must_hold() {
    let paths = GlobSet::builder().add(Glob::new("dunya/**").unwrap()).build().unwrap();
    let filter = Filter { paths: Some(paths), categories: vec!["dunya".to_owned()], ..Filter::default() };
    assert!(selects(&filter, &sample()));
    assert!(!filter.selects(&sample(), &SeedPath::new("spor/a.txt")));
    assert!(!selects(&filter, &plain()));
}

#[test]
fn automatic_feeds_have_the_names_that_people_know() {
    let title = |by, name: &str| {
        let feed = automatic_definition(by, "/x/y", name, "The desk", &definition("", "The desk"));
        assert_eq!(feed.path, "/x/y", "names change nothing of the address");
        feed.title
    };
    for (tag, name) in [
        ("en", "English"),
        ("tr", "Türkçe"),
        ("zu", "isiZulu"),
        ("af", "Afrikaans"),
        ("pt-BR", "Português (BR)"),
        ("tlh", "tlh"),
    ] {
        assert_eq!(title(By::Language, tag), format!("The desk: {name}"));
    }
    for (host, name) in [
        ("xn--bcher-kva.example", "bücher.example"),
        ("www.xn--p1ai", "www.рф"),
        ("news.example", "news.example"),
        ("xn--.example", "xn--.example"),
        ("[2001:db8::1]", "[2001:db8::1]"),
    ] {
        assert_eq!(title(By::Source, host), format!("The desk: {name}"));
    }
    assert_eq!(title(By::Category, "en"), "The desk: en");
}

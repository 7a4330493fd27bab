//! What is a time, which instant it is, and what must be refused.

use chrono::{DateTime, NaiveDate};
use chrono_tz::Europe::Istanbul;
use proptest::prelude::*;
use seedcast::parse::time::{Reading, read};

use crate::parse_seed::{Given, first_seen, parsed, refused};

/// Block and instant, read in Istanbul (+03:00 since 2016).
const MOMENTS: &[(&str, &str)] = &[
    // ISO 8601 and RFC 3339, calendar dates.
    ("2024-11-01T13:04+0300", "2024-11-01T13:04:00+03:00"),
    ("2024-11-01T13:04+03:00", "2024-11-01T13:04:00+03:00"),
    ("2024-11-01T13:04+03", "2024-11-01T13:04:00+03:00"),
    ("2024-11-01T13:04:05+03:00", "2024-11-01T13:04:05+03:00"),
    ("2024-11-01T13:04:05Z", "2024-11-01T13:04:05+00:00"),
    ("2024-11-01t13:04:05z", "2024-11-01T13:04:05+00:00"),
    ("2024-11-01T13:04Z", "2024-11-01T13:04:00+00:00"),
    ("2024-11-01T13:04", "2024-11-01T13:04:00+03:00"),
    ("2024-11-01 13:04", "2024-11-01T13:04:00+03:00"),
    ("2024-11-01 13:04:05 +0530", "2024-11-01T13:04:05+05:30"),
    ("2024-11-01 13:04:05 UTC", "2024-11-01T13:04:05+00:00"),
    ("  2024-11-01T13:04+0300  ", "2024-11-01T13:04:00+03:00"),
    ("2024-11-01T13:04:05.999999999Z", "2024-11-01T13:04:05+00:00"),
    ("2024-11-01T13:04:05,5-05:00", "2024-11-01T13:04:05-05:00"),
    ("2024-11-01T13:04:05.1234567890123456789Z", "2024-11-01T13:04:05+00:00"),
    ("2024-11-01T13:04,5Z", "2024-11-01T13:04:30+00:00"),
    ("2024-11-01T13.25Z", "2024-11-01T13:15:00+00:00"),
    ("2024-11-01T13Z", "2024-11-01T13:00:00+00:00"),
    ("2024-11-01T13:04\u{2212}05:00", "2024-11-01T13:04:00-05:00"),
    ("2024-11-01T13:04:05-00:00", "2024-11-01T13:04:05+00:00"),
    ("2024-11-01T13:04:05+18:00", "2024-11-01T13:04:05+18:00"),
    ("2024-11-01T24:00Z", "2024-11-02T00:00:00+00:00"),
    ("2024-12-31T24:00:00.0Z", "2025-01-01T00:00:00+00:00"),
    ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59+00:00"),
    ("2024-02-29T00:00Z", "2024-02-29T00:00:00+00:00"),
    ("0001-01-01T12:00Z", "0001-01-01T12:00:00+00:00"),
    ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"),
    // RFC 9557.
    ("2024-11-01T13:04:05+03:00[Europe/Istanbul]", "2024-11-01T13:04:05+03:00"),
    // Basic format, ordinal and week dates.
    ("20241101T1304+0300", "2024-11-01T13:04:00+03:00"),
    ("20241101T130405Z", "2024-11-01T13:04:05+00:00"),
    ("20241101T130405,5Z", "2024-11-01T13:04:05+00:00"),
    ("20241101T13", "2024-11-01T13:00:00+03:00"),
    ("2024-306T13:04Z", "2024-11-01T13:04:00+00:00"),
    ("2024306T1304Z", "2024-11-01T13:04:00+00:00"),
    ("2024-W44-5T13:04Z", "2024-11-01T13:04:00+00:00"),
    ("2024W445T1304Z", "2024-11-01T13:04:00+00:00"),
    // Digits in other orders that can be read in one way only.
    ("01.11.2024 13:04", "2024-11-01T13:04:00+03:00"),
    ("1.11.2024 9:05", "2024-11-01T09:05:00+03:00"),
    ("01.11.2024, 13:04:05", "2024-11-01T13:04:05+03:00"),
    ("01.11.2024 - 13:04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 – 13:04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 | 13:04:05", "2024-11-01T13:04:05+03:00"),
    ("01.11.2024, 13:04 Uhr", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 13.04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 13.04.05", "2024-11-01T13:04:05+03:00"),
    ("01.11.2024 saat 13.04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 Cuma 13:04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 um 9 Uhr", "2024-11-01T09:00:00+03:00"),
    ("01.11.2024 13h04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 - 13:04 +0530", "2024-11-01T13:04:00+05:30"),
    ("01.11.2024T13:04Z", "2024-11-01T13:04:00+00:00"),
    ("\u{200e}2024-11-01T13:04+0300\u{200e}", "2024-11-01T13:04:00+03:00"),
    ("\u{2066} 01.11.2024 13:04\u{2069} ", "2024-11-01T13:04:00+03:00"),
    ("2024/11/01 13:04", "2024-11-01T13:04:00+03:00"),
    ("2024.11.01 13:04", "2024-11-01T13:04:00+03:00"),
    ("2024-11-01 1:04 PM", "2024-11-01T13:04:00+03:00"),
    ("2024-11-01 12:04 a.m.", "2024-11-01T00:04:00+03:00"),
    // A weekday before them.
    ("Freitag, 01.11.2024, 13:04 Uhr", "2024-11-01T13:04:00+03:00"),
    ("Fr, 01.11.2024 13:04", "2024-11-01T13:04:00+03:00"),
    ("Cuma, 01.11.2024 13:04", "2024-11-01T13:04:00+03:00"),
    ("Пятница, 01.11.2024 13:04", "2024-11-01T13:04:00+03:00"),
    ("venerdì 01.11.2024 ore 13:04", "2024-11-01T13:04:00+03:00"),
    ("Fri 2024-11-01 13:04:00 UTC", "2024-11-01T13:04:00+00:00"),
    // UNIX seconds.
    ("1730455440", "2024-11-01T10:04:00+00:00"),
    ("1730455440.75", "2024-11-01T10:04:00+00:00"),
    ("100000000", "1973-03-03T09:46:40+00:00"),
    // RFC 5322, RFC 850, asctime; the weekday may be wrong or missing.
    ("Fri, 01 Nov 2024 13:04:00 +0300", "2024-11-01T13:04:00+03:00"),
    ("Mon, 1 Nov 2024 13:04:00 +0300", "2024-11-01T13:04:00+03:00"),
    ("1 Nov 2024 13:04 GMT", "2024-11-01T13:04:00+00:00"),
    ("01 Nov 2024 13:04:00 EST", "2024-11-01T13:04:00-05:00"),
    ("Fri, 01 Nov 2024 13:04:00 +0300 (MSK)", "2024-11-01T13:04:00+03:00"),
    ("Fri, 01 Nov 2024 13:04:00 -0000", "2024-11-01T13:04:00+00:00"),
    ("Friday, 01-Nov-24 13:04:00 GMT", "2024-11-01T13:04:00+00:00"),
    ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37+00:00"),
    ("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37+02:00"),
    ("Fri Nov 01 2024 13:04:00 GMT+0300 (GMT+03:00)", "2024-11-01T13:04:00+03:00"),
    // Month names.
    ("1 Kasım 2024 13:04", "2024-11-01T13:04:00+03:00"),
    ("1 KASIM 2024 Cuma, saat 13:04", "2024-11-01T13:04:00+03:00"),
    ("01 Ağustos 2024, 13.04", "2024-08-01T13:04:00+03:00"),
    ("November 1, 2024 1:04 pm", "2024-11-01T13:04:00+03:00"),
    ("Friday, November 1st, 2024 at 13:04", "2024-11-01T13:04:00+03:00"),
    ("1 ноября 2024 г., 13:04", "2024-11-01T13:04:00+03:00"),
    ("пятница, 1 мая 2026 года в 09:30", "2026-05-01T09:30:00+03:00"),
    ("1. November 2024, 13:04 Uhr", "2024-11-01T13:04:00+03:00"),
    ("Freitag, 1. März 2024 um 13.04 Uhr", "2024-03-01T13:04:00+03:00"),
    ("1. März 2024 um 9 Uhr", "2024-03-01T09:00:00+03:00"),
    ("1. März 2024 um 24 Uhr", "2024-03-02T00:00:00+03:00"),
    ("1 Kasım 2024 - 13:04", "2024-11-01T13:04:00+03:00"),
    ("1 Kasım 2024 13.04.05", "2024-11-01T13:04:05+03:00"),
    ("le 1 août 2024 à 9h", "2024-08-01T09:00:00+03:00"),
    ("Le jeudi 15 août 2024 à 9 h 05", "2024-08-15T09:05:00+03:00"),
    ("1er novembre 2024 à 13h04", "2024-11-01T13:04:00+03:00"),
    ("mar. 5 nov. 2024 13:04", "2024-11-05T13:04:00+03:00"),
    ("jeudi 15 août 2024 à 9 h 05", "2024-08-15T09:05:00+03:00"),
    ("1 de noviembre de 2024 a las 13:04", "2024-11-01T13:04:00+03:00"),
    ("miércoles, 2 de octubre de 2024, 13:04 h", "2024-10-02T13:04:00+03:00"),
    ("terça-feira, 5 de março de 2024 às 13h04", "2024-03-05T13:04:00+03:00"),
    ("1º de dezembro de 2024, 13:04", "2024-12-01T13:04:00+03:00"),
    ("venerdì 1 novembre 2024 ore 13:04", "2024-11-01T13:04:00+03:00"),
    ("12 mar 2024 13:04", "2024-03-12T13:04:00+03:00"),
    ("1 ноября 2024г., 13:04", "2024-11-01T13:04:00+03:00"),
    ("1 ноября 2024г. 13:04", "2024-11-01T13:04:00+03:00"),
    ("1.º de novembro de 2024 às 13h04min", "2024-11-01T13:04:00+03:00"),
    // Other dots and marks.
    ("01.11.2024. 13:04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024., 13:04", "2024-11-01T13:04:00+03:00"),
    ("1. 11. 2024 13:04", "2024-11-01T13:04:00+03:00"),
    ("2024.11.01. 13:04", "2024-11-01T13:04:00+03:00"),
    ("1.11.2024 klo 13.04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 / 13:04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 — 13:04", "2024-11-01T13:04:00+03:00"),
    ("01.11.2024 · 13:04", "2024-11-01T13:04:00+03:00"),
    // Twelve hours.
    ("1 de noviembre de 2024, 1:04 p. m.", "2024-11-01T13:04:00+03:00"),
    ("1 de noviembre de 2024, 1:04 a.\u{a0}m.", "2024-11-01T01:04:00+03:00"),
    ("November 1, 2024 at 9 a.m.", "2024-11-01T09:00:00+03:00"),
    ("November 1, 2024 at 12 PM", "2024-11-01T12:00:00+03:00"),
    ("2024-11-01 13:04 PM", "2024-11-01T13:04:00+03:00"),
    ("2024-11-01 00:30 AM", "2024-11-01T00:30:00+03:00"),
    // The time of day first.
    ("13:04, 1 ноября 2024", "2024-11-01T13:04:00+03:00"),
    ("13:04 01.11.2024", "2024-11-01T13:04:00+03:00"),
    ("9:05 | 2024-11-01", "2024-11-01T09:05:00+03:00"),
];

const DAYS: &[(&str, &str)] = &[
    ("2024-11-01", "2024-11-01"),
    ("20241101", "2024-11-01"),
    ("2024/11/01", "2024-11-01"),
    ("01.11.2024", "2024-11-01"),
    ("2024-306", "2024-11-01"),
    ("2024-W44-5", "2024-11-01"),
    ("1 Kasım 2024", "2024-11-01"),
    ("Friday, November 1, 2024", "2024-11-01"),
    ("1 de noviembre de 2024", "2024-11-01"),
    ("1 ноября 2024 г.", "2024-11-01"),
    ("1 ноября 2024г.", "2024-11-01"),
    ("1.º de novembro de 2024", "2024-11-01"),
    ("1. 11. 2024", "2024-11-01"),
    ("01.11.2024.", "2024-11-01"),
    ("2024.11.01.", "2024-11-01"),
];

/// Written as times, but not to be read as any.
const IMPOSSIBLE: &[&str] = &[
    "2024-13-45T99:99",
    "2024-02-30",
    "2023-02-29T10:00Z",
    "2024-11-01T25:00",
    "2024-11-01T24:01",
    "2024-11-01T24:00:00.001Z",
    "2024-11-01T13:60",
    "2024-11-01T13:04:61Z",
    "2024-11-01T13:4",
    "2024-11-01T1:04",
    "2024-11-01T",
    "2024-11-01T13:04+19:00",
    "2024-11-01T13:04+03:60",
    "2024-11-01T13:04+9900",
    "2024-1-5",
    "0000-01-01T00:00Z",
    "99999-01-01T00:00Z",
    "+12024-01-01T00:00Z",
    "9999-12-31T24:00Z",
    "9999-12-31T23:59:59-05:00",
    "0001-01-01T00:00+05:00",
    "2024-366T24:01Z",
    "2023-366T10:00Z",
    "2024-W53-1T10:00Z",
    "2024-W10-8T10:00Z",
    "31.11.2024 13:04",
    "31.11.2024 - 13:04",
    "01.11.2024 - 13:64",
    "01.11.2024 25 Uhr",
    "01.11.2024 13.04.5",
    "2024-11-01 13:04 AM",
    "2024-11-01 0:30 PM",
    "November 1, 2024 at 13 PM",
    "31 Kasım 2024",
    "Fri, 30 Feb 2024 10:00:00 GMT",
    "1 Nov 2024 25:00",
    // Which is the day?
    "03/04/2024",
    "25/12/2024",
    "03-04-2024 13:04",
    "3/4/24",
    // Which offset?
    "2024-11-01 13:04 CET",
    "2024-11-01 13:04 13:05",
];

/// Not written as a time, whole.
const TEXT: &[&str] = &[
    "",
    "Headline",
    "2024",
    "2024-11",
    "2024-2025",
    "12345678",
    "12345678901",
    "0612345678",
    "Freitag, 03/04/2024",
    "3.5",
    "1.2.34",
    "2024-999",
    "2024-11-01 Istanbul",
    "2024-11-01: what happened",
    "2024-11-01 13 kişi öldü",
    "01.11.2024 - 05.11.2024",
    "01.11.2024-05.11.2024",
    "1. 11. 2024 - 5. 11. 2024",
    "01.11.2024/05.11.2024",
    "01.11.2024 / 12",
    "13:04 20241101",
    "13:04 31.11.2024",
    "25:04 01.11.2024",
    "13:04 01.11.2024 13:05",
    "1 Kasım 2024gün",
    "1 Kasım 2024 - 05.11.2024",
    "01.11.2024 13 kişi öldü",
    "01.11.2024 9 Uhren",
    "01.11.2024: 13 kişi",
    "le 1 août 2024 à Paris",
    "1 Kasım 2024 İstanbul",
    "On 1 November 2024",
    "1 November",
    "November 2024",
    "13:04",
    "11 Mart 2024 depremi",
    "15 Temmuz",
    "9/11",
    "٢٠٢٤-١١-٠١",
];

#[test]
fn accepted_forms_give_their_instant_and_offset() {
    for (block, expected) in MOMENTS {
        let expected: DateTime<chrono::FixedOffset> = expected.parse().unwrap();
        match read(block, Istanbul) {
            Reading::Moment(moment) => assert_eq!(moment.to_rfc3339(), expected.to_rfc3339(), "{block}"),
            other => panic!("{block}: {other:?}"),
        }
    }
}

#[test]
fn days_alone_are_days() {
    for (block, expected) in DAYS {
        let expected: NaiveDate = expected.parse().unwrap();
        assert_eq!(read(block, Istanbul), Reading::Day(expected), "{block}");
    }
}

#[test]
fn impossible_and_ambiguous_times_are_refused_not_bent() {
    for block in IMPOSSIBLE {
        assert!(matches!(read(block, Istanbul), Reading::Impossible(_)), "{block}: {:?}", read(block, Istanbul));
    }
}

#[test]
fn a_block_is_a_time_only_if_the_whole_block_is_one() {
    for block in TEXT {
        assert_eq!(read(block, Istanbul), Reading::Text, "{block}");
    }
}

#[test]
fn every_month_is_known_in_eight_languages() {
    let months = [
        "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
        "oca şub mar nis may haz tem ağu eyl eki kas ara",
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
        "янв февр мар апр мая июн июл авг сент окт нояб дек",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "jan feb mär apr mai jun jul aug sep okt nov dez",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv févr mars avr mai juin juil août sept oct nov déc",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "ene feb mar abr may jun jul ago sept oct nov dic",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "jan fev mar abr mai jun jul ago set out nov dez",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "gen feb mar apr mag giu lug ago set ott nov dic",
    ];
    for row in months {
        for (index, name) in row.split(' ').enumerate() {
            let day = NaiveDate::from_ymd_opt(2024, u32::try_from(index).unwrap() + 1, 7).unwrap();
            for written in [name.to_owned(), name.to_uppercase(), format!("{name}.")] {
                assert_eq!(read(&format!("7 {written} 2024"), Istanbul), Reading::Day(day), "{written}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_instant_written_with_any_offset_is_read_back(
        seconds in -62_000_000_000_i64..253_000_000_000,
        offset in -18 * 60..=18 * 60_i32,
    ) {
        let offset = chrono::FixedOffset::east_opt(offset * 60).unwrap();
        let moment = DateTime::from_timestamp(seconds, 0).unwrap().with_timezone(&offset);
        for form in ["%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%d %H:%M:%S %z", "%Y%m%dT%H%M%S%z", "%d.%m.%Y %H:%M:%S %z",
            "%a, %d %b %Y %H:%M:%S %z", "%G-W%V-%uT%H:%M:%S%:z", "%Y-%jT%H:%M:%S%:z"] {
            let written = moment.format(form).to_string();
            prop_assert_eq!(read(&written, Istanbul), Reading::Moment(moment), "{}", written);
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_read(block in "\\PC{0,60}") {
        let _ = read(&block, Istanbul);
    }

    #[test]
    fn nothing_made_of_the_characters_of_times_breaks(block in "[0-9:T Z+.,/W-]{1,40}") {
        if let Reading::Moment(moment) = read(&block, Istanbul) {
            prop_assert_eq!(moment.timestamp_subsec_nanos(), 0);
            prop_assert!((1..=9999).contains(&chrono::Datelike::year(&moment)));
        }
    }
}

#[test]
fn a_crawl_month_that_does_not_exist_is_left_out_and_reported_with_its_line() {
    for month in ["2024-13", "2024-00", "0000-11"] {
        let parsed = parsed(format!("\n\n date {month} https://site.example/a\n\nH\n\n2024-11-01T13:04Z\n\nB"));
        let [repair] = &parsed.repairs[..] else { panic!("{month}: {:?}", parsed.repairs) };
        assert_eq!((repair.code, repair.line), ("bad_time", Some(3)));
        assert!(repair.reason.contains(month), "{repair:?}");
    }
    for month in ["2024-12", "0001-01", "9999-12"] {
        assert!(parsed(format!("date {month} https://site.example/a\n\nH\n\nB")).repairs.is_empty(), "{month}");
    }
}

const URL: &str = "https://site.example/20241030/slug-1089925937.html";

#[test]
fn published_comes_from_the_best_source_there_is() {
    let cases = [
        (
            format!("date 2024-11 {URL}\n\nH\n\nD\n\n2024-11-01\n\n2024-11-01T13:04Z\n\nB"),
            "2024-11-01T13:04:00+03:00",
            "declared",
        ),
        (format!("date 2024-11 {URL}\n\nH\n\nD\n\n2024-11-01\n\nB"), "2024-11-01T00:00:00+03:00", "day"),
        (format!("date 2024-11 {URL}\n\nH\n\nB"), "2024-10-30T00:00:00+03:00", "url-day"),
        ("date 2024-11 https://site.example/2024/10/29/a\n\nH\n\nB".into(), "2024-10-29T00:00:00+03:00", "url-day"),
        ("date 2024-11 https://site.example/29991231/a\n\nH\n\nB".into(), "2024-11-01T00:00:00+03:00", "crawl-month"),
        ("date 2024-11 https://site.example/a\n\nH\n\nB".into(), "2024-11-01T00:00:00+03:00", "crawl-month"),
        ("date 2024-13 https://site.example/a\n\nH\n\nB".into(), "2026-05-06T10:08:09+03:00", "first-seen"),
        ("H\n\nB".into(), "2026-05-06T10:08:09+03:00", "first-seen"),
    ];
    for (seed, published, source) in cases {
        let given = Given { zone: Istanbul, ..Given::default() };
        let times = given.parse(&seed).unwrap().item.times;
        assert_eq!(times.published_source.as_str(), source, "{seed}");
        let published: DateTime<chrono::FixedOffset> =
            if source == "declared" { "2024-11-01T13:04:00Z" } else { published }.parse().unwrap();
        assert_eq!(times.published, published, "{seed}");
        assert_eq!(times.updated, times.published);
        assert_eq!(times.updated_source.as_str(), "published");
    }
    assert_eq!(parsed("H\n\nB").item.times.published, first_seen());
}

#[test]
fn updated_before_published_is_taken_as_not_updated_and_reported() {
    let parsed = parsed("H\n\nD\n\n2024-11-01T13:04Z\n\n2024-11-01T12:00Z\n\nB");
    assert_eq!(parsed.item.times.updated, parsed.item.times.published);
    assert_eq!(parsed.repairs[0].code, "updated_before_published");
}

#[test]
fn updated_keeps_its_own_offset() {
    let times = parsed("H\n\nD\n\n2024-11-01T13:04+0300\n\n2024-11-01T10:05-0500\n\nB").item.times;
    assert_eq!(times.updated.to_rfc3339(), "2024-11-01T10:05:00-05:00");
    assert_eq!(times.updated_source.as_str(), "declared");
}

#[test]
fn a_third_time_is_left_out_and_reported() {
    let parsed = parsed("H\n\nD\n\n2024-11-01T13:04Z\n\n2024-11-01T14:00Z\n\n2024-11-01T15:00Z\n\nB");
    assert_eq!(parsed.item.times.updated.to_rfc3339(), "2024-11-01T14:00:00+00:00");
    assert_eq!(parsed.item.content, "<p>B</p>");
    assert_eq!((parsed.repairs[0].code, parsed.repairs[0].line), ("extra_time", Some(9)));
}

#[test]
fn times_further_down_are_body() {
    let item = parsed("H\n\nD\n\n2024-11-01T13:04Z\n\nB\n\n2024-11-02\n\n2024-13-45T99:99").item;
    assert_eq!(item.content, "<p>B</p><p>2024-11-02</p><p>2024-13-45T99:99</p>");
}

#[test]
fn an_impossible_time_refuses_the_seed_with_its_line() {
    let diagnostic = refused("date 2024-11 https://site.example/a\n\nH\n\nD\n\n2024-11-01\n\n2024-13-45T99:99\n\nB");
    assert_eq!((diagnostic.code, diagnostic.line), ("bad_time", Some(9)));
    assert!(diagnostic.reason.contains("2024-13-45T99:99"), "{}", diagnostic.reason);
}

#[test]
fn a_second_moment_is_the_update_whatever_days_stand_beside_it() {
    for (times, updated) in [
        ("2024-11-01T13:04+0300\n\n2024-11-01\n\n2024-11-01T13:17+0300", "2024-11-01T13:17:00+03:00"),
        ("2024-11-01\n\n2024-11-02\n\n2024-11-01T13:04+0300\n\n2024-11-02T09:00+0300", "2024-11-02T09:00:00+03:00"),
        ("2024-11-01\n\n2024-11-01T13:04+0300\n\n2024-11-02\n\n2024-11-02T09:17+0300", "2024-11-02T09:17:00+03:00"),
        ("2024-11-01T13:04+0300\n\n2024-11-02\n\n2024-11-02T09:17+0300", "2024-11-02T09:17:00+03:00"),
    ] {
        let parsed = parsed(format!("H\n\nD\n\n{times}\n\nB"));
        assert_eq!(parsed.item.times.published.to_rfc3339(), "2024-11-01T13:04:00+03:00", "{times}");
        assert_eq!(parsed.item.times.updated.to_rfc3339(), updated, "{times}");
        assert_eq!(parsed.item.times.updated_source.as_str(), "declared");
        assert_eq!(parsed.repairs, [], "{times}");
    }
}

#[test]
fn a_later_day_is_the_update_where_no_second_moment_is() {
    let updated = |times: &str| parsed(format!("H\n\nD\n\n{times}\n\nB")).item.times.updated.to_rfc3339();
    assert_eq!(updated("2024-11-01\n\n2024-11-02"), "2024-11-02T00:00:00+00:00");
    assert_eq!(updated("2024-11-01T13:04+0300\n\n2024-11-02"), "2024-11-02T00:00:00+00:00");
    assert_eq!(updated("2024-11-01\n\n2024-11-02\n\n2024-11-01T13:04Z"), "2024-11-02T00:00:00+00:00");
    assert_eq!(updated("2024-11-01T13:04+0300\n\n2024-11-01"), "2024-11-01T13:04:00+03:00");
    assert_eq!(updated("2024-11-01T13:04+0300\n\n2024-10-31"), "2024-11-01T13:04:00+03:00");
}

#[test]
fn times_that_are_left_out_are_reported_once_with_their_number() {
    let times: String = (0..20_000).map(|minute| format!("2024-11-01T13:{:02}Z\n", minute % 60)).collect();
    let parsed = parsed(format!("H\n\nD\n\n{times}\n\nB"));
    let [repair] = &parsed.repairs[..] else { panic!("{} repairs", parsed.repairs.len()) };
    assert_eq!((repair.code, repair.line), ("extra_time", Some(7)));
    assert!(repair.reason.contains("2024-11-01T13:02Z") && repair.reason.contains("19997"), "{}", repair.reason);
}

#[test]
fn a_time_that_can_be_read_in_two_ways_is_refused_with_both() {
    for (time, dates) in [
        ("03/04/2026 10:00", ": 2026-04-03 or 2026-03-04"),
        ("3-4-2026", ": 2026-04-03 or 2026-03-04"),
        ("25/12/2026, 10:00", ": 2026-12-25"),
        ("05/05/2026", ": 2026-05-05"),
        ("03/04/26 10:00", "write the year first"),
        ("31/31/2026", "write the year first"),
    ] {
        let diagnostic = refused(format!("H\n\nD\n\n{time}\n\nB"));
        assert_eq!((diagnostic.code, diagnostic.line), ("bad_time", Some(5)));
        let reason = diagnostic.reason;
        assert!(reason.starts_with(&format!("`{time}` is not a time: day and month")), "{reason}");
        assert!(reason.ends_with(dates), "{reason}");
    }
}

const HEADER: &str = " date 2024-11 https://n.example/20241101/x-900001.html";

/// Published and updated of a seed with [`HEADER`], and its content.
fn read_of(blocks: &str) -> (String, String, String) {
    let item = parsed(format!("{HEADER}\n\n{blocks}\n")).item;
    (item.times.published.to_rfc3339(), item.times.updated.to_rfc3339(), item.content)
}

const DAY: &str = "2024-11-01T00:00:00+00:00";
const PUBLISHED: &str = "2024-11-01T13:04:00+03:00";
const UPDATED: &str = "2024-11-01T13:17:00+03:00";

#[test]
fn numbers_in_the_text_are_no_unix_seconds() {
    for number in ["3161484100", "0612345678", "0301234567", "1712345678", "631151999", "100000000", "1810000000.5"] {
        let blocks = format!("Neues Buch\n\nErster Absatz.\n\nZweiter Absatz.\n\n{number}\n\nLetzter Absatz.");
        let content = format!("<p>Erster Absatz.</p><p>Zweiter Absatz.</p><p>{number}</p><p>Letzter Absatz.</p>");
        assert_eq!(read_of(&blocks), (DAY.into(), DAY.into(), content));
        let blocks = format!("Titel\n\nD\n\n2024-11-01\n\n2024-11-01T13:04+0300\n\n{number}\n\nText.");
        let content = format!("<p>{number}</p><p>Text.</p>");
        assert_eq!(read_of(&blocks), (PUBLISHED.into(), PUBLISHED.into(), content));
    }
    for number in ["3161484100", "0612345678", "1012345678"] {
        let content = format!("<p>Erster Absatz.</p><p>{number}</p><p>Text.</p>");
        assert_eq!(
            read_of(&format!("Titel\n\nErster Absatz.\n\n{number}\n\nText.")),
            (DAY.into(), DAY.into(), content)
        );
    }
}

#[test]
fn unix_seconds_where_the_times_begin_are_times() {
    let both = ("2024-11-01T10:04:00+00:00".into(), "2024-11-01T10:17:00+00:00".into(), "<p>B</p>".into());
    assert_eq!(read_of("H\n\n1730455440\n\n1730456220\n\nB"), both);
    assert_eq!(read_of("H\n\nD\n\n2024-11-01\n\n1730455440.25\n\n1730456220\n\nB"), both);
    assert_eq!(read_of("H\n\nD\n\n1730455440\n1730456220\n\nB"), both);
}

#[test]
fn eight_digits_in_the_text_are_no_day() {
    for number in ["22121205", "19031224", "20300101"] {
        let blocks = format!("Neues Buch\n\nErster Absatz.\n\nZweiter Absatz.\n\n{number}\n\nLetzter Absatz.");
        let content = format!("<p>Erster Absatz.</p><p>Zweiter Absatz.</p><p>{number}</p><p>Letzter Absatz.</p>");
        assert_eq!(read_of(&blocks), (DAY.into(), DAY.into(), content));
        let blocks = format!("Titel\n\nErster Absatz.\n\n{number}\n\nLetzter Absatz.");
        assert_eq!(read_of(&blocks).2, format!("<p>Erster Absatz.</p><p>{number}</p><p>Letzter Absatz.</p>"));
        let blocks = format!("Titel\n\nD\n\n2024-11-01\n\n2024-11-01T13:04+0300\n\n{number}\n\nText.");
        assert_eq!(read_of(&blocks), (PUBLISHED.into(), PUBLISHED.into(), format!("<p>{number}</p><p>Text.</p>")));
    }
    let times = parsed("H\n\nD\n\n22121205\n\nB").item.times;
    assert_eq!(times.published_source.as_str(), "first-seen");
}

#[test]
fn eight_digits_where_the_times_begin_are_a_day() {
    assert_eq!(read_of("H\n\nD\n\n20241030\n\nB").0, "2024-10-30T00:00:00+00:00");
    assert_eq!(read_of("H\n\nD\n\nE\n\nF\n\n20241030\n\nB").0, "2024-10-30T00:00:00+00:00");
    let times = "20241101\n\n20241101T1304+0300\n\n20241101T1317+0300";
    let expected = (PUBLISHED.into(), UPDATED.into(), "<p>B</p>".into());
    assert_eq!(read_of(&format!("H\n\nD\n\n{times}\n\nB")), expected);
    assert_eq!(parsed("H\n\nD\n\n20191101\n\nB").item.times.published_source.as_str(), "day");
}

#[test]
fn a_block_like_a_date_does_not_cost_an_article_whose_times_are_known() {
    for block in ["11/01/2024", "03-04-2024", "10-9-24", "31.11.2024", "1 November 2024, 13:04 CET"] {
        for (times, updated) in [
            ("2024-11-01\n\n2024-11-01T13:04+0300\n\n2024-11-01T13:17+0300", UPDATED),
            ("2024-11-01\n\n2024-11-01T13:04+0300", PUBLISHED),
        ] {
            let seed = format!("{HEADER}\n\nH\n\nD\n\n{times}\n\n{block}\n\nText\n");
            let parsed = parsed(&seed);
            assert_eq!(parsed.item.content, format!("<p>{block}</p><p>Text</p>"));
            assert_eq!(parsed.item.times.updated.to_rfc3339(), updated, "{seed}");
            let [repair] = &parsed.repairs[..] else { panic!("{seed}: {:?}", parsed.repairs) };
            assert_eq!(repair.code, "time_in_body");
        }
        assert_eq!(refused(format!("H\n\nD\n\n2024-11-01\n\n{block}\n\nText")).code, "bad_time");
    }
}

#[test]
fn a_day_in_words_behind_the_times_is_text() {
    let days =
        ["15. November 2024", "9. November 1989", "28. Oktober 2024", "1 Kasım 2024", "28.10.2024", "15.11.2024"];
    for day in days.into_iter().chain(["9. November 1989, 18:53 Uhr"]) {
        for (times, updated) in [
            ("2024-11-01\n\n2024-11-01T13:04+0300\n\n2024-11-01T13:17+0300", UPDATED),
            ("2024-11-01T13:04+0300\n\n2024-11-01T13:17+0300", UPDATED),
            ("2024-11-01\n\n2024-11-01T13:04+0300", PUBLISHED),
            ("2024-11-01\n2024-11-01T13:04+0300", PUBLISHED),
        ] {
            let content = format!("<p>{day}</p><p>Text.</p>");
            let expected = (PUBLISHED.into(), updated.into(), content);
            assert_eq!(read_of(&format!("H\n\nD\n\n{times}\n\n{day}\n\nText.")), expected, "{times:?}");
        }
    }
    let same_day = read_of("H\n\nD\n\n01.11.2024 13:04 +0300\n\n01.11.2024\n\n01.11.2024 13:17 +0300\n\nB");
    assert_eq!(same_day, (PUBLISHED.into(), UPDATED.into(), "<p>B</p>".into()));
    assert_eq!(read_of("H\n\nD\n\n2024-11-01\n\n9. November 1989\n\nB").2, "<p>9. November 1989</p><p>B</p>");
}

#[test]
fn a_day_that_the_text_tells_of_is_not_when_it_was_published() {
    let blocks = "Titel\n\nErster Absatz eines Rückblicks.\n\n9. November 1989\n\nDie Mauer fällt.";
    let content = "<p>Erster Absatz eines Rückblicks.</p><p>9. November 1989</p><p>Die Mauer fällt.</p>";
    assert_eq!(read_of(blocks), (DAY.into(), DAY.into(), content.into()));
    let without_day = parsed(format!("date 2024-11 https://n.example/a\n\n{blocks}")).item;
    assert_eq!((without_day.times.published_source.as_str(), without_day.content.as_str()), ("crawl-month", content));
    // Nothing contradicts these.
    for (seed, day) in [
        (format!("{HEADER}\n\nH\n\nD\n\n31. Oktober 2024\n\nB"), "2024-10-31"),
        ("H\n\nD\n\n9. November 1989\n\nB".into(), "1989-11-09"),
        ("date 2024-11 https://n.example/a\n\nH\n\n9. November 1989\n\nB".into(), "1989-11-09"),
        (format!("{HEADER}\n\nH\n\nD\n\n1989-11-09\n\nB"), "1989-11-09"),
    ] {
        assert_eq!(parsed(&seed).item.times.published.date_naive().to_string(), day, "{seed}");
    }
}

#[test]
fn a_headline_that_is_a_date_is_the_headline_where_text_and_times_follow() {
    for headline in ["9 novembre 1989", "11.09.2001", "9/11/2001"] {
        for header in ["", HEADER] {
            let times = "2024-11-01\n\n2024-11-01T13:04+0300\n\n2024-11-01T13:17+0300";
            let item = parsed(format!("{header}\n\n{headline}\n\nDescription\n\n{times}\n\nB")).item;
            assert_eq!((item.title.as_str(), item.summary.as_deref()), (headline, Some("Description")));
            assert_eq!((item.times.updated.to_rfc3339().as_str(), item.content.as_str()), (UPDATED, "<p>B</p>"));
            assert_eq!(refused(format!("{header}\n\n{headline}\n\n{times}\n\nB")).code, "no_title");
        }
    }
}

#[test]
fn years_of_other_calendars_are_left_as_text_and_reported() {
    for time in ["1403/08/11 13:04", "2567-11-01T13:04+0700", "2567-11-01", "1 Kasım 1403"] {
        let parsed = parsed(format!("{HEADER}\n\nH\n\nD\n\n{time}\n\nB"));
        assert_eq!(parsed.item.times.published.to_rfc3339(), DAY, "{time}");
        assert_eq!(parsed.item.content, format!("<p>D</p><p>{time}</p><p>B</p>"));
        let [repair] = &parsed.repairs[..] else { panic!("{time}: {:?}", parsed.repairs) };
        assert_eq!((repair.code, repair.line), ("unread_time", Some(7)), "{time}");
    }
    for year in ["0001", "1000", "1605", "1890", "2099", "2999", "9999"] {
        let times = parsed(format!("H\n\nD\n\n{year}-11-01T13:04Z\n\nB")).item.times;
        assert_eq!(times.published.date_naive().to_string(), format!("{year}-11-01"));
    }
}

#[test]
fn unix_seconds_of_an_old_article_are_near_its_month() {
    let times = parsed("date 1975-03 https://n.example/a\n\nH\n\nD\n\n163000000\n\nB").item.times;
    assert_eq!(times.published.to_rfc3339(), "1975-03-02T13:46:40+00:00");
}

#[test]
fn the_day_of_a_url_may_be_written_in_several_ways() {
    for path in [
        "2024/0701",
        "202407/01",
        "2024/7/1",
        "2024/07/1",
        "2024.07.01",
        "2024_07_01",
        "2024-07-01",
        "20240701",
        "2024/07/01",
        "2024/jul/01",
        "2024/July/1",
    ] {
        let times = parsed(format!("date 2024-11 https://n.example/{path}/a\n\nH\n\nB")).item.times;
        assert_eq!(times.published_source.as_str(), "url-day", "{path}");
        assert_eq!(times.published.date_naive().to_string(), "2024-07-01", "{path}");
    }
    for path in [
        "2024/1301",
        "202413/01",
        "2024/70/1",
        "2024.07-01",
        "2024.0.701",
        "1024/0701",
        "2024/07a1",
        "2999/0701",
        "2024/jux/01",
    ] {
        let times = parsed(format!("date 2024-11 https://n.example/{path}/a\n\nH\n\nB")).item.times;
        assert_eq!(times.published_source.as_str(), "crawl-month", "{path}");
    }
}

#[test]
fn what_only_begins_like_a_year_far_away_is_text() {
    for text in [
        "-2024-11-01: the bridge reopens",
        "+4915-12-34 56 78 is the number to call",
        "12345-12-10 is the number of the lot",
    ] {
        assert_eq!(read(text, Istanbul), Reading::Text, "{text}");
    }
    for year in ["+12024-11-01", "12024-11-01T13:04", "-2024-11-01 13:04"] {
        assert!(matches!(read(year, Istanbul), Reading::Impossible(_)), "{year}");
    }
}

//! Who polls, by real User-Agent fields.

use std::net::{IpAddr, Ipv4Addr};

use seedcast::config::{self, Overrides, Purpose};
use seedcast::ops::{Agent, Announcement, Answered, RequestLine, Traffic, announcement};

/// Subscribers and feed id.
type Announced = Option<(u64, Option<&'static str>)>;

/// Field, name of the program, subscribers and feed id that it announces.
const FIELDS: [(&str, &str, Announced); 44] = [
    ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 462 subscribers; )", "Feedly", Some((462, None))),
    ("Feedly/1.0 (+http://www.feedly.com/fetcher.html; 1 subscriber; )", "Feedly", Some((1, None))),
    ("Mozilla/5.0 (compatible; inoreader.com; 114 subscribers)", "Inoreader", Some((114, None))),
    (
        "NewsBlur Feed Fetcher - 27 subscribers - https://www.newsblur.com/site/8675309/a-slug \
         (\"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_7_1) AppleWebKit/534.48.3 (KHTML, like Gecko) Safari/534.48.3\")",
        "NewsBlur",
        Some((27, Some("8675309"))),
    ),
    ("Feedbin feed-id:1697787 - 102 subscribers", "Feedbin", Some((102, Some("1697787")))),
    (
        "Mozilla/5.0 (compatible; theoldreader.com; 1 subscribers; feed-id=4f7ea0b0c3f5)",
        "The Old Reader",
        Some((1, Some("4f7ea0b0c3f5"))),
    ),
    ("Mozilla/5.0 (compatible; BazQux/2.4; +https://bazqux.com/fetcher; 1 subscribers)", "BazQux", Some((1, None))),
    (
        "Dreamwidth Studios (https://www.dreamwidth.org/; webmaster@dreamwidth.org; for \
         https://feeds.example/; 2 readers)",
        "Dreamwidth",
        Some((2, None)),
    ),
    ("SomeReader/3 (1,204 subscribers)", "other", Some((1204, None))),
    ("FeedHQ/1.0 (https://github.com/feedhq/feedhq; 12 subscribers; https://feedhq.org/)", "FeedHQ", Some((12, None))),
    (
        "Mozilla/5.0 (compatible; Feedspot/1.0 (+https://www.feedspot.com/fs/fetcher; like FeedFetcher-Google)",
        "Feedspot",
        None,
    ),
    ("FeedFetcher-Google; (+http://www.google.com/feedfetcher.html)", "Google Feedfetcher", None),
    ("Mozilla/5.0 (compatible; Miniflux/2.2.3; +https://miniflux.app)", "Miniflux", None),
    ("FreshRSS/1.24.1 (Linux; https://freshrss.org)", "FreshRSS", None),
    ("Tiny Tiny RSS/24.04 (https://tt-rss.org/)", "Tiny Tiny RSS", None),
    ("NextCloud-News/1.0", "Nextcloud News", None),
    ("CommaFeed/4.3.3 (https://github.com/Athou/commafeed)", "CommaFeed", None),
    ("newsboat/2.37.0 (Linux x86_64)", "newsboat", None),
    ("NetNewsWire (RSS Reader; https://netnewswire.com/)", "NetNewsWire", None),
    ("Reeder/5050001 CFNetwork/1568.200.51 Darwin/24.1.0", "Reeder", None),
    ("Akregator/5.24.5; syndication", "Akregator", None),
    ("Liferea/1.15.8 (Linux; https://lzone.de/liferea/) AppleWebKit (KHTML, like Gecko)", "Liferea", None),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0", "Thunderbird", None),
    (
        "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/538.1 (KHTML, like Gecko) QuiteRSS/0.19.4 Safari/538.1",
        "QuiteRSS",
        None,
    ),
    ("RSS Guard/4.8.2", "RSS Guard", None),
    ("Emacs Elfeed 3.4.2", "Elfeed", None),
    ("AntennaPod/3.5.0", "AntennaPod", None),
    ("SpaceCowboy Android RSS Reader", "Feeder", None),
    ("rss2email/3.14 (https://github.com/rss2email/rss2email)", "rss2email", None),
    ("feedparser/6.0.11 +https://github.com/kurtmckee/feedparser/", "feedparser", None),
    ("UniversalFeedParser/5.2.1 +https://code.google.com/p/feedparser/", "feedparser", None),
    ("SimplePie/1.8.0 (Feed Parser; http://simplepie.org; Allow like Gecko) Build/1675161152", "SimplePie", None),
    ("WordPress/6.7; https://blog.example", "WordPress", None),
    ("Slackbot 1.0 (+https://api.slack.com/robots)", "Slack", None),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot", None),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "Bingbot", None),
    ("curl/8.11.0", "curl", None),
    ("python-requests/2.32.3", "Python", None),
    ("Go-http-client/1.1", "Go", None),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "browser", None),
    // Numbers that are no announcement.
    ("My RSS reader", "other", None),
    ("Reader2 readers", "other", None),
    ("Feedly/1.0 (99999999999 subscribers)", "Feedly", None),
    ("Feedly/1.0 (99999999999999999999999 subscribers)", "Feedly", None),
];

#[test]
fn real_user_agents_are_known_by_name_and_announcement() {
    for (field, name, announced) in FIELDS {
        assert_eq!(Agent::of(Some(field)).name(), name, "{field}");
        let found = announcement(field).map(|Announcement { subscribers, feed_id, .. }| (subscribers, feed_id));
        assert_eq!(found, announced, "{field}");
    }
    assert_eq!(Agent::of(None).name(), "none");
    assert_eq!(Agent::of(Some("  ")).name(), "none");
}

#[test]
fn no_user_agent_is_too_odd() {
    let long = "x".repeat(100_000) + " 5 subscribers";
    let odd =
        ["\u{0}", "subscribers", " subscribers", "9", ", subscribers", "1,,2 subscribers", "é 3 subscribers", &long];
    for field in odd {
        assert!(Agent::of(Some(field)).index() < Agent::COUNT, "{field}");
        let _ = announcement(field);
    }
    assert_eq!(announcement("é 3 subscribers").map(|found| found.subscribers), Some(3));
    let cut_inside_a_letter = "é".repeat(400);
    assert_eq!(announcement(&cut_inside_a_letter), None);
}

fn traffic(feeds: usize) -> Traffic {
    let feeds: String =
        (0..feeds).map(|n| format!("[[feed]]\nname = \"f{n}\"\nsources = [\"h{n}.example\"]\n")).collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seedcast.toml");
    std::fs::write(&file, feeds).unwrap();
    let config = config::load(Purpose::Service, Some(&file), [], &Overrides::default()).unwrap();
    let traffic = Traffic::default();
    traffic.set_feeds(&config.feeds);
    traffic
}

fn poll<'a>(path: &'a str, user_agent: &'a str, client: u32, is_conditional: bool) -> Answered<'a> {
    Answered {
        line: RequestLine::Read { method: "GET", target: path, path, protocol: "HTTP/1.1" },
        status: if is_conditional { 304 } else { 200 },
        coding: None,
        body_bytes: 10,
        is_conditional,
        user_agent: Some(user_agent),
        referrer: None,
        client: Some(IpAddr::V4(Ipv4Addr::from(client))),
        is_admin: false,
    }
}

/// Announced, addresses, unconditional pollers of the feed at a path.
fn subscribers(traffic: &Traffic, path: &str) -> (u64, u64, u64) {
    let mut found = None;
    traffic.each(|feed| {
        if feed.path == path {
            found = Some((feed.polls.announced(), feed.polls.addresses(), feed.polls.unconditional_pollers()));
        }
    });
    found.expect("the feed is counted")
}

const FEEDLY: &str = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 462 subscribers; )";

#[test]
fn latest_announcement_of_a_service_counts_once_whatever_address_and_format() {
    let traffic = traffic(0);
    for (client, path) in [(1, "/rss.xml"), (2, "/rss.xml"), (3, "/atom.xml")] {
        traffic.note(&poll(path, FEEDLY, client, true));
    }
    assert_eq!(subscribers(&traffic, "/"), (462, 0, 0));
    traffic.note(&poll("/rss.xml", "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 400 subscribers; )", 9, true));
    assert_eq!(subscribers(&traffic, "/"), (400, 0, 0));
}

#[test]
fn feed_ids_of_one_service_are_added() {
    let traffic = traffic(0);
    traffic.note(&poll("/rss.xml", "Feedbin feed-id:1 - 10 subscribers", 1, true));
    traffic.note(&poll("/atom.xml", "Feedbin feed-id:2 - 5 subscribers", 1, true));
    assert_eq!(subscribers(&traffic, "/").0, 15);
}

#[test]
fn readers_of_their_own_are_counted_by_address() {
    let traffic = traffic(1);
    for client in 0..2000 {
        for path in ["/feeds/f0/rss.xml", "/feeds/f0/atom.xml"] {
            traffic.note(&poll(path, "newsboat/2.37.0 (Linux x86_64)", client, true));
        }
    }
    let (announced, addresses, _) = subscribers(&traffic, "/feeds/f0");
    assert_eq!(announced, 0);
    // Five standard errors.
    assert!((1680..2320).contains(&addresses), "{addresses}");
    assert_eq!(subscribers(&traffic, "/"), (0, 0, 0), "another feed");
    traffic.turn_day();
    assert_eq!(subscribers(&traffic, "/feeds/f0").1, addresses, "yesterday's number stands until today's is greater");
    traffic.turn_day();
    assert_eq!(subscribers(&traffic, "/feeds/f0").1, 0);
}

#[test]
fn poller_without_validators_is_told_from_one_that_begins() {
    let traffic = traffic(0);
    for _ in 0..2 {
        traffic.note(&poll("/rss.xml", "newsboat/2.37.0 (Linux x86_64)", 7, false));
    }
    assert_eq!(subscribers(&traffic, "/").2, 0);
    for _ in 0..50 {
        traffic.note(&poll("/rss.xml", "BadBot/1", 8, false));
        traffic.note(&poll("/rss.xml", "newsboat/2.37.0 (Linux x86_64)", 7, true));
    }
    assert_eq!(subscribers(&traffic, "/").2, 1);
}

#[test]
fn ten_thousand_odd_agents_and_a_thousand_feeds_make_no_more_series_than_a_few() {
    let traffic = traffic(1000);
    for n in 0..10_000_u32 {
        let agent = format!("Odd{n}/{n} ({n} subscribers; feed-id={n:x})");
        let path = format!("/feeds/f{}/rss.xml", n % 1000);
        traffic.note(&poll(&path, &agent, n, n % 2 == 0));
        traffic.note(&poll("/rss.xml", &agent, n, true));
        traffic.note(&poll(&format!("/no/such/path/{n}"), &agent, n, false));
    }
    let (mut feeds, mut series) = (0, 0);
    let mut agents = std::collections::BTreeSet::new();
    traffic.each(|feed| {
        feeds += 1;
        series += feed.answers().count();
        agents.extend(feed.polls.agents().into_iter().map(|share| share.agent.name()));
        assert!(feed.polls.services().len() <= 128);
    });
    assert_eq!(feeds, seedcast::ops::MAX_FEEDS + 1);
    assert!(series < 3 * feeds, "{series}");
    assert_eq!(agents.into_iter().collect::<Vec<_>>(), ["other"]);
}

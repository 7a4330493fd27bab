//! rssCloud over HTTP POST, as its walkthrough has it, against scripted subscribers.

use std::time::Duration;

use seedcast::feed::Format;
use seedcast::http::Endpoint;
use seedcast::hub::{CLOUD_PATH, Settings};

use crate::hub_scene::{Inbox, Reply, Request, SITE, Scene, TOPIC, settings};

const FEED: &str = "https://feeds.example/news/rss.xml";
/// Of the caller; it is no address that requests go to by mistake.
const CALLER: &str = "93.184.216.34";
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn scene() -> Scene {
    scene_with(settings())
}

fn scene_with(settings: Settings) -> Scene {
    let scene = Scene::with(Settings { takes_rsscloud: true, ..settings });
    scene.world.name("reader.example", &[&["93.184.216.35"]]);
    scene
}

/// Repeats challenges, and answers 200 to everything else.
fn obliging(request: &Request) -> Reply {
    Reply::Answer(200, request.query("challenge").unwrap_or_default())
}

/// Registers with the parameters that all have and these; gives whether it worked, and what was said.
async fn register(scene: &Scene, client: Option<&str>, more: &[(&str, &str)]) -> (bool, String) {
    let mut form = vec![("notifyProcedure", ""), ("port", "5337"), ("path", "/notify?x=1"), ("protocol", "http-post")];
    form.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    form.extend(more);
    let answer = scene.post_to(CLOUD_PATH, client, &form).await;
    assert_eq!(answer.content_type, "text/xml; charset=utf-8");
    let element = answer.text.trim_start_matches("<?xml version=\"1.0\"?>\n");
    let said = element.split("msg=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let is_legal = |c: char| !c.is_control() && !matches!(c, '<' | '\u{fffe}' | '\u{ffff}');
    assert!(element.ends_with("\"/>\n") && said.chars().all(is_legal), "{element}");
    (element.starts_with("<notifyResult success=\"true\" "), said)
}

async fn register_reader(scene: &Scene) -> bool {
    register(scene, Some("198.51.100.7"), &[("domain", "reader.example"), ("url1", FEED)]).await.0
}

async fn registered(scene: &Scene, script: impl FnMut(&Request) -> Reply + Send + 'static) -> Inbox {
    let mut inbox = scene.world.server("93.184.216.35:5337", script);
    assert!(register_reader(scene).await);
    assert_eq!(inbox.next().await.method, "GET");
    inbox
}

/// Repeats challenges, and answers word of changes with these statuses, then with 200.
fn answers(list: impl IntoIterator<Item = u16>) -> impl FnMut(&Request) -> Reply {
    let mut list: Vec<u16> = list.into_iter().collect();
    list.reverse();
    move |request| match request.method.as_str() {
        "GET" => obliging(request),
        _ => Reply::Answer(list.pop().unwrap_or(200), String::new()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_on_another_host_repeats_a_challenge() {
    let scene = scene();
    let mut reader = scene.world.server("93.184.216.35:5337", obliging);
    assert!(register_reader(&scene).await);
    let asked = reader.next().await;
    assert_eq!(asked.method, "GET");
    assert!(asked.target.starts_with("/notify?x=1&url=https%3A%2F%2Ffeeds"), "{}", asked.target);
    assert_eq!(asked.query("url").as_deref(), Some(FEED));
    assert!(asked.query("challenge").unwrap().len() >= 16);
    assert_eq!(asked.header("host"), Some("reader.example:5337"));
    assert_eq!(scene.subscriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_asks_for_itself_is_tried_at_its_own_address() {
    let scene = scene();
    let mut reader = scene.world.server(&format!("{CALLER}:5337"), |_: &Request| Reply::Answer(204, String::new()));
    assert!(register(&scene, Some(CALLER), &[("url1", FEED)]).await.0);
    let tried = reader.next().await;
    assert_eq!((tried.method.as_str(), tried.target.as_str()), ("POST", "/notify?x=1"));
    assert_eq!(tried.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(tried.body, b"url=https%3A%2F%2Ffeeds.example%2Fnews%2Frss.xml");
    assert_eq!(scene.subscriptions(), 1);
    let (works, said) = register(&scene, None, &[("url1", FEED)]).await;
    assert!(!works && said.contains("domain"), "an unknown address is not guessed: {said}");
}

#[tokio::test(start_paused = true)]
async fn a_change_is_told_once_by_the_address_of_the_feed() {
    let scene = scene();
    let mut reader = registered(&scene, obliging).await;
    reader.silent(HOUR).await;
    scene.publish_as(Format::Atom, "only the Atom document changed");
    reader.silent(HOUR).await;
    scene.publish_as(Format::Rss, "two");
    let told = reader.next().await;
    assert_eq!((told.method.as_str(), told.target.as_str()), ("POST", "/notify?x=1"));
    assert_eq!(told.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(told.body, b"url=https%3A%2F%2Ffeeds.example%2Fnews%2Frss.xml");
    assert_eq!((told.header("link"), told.header("x-hub-signature")), (None, None));
    reader.silent(HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn only_a_callback_that_answers_rightly_is_registered() {
    let wrong = [
        Reply::Answer(200, "not the challenge".into()),
        Reply::Answer(200, String::new()),
        Reply::Answer(404, String::new()),
        Reply::Redirect("http://reader.example/elsewhere".into()),
        Reply::Close,
        Reply::Late(Duration::from_secs(11)),
    ];
    for reply in wrong {
        let scene = scene();
        let script = reply.clone();
        let _reader = scene.world.server("93.184.216.35:5337", move |_: &Request| script.clone());
        assert!(!register_reader(&scene).await, "{reply:?}");
        assert_eq!(scene.subscriptions(), 0, "{reply:?}");
        assert_eq!(scene.world.connections().len(), 1, "nothing is followed: {reply:?}");
    }
    for reply in [Reply::Answer(500, String::new()), Reply::Redirect("http://reader.example/".into()), Reply::Close] {
        let scene = scene();
        let script = reply.clone();
        let _reader = scene.world.server(&format!("{CALLER}:5337"), move |_: &Request| script.clone());
        let (works, said) = register(&scene, Some(CALLER), &[("url1", FEED)]).await;
        assert!(!works && !said.is_empty(), "{reply:?}: {said}");
        assert_eq!(scene.subscriptions(), 0, "{reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_rss_feeds_of_ours_are_taken() {
    let scene = scene();
    let _reader = scene.world.server("93.184.216.35:5337", obliging);
    for foreign in [
        TOPIC,
        "https://feeds.example/news/feed.json",
        "http://feeds.example/news/rss.xml",
        "https://feeds.example/news/rss.xml?x",
        "https://feeds.example/news/feeds/none/rss.xml",
        "https://elsewhere.example/rss.xml",
        "<&\">\0\u{ffff}",
    ] {
        for form in [vec![("url1", foreign)], vec![("url1", FEED), ("url2", foreign)]] {
            let form: Vec<_> = form.into_iter().chain([("domain", "reader.example")]).collect();
            assert!(!register(&scene, Some(CALLER), &form).await.0, "{foreign}");
        }
    }
    assert!(scene.world.connections().is_empty(), "all or nothing");
    let form = [("domain", "reader.example"), ("url1", FEED), ("url2", FEED)];
    assert!(register(&scene, Some(CALLER), &form).await.0);
    assert_eq!(scene.subscriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_with_a_fault_is_refused_with_the_reason() {
    let scene = scene();
    let many: Vec<(String, String)> = (0..21).map(|n| (format!("url{n}"), format!("{SITE}/{n}/rss.xml"))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let long = format!("{SITE}/{}/rss.xml", "x".repeat(2048));
    let wrong: [(&[(&str, &str)], &str); 13] = [
        (&[], "url1"),
        (&[("url1", &long)], "2048 bytes"),
        (&[("url1", FEED), ("url2", &long)], "2048 bytes"),
        (&[("url", FEED)], "url1"),
        (&many, "20 feeds"),
        (&[("url1", FEED), ("protocol", "xml-rpc")], "protocol"),
        (&[("url1", FEED), ("protocol", "")], "protocol"),
        (&[("url1", FEED), ("port", "0")], "port"),
        (&[("url1", FEED), ("port", "65536")], "port"),
        (&[("url1", FEED), ("port", "25")], "port 25"),
        (&[("url1", FEED), ("path", "")], "path"),
        (&[("url1", FEED), ("path", "/#here")], "domain"),
        (&[("url1", FEED), ("domain", "a.example/x@y")], "domain"),
    ];
    for (form, reason) in wrong {
        let (works, said) = register(&scene, Some(CALLER), form).await;
        assert!(!works && said.contains(reason), "{form:?}: {said}");
    }
    assert!(scene.world.connections().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_registration_lapses_after_25_hours_unless_renewed() {
    let scene = scene();
    let mut reader = registered(&scene, obliging).await;
    scene.pass(24 * HOUR).await;
    assert!(register_reader(&scene).await);
    assert_eq!(reader.next().await.method, "GET");
    assert_eq!(scene.subscriptions(), 1, "renewed, not doubled");
    scene.pass(25 * HOUR - 60 * SECOND).await;
    scene.publish_as(Format::Rss, "just in time");
    assert_eq!(reader.next().await.method, "POST");
    scene.pass(60 * SECOND).await;
    scene.publish_as(Format::Rss, "too late");
    reader.silent(HOUR).await;
    scene.pass(60 * SECOND).await;
    assert_eq!(scene.subscriptions(), 0, "and is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_could_not_be_told_is_told_again() {
    let scene = scene();
    let mut reader = registered(&scene, answers([500, 302])).await;
    scene.publish_as(Format::Rss, "two");
    let first = reader.next().await.at;
    let second = reader.next().await.at;
    let third = reader.next().await.at;
    assert!((4..=6).contains(&(second - first).as_secs()) && (24..=36).contains(&(third - second).as_secs()));
    reader.silent(HOUR).await;
    assert_eq!(scene.subscriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_fails_again_and_again_is_dropped() {
    let scene = scene();
    let mut reader = registered(&scene, answers([500; 100])).await;
    scene.publish_as(Format::Rss, "two");
    for _ in 0..4 {
        assert_eq!(reader.next().await.method, "POST");
    }
    scene.pass(SECOND).await;
    assert_eq!(scene.subscriptions(), 0);
    scene.publish_as(Format::Rss, "three");
    reader.silent(24 * HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_forgets_no_registration_and_no_change() {
    for in_order in [true, false] {
        let scene = scene();
        let mut reader = registered(&scene, answers([500])).await;
        scene.publish_as(Format::Rss, "two");
        assert_eq!(reader.next().await.method, "POST");
        scene.pass(SECOND).await;
        let _scene = scene.restart(in_order).await;
        assert_eq!(reader.next().await.method, "POST", "what failed is told again");
        reader.silent(HOUR).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_private_address_gets_a_connection() {
    let scene = scene();
    scene.world.name("inner.example", &[&["10.0.0.1"]]);
    scene.world.name("both.example", &[&["93.184.216.35", "169.254.169.254"]]);
    scene.world.name("turns.example", &[&["93.184.216.35"], &["127.0.0.1"]]);
    for domain in
        ["127.0.0.1", "0x7f.1", "2130706433", "::1", "[::1]", "::ffff:10.0.0.1", "inner.example", "both.example"]
    {
        let form = [("domain", domain), ("url1", FEED)];
        assert!(!register(&scene, Some(CALLER), &form).await.0, "{domain}");
    }
    for caller in ["127.0.0.1", "192.168.1.7", "::1", "::ffff:10.0.0.1", "fe80::1"] {
        assert!(!register(&scene, Some(caller), &[("url1", FEED)]).await.0, "{caller}");
    }
    assert!(scene.world.connections().is_empty());
    // An answer that changes after the registration is checked again.
    let _reader = scene.world.server("93.184.216.35:5337", obliging);
    assert!(register(&scene, Some(CALLER), &[("domain", "turns.example"), ("url1", FEED)]).await.0);
    scene.publish_as(Format::Rss, "two");
    scene.pass(HOUR).await;
    assert!(scene.world.lookups() > 3);
    assert_eq!(scene.world.connections(), ["93.184.216.35:5337".parse().unwrap()]);
}

#[tokio::test(start_paused = true)]
async fn one_host_is_not_pestered_for_long() {
    let scene = scene();
    let _reader = scene.world.server("93.184.216.35:5337", |_: &Request| Reply::Answer(404, String::new()));
    let form =
        [("protocol", "http-post"), ("port", "5337"), ("path", "/"), ("domain", "reader.example"), ("url1", FEED)];
    let mut statuses = Vec::new();
    for _ in 0..1000 {
        statuses.push(scene.post_to(CLOUD_PATH, Some(CALLER), &form).await.status.as_u16());
    }
    assert_eq!((statuses[0], statuses[999]), (200, 429));
    assert!(scene.world.connections().len() < 400);
    assert_eq!(scene.subscriptions(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_full_hub_says_no() {
    let scene = scene_with(Settings { max_subscriptions_per_host: 2, ..settings() });
    let _reader = scene.world.server("93.184.216.35:5337", obliging);
    for (path, expected) in [("/1", true), ("/2", true), ("/3", false), ("/1", true)] {
        let form = [("domain", "reader.example"), ("path", path), ("url1", FEED)];
        let (works, said) = register(&scene, Some(CALLER), &form).await;
        assert_eq!(works, expected, "{path}: {said}");
    }
    assert_eq!(scene.subscriptions(), 2);
}

#[tokio::test(start_paused = true)]
async fn it_is_off_unless_turned_on() {
    let scene = Scene::new();
    assert!(!scene.hub.takes(CLOUD_PATH));
    assert!(self::scene().hub.takes(CLOUD_PATH));
    // It does not need the WebSub hub.
    let alone = scene_with(Settings { is_enabled: false, ..settings() });
    let _reader = registered(&alone, obliging).await;
    assert_eq!(alone.subscriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn switched_off_it_tells_nobody_and_goes_on_when_it_is_on_again() {
    let scene = scene();
    let mut reader = registered(&scene, obliging).await;
    // What is under way when it is switched off goes on.
    reader.silent(HOUR).await;
    scene.hub.reconfigure(settings(), SITE);
    scene.publish_as(Format::Rss, "two");
    reader.silent(HOUR).await;
    assert_eq!(scene.subscriptions(), 1);
    scene.hub.reconfigure(Settings { takes_rsscloud: true, ..settings() }, SITE);
    assert_eq!(reader.next().await.method, "POST");
    reader.silent(HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn those_that_are_off_keep_no_place_of_the_others_on_their_host() {
    let scene = scene_with(Settings { concurrency: 4, concurrency_per_host: 2, ..settings() });
    let mut websub = scene.world.server("93.184.216.35:80", |_: &Request| Reply::Consent);
    for number in 0..10 {
        let callback = format!("http://reader.example/{number}");
        let form = [("hub.mode", "subscribe"), ("hub.topic", FEED), ("hub.callback", &callback)];
        assert_eq!(scene.post(&form).await.status.as_u16(), 202);
        assert!(websub.next().await.is_verification());
    }
    scene.pass(SECOND).await;
    let mut reader = registered(&scene, obliging).await;
    scene.hub.reconfigure(Settings { is_enabled: false, takes_rsscloud: true, ..settings() }, SITE);
    scene.publish_as(Format::Rss, "two");
    assert_eq!(reader.next().await.method, "POST");
    websub.silent(HOUR).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_an_operator_drops_is_told_nothing_that_it_would_not_understand() {
    let scene = scene();
    let mut reader = registered(&scene, obliging).await;
    let id = scene.hub.status().unwrap().listed[0].id;
    assert!(scene.hub.drop_subscription(id).unwrap());
    reader.silent(HOUR).await;
    assert_eq!(scene.subscriptions(), 0);
}

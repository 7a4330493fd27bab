//! Subscribing, confirming, ending: W3C WebSub §5, line by line, against scripted subscribers.

use std::collections::HashSet;
use std::time::Duration;

use seedcast::http::{Endpoint, Submission};

use crate::hub_scene::{Reply, Request, SITE, Scene, TOPIC, settings};

const CALLBACK: &str = "http://reader.example/cb?feed=7&x=a%20b";
const ADDRESS: &str = "93.184.216.34:80";
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

fn scene() -> Scene {
    let scene = Scene::new();
    scene.world.name("reader.example", &[&["93.184.216.34"]]);
    scene
}

fn consent(_: &Request) -> Reply {
    Reply::Consent
}

/// The replies in their order, then consent.
fn replies(list: impl IntoIterator<Item = Reply>) -> impl FnMut(&Request) -> Reply {
    let mut list: Vec<Reply> = list.into_iter().collect();
    list.reverse();
    move |_| list.pop().unwrap_or(Reply::Consent)
}

#[tokio::test(start_paused = true)]
async fn the_callback_is_asked_with_its_query_kept_and_ours_after_it() {
    let scene = scene();
    let mut reader = scene.world.server(ADDRESS, consent);
    assert_eq!(scene.subscribe(CALLBACK, &[("hub.lease_seconds", "1000"), ("hub.unknown", "x")]).await, 202);
    let asked = reader.next().await;
    assert_eq!(asked.method, "GET");
    assert!(asked.target.starts_with("/cb?feed=7&x=a%20b&hub.mode=subscribe&"), "{}", asked.target);
    assert_eq!(asked.query("hub.topic").as_deref(), Some(TOPIC));
    assert_eq!(asked.query("hub.lease_seconds").as_deref(), Some("1000"));
    assert_eq!(asked.header("host"), Some("reader.example"));
    assert!(asked.query("hub.challenge").unwrap().len() >= 16);
    scene.pass(SECOND).await;
    assert_eq!(scene.subscriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_challenge_is_another() {
    let scene = scene();
    let mut reader = scene.world.server(ADDRESS, consent);
    let mut seen = HashSet::new();
    for _ in 0..20 {
        assert_eq!(scene.subscribe(CALLBACK, &[]).await, 202);
        assert!(seen.insert(reader.next().await.query("hub.challenge").unwrap()));
    }
}

#[tokio::test(start_paused = true)]
async fn only_success_and_the_exact_challenge_confirm() {
    let wrong = [
        Reply::Answer(200, "not the challenge".into()),
        Reply::Answer(200, String::new()),
        Reply::Answer(404, String::new()),
        Reply::Answer(500, String::new()),
        Reply::Redirect("http://reader.example/elsewhere".into()),
        Reply::Close,
        Reply::Late(Duration::from_secs(11)),
    ];
    for reply in wrong {
        let scene = scene();
        let mut reader = scene.world.server(ADDRESS, replies([reply.clone()]));
        assert_eq!(scene.subscribe(CALLBACK, &[]).await, 202, "the answer does not depend on the verification");
        reader.next().await;
        scene.pass(60 * SECOND).await;
        assert_eq!(scene.subscriptions(), 0, "{reply:?}");
        assert_eq!(scene.world.connections().len(), 1, "nothing is followed: {reply:?}");
        scene.publish("the second edition");
        reader.silent(DAY).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_challenge_with_something_around_it_does_not_confirm() {
    for (before, after) in [("", "\n"), (" ", ""), ("", "x")] {
        let scene = scene();
        let echo = move |request: &Request| {
            let challenge = request.query("hub.challenge").unwrap();
            Reply::Answer(200, format!("{before}{challenge}{after}"))
        };
        let mut reader = scene.world.server(ADDRESS, echo);
        scene.subscribe(CALLBACK, &[]).await;
        reader.next().await;
        scene.pass(SECOND).await;
        assert_eq!(scene.subscriptions(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn any_2xx_confirms() {
    let scene = scene();
    let mut reader = scene
        .world
        .server(ADDRESS, |request: &Request| Reply::Answer(206, request.query("hub.challenge").unwrap_or_default()));
    scene.subscribe(CALLBACK, &[]).await;
    reader.next().await;
    scene.pass(SECOND).await;
    assert_eq!(scene.subscriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_with_a_fault_is_refused_with_the_reason() {
    let scene = scene();
    let long = "x".repeat(200);
    let long_topic = "é".repeat(11_000);
    let wrong: [(&[(&str, &str)], &str); 17] = [
        (&[], "hub.mode"),
        (&[("hub.mode", "dance")], "hub.mode"),
        (&[("hub.mode", "subscribe"), ("hub.topic", TOPIC)], "hub.callback"),
        (&[("hub.mode", "subscribe"), ("hub.callback", CALLBACK)], "hub.topic"),
        (&[("hub.mode", "publish")], "hub.topic"),
        (&[("hub.mode", "unsubscribe"), ("hub.callback", CALLBACK)], "hub.topic"),
        (&[("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", "/relative")], "hub.callback"),
        (&[("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", "ftp://reader.example/")], "hub.callback"),
        (&[("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", "http://u:p@reader.example/")], "user"),
        (
            &[("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", CALLBACK), ("hub.secret", &long)],
            "200 bytes",
        ),
        (
            &[("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", CALLBACK), ("hub.lease_seconds", "0")],
            "hub.lease_seconds",
        ),
        (
            &[("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", CALLBACK), ("hub.lease_seconds", "-5")],
            "hub.lease_seconds",
        ),
        (&[("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", "http://reader.example:25/")], "port 25"),
        (&[("hub.mode", "subscribe"), ("hub.topic", &long_topic), ("hub.callback", CALLBACK)], "hub.topic must not be"),
        (&[("hub.mode", "unsubscribe"), ("hub.topic", &long_topic), ("hub.callback", CALLBACK)], "2048 bytes"),
        (&[("hub.mode", "publish"), ("hub.topic", &long_topic)], "2048 bytes"),
        (&[("hub.mode", "publish"), ("hub.topic", TOPIC), ("hub.url", &long_topic)], "2048 bytes"),
    ];
    for (form, reason) in wrong {
        let answer = scene.post(form).await;
        assert_eq!(answer.status.as_u16(), 400, "{form:?}");
        assert!(answer.text.contains(reason), "{form:?}: {}", answer.text);
    }
    scene.pass(60 * SECOND).await;
    assert!(scene.world.connections().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_longest_topic_and_callback_make_a_request() {
    let scene = scene();
    let mut reader = scene.world.server(ADDRESS, consent);
    let [topic, path] = ["é".repeat(1024), "é".repeat(1000)];
    let callback = format!("http://reader.example/{path}");
    let form = [("hub.mode", "unsubscribe"), ("hub.topic", &topic), ("hub.callback", &callback)];
    assert_eq!(scene.post(&form).await.status.as_u16(), 202);
    assert_eq!(reader.next().await.query("hub.topic"), Some(topic));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_form_is_refused() {
    let scene = scene();
    let submission = Submission {
        path: "/hub".to_owned(),
        content_type: Some("application/json".into()),
        body: b"{}".to_vec(),
        client: None,
    };
    assert_eq!(scene.hub.submit(submission).await.status.as_u16(), 415);
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_199_bytes_is_taken() {
    let scene = scene();
    let _reader = scene.world.server(ADDRESS, consent);
    assert_eq!(scene.subscribe(CALLBACK, &[("hub.secret", &"x".repeat(199))]).await, 202);
    assert_eq!(scene.subscribe(CALLBACK, &[("hub.secret", &"ä".repeat(100))]).await, 400, "bytes are counted");
}

#[tokio::test(start_paused = true)]
async fn a_topic_is_ours_only_letter_for_letter() {
    let scene = scene();
    let _reader = scene.world.server(ADDRESS, consent);
    let foreign = [
        "http://feeds.example/news/atom.xml",
        "https://feeds.example/news/atom.xml/",
        "https://feeds.example/news/atom.xml?",
        "https://feeds.example:443/news/atom.xml",
        "https://FEEDS.example/news/atom.xml",
        "https://feeds.example/news/",
        "https://feeds.example/news/feed",
        "https://feeds.example/atom.xml",
        "https://feeds.example/news/other/atom.xml",
        "https://elsewhere.example/atom.xml",
        "/atom.xml",
    ];
    for topic in foreign {
        for mode in ["subscribe", "publish"] {
            let form = [("hub.mode", mode), ("hub.topic", topic), ("hub.callback", CALLBACK)];
            assert_eq!(scene.post(&form).await.status.as_u16(), 400, "{mode} {topic}");
        }
    }
    for name in ["rss.xml", "atom.xml", "feed.json"] {
        let topic = format!("{SITE}/{name}");
        let form = [("hub.mode", "subscribe"), ("hub.topic", topic.as_str()), ("hub.callback", CALLBACK)];
        assert_eq!(scene.post(&form).await.status.as_u16(), 202, "{topic}");
    }
    scene.pass(SECOND).await;
    assert_eq!(scene.subscriptions(), 3, "one for each topic, though the callback is the same");
}

#[tokio::test(start_paused = true)]
async fn leases_are_kept_within_bounds_and_never_without_end() {
    for (asked, granted) in [
        (None, "864000"),
        (Some("1"), "60"),
        (Some("5000"), "5000"),
        (Some("99999999999999999999999"), "2592000"),
        (Some(""), "864000"),
    ] {
        let scene = scene();
        let mut reader = scene.world.server(ADDRESS, consent);
        let more: Vec<(&str, &str)> = asked.map(|lease| ("hub.lease_seconds", lease)).into_iter().collect();
        assert_eq!(scene.subscribe(CALLBACK, &more).await, 202);
        assert_eq!(reader.next().await.query("hub.lease_seconds").as_deref(), Some(granted), "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_lease_gets_nothing() {
    let scene = scene();
    let mut reader = scene.world.server(ADDRESS, consent);
    scene.subscribe(CALLBACK, &[("hub.lease_seconds", "600")]).await;
    reader.next().await;
    scene.pass(590 * SECOND).await;
    scene.publish("just in time");
    assert_eq!(reader.next().await.body, b"just in time");
    scene.pass(20 * SECOND).await;
    scene.publish("too late");
    reader.silent(DAY).await;
    assert_eq!(scene.subscriptions(), 0, "and is forgotten");
}

#[tokio::test(start_paused = true)]
async fn subscribing_again_renews_the_lease() {
    let scene = scene();
    let mut reader = scene.world.server(ADDRESS, consent);
    for _ in 0..3 {
        scene.subscribe(CALLBACK, &[("hub.lease_seconds", "600")]).await;
        assert!(reader.next().await.is_verification());
        scene.pass(500 * SECOND).await;
    }
    assert_eq!(scene.subscriptions(), 1);
    scene.publish("still here");
    assert_eq!(reader.next().await.body, b"still here");
    assert!(scene.world.connections().len() == 4, "once for each request");
}

#[tokio::test(start_paused = true)]
async fn another_secret_counts_only_when_confirmed() {
    let scene = scene();
    let no = Reply::Answer(404, String::new());
    let mut reader = scene.world.server(ADDRESS, replies([Reply::Consent, Reply::Consent, no, Reply::Consent]));
    let signature = |secret: &[u8], body: &[u8]| seedcast::hub::sign(seedcast::hub::Algorithm::Sha256, secret, body);

    scene.subscribe(CALLBACK, &[("hub.secret", "old")]).await;
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    scene.publish("two");
    let delivery = reader.next().await;
    assert_eq!(delivery.header("x-hub-signature"), Some(signature(b"old", b"two").as_str()));

    scene.subscribe(CALLBACK, &[("hub.secret", "new")]).await;
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    scene.publish("three");
    let delivery = reader.next().await;
    assert_eq!(delivery.header("x-hub-signature"), Some(signature(b"old", b"three").as_str()), "it said no");

    scene.subscribe(CALLBACK, &[("hub.secret", "new")]).await;
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    scene.publish("four");
    let delivery = reader.next().await;
    assert_eq!(delivery.header("x-hub-signature"), Some(signature(b"new", b"four").as_str()));

    scene.subscribe(CALLBACK, &[]).await;
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    scene.publish("five");
    assert_eq!(reader.next().await.header("x-hub-signature"), None, "the new subscription has no secret");
    assert_eq!(scene.subscriptions(), 1);
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_is_confirmed_too() {
    let scene = scene();
    let no = Reply::Answer(404, String::new());
    let mut reader = scene.world.server(ADDRESS, replies([Reply::Consent, no, Reply::Consent, Reply::Consent]));
    scene.subscribe(CALLBACK, &[]).await;
    reader.next().await;
    scene.pass(SECOND).await;

    assert_eq!(scene.unsubscribe(CALLBACK).await, 202);
    let asked = reader.next().await;
    assert_eq!(asked.query("hub.mode").as_deref(), Some("unsubscribe"));
    assert_eq!(asked.query("hub.topic").as_deref(), Some(TOPIC));
    scene.pass(SECOND).await;
    scene.publish("it did not want to go");
    assert_eq!(reader.next().await.method, "POST");

    let form = [
        ("hub.mode", "unsubscribe"),
        ("hub.topic", TOPIC),
        ("hub.callback", CALLBACK),
        ("hub.lease_seconds", "nonsense"),
    ];
    assert_eq!(scene.post(&form).await.status.as_u16(), 202, "a lease means nothing here");
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    scene.publish("unread");
    reader.silent(DAY).await;
    assert_eq!(scene.subscriptions(), 0);
}

#[tokio::test(start_paused = true)]
async fn of_two_requests_the_later_one_has_the_last_word() {
    let scene = scene();
    let script = replies([Reply::Late(5 * SECOND), Reply::Consent]);
    let mut reader = scene.world.server(ADDRESS, script);
    scene.subscribe(CALLBACK, &[]).await;
    reader.next().await;
    scene.unsubscribe(CALLBACK).await;
    reader.next().await;
    scene.pass(60 * SECOND).await;
    assert_eq!(scene.subscriptions(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_operator_ends_a_subscription_and_the_subscriber_is_told() {
    let scene = scene();
    let mut reader = scene.world.server(ADDRESS, consent);
    scene.subscribe(CALLBACK, &[]).await;
    reader.next().await;
    scene.pass(SECOND).await;
    let id = scene.hub.status().unwrap().listed[0].id;
    assert!(scene.hub.drop_subscription(id).unwrap());
    assert!(!scene.hub.drop_subscription(id).unwrap());
    let told = reader.next().await;
    assert_eq!(told.method, "GET");
    assert!(told.target.starts_with("/cb?feed=7&x=a%20b&hub.mode=denied&"), "{}", told.target);
    assert_eq!(told.query("hub.topic").as_deref(), Some(TOPIC));
    assert!(told.query("hub.reason").unwrap().contains("operator"));
    scene.publish("unread");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_is_off_takes_nothing() {
    let scene = Scene::with(seedcast::hub::Settings { is_enabled: false, ..settings() });
    assert_eq!(scene.subscribe(CALLBACK, &[]).await, 404);
    assert_eq!(scene.post(&[("hub.mode", "publish"), ("hub.url", TOPIC)]).await.status.as_u16(), 404);
    assert_eq!(scene.post(&[("hub.mode", "dance")]).await.status.as_u16(), 404);
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_is_off_lets_subscribers_go() {
    let scene = scene();
    let mut reader = scene.world.server(ADDRESS, consent);
    scene.subscribe(CALLBACK, &[]).await;
    reader.next().await;
    scene.pass(SECOND).await;
    scene.hub.reconfigure(seedcast::hub::Settings { is_enabled: false, ..settings() }, SITE);
    assert_eq!(scene.unsubscribe(CALLBACK).await, 202);
    assert_eq!(reader.next().await.query("hub.mode").as_deref(), Some("unsubscribe"));
    scene.pass(SECOND).await;
    assert_eq!(scene.subscriptions(), 0);
}

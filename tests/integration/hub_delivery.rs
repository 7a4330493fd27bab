//! What subscribers are sent, and when: W3C WebSub §6 and §7 against scripted subscribers.

use std::time::Duration;

use seedcast::hub::{Settings, sign};

use crate::hub_scene::{Inbox, Reply, Request, SITE, Scene, TOPIC, settings};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn consent(_: &Request) -> Reply {
    Reply::Consent
}

/// Consents to what it is asked, and answers deliveries with these statuses, then with 200.
fn answers(list: impl IntoIterator<Item = u16>) -> impl FnMut(&Request) -> Reply {
    let mut list: Vec<u16> = list.into_iter().collect();
    list.reverse();
    move |request| match request.method.as_str() {
        "GET" => Reply::Consent,
        _ => list.pop().map_or(Reply::Consent, |status| Reply::Answer(status, String::new())),
    }
}

/// A subscriber with a confirmed subscription; `number` makes its host and address.
async fn subscriber(
    scene: &Scene,
    number: u8,
    script: impl FnMut(&Request) -> Reply + Send + 'static,
    more: &[(&str, &str)],
) -> Inbox {
    let host = format!("reader{number}.example");
    scene.world.name(&host, &[&[&format!("93.184.216.{number}")]]);
    let mut inbox = scene.world.server(&format!("93.184.216.{number}:80"), script);
    assert_eq!(scene.subscribe(&format!("http://{host}/cb"), more).await, 202);
    assert!(inbox.next().await.is_verification());
    scene.pass(SECOND).await;
    inbox
}

#[tokio::test(start_paused = true)]
async fn a_delivery_is_the_document_with_its_type_and_its_links() {
    let scene = Scene::new();
    let mut reader = subscriber(&scene, 1, consent, &[]).await;
    scene.publish("<feed>ç</feed>");
    let delivery = reader.next().await;
    assert_eq!(delivery.method, "POST");
    assert_eq!(delivery.target, "/cb");
    assert_eq!(delivery.body, "<feed>ç</feed>".as_bytes());
    assert_eq!(delivery.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    let link = format!("<{SITE}/hub>; rel=\"hub\", <{TOPIC}>; rel=\"self\"");
    assert_eq!(delivery.header("link"), Some(link.as_str()));
    assert_eq!(delivery.header("x-hub-signature"), None);
    assert_eq!(delivery.header("content-encoding"), None);
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_sends_nothing_until_something_changes() {
    let scene = Scene::new();
    let mut reader = subscriber(&scene, 1, consent, &[]).await;
    reader.silent(DAY).await;
    scene.hub.changed(&["/atom.xml".to_owned()]);
    reader.silent(DAY).await;
    for parameter in ["hub.topic", "hub.url"] {
        let answer = scene.post(&[("hub.mode", "publish"), (parameter, TOPIC)]).await;
        assert_eq!(answer.status.as_u16(), 202);
    }
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn publishing_is_rate_limited() {
    let scene = Scene::new();
    let mut statuses = Vec::new();
    for _ in 0..200 {
        statuses.push(scene.post(&[("hub.mode", "publish"), ("hub.url", TOPIC)]).await.status.as_u16());
    }
    assert_eq!(statuses[0], 202);
    assert_eq!(*statuses.last().unwrap(), 429);
}

#[tokio::test(start_paused = true)]
async fn signatures_are_as_configured() {
    for (name, algorithm) in seedcast::hub::Algorithm::NAMES {
        let scene = Scene::with(Settings { algorithm, ..settings() });
        let mut reader = subscriber(&scene, 1, consent, &[("hub.secret", "gehëim")]).await;
        scene.publish("signed");
        let delivery = reader.next().await;
        let signature = delivery.header("x-hub-signature").unwrap();
        assert_eq!(signature, sign(algorithm, "gehëim".as_bytes(), b"signed"));
        assert!(signature.starts_with(&format!("{name}=")), "{signature}");
    }
}

#[tokio::test(start_paused = true)]
async fn gone_ends_the_subscription() {
    let scene = Scene::new();
    let mut reader = subscriber(&scene, 1, answers([410]), &[]).await;
    scene.publish("two");
    reader.next().await;
    scene.pass(SECOND).await;
    assert_eq!(scene.subscriptions(), 0);
    scene.publish("three");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_delivery_is_tried_again_with_growing_waits_and_the_newest_document() {
    let scene = Scene::new();
    let mut reader = subscriber(&scene, 1, answers([500, 503, 404, 302, 500]), &[]).await;
    scene.publish("two");
    let mut before = reader.next().await;
    assert_eq!(before.body, b"two");
    for wait in [5, 30, 120, 120, 120] {
        let again = reader.next().await;
        assert_eq!(again.body, b"two");
        let waited = (again.at - before.at).as_secs_f64();
        assert!((f64::from(wait) * 0.79..f64::from(wait) * 1.25).contains(&waited), "{waited} s instead of {wait} s");
        before = again;
    }
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_change_during_the_wait_is_tried_at_once_and_is_all_that_is_sent() {
    let scene = Scene::new();
    let mut reader = subscriber(&scene, 1, answers([500]), &[]).await;
    scene.publish("two");
    assert_eq!(reader.next().await.body, b"two");
    scene.pass(SECOND).await;
    scene.publish("three");
    assert_eq!(reader.next().await.body, b"three");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_is_long_dead_is_tried_on_its_schedule_only() {
    let scene = Scene::new();
    let dead = |request: &Request| if request.method == "GET" { Reply::Consent } else { Reply::Close };
    let mut reader = subscriber(&scene, 1, dead, &[]).await;
    for edition in 0..600 {
        scene.publish(&format!("edition {edition}"));
        scene.pass(SECOND).await;
    }
    let tried = scene.world.connections().len();
    assert!((4..20).contains(&tried), "{tried} attempts in ten minutes");
    let mut last = reader.delivery().await;
    while last.body != b"edition 599" {
        last = reader.delivery().await;
    }
}

#[tokio::test(start_paused = true)]
async fn changes_while_a_delivery_is_under_way_become_one_more_of_the_newest() {
    let scene = Scene::new();
    let slow = |request: &Request| match request.method.as_str() {
        "GET" => Reply::Consent,
        _ => Reply::Late(5 * SECOND),
    };
    let mut reader = subscriber(&scene, 1, slow, &[]).await;
    scene.publish("two");
    assert_eq!(reader.next().await.body, b"two");
    for text in ["three", "four", "five"] {
        scene.publish(text);
        scene.pass(SECOND).await;
    }
    assert_eq!(reader.next().await.body, b"five");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn slow_subscribers_delay_nobody() {
    // More of them than may be under way at a time.
    let scene = Scene::with(Settings { concurrency: 8, ..settings() });
    let hangs = |request: &Request| match request.method.as_str() {
        "GET" => Reply::Consent,
        _ => Reply::Late(60 * SECOND),
    };
    let mut slow = Vec::new();
    for number in 1..=16 {
        slow.push(subscriber(&scene, number, hangs, &[]).await);
    }
    let mut fast = Vec::new();
    for number in 101..=110 {
        fast.push(subscriber(&scene, number, consent, &[]).await);
    }
    let start = tokio::time::Instant::now();
    scene.publish("two");
    for reader in &mut fast {
        let waited = reader.next().await.at - start;
        assert!(waited < 2 * SECOND, "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn subscribers_that_failed_before_hold_nobody_up_at_all() {
    // As many of them as may be under way at a time, and before the others.
    let scene = Scene::with(Settings { concurrency: 8, retries: vec![HOUR, HOUR], ..settings() });
    let mut slow = Vec::new();
    for number in 1..=8 {
        let mut is_first = true;
        let fails_then_hangs = move |request: &Request| match request.method.as_str() {
            "GET" => Reply::Consent,
            _ if std::mem::take(&mut is_first) => Reply::Answer(500, String::new()),
            _ => Reply::Late(60 * SECOND),
        };
        slow.push(subscriber(&scene, number, fails_then_hangs, &[]).await);
    }
    let mut fast = Vec::new();
    for number in 101..=110 {
        fast.push(subscriber(&scene, number, consent, &[]).await);
    }
    scene.publish("two");
    for reader in slow.iter_mut().chain(&mut fast) {
        reader.next().await;
    }
    scene.pass(SECOND).await;
    let start = tokio::time::Instant::now();
    scene.publish("three");
    for reader in &mut fast {
        let waited = reader.next().await.at - start;
        assert!(waited < Duration::from_millis(100), "{waited:?}");
    }
    for reader in &mut slow {
        assert!(reader.next().await.at - start < SECOND, "they are tried nevertheless");
    }
}

#[tokio::test(start_paused = true)]
async fn one_host_gets_only_so_many_at_a_time() {
    let scene = Scene::with(Settings { concurrency_per_host: 3, ..settings() });
    scene.world.name("big.example", &[&["93.184.216.34"]]);
    let script = |request: &Request| match request.method.as_str() {
        "GET" => Reply::Consent,
        _ => Reply::Late(2 * SECOND),
    };
    let mut big = scene.world.server("93.184.216.34:80", script);
    for number in 0..10 {
        scene.subscribe(&format!("http://big.example/{number}"), &[]).await;
        assert!(big.next().await.is_verification());
    }
    scene.pass(SECOND).await;
    scene.publish("two");
    let mut times = Vec::new();
    for _ in 0..10 {
        times.push(big.next().await.at);
    }
    for window in times.windows(4) {
        assert!(window[3] - window[0] >= 2 * SECOND - Duration::from_millis(10), "four within two seconds");
    }
    assert!(times[9] - times[0] < 8 * SECOND, "but one after the other");
}

#[tokio::test(start_paused = true)]
async fn every_format_is_a_topic_of_its_own() {
    let scene = Scene::new();
    scene.world.name("reader.example", &[&["93.184.216.34"]]);
    let mut reader = scene.world.server("93.184.216.34:80", consent);
    let topic = format!("{SITE}/feed.json");
    let form =
        [("hub.mode", "subscribe"), ("hub.topic", topic.as_str()), ("hub.callback", "http://reader.example/json")];
    assert_eq!(scene.post(&form).await.status.as_u16(), 202);
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    scene.publish("only the Atom document changed");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_delivers_what_was_not_delivered() {
    for in_order in [true, false] {
        let scene = Scene::new();
        let mut one = subscriber(&scene, 1, answers([500]), &[("hub.secret", "s")]).await;
        let mut two = subscriber(&scene, 2, consent, &[]).await;
        scene.publish("two");
        assert_eq!(one.next().await.body, b"two");
        assert_eq!(two.next().await.body, b"two");
        scene.pass(SECOND).await;
        let scene = scene.restart(in_order).await;
        let again = one.next().await;
        assert_eq!(again.body, b"two", "the failed one is made again");
        assert!(again.header("x-hub-signature").is_some(), "with the same secret");
        two.silent(60 * SECOND).await;
        scene.publish("three");
        assert_eq!(one.next().await.body, b"three");
        assert_eq!(two.next().await.body, b"three");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_the_change_and_its_delivery_loses_nothing() {
    let scene = Scene::new();
    let mut reader = subscriber(&scene, 1, consent, &[]).await;
    // The document changes, and the hub hears of it only after a restart.
    let slot = scene.published.slot("/atom.xml").unwrap();
    let old = slot.load().unwrap();
    let new = seedcast::feed::Document::new(
        old.content_type,
        b"two".to_vec(),
        old.last_modified,
        old.cache,
        old.link.clone(),
    );
    slot.publish(new);
    let _scene = scene.restart(false).await;
    assert_eq!(reader.next().await.body, b"two");
}

#[tokio::test(start_paused = true)]
async fn a_change_between_request_and_verification_is_delivered() {
    let scene = Scene::new();
    scene.world.name("reader.example", &[&["93.184.216.34"]]);
    let script = |request: &Request| match request.method.as_str() {
        "GET" => Reply::Late(5 * SECOND),
        _ => Reply::Consent,
    };
    let mut reader = scene.world.server("93.184.216.34:80", script);
    scene.subscribe("http://reader.example/", &[]).await;
    assert!(reader.next().await.is_verification());
    scene.publish("two");
    assert_eq!(reader.next().await.body, b"two");
}

#[tokio::test(start_paused = true)]
async fn other_hubs_are_pinged_once_a_change_and_again_after_a_failure() {
    let external = vec!["http://127.0.0.1:9999/hub".to_owned()];
    let scene = Scene::with(Settings { is_enabled: false, external, ..settings() });
    let mut hub = scene.world.server("127.0.0.1:9999", answers([200, 200, 200, 500]));
    let mut first = Vec::new();
    for _ in 0..3 {
        let ping = hub.next().await;
        assert_eq!(ping.method, "POST");
        assert_eq!(ping.header("content-type"), Some("application/x-www-form-urlencoded"));
        let form: Vec<(String, String)> = url::form_urlencoded::parse(&ping.body).into_owned().collect();
        assert!(form.contains(&("hub.mode".to_owned(), "publish".to_owned())), "{form:?}");
        first.push(form.into_iter().find(|(name, _)| name == "hub.url").unwrap().1);
    }
    first.sort();
    assert_eq!(first, ["atom.xml", "feed.json", "rss.xml"].map(|name| format!("{SITE}/{name}")));
    hub.silent(DAY).await;
    scene.publish("two");
    let failed = hub.next().await;
    scene.pass(SECOND).await;
    let again = hub.next().await;
    assert_eq!(again.body, failed.body);
    hub.silent(DAY).await;
    scene.hub.changed(&["/atom.xml".to_owned()]);
    hub.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn changes_while_another_hub_is_pinged_become_one_more_ping() {
    let external = vec!["http://127.0.0.1:9999/hub".to_owned()];
    let scene = Scene::with(Settings { is_enabled: false, external, ..settings() });
    let mut hub = scene.world.server("127.0.0.1:9999", |_: &Request| Reply::Late(5 * SECOND));
    for _ in 0..3 {
        hub.next().await;
    }
    scene.pass(60 * SECOND).await;
    for text in ["two", "three", "four", "five"] {
        scene.publish(text);
        scene.pass(SECOND).await;
    }
    for _ in 0..2 {
        assert_eq!(hub.next().await.method, "POST");
    }
    hub.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_is_switched_off_sends_nothing_and_goes_on_when_it_is_on_again() {
    for external in [vec![], vec!["http://127.0.0.1:9999/hub".to_owned()]] {
        let scene = Scene::new();
        let mut other = scene.world.server("127.0.0.1:9999", consent);
        let mut reader = subscriber(&scene, 1, consent, &[]).await;
        scene.hub.reconfigure(Settings { is_enabled: false, external: external.clone(), ..settings() }, SITE);
        scene.publish("two");
        for _ in 0..3 * external.len() {
            assert_eq!(other.next().await.method, "POST", "other hubs are told all the same");
        }
        reader.silent(DAY).await;
        scene.publish("three");
        reader.silent(DAY).await;
        assert_eq!(scene.hub.status().unwrap().topics[0].subscribers, 1);
        scene.hub.reconfigure(settings(), SITE);
        assert_eq!(reader.next().await.body, b"three");
        reader.silent(DAY).await;
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_end_with_the_lease() {
    let scene = Scene::new();
    let mut reader = subscriber(&scene, 1, answers([500; 1000]), &[("hub.lease_seconds", "600")]).await;
    let start = tokio::time::Instant::now();
    scene.publish("two");
    let mut last = reader.next().await.at;
    while let Ok(request) = tokio::time::timeout(DAY, reader.next()).await {
        last = request.at;
    }
    assert!((400 * SECOND..600 * SECOND).contains(&(last - start)), "{:?}", last - start);
    assert_eq!(scene.subscriptions(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_status_tells_who_is_behind() {
    let scene = Scene::new();
    let _one = subscriber(&scene, 1, answers([500, 500, 500, 500]), &[]).await;
    let _two = subscriber(&scene, 2, consent, &[]).await;
    scene.publish("two");
    scene.pass(SECOND).await;
    let status = scene.hub.status().unwrap();
    assert_eq!((status.subscriptions, status.due), (2, 1));
    assert_eq!(status.topics[0].subscribers, 2);
    let host = &status.hosts[0];
    assert_eq!((host.host.as_str(), host.failing), ("reader1.example", 1));
    assert!(host.next_retry.is_some() && host.last_delivery.is_none());
    assert!(status.hosts[1].last_delivery.is_some());
    assert_eq!(status.listed[0].problem.as_deref(), Some("answered 500 Internal Server Error"));
    let json = serde_json::to_string(&status).unwrap();
    assert!(!json.contains("/cb"), "a callback is as good as a password");
}

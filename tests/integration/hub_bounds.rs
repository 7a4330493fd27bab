//! What a stranger can make the hub do, keep and hold, and for how long.

use std::time::Duration;

use seedcast::hub::{PATH, Settings};

use crate::hub_scene::{Reply, Request, Scene, TOPIC, settings};

const CALLBACK: &str = "http://reader.example/cb";
const ADDRESS: &str = "93.184.216.34:80";
const SECOND: Duration = Duration::from_secs(1);

fn scene() -> Scene {
    let scene = Scene::new();
    scene.world.name("reader.example", &[&["93.184.216.34"]]);
    scene
}

fn consent(_: &Request) -> Reply {
    Reply::Consent
}

#[tokio::test(start_paused = true)]
async fn a_full_hub_says_no() {
    let scene = Scene::with(Settings { max_subscriptions: 2, ..settings() });
    scene.world.name("reader.example", &[&["93.184.216.34"]]);
    let mut reader = scene.world.server(ADDRESS, consent);
    for number in 0..3 {
        scene.subscribe(&format!("http://reader.example/{number}"), &[]).await;
        assert!(reader.next().await.is_verification());
        scene.pass(SECOND).await;
    }
    assert_eq!(reader.next().await.query("hub.mode").as_deref(), Some("denied"));
    assert_eq!(scene.subscriptions(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_requests_is_bounded_and_stores_nothing() {
    let scene = scene();
    let _reader = scene.world.server(ADDRESS, |_: &Request| Reply::Late(60 * SECOND));
    let mut accepted = 0;
    let mut refused = 0;
    for number in 0..2000 {
        match scene.subscribe(&format!("http://reader.example/{number}"), &[]).await {
            202 => accepted += 1,
            429 | 503 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!((1..=64).contains(&accepted), "{accepted} at a time on one host");
    assert_eq!(accepted + refused, 2000);
    scene.pass(60 * SECOND).await;
    assert_eq!(scene.subscriptions(), 0);
    assert_eq!(scene.subscribe(CALLBACK, &[]).await, 202, "and when it is over, others are heard again");
}

#[tokio::test(start_paused = true)]
async fn one_host_is_not_pestered_for_long() {
    let scene = scene();
    let _reader = scene.world.server(ADDRESS, |_: &Request| Reply::Answer(404, String::new()));
    for second in 0..600 {
        for number in 0..20 {
            scene.subscribe(&format!("http://reader.example/{second}/{number}"), &[]).await;
        }
        scene.pass(SECOND).await;
    }
    let asked = scene.world.connections().len();
    assert!(asked < 1600, "{asked} requests in ten minutes");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_caller_to_many_hosts_leaves_room_for_others() {
    let scene = scene();
    let _slow = scene.world.server("93.184.216.35:80", |_: &Request| Reply::Late(60 * SECOND));
    let ask = async |client: String, number: usize| {
        let host = format!("reader{number}.example");
        scene.world.name(&host, &[&["93.184.216.35"]]);
        let callback = format!("http://{host}/");
        let form = [("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", &callback)];
        scene.post_to(PATH, Some(&client), &form).await.status.as_u16()
    };
    let mut accepted = 0;
    for number in 0..500 {
        // Whoever has one IPv6 address has as many as it likes.
        accepted += usize::from(ask(format!("2a00:1450:4001::{number:x}"), number).await == 202);
    }
    assert!((1..=64).contains(&accepted), "{accepted}");
    assert_eq!(ask("198.51.100.7".to_owned(), 500).await, 202);
    // Even all together get no more than this.
    for number in 501..3000 {
        accepted += usize::from(ask(format!("198.51.{}.{}", number / 250, number % 250), number).await == 202);
    }
    assert!((400..=512).contains(&accepted), "{accepted}");
    scene.pass(60 * SECOND).await;
    assert_eq!(scene.subscriptions(), 0);
}

#[tokio::test(start_paused = true)]
async fn subscribers_that_take_long_to_confirm_hold_up_no_delivery() {
    let scene = scene();
    let mut reader = scene.world.server(ADDRESS, consent);
    assert_eq!(scene.subscribe(CALLBACK, &[]).await, 202);
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    scene.world.name("slow.example", &[&["93.184.216.35"]]);
    let _slow = scene.world.server("93.184.216.35:80", |_: &Request| Reply::Late(60 * SECOND));
    for number in 0..60 {
        assert_eq!(scene.subscribe(&format!("http://slow.example/{number}"), &[]).await, 202);
    }
    let start = tokio::time::Instant::now();
    scene.publish("two");
    assert!(reader.next().await.at - start < SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_end_is_not_read() {
    let scene = scene();
    let mut reader = scene.world.server(ADDRESS, |request: &Request| match request.target.as_str() {
        target if target.starts_with("/endless") => Reply::Endless,
        _ if request.method == "POST" => Reply::Endless,
        _ => Reply::Consent,
    });
    assert_eq!(scene.subscribe("http://reader.example/endless", &[]).await, 202);
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    assert_eq!(scene.subscriptions(), 0, "a challenge is as long as a challenge is");
    assert_eq!(scene.subscribe(CALLBACK, &[]).await, 202);
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    scene.publish("two");
    assert_eq!(reader.next().await.method, "POST");
    scene.pass(SECOND).await;
    let status = scene.hub.status().unwrap();
    assert_eq!((status.subscriptions, status.due), (1, 0), "the status says that it was taken");
}

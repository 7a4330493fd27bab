//! Subscriptions to feeds whose documents are made only when somebody asks.

use std::time::Duration;

use seedcast::hub::Settings;

use crate::hub_scene::{Inbox, Reply, Request, SITE, Scene, TOPIC, settings};

const PATH: &str = "/categories/d%C3%BCnya/atom.xml";
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

fn consent(_: &Request) -> Reply {
    Reply::Consent
}

fn scene_with(settings: Settings) -> Scene {
    let scene = Scene::with(settings);
    scene.world.name("reader.example", &[&["93.184.216.34"]]);
    scene.shelf.put(PATH, Some("one"));
    scene
}

async fn ask(scene: &Scene, mode: &str, path: &str) -> u16 {
    let topic = format!("{SITE}{path}");
    let form = [("hub.mode", mode), ("hub.topic", &topic), ("hub.callback", "http://reader.example/cb")];
    scene.post(&form).await.status.as_u16()
}

async fn reader(scene: &Scene, script: impl FnMut(&Request) -> Reply + Send + 'static) -> Inbox {
    let mut inbox = scene.world.server("93.184.216.34:80", script);
    assert_eq!(ask(scene, "subscribe", PATH).await, 202);
    assert!(inbox.next().await.is_verification());
    scene.pass(SECOND).await;
    inbox
}

fn change(scene: &Scene, text: &str) {
    scene.shelf.put(PATH, Some(text));
    scene.hub.stale(PATH);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_delivered_as_it_stands_at_the_topic() {
    let scene = scene_with(settings());
    let mut reader = reader(&scene, consent).await;
    reader.silent(DAY).await;
    change(&scene, "two");
    let delivery = reader.next().await;
    assert_eq!((delivery.method.as_str(), delivery.body.as_slice()), ("POST", b"two".as_slice()));
    let link = format!("<{SITE}/hub>; rel=\"hub\", <{SITE}{PATH}>; rel=\"self\"");
    assert_eq!(delivery.header("link"), Some(link.as_str()));
    scene.pass(SECOND).await;
    let status = scene.hub.status().unwrap();
    assert_eq!((status.due, status.topics[0].is_live), (0, true));
    // A change of no byte is none.
    scene.hub.stale(PATH);
    reader.silent(DAY).await;
    assert_eq!(ask(&scene, "unsubscribe", PATH).await, 202);
    assert!(reader.next().await.is_verification());
    scene.pass(SECOND).await;
    change(&scene, "three");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn only_feeds_that_there_are_are_topics() {
    let scene = scene_with(settings());
    let _reader = scene.world.server("93.184.216.34:80", consent);
    for path in ["/categories/d%C3%BCnya/archive/1/atom.xml", "/categories/d%c3%bcnya/atom.xml", "/authors/x/atom.xml"]
    {
        scene.shelf.put(path, Some("made, but no topic"));
    }
    for path in [
        "/categories/none/atom.xml",
        "/categories/d%c3%bcnya/atom.xml",
        "/categories/d%C3%BCnya/archive/1/atom.xml",
        "/categories/dünya/atom.xml",
        "/categories//atom.xml",
        "/categories/atom.xml",
        "/categories/d%C3%BCnya/",
        "//categories/d%C3%BCnya/atom.xml",
        "/authors/x/atom.xml",
    ] {
        for mode in ["subscribe", "publish"] {
            assert_eq!(ask(&scene, mode, path).await, 400, "{mode} {path}");
        }
    }
    assert_eq!(ask(&scene, "publish", PATH).await, 202);
    assert_eq!(ask(&scene, "subscribe", PATH).await, 202);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_for_topics_without_subscription() {
    let scene = scene_with(settings());
    scene.shelf.put("/sources/other.example/atom.xml", Some("one"));
    let mut reader = reader(&scene, consent).await;
    let before = scene.shelf.made().len();
    for number in 0..100 {
        scene.hub.stale("/sources/other.example/atom.xml");
        scene.hub.stale(&format!("/items/{number}/"));
        scene.pass(SECOND).await;
    }
    assert_eq!(scene.shelf.made().len(), before);
    change(&scene, "two");
    assert_eq!(reader.next().await.body, b"two");
    assert_eq!(scene.shelf.made().len(), before + 1, "and once for one that has");
}

#[tokio::test(start_paused = true)]
async fn a_change_while_the_document_is_made_is_not_missed() {
    let scene = scene_with(settings());
    let mut reader = reader(&scene, consent).await;
    *scene.shelf.takes.lock().unwrap() = 3 * SECOND;
    change(&scene, "two");
    scene.pass(SECOND).await;
    change(&scene, "three");
    let delivery = reader.next().await;
    assert_eq!(delivery.body, b"three", "what was half made is out of date");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_change_while_a_delivery_is_under_way_follows_it() {
    let scene = scene_with(settings());
    let slow = |request: &Request| match request.method.as_str() {
        "GET" => Reply::Consent,
        _ => Reply::Late(5 * SECOND),
    };
    let mut reader = reader(&scene, slow).await;
    change(&scene, "two");
    assert_eq!(reader.next().await.body, b"two");
    change(&scene, "three");
    let next = reader.next().await;
    assert_eq!(next.body, b"three");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_document_that_takes_long_holds_up_no_other() {
    let scene = scene_with(settings());
    let mut slow = reader(&scene, consent).await;
    scene.world.name("other.example", &[&["93.184.216.35"]]);
    let mut fast = scene.world.server("93.184.216.35:80", consent);
    assert_eq!(scene.subscribe("http://other.example/", &[]).await, 202);
    assert!(fast.next().await.is_verification());
    scene.pass(SECOND).await;
    *scene.shelf.takes.lock().unwrap() = 60 * SECOND;
    let start = tokio::time::Instant::now();
    change(&scene, "two");
    scene.publish("two");
    assert!(fast.next().await.at - start < SECOND, "{TOPIC}");
    assert!(slow.next().await.at - start >= 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_cannot_be_made_is_tried_again() {
    let scene = scene_with(settings());
    let mut reader = reader(&scene, consent).await;
    scene.shelf.put(PATH, None);
    let topic = format!("{SITE}{PATH}");
    let form = [("hub.mode", "subscribe"), ("hub.topic", &topic), ("hub.callback", "http://reader.example/cb")];
    let answer = scene.post(&form).await;
    assert_eq!((answer.status.as_u16(), answer.retry_after_seconds), (503, Some(5)));
    scene.hub.stale(PATH);
    reader.silent(60 * SECOND).await;
    // No further word of a change comes.
    scene.shelf.put(PATH, Some("two"));
    assert_eq!(reader.next().await.body, b"two");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_before_the_delivery_loses_nothing() {
    let scene = scene_with(settings());
    let mut reader = reader(&scene, consent).await;
    scene.shelf.put(PATH, Some("two"));
    let scene = scene.restart(false).await;
    assert_eq!(reader.next().await.body, b"two");
    change(&scene, "three");
    assert_eq!(reader.next().await.body, b"three", "and what comes later is watched again");
    reader.silent(DAY).await;
}

#[tokio::test(start_paused = true)]
async fn other_hubs_are_not_pinged_about_them() {
    let external = vec!["http://127.0.0.1:9999/hub".to_owned()];
    let scene = scene_with(Settings { external, ..settings() });
    let mut hub = scene.world.server("127.0.0.1:9999", consent);
    for _ in 0..3 {
        assert_eq!(hub.next().await.method, "POST");
    }
    let mut reader = reader(&scene, consent).await;
    change(&scene, "two");
    assert_eq!(reader.next().await.body, b"two");
    hub.silent(DAY).await;
}

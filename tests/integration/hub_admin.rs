//! What an operator sees of the hub, and can do about a subscription.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use crate::hub_subscriber::{Subscriber, edition, post_to, subscribe};
use crate::running::{PATIENCE, Place, Server, eventually, get, program, run, write_seed};
use crate::service_admin::{ask, metric};

const CONFIGURATION: &str = "[hub]\nallow_callbacks = [\"127.0.0.0/8\"]\nretry_seconds = [3600]\nrsscloud = true\n";
const ATOM: &str = "http://feeds.example/atom.xml";
const RSS: &str = "http://feeds.example/rss.xml";

fn status(place: &Place) -> serde_json::Value {
    let (code, body) = ask(place, "GET", "/hub", "");
    assert_eq!(code, 200);
    serde_json::from_str(&body).unwrap()
}

fn table(place: &Place) -> String {
    let (code, out, err) = run(program().args(["status", "--hub", "--admin", &place.admin()]));
    assert_eq!(code, 0, "{err}");
    out
}

/// The line of a table that begins with this cell, in cells.
fn row<'a>(table: &'a str, first: &str) -> Vec<&'a str> {
    let cells = |line: &'a str| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>();
    table.lines().map(cells).find(|cells| cells.first() == Some(&first)).unwrap_or_else(|| panic!("{first}\n{table}"))
}

/// A server with a subscriber that takes everything, and one on another host whose deliveries fail.
fn scene() -> (Place, Server, std::net::SocketAddr, Subscriber, Subscriber) {
    let place = Place::new(CONFIGURATION);
    write_seed(&place.seeds().join("0.txt"), &edition(0));
    let (server, address) = Server::ready(place.serve_with_admin());
    let (good, bad) = (Subscriber::start(), Subscriber::start_at("127.0.0.2:0"));
    bad.fail();
    subscribe(address, ATOM, &good.callback("/a-good-secret-path"), "secret-one");
    subscribe(address, ATOM, &bad.callback("/a-bad-secret-path"), "secret-two");
    let port = good.address().port().to_string();
    let form = [("protocol", "http-post"), ("port", port.as_str()), ("path", "/cloud"), ("url1", RSS)];
    assert!(post_to(address, "/rsscloud/pleaseNotify", &form).unwrap().contains("success=\"true\""));
    eventually("all are subscribed", PATIENCE, || (status(&place)["subscriptions"] == 3).then_some(()));
    (place, server, address, good, bad)
}

#[test]
fn an_operator_sees_topics_hosts_deliveries_failures_and_retries() {
    let empty = Place::new("");
    let (_server, _) = Server::ready(empty.serve_with_admin());
    assert!(table(&empty).starts_with("0 subscriptions, 0 of them due\n"));

    let (place, _server, address, good, bad) = scene();
    let before = status(&place);
    assert_eq!((&before["due"], &before["hosts"][0]["last_delivery"]), (&0.into(), &serde_json::Value::Null));
    write_seed(&place.seeds().join("1.txt"), &edition(1));
    let seen = eventually("one failed, two were delivered", PATIENCE, || {
        let status = status(&place);
        let counted = status["counters"]["delivered"] == 2 && status["counters"]["failed"] == 1;
        // What came of an attempt is counted a moment before it is recorded.
        (counted && status["due"] == 1 && status["hosts"][1]["failing"] == 1).then_some(status)
    });
    let time = |value: &serde_json::Value| value.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let [atom, rss] = [&seen["topics"][0], &seen["topics"][1]];
    assert_eq!((&atom["topic"], &atom["subscribers"], &atom["due"]), (&ATOM.into(), &2.into(), &1.into()));
    assert_eq!((&rss["topic"], &rss["subscribers"], &rss["due"]), (&RSS.into(), &1.into(), &0.into()));
    assert_eq!((&atom["is_live"], &rss["is_live"]), (&true.into(), &true.into()));
    let [one, two] = [&seen["hosts"][0], &seen["hosts"][1]];
    assert_eq!((&one["host"], &one["subscriptions"], &one["failing"]), (&"127.0.0.1".into(), &2.into(), &0.into()));
    assert_eq!((&two["host"], &two["subscriptions"], &two["failing"]), (&"127.0.0.2".into(), &1.into(), &1.into()));
    let delivered = time(&one["last_delivery"]);
    assert!(one["next_retry"].is_null() && two["last_delivery"].is_null());
    let wait = time(&two["next_retry"]) - delivered;
    assert!((2870..4400).contains(&wait.num_seconds()), "an hour, a fifth shorter or longer: {wait}");
    let worst = &seen["listed"][0];
    assert_eq!(
        (&worst["host"], &worst["failures"], &worst["kind"]),
        (&"127.0.0.2".into(), &1.into(), &"websub".into())
    );
    assert!(worst["problem"].as_str().unwrap().contains("500"));
    let kinds: Vec<_> = (0..3).map(|at| seen["listed"][at]["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"rsscloud"), "{kinds:?}");

    let text = table(&place);
    assert!(text.starts_with("3 subscriptions, 1 of them due\n"), "{text}");
    assert_eq!(row(&text, ATOM), [ATOM, "2", "1"]);
    let stamp = |value: &serde_json::Value| time(value).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    assert_eq!(row(&text, "127.0.0.1"), ["127.0.0.1", "2", "0", &stamp(&one["last_delivery"]), "-"]);
    assert_eq!(row(&text, "127.0.0.2"), ["127.0.0.2", "1", "1", "-", &stamp(&two["next_retry"])]);
    let id = worst["id"].to_string();
    let failing = row(&text, &id);
    assert_eq!(failing[1..4], ["127.0.0.2", "1", &stamp(&two["next_retry"])]);
    assert!(failing[4].contains("500"), "{failing:?}");
    let (code, json, _) = run(program().args(["status", "--hub", "--format", "json", "--admin", &place.admin()]));
    assert_eq!((code, serde_json::from_str::<serde_json::Value>(&json).unwrap()), (0, seen));
    for secret in ["secret-path", "secret-one", "secret-two", "/cloud"] {
        assert!(!json.contains(secret) && !text.contains(secret), "{secret}");
    }
    let (_, metrics) = ask(&place, "GET", "/metrics", "");
    for (event, count) in [("accepted", 3.0), ("verified", 3.0), ("delivered", 2.0), ("failed", 1.0), ("dropped", 0.0)]
    {
        assert_eq!(
            metric(&metrics, &format!("seedcast_hub_events_total{{event=\"{event}\"}}")),
            Some(count),
            "{event}"
        );
    }
    assert_eq!((good.deliveries().len(), bad.deliveries().len()), (3, 1), "the test of the registration is one");
    assert_eq!(get(address, "/readyz", &[]).unwrap().status, 200);
}

#[test]
fn table_of_the_hub_gives_1_when_the_service_is_not_ready() {
    let place = Place::new("");
    let (_server, address) = Server::ready(place.serve_with_admin());
    std::fs::rename(place.seeds(), place.seeds().with_file_name("elsewhere")).unwrap();
    eventually("it is not ready", PATIENCE, || (get(address, "/readyz", &[]).ok()?.status == 503).then_some(()));
    for format in ["text", "json"] {
        let (code, out, _) = run(program().args(["status", "--hub", "--format", format, "--admin", &place.admin()]));
        assert_eq!(code, 1, "{out}");
        assert!(out.contains("subscriptions"), "{out}");
    }
}

#[test]
fn an_operator_drops_a_subscription_and_its_subscriber_is_told() {
    let (place, _server, address, good, bad) = scene();
    let listed = status(&place)["listed"].as_array().unwrap().clone();
    let id = listed.iter().find(|one| one["host"] == "127.0.0.2").unwrap()["id"].to_string();
    for (method, target, field, code) in [
        ("GET", format!("/hub/drop?id={id}"), "", 405),
        ("POST", "/hub/drop".to_owned(), "", 400),
        ("POST", "/hub/drop?id=x".to_owned(), "", 400),
        ("POST", "/hub/drop?id=4711".to_owned(), "", 404),
        ("POST", format!("/hub/drop?id={id}"), "Origin: https://evil.example\r\n", 403),
    ] {
        assert_eq!(ask(&place, method, &target, field).0, code, "{method} {target}");
    }
    assert!(
        post_to(address, &format!("/hub/drop?id={id}"), &[]).unwrap().starts_with("HTTP/1.1 405 "),
        "not in public"
    );
    assert_eq!(status(&place)["subscriptions"], 3);
    assert_eq!(ask(&place, "POST", &format!("/hub/drop?id={id}"), "").0, 202);
    assert_eq!(ask(&place, "POST", &format!("/hub/drop?id={id}"), "").0, 404, "it is ended already");
    let told = eventually("the subscriber is told", PATIENCE, || {
        bad.asked().into_iter().find(|target| target.contains("hub.mode=denied"))
    });
    assert!(told.starts_with("/a-bad-secret-path?") && told.contains("hub.reason="), "{told}");
    let now = status(&place);
    assert_eq!((&now["subscriptions"], &now["counters"]["dropped"]), (&2.into(), &1.into()));
    write_seed(&place.seeds().join("1.txt"), &edition(1));
    eventually("the others are served", PATIENCE, || (status(&place)["counters"]["delivered"] == 2).then_some(()));
    assert_eq!((good.deliveries().len(), bad.deliveries().len()), (3, 0));
}

#[test]
fn a_ping_of_another_hub_ends_never_and_says_so() {
    let place = Place::new("[hub]\nallow_callbacks = [\"127.0.0.0/8\"]\nexternal = [\"HUB\"]\n");
    let other = Subscriber::start();
    let configuration = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), configuration.replace("HUB", &other.callback("/hub"))).unwrap();
    write_seed(&place.seeds().join("0.txt"), &edition(0));
    let (_server, address) = Server::ready(place.serve_with_admin());
    let subscriber = Subscriber::start();
    subscribe(address, ATOM, &subscriber.callback("/x"), "secret");
    let listed = eventually("both are listed", PATIENCE, || {
        let listed = status(&place)["listed"].as_array().unwrap().clone();
        let has = |kind: &str| listed.iter().any(|one| one["kind"] == kind);
        (has("ping") && has("websub")).then_some(listed)
    });
    for one in listed {
        assert_eq!(one["expires_at"].is_null(), one["kind"] == "ping", "{one}");
    }
    let (code, _, err) = run(program().args(["status", "--hub", "--admin", &place.admin()]));
    assert_eq!(code, 0, "{err}");
}

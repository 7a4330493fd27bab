//! Nobody can make the hub talk to what only its machine can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use proptest::prelude::*;
use seedcast::http::Cidr;
use seedcast::hub::address::{Policy, closed};
use seedcast::hub::{Callback, Settings};

use crate::hub_scene::{Reply, Request, Scene, settings};

const SECOND: Duration = Duration::from_secs(1);

/// Hosts of callbacks that lead to addresses that are not public, in every spelling that URL parsers know.
const CLOSED: [&str; 76] = [
    // Loopback
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0x0.0x0.0x1",
    "0x7f.1",
    "0177.0.0.1",
    "0177.0000.0000.0001",
    "017700000001",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    // This host, everybody
    "0.0.0.0",
    "0",
    "0x0",
    "0.1.2.3",
    "[::]",
    "255.255.255.255",
    "4294967295",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "[ff02::1]",
    "[ff0e::1]",
    // Private
    "10.0.0.1",
    "10.255.255.255",
    "012.0.0.1",
    "0xa000001",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.257",
    "3232235521",
    "[::ffff:10.0.0.1]",
    "[::ffff:c0a8:1]",
    "[64:ff9b::10.0.0.1]",
    "[2002:c0a8:1::1]",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fec0::1]",
    // Carriers, links, clouds' metadata
    "100.64.0.1",
    "100.127.255.255",
    "169.254.169.254",
    "0xa9fea9fe",
    "[::ffff:169.254.169.254]",
    "[fe80::1]",
    "[febf::1]",
    // Documentation, benchmarks, assignments
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "[2001:db8::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[3fff::1]",
    "[100::1]",
    "[5f00::1]",
];

#[tokio::test(start_paused = true)]
async fn no_spelling_of_a_closed_address_is_taken_as_a_callback() {
    let scene = Scene::new();
    for host in CLOSED {
        for scheme in ["http", "https"] {
            let callback = format!("{scheme}://{host}/cb");
            assert_eq!(scene.subscribe(&callback, &[]).await, 400, "{callback}");
        }
    }
    scene.pass(60 * SECOND).await;
    assert!(scene.world.connections().is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_name_that_leads_to_a_closed_address_gets_a_connection() {
    let policy = Policy { allowed: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()], ports: vec![80..=80] };
    let scene = Scene::new();
    let mut asked = 0;
    for host in CLOSED {
        let Ok(callback) = Callback::parse(&format!("http://{host}/"), &policy) else { continue };
        let address = callback.literal().unwrap().to_string();
        let name = format!("trap{asked}.example");
        // Alone, and hidden behind an open one.
        for answer in [&[address.as_str()][..], &["93.184.216.34", address.as_str()]] {
            scene.world.name(&name, &[answer]);
            assert_eq!(scene.subscribe(&format!("http://{name}/"), &[]).await, 202);
            scene.pass(SECOND).await;
        }
        asked += 1;
    }
    assert!(asked >= 40, "{asked}");
    assert_eq!(scene.world.lookups(), asked * 2);
    assert!(scene.world.connections().is_empty(), "{:?}", scene.world.connections());
    assert_eq!(scene.subscriptions(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_changes_after_the_check_changes_nothing() {
    let scene = Scene::new();
    scene.world.name("rebind.example", &[&["93.184.216.34"], &["127.0.0.1"]]);
    let _inside = scene.world.server("127.0.0.1:80", |_: &Request| Reply::Consent);
    let mut outside = scene.world.server("93.184.216.34:80", |_: &Request| Reply::Consent);
    scene.subscribe("http://rebind.example/", &[]).await;
    assert!(outside.next().await.is_verification());
    scene.pass(SECOND).await;
    assert_eq!(scene.world.lookups(), 1, "checked and connected to with one answer");
    // At the delivery the name leads inside: it is checked anew.
    scene.publish("two");
    scene.pass(86_400 * SECOND).await;
    assert!(scene.world.lookups() > 1);
    assert_eq!(scene.world.connections(), ["93.184.216.34:80".parse::<SocketAddr>().unwrap()]);
}

#[tokio::test(start_paused = true)]
async fn no_redirect_is_followed_at_verification_or_delivery() {
    let scene = Scene::new();
    scene.world.name("reader.example", &[&["93.184.216.34"]]);
    let _inside = scene.world.server("127.0.0.1:8080", |_: &Request| Reply::Consent);
    let script = |request: &Request| match request.method.as_str() {
        "GET" if request.target.contains("/good") => Reply::Consent,
        _ => Reply::Redirect("http://127.0.0.1:8080/secret".into()),
    };
    let _outside = scene.world.server("93.184.216.34:80", script);
    scene.subscribe("http://reader.example/bad", &[]).await;
    scene.subscribe("http://reader.example/good", &[]).await;
    scene.pass(SECOND).await;
    assert_eq!(scene.subscriptions(), 1);
    scene.publish("two");
    scene.pass(3600 * SECOND).await;
    let outside: SocketAddr = "93.184.216.34:80".parse().unwrap();
    assert!(scene.world.connections().len() > 3);
    assert!(scene.world.connections().iter().all(|address| *address == outside));
}

#[tokio::test(start_paused = true)]
async fn networks_that_the_operator_allows_are_open_and_no_others() {
    let allowed: Vec<Cidr> = ["10.1.0.0/16", "fd00:1::/32"].map(|text| text.parse().unwrap()).to_vec();
    let callbacks = Policy { allowed, ports: vec![80..=80] };
    let scene = Scene::with(Settings { callbacks, ..settings() });
    let mut inside = scene.world.server("10.1.2.3:80", |_: &Request| Reply::Consent);
    for host in ["10.1.2.3", "[::ffff:10.1.2.3]", "[fd00:1::5]"] {
        assert_eq!(scene.subscribe(&format!("http://{host}/"), &[]).await, 202, "{host}");
    }
    for host in ["10.2.0.1", "127.0.0.1", "[fd00:2::5]", "192.168.0.1", "169.254.169.254"] {
        assert_eq!(scene.subscribe(&format!("http://{host}/"), &[]).await, 400, "{host}");
    }
    assert!(inside.next().await.is_verification());
    assert!(inside.next().await.is_verification());
}

#[test]
fn public_addresses_are_open() {
    for text in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1",
        "2606:4700:4700::1111",
        "2a00:1450:4001::1",
        "2001:4860:4860::8888",
    ] {
        assert_eq!(closed(text.parse().unwrap()), None, "{text}");
    }
}

#[test]
fn networks_are_read_strictly() {
    for text in ["10.0.0.0/8", "10.1.2.3", "0.0.0.0/0", "fd00::/8", "::/0", "::1"] {
        text.parse::<Cidr>().unwrap();
    }
    for text in ["", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "fd00::/129", "fd00::1/8", "example.org", "10/8"] {
        assert!(text.parse::<Cidr>().is_err(), "{text}");
    }
}

#[test]
fn networks_of_ipv4_written_as_ipv6_are_ipv4() {
    let mapped: Cidr = "::ffff:10.0.0.0/104".parse().unwrap();
    assert_eq!(mapped, "10.0.0.0/8".parse().unwrap());
    assert!(mapped.contains("10.1.2.3".parse().unwrap()));
    assert_eq!("::ffff:10.1.2.3".parse::<Cidr>(), "10.1.2.3".parse());
    assert_eq!("::ffff:0.0.0.0/96".parse::<Cidr>(), "0.0.0.0/0".parse());
    assert!("::ffff:10.0.0.0/95".parse::<Cidr>().is_err(), "half in IPv6, half in IPv4");
}

/// The standard library knows some of the ranges too: whatever it calls private is closed here as well.
fn is_private_by_another_opinion(address: IpAddr) -> bool {
    let v4 = |v4: Ipv4Addr| {
        v4.is_private()
            || v4.is_loopback()
            || v4.is_link_local()
            || v4.is_broadcast()
            || v4.is_documentation()
            || v4.is_multicast()
            || v4.is_unspecified()
    };
    match address {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.to_ipv4_mapped().is_some_and(v4)
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_private_is_closed_in_all_its_forms(bits: u32, six: u128) {
        let four = Ipv4Addr::from_bits(bits);
        let [high, low] = [bits >> 16, bits & 0xffff].map(|half| u16::try_from(half).unwrap());
        let forms = [
            IpAddr::V4(four),
            IpAddr::V6(four.to_ipv6_mapped()),
            IpAddr::V6(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low)),
        ];
        let is_closed = closed(forms[0]).is_some();
        for form in forms {
            prop_assert_eq!(closed(form).is_some(), is_closed, "{}", form);
            prop_assert!(is_closed || !is_private_by_another_opinion(form));
        }
        prop_assert!(closed(IpAddr::V6(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1))).is_some());
        prop_assert!(closed(IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low))).is_some());
        let six = IpAddr::V6(Ipv6Addr::from_bits(six));
        prop_assert!(closed(six).is_some() || !is_private_by_another_opinion(six));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_closed_address_ever_gets_a_connection(addresses in proptest::collection::vec(any::<u32>(), 1..6)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let scene = Scene::new();
            let texts: Vec<String> = addresses.iter().map(|bits| Ipv4Addr::from_bits(*bits).to_string()).collect();
            let answers: Vec<&str> = texts.iter().map(String::as_str).collect();
            scene.world.name("any.example", &[&answers]);
            scene.subscribe("http://any.example/", &[]).await;
            scene.pass(SECOND).await;
            let any_closed = addresses.iter().any(|bits| closed(Ipv4Addr::from_bits(*bits).into()).is_some());
            assert_eq!(scene.world.connections().is_empty(), any_closed);
        });
    }
}

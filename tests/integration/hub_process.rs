//! The hub of a real process, with real sockets: bytes and signatures as others compute them, and no end of crashes.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::hub_subscriber::{Subscriber, edition, post, post_to, subscribe};
use crate::running::{PATIENCE, Place, Server, eventually, get, has_program, write_seed};

const CONFIGURATION: &str = "[hub]\nallow_callbacks = [\"127.0.0.0/8\"]\nretry_seconds = [1]\n";

/// The HMAC as Python computes it.
fn python_hmac(hash: &str, secret: &str, body: &[u8]) -> String {
    let program =
        "import hmac,sys;print(hmac.new(sys.argv[2].encode(),sys.stdin.buffer.read(),sys.argv[1]).hexdigest())";
    let mut child = Command::new("python3")
        .args(["-c", program, hash, secret])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(body).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

#[test]
fn what_is_delivered_is_what_is_at_the_topic_signed_as_others_sign() {
    if !has_program("python3") {
        return;
    }
    for hash in ["sha1", "sha256", "sha384", "sha512"] {
        let place = Place::new(&format!("{CONFIGURATION}signature = \"{hash}\"\n"));
        write_seed(&place.seeds().join("0.txt"), &edition(0));
        let (_server, address) = Server::ready(place.serve());
        let subscriber = Subscriber::start();
        let paths = ["/atom.xml", "/rss.xml", "/feed.json", "/sources/source.example/atom.xml"];
        for path in paths {
            subscribe(address, &format!("http://feeds.example{path}"), &subscriber.callback(path), "gehëim & 1");
        }
        // A subscription counts from the verification on; a change before it would be delivered as well.
        write_seed(&place.seeds().join("1.txt"), &edition(1));
        for path in paths {
            let document = || get(address, path, &[("Accept-Encoding", "identity")]).unwrap();
            let (delivery, document) = eventually("the change is delivered", PATIENCE, || {
                let document = document();
                let delivery = subscriber.last(path)?;
                (document.body == delivery.body && delivery.body.windows(7).any(|seven| seven == b"Story 1"))
                    .then_some((delivery, document))
            });
            assert_eq!(delivery.headers.get("content-type").map(String::as_str), document.header("content-type"));
            assert_eq!(delivery.headers.get("link").map(String::as_str), document.header("link"));
            let signature = format!("{hash}={}", python_hmac(hash, "gehëim & 1", &delivery.body));
            assert_eq!(delivery.headers.get("x-hub-signature"), Some(&signature));
        }
    }
}

#[test]
fn killed_at_any_moment_the_server_still_delivers_the_newest_to_everyone() {
    const ROUNDS: usize = 12;
    const SUBSCRIBERS: usize = 20;
    let place = Place::new(CONFIGURATION);
    write_seed(&place.seeds().join("0.txt"), &edition(0));
    let subscriber = Subscriber::start();
    let path = |number: usize| format!("/s{number}");
    // A document that is kept ready, and one that is made on demand.
    let topics = ["/atom.xml", "/sources/source.example/atom.xml"];
    let topic = |number: usize| topics[number % 2];
    let (mut server, mut address) = Server::ready(place.serve());
    for number in 0..SUBSCRIBERS {
        let topic = format!("http://feeds.example{}", topic(number));
        subscribe(address, &topic, &subscriber.callback(&path(number)), "s");
    }
    write_seed(&place.seeds().join("1.txt"), &edition(1));
    let has = |number: usize, wanted: &[u8]| subscriber.last(&path(number)).is_some_and(|last| last.body == wanted);
    let all = |address: SocketAddr, story: usize| {
        eventually("everybody has the newest", PATIENCE, || {
            let wanted = topics.map(|topic| get(address, topic, &[]).unwrap().body);
            let is_there = |text: &Vec<u8>| String::from_utf8_lossy(text).contains(&format!("Story {story}<"));
            let has_all = (0..SUBSCRIBERS).all(|number| has(number, &wanted[number % 2]));
            (wanted.iter().all(is_there) && has_all).then_some(())
        });
    };
    all(address, 1);
    for round in 2..2 + ROUNDS {
        write_seed(&place.seeds().join(format!("{round}.txt")), &edition(round));
        // Somewhere between noticing the file and the last delivery; a different moment each round.
        std::thread::sleep(Duration::from_micros(700 * u64::try_from(round * round % 37).unwrap()));
        server.kill();
        (server, address) = Server::ready(place.serve());
        all(address, round);
    }
    drop(server);
}

#[test]
fn without_being_allowed_no_private_callback_is_connected_to() {
    let place = Place::new("");
    write_seed(&place.seeds().join("0.txt"), &edition(0));
    let (_server, address) = Server::ready(place.serve());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0.0.0.0"] {
        let callback = format!("http://{host}:{port}/");
        let form = [
            ("hub.mode", "subscribe"),
            ("hub.topic", "http://feeds.example/atom.xml"),
            ("hub.callback", callback.as_str()),
        ];
        assert_eq!(post(address, &form).unwrap(), 400, "{host}");
    }
    // A name is looked up only afterwards; the verification of another one that comes later has an end to wait for.
    let callback = format!("http://localhost:{port}/");
    let form = [("hub.mode", "subscribe"), ("hub.topic", "http://feeds.example/atom.xml"), ("hub.callback", &callback)];
    assert_eq!(post(address, &form).unwrap(), 202);
    eventually("the refusal is logged", PATIENCE, || _server.log().contains("not public").then_some(()));
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn no_proxy_is_asked_whatever_the_environment_says() {
    let place = Place::new(CONFIGURATION);
    write_seed(&place.seeds().join("0.txt"), &edition(0));
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let mut command = place.serve();
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, &url);
    }
    let (_server, address) = Server::ready(command);
    let subscriber = Subscriber::start();
    subscribe(address, "http://feeds.example/atom.xml", &subscriber.callback("/direct"), "s");
    eventually("it is asked", PATIENCE, || (!subscriber.asked().is_empty()).then_some(()));
    write_seed(&place.seeds().join("1.txt"), &edition(1));
    eventually("it is given the change", PATIENCE, || subscriber.last("/direct"));
    assert!(proxy.accept().is_err(), "nobody came");
}

#[test]
fn a_tls_greeting_on_the_plain_port_ends_at_once() {
    let place = Place::new("");
    let (_server, address) = Server::ready(place.serve());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn documents_of_all_formats_name_hub_and_self() {
    let place = Place::new("[hub]\nexternal = [\"http://127.0.0.1:1/other\"]\n");
    write_seed(&place.seeds().join("0.txt"), &edition(0));
    let (_server, address) = Server::ready(place.serve());
    let automatic = "/sources/source.example/";
    for path in
        ["atom.xml", "rss.xml", "feed.json"].iter().flat_map(|name| [format!("/{name}"), format!("{automatic}{name}")])
    {
        let path = path.as_str();
        let answer = get(address, path, &[]).unwrap();
        // The other hub is told of changes to the feeds that are kept ready, and named in those.
        let has_other = !path.starts_with(automatic);
        let other = if has_other { "<http://127.0.0.1:1/other>; rel=\"hub\", " } else { "" };
        let own = "<http://feeds.example/hub>; rel=\"hub\"";
        let link = format!("{own}, {other}<http://feeds.example{path}>; rel=\"self\"");
        assert_eq!(answer.header("link"), Some(link.as_str()));
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(text.contains("http://feeds.example/hub"), "{path}");
        assert_eq!(text.contains("http://127.0.0.1:1/other"), has_other, "{path}");
        let etag = answer.header("etag").unwrap().to_owned();
        let unchanged = get(address, path, &[("If-None-Match", &etag)]).unwrap();
        assert_eq!((unchanged.status, unchanged.header("link")), (304, Some(link.as_str())));
    }
}

#[test]
fn rsscloud_subscribers_are_told_of_changes_to_rss_feeds_also_after_a_crash() {
    let feed = "[[feed]]\nname = \"world\"\nsources = [\"source.example\"]\n";
    let place = Place::new(&format!("{CONFIGURATION}rsscloud = true\n{feed}"));
    write_seed(&place.seeds().join("0.txt"), &edition(0));
    let (mut server, mut address) = Server::ready(place.serve());
    let cloud = "<cloud domain=\"feeds.example\" port=\"80\" path=\"/rsscloud/pleaseNotify\" registerProcedure=\"\" \
                 protocol=\"http-post\"/>";
    for (path, names_it) in [("/rss.xml", true), ("/feeds/world/rss.xml", true), ("/atom.xml", false)] {
        let text = String::from_utf8(get(address, path, &[]).unwrap().body).unwrap();
        assert_eq!(text.contains(cloud), names_it, "{path}: {text}");
    }
    assert_eq!(get(address, "/rsscloud/pleaseNotify", &[]).unwrap().status, 405);
    let subscriber = Subscriber::start();
    let port = subscriber.address().port().to_string();
    let feeds = ["http://feeds.example/rss.xml", "http://feeds.example/feeds/world/rss.xml"];
    let register = |address, more: &[(&str, &str)]| {
        let mut form = vec![("notifyProcedure", ""), ("port", port.as_str()), ("protocol", "http-post")];
        form.extend(more);
        post_to(address, "/rsscloud/pleaseNotify", &form).unwrap()
    };
    let worked = "<notifyResult success=\"true\"";
    let answer =
        register(address, &[("path", "/other"), ("domain", "127.0.0.1"), ("url1", feeds[0]), ("url2", feeds[1])]);
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("text/xml") && answer.contains(worked), "{answer}");
    let answer = register(address, &[("path", "/own"), ("url1", feeds[0])]);
    assert!(answer.contains(worked), "{answer}");
    assert_eq!(subscriber.last("/own").unwrap().body, b"url=http%3A%2F%2Ffeeds.example%2Frss.xml", "the test of it");
    let answer = register(address, &[("path", "/own"), ("url1", "http://feeds.example/atom.xml")]);
    assert!(answer.contains("success=\"false\""), "{answer}");
    for number in 1..4 {
        let before = subscriber.deliveries().len();
        write_seed(&place.seeds().join(format!("{number}.txt")), &edition(number));
        if number > 1 {
            server.kill();
            (server, address) = Server::ready(place.serve());
        }
        eventually("all three are told", PATIENCE, || {
            let deliveries = subscriber.deliveries();
            let told = |path: &str, feed: &str| {
                let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("url", feed).finish();
                deliveries[before..].iter().any(|one| one.path == path && one.body == body.as_bytes())
            };
            (told("/own", feeds[0]) && told("/other", feeds[0]) && told("/other", feeds[1])).then_some(())
        });
    }
    assert_eq!(get(address, "/readyz", &[]).unwrap().status, 200);
    drop(server);
}

/// A subscriber that speaks TLS with a certificate of its own, and prints the method of each request.
const SECURE_SUBSCRIBER: &str = r#"
import http.server, ssl, sys, urllib.parse
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        body = query.get("hub.challenge", [""])[0].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        print(self.command, flush=True)
    do_GET = do_POST = answer
    def log_message(self, *arguments): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

#[test]
fn callbacks_with_tls_are_reached_when_their_certificate_is_trusted() {
    if !has_program("python3") || !has_program("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let wish = "[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\n[dn]\nCN=reader\n[ext]\n\
                subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n";
    std::fs::write(file("wish"), wish).unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"])
        .arg("-config")
        .arg(file("wish"))
        .arg("-keyout")
        .arg(file("key.pem"))
        .arg("-out")
        .arg(file("cert.pem"))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    for is_trusted in [true, false] {
        let mut subscriber = Command::new("python3")
            .args(["-c", SECURE_SUBSCRIBER])
            .args([file("cert.pem"), file("key.pem")])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(subscriber.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.next().unwrap();
        let place = Place::new(CONFIGURATION);
        write_seed(&place.seeds().join("0.txt"), &edition(0));
        let mut command = place.serve();
        if is_trusted {
            command.env("SSL_CERT_FILE", file("cert.pem"));
        }
        let (server, address) = Server::ready(command);
        subscribe(address, "http://feeds.example/atom.xml", &format!("https://127.0.0.1:{port}/cb"), "s");
        if is_trusted {
            assert_eq!(lines.next().as_deref(), Some("GET"));
            write_seed(&place.seeds().join("1.txt"), &edition(1));
            assert_eq!(lines.next().as_deref(), Some("POST"));
        } else {
            eventually("the certificate is refused", PATIENCE, || {
                server.log().contains("TLS handshake failed").then_some(())
            });
        }
        subscriber.kill().unwrap();
        subscriber.wait().unwrap();
    }
}

#[test]
fn a_subscriber_that_confirms_while_the_server_stops_is_subscribed() {
    let place = Place::new(CONFIGURATION);
    write_seed(&place.seeds().join("0.txt"), &edition(0));
    let (mut server, address) = Server::ready(place.serve());
    let callback = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/it", callback.local_addr().unwrap());
    subscribe(address, "http://feeds.example/atom.xml", &url, "s");
    let (mut asked, _) = callback.accept().unwrap();
    let mut reader = BufReader::new(asked.try_clone().unwrap());
    let mut request = String::new();
    reader.read_line(&mut request).unwrap();
    let challenge = request.split("hub.challenge=").nth(1).unwrap().split(['&', ' ']).next().unwrap();
    server.terminate();
    eventually("it stops", PATIENCE, || TcpStream::connect(address).is_err().then_some(()));
    asked
        .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{challenge}", challenge.len()).as_bytes())
        .unwrap();
    assert!(server.end().success());
    let (_server, _) = Server::ready(place.serve());
    write_seed(&place.seeds().join("1.txt"), &edition(1));
    callback.set_nonblocking(true).unwrap();
    let (delivery, _) = eventually("a delivery", PATIENCE, || callback.accept().ok());
    delivery.set_nonblocking(false).unwrap();
    let mut line = String::new();
    BufReader::new(delivery).read_line(&mut line).unwrap();
    assert!(line.starts_with("POST /it "), "{line}");
}

//! Reloads under connections that stay open.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::running::{PATIENCE, Place, Server, eventually, program, run, seed_text, write_seed};
use crate::service_admin::{ask, metric};

/// A connection that is kept.
struct Kept(BufReader<TcpStream>);

impl Kept {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Status and body of one more request on it.
    fn get(&mut self, path: &str) -> (u16, String) {
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the connection was closed");
            let lower = line.trim_end().to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(value) = lower.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            } else if lower.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }
}

fn reload(place: &Place, server: &Server, text: &str) {
    let before = server.log().matches("configuration reloaded").count();
    std::fs::write(place.config(), text).unwrap();
    server.hang_up();
    eventually("it is reloaded", PATIENCE, || {
        (server.log().matches("configuration reloaded").count() > before).then_some(())
    });
}

#[test]
fn feeds_come_change_and_go_without_a_connection_being_dropped() {
    let place = Place::new("");
    let url = "https://news.example/20241101/a-good-day-1200000001.html";
    let text = seed_text(url, "A good day", "2024-11-01T13:04+0300", "2024-11-01T13:17+0300", "It was quiet.");
    write_seed(&place.seeds().join("world/1.txt"), &text);
    let base = std::fs::read_to_string(place.config()).unwrap();
    let (server, address) = Server::ready(place.serve());
    let mut kept = Kept::open(address);
    assert_eq!(kept.get("/feeds/world/atom.xml").0, 404);

    reload(
        &place,
        &server,
        &format!("{base}\n[[feed]]\nname = \"world\"\ntitle = \"World\"\npaths = [\"world/**\"]\n"),
    );
    let (status, body) = eventually("the new feed is served", PATIENCE, || {
        let answer = kept.get("/feeds/world/atom.xml");
        (answer.0 == 200).then_some(answer)
    });
    assert!(status == 200 && body.contains("<title>World</title>") && body.contains("A good day"), "{body}");

    reload(
        &place,
        &server,
        &format!("{base}\n[[feed]]\nname = \"world\"\ntitle = \"The world\"\npaths = [\"none/**\"]\n"),
    );
    eventually("the changed feed is served", PATIENCE, || {
        let (_, body) = kept.get("/feeds/world/atom.xml");
        (body.contains("<title>The world</title>") && !body.contains("A good day")).then_some(())
    });

    reload(&place, &server, &base);
    for path in ["/feeds/world/atom.xml", "/feeds/world/", "/feeds/world", "/feeds/world/archive/1/rss.xml"] {
        assert_eq!(kept.get(path).0, 410, "{path}");
    }
    assert_eq!(kept.get("/feeds/never/atom.xml").0, 404);
    assert_eq!(kept.get("/atom.xml").0, 200);

    let told = "description = \"What happens here\"\nicon = \"https://cdn.example/icon.png\"";
    reload(&place, &server, &base.replace("[site]", &format!("[site]\n{told}")));
    eventually("description and icon are told", PATIENCE, || {
        let main = kept.get("/atom.xml").1.contains("<subtitle>What happens here</subtitle>");
        let automatic =
            kept.get("/sources/news.example/atom.xml").1.contains("<icon>https://cdn.example/icon.png</icon>");
        (main && automatic).then_some(())
    });

    reload(&place, &server, &base.replace("http://feeds.example", "http://other.example/prefix"));
    eventually("links are those of the new address", PATIENCE, || {
        kept.get("/atom.xml").1.contains("http://other.example/prefix/atom.xml").then_some(())
    });
}

#[test]
fn a_configuration_that_could_not_be_started_is_refused_whole() {
    let place = Place::new("");
    let base = std::fs::read_to_string(place.config()).unwrap();
    let (server, address) = Server::ready(place.serve());
    let mut kept = Kept::open(address);
    let refused = || server.log().matches("reload refused, the old configuration stays").count();
    let feed = "[[feed]]\nname = \"quiet\"\nwords = [\"day\"]\n";
    let listen = base.replace("\"127.0.0.1:0\"", "\"foo\"");
    for (text, told) in [
        (listen, "`http.listen`"),
        (base.replace("admin_listen = \"\"", "admin_listen = \"bar\""), "`http.admin_listen`"),
        (format!("{base}tls_certificate = \"/nowhere/c.pem\"\ntls_key = \"/nowhere/k.pem\"\n"), "/nowhere/c.pem"),
        (format!("{base}[log]\naccess = \"json\"\naccess_file = \"/nowhere/access.log\"\n"), "`log.access_file`"),
    ] {
        let before = refused();
        std::fs::write(place.config(), format!("{text}{feed}")).unwrap();
        server.hang_up();
        eventually("it is refused", PATIENCE, || (refused() > before).then_some(()));
        let last = server.log().lines().rfind(|line| line.contains("reload refused")).unwrap().to_owned();
        assert!(last.contains("ERROR") && last.contains(told), "{last}");
        assert_eq!(kept.get("/feeds/quiet/atom.xml").0, 404, "{told}");
    }
    reload(&place, &server, &format!("{base}{feed}"));
    eventually("the new feed is served", PATIENCE, || (kept.get("/feeds/quiet/atom.xml").0 == 200).then_some(()));
}

#[test]
fn what_takes_effect_at_a_start_is_compared_with_what_runs() {
    let place = Place::new("");
    let base = std::fs::read_to_string(place.config()).unwrap();
    let (server, _) = Server::ready(place.serve());
    let told = || server.log().matches("`http.listen` has changed; it takes effect at the next start").count();
    let other = base.replace("127.0.0.1:0", "127.0.0.2:0");
    for (text, expected) in [(&other, 1), (&other, 2), (&base, 2)] {
        reload(&place, &server, text);
        assert_eq!(told(), expected, "{}", server.log());
    }
}

#[test]
fn a_refused_reload_is_told_by_status_and_metrics_until_one_is_taken_up() {
    let place = Place::new("");
    let base = std::fs::read_to_string(place.config()).unwrap();
    let (server, _) = Server::ready(place.serve_with_admin());
    let status = || run(program().args(["status", "--admin", &place.admin()])).1;
    let loaded = || {
        let text = ask(&place, "GET", "/metrics", "").1;
        let at = metric(&text, "seedcast_config_last_reload_success_timestamp_seconds").unwrap();
        assert!(at > 1.7e9, "{at}");
        metric(&text, "seedcast_config_last_reload_successful").unwrap()
    };
    assert!(loaded() == 1.0 && !status().contains("REFUSED"));
    std::fs::write(place.config(), "[feeds]\nitems = 0\n").unwrap();
    server.hang_up();
    eventually("it is refused", PATIENCE, || server.log().contains("reload refused").then_some(()));
    let out = status();
    assert!(out.contains("reload       REFUSED 20") && out.contains("line 2: `feeds.items` must be"), "{out}");
    assert_eq!(loaded(), 0.0);
    reload(&place, &server, &base);
    assert!(loaded() == 1.0 && !status().contains("REFUSED"));
}

//! The admin listener and the commands that speak to it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::running::{PATIENCE, Place, Server, eventually, get, program, run, seed_text, write_seed};

fn seed(number: u32) -> String {
    let url = format!("https://news.example/20241101/a-good-day-{}.html", 1_200_000_000 + number);
    seed_text(&url, &format!("Day {number}"), "2024-11-01T13:04+0300", "2024-11-01T13:17+0300", "It was quiet.")
}

/// A request on the admin listener: status code and body.
pub(crate) fn ask(place: &Place, method: &str, target: &str, field: &str) -> (u16, String) {
    let admin = place.admin();
    let mut stream = UnixStream::connect(admin.trim_start_matches("unix:")).unwrap();
    let request = format!("{method} {target} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n{field}\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The value of a metric, given as it stands before the space.
pub(crate) fn metric(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn metrics_follow_what_happens() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &seed(1));
    write_seed(&place.seeds().join("nul.txt"), "a title\n\nand a \0\n");
    let (_server, address) = Server::ready(place.serve_with_admin());
    let first = get(address, "/atom.xml", &[("Accept-Encoding", "gzip")]).unwrap();
    let etag = first.header("etag").unwrap().to_owned();
    let feedly = "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 462 subscribers; )";
    let fields = [("If-None-Match", etag.as_str()), ("User-Agent", feedly), ("Accept-Encoding", "gzip")];
    assert_eq!(get(address, "/atom.xml", &fields).unwrap().status, 304);
    get(address, "/no/such/path", &[]).unwrap();
    // Closed when it has answered, so both are counted by then.
    for sent in [&b"GET /\0 HTTP/1.1\r\n\r\n"[..], format!("GET /{} HTTP/1.1\r\n", "x".repeat(5000)).as_bytes()] {
        let mut client = std::net::TcpStream::connect(address).unwrap();
        client.write_all(sent).unwrap();
        client.read_to_end(&mut Vec::new()).unwrap();
    }
    write_seed(&place.seeds().join("2.txt"), &seed(2));
    let text = eventually("the second item is counted", PATIENCE, || {
        let (code, text) = ask(&place, "GET", "/metrics", "");
        assert_eq!(code, 200);
        (metric(&text, "seedcast_items{state=\"live\"}") == Some(2.0)
            && metric(&text, "seedcast_visible_seconds_count") == Some(1.0)
            && metric(&text, "seedcast_ingest_queue_seeds") == Some(0.0))
        .then_some(text)
    });
    for (series, value) in [
        ("seedcast_ready", 1.0),
        ("seedcast_degraded{reason=\"brake\"}", 0.0),
        ("seedcast_seeds{state=\"present\"}", 3.0),
        ("seedcast_diagnostics{code=\"nul\",severity=\"rejected\"}", 1.0),
        ("seedcast_seeds_read_total{outcome=\"parsed\"}", 2.0),
        ("seedcast_seeds_read_total{outcome=\"rejected\"}", 1.0),
        ("seedcast_requests_total{feed=\"/\",format=\"atom\",status=\"200\",encoding=\"gzip\"}", 1.0),
        ("seedcast_requests_total{feed=\"/\",format=\"atom\",status=\"304\",encoding=\"gzip\"}", 1.0),
        ("seedcast_requests_total{feed=\"\",format=\"other\",status=\"404\",encoding=\"none\"}", 1.0),
        ("seedcast_requests_total{feed=\"\",format=\"other\",status=\"400\",encoding=\"none\"}", 1.0),
        ("seedcast_requests_total{feed=\"\",format=\"other\",status=\"414\",encoding=\"none\"}", 1.0),
        ("seedcast_malformed_requests_total", 2.0),
        ("seedcast_conditional_requests_total{feed=\"/\"}", 1.0),
        ("seedcast_subscribers{feed=\"/\",source=\"announced\"}", 462.0),
        ("seedcast_subscribers{feed=\"/\",source=\"addresses\"}", 1.0),
        ("seedcast_not_modified_polls_total{agent=\"Feedly\"}", 1.0),
        ("seedcast_ingest_queue_seeds", 0.0),
        ("seedcast_watcher_overflows_total", 0.0),
        ("seedcast_panics_total", 0.0),
    ] {
        assert_eq!(metric(&text, series), Some(value), "{series} in\n{text}");
    }
    assert!(metric(&text, "process_resident_memory_bytes").unwrap() > 1e6);
    assert!(metric(&text, "process_max_fds").unwrap() > metric(&text, "process_open_fds").unwrap());
    assert!(metric(&text, "process_cpu_seconds_total").unwrap() > 0.0);
    assert!(!text.contains("/no/such/path"), "a client's words are no label");
    // Every family is declared once, before its samples.
    let mut declared = std::collections::HashSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            assert!(declared.insert(rest.split(' ').next().unwrap()), "{line} twice");
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            assert!(declared.contains(name) || family.is_some_and(|family| declared.contains(family)), "{line}");
        }
    }
}

#[test]
fn status_is_a_table_for_people_and_json_for_programs() {
    let place = Place::new("[[feed]]\nname = \"world\"\nsources = [\"news.example\"]\n");
    write_seed(&place.seeds().join("1.txt"), &seed(1));
    write_seed(&place.seeds().join("nul.txt"), "a title\n\nand a \0\n");
    let (_server, address) = Server::ready(place.serve_with_admin());
    get(address, "/feeds/world/rss.xml", &[("User-Agent", "Feedbin feed-id:7 - 102 subscribers")]).unwrap();
    let (code, out, err) = run(program().args(["status", "--admin", &place.admin()]));
    assert_eq!(code, 0, "{err}");
    for part in ["ready", "1 live", "2 known", "/feeds/world", "nul", "nul.txt:3: ", "SUBSCRIBERS", "102"] {
        assert!(out.contains(part), "no {part:?} in\n{out}");
    }
    let (code, out, _) = run(program().args(["status", "--subscribers", "--admin", &place.admin()]));
    assert_eq!(code, 0);
    assert!(out.contains("/feeds/world: about 102 (102 announced") && out.contains("Feedbin"), "{out}");
    let (code, out, _) = run(program().args(["status", "--format", "json", "--admin", &place.admin()]));
    assert_eq!(code, 0);
    let status: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status["is_ready"], true);
    assert_eq!(status["feeds"][1]["path"], "/feeds/world");
    assert_eq!(status["feeds"][1]["subscribers"]["services"][0][0], "Feedbin");
    let (code, out, _) = run(program().args(["healthcheck", "--admin", &place.admin()]));
    assert_eq!((code, out.as_str()), (0, "ready\n"));
    let (_, out, _) = run(program().args(["status", "--admin", &place.admin()]));
    assert!(!out.contains("more: `seedcast check`"), "{out}");
}

#[test]
fn admin_address_in_use_is_no_reason_not_to_serve_and_the_log_says_how_to_choose() {
    let place = Place::new("");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = place.serve();
    command.env("SEEDCAST_HTTP_ADMIN_LISTEN", taken.local_addr().unwrap().to_string());
    let (server, _) = Server::ready(command);
    let log = server.log();
    let line = log.lines().find(|line| line.contains("no admin listener")).unwrap_or_else(|| panic!("{log}"));
    assert!(
        line.contains("is in use") && line.ends_with("or choose another: set `http.admin_listen` (\"\" turns it off)"),
        "{line}"
    );
}

#[test]
fn commands_say_when_nobody_answers() {
    let place = Place::new("");
    for command in ["status", "rescan", "healthcheck"] {
        let (code, _, err) = run(program().args([command, "--admin", "127.0.0.1:1"]));
        assert_eq!(code, 1, "{err}");
        assert!(err.contains("127.0.0.1:1") && err.contains("is the service running"), "{err}");
        let (code, _, err) = run(program().arg(command).arg("--config").arg(place.config()));
        assert_eq!(code, 1, "{err}");
        assert!(err.contains("`http.admin_listen` is empty"), "{err}");
    }
}

#[test]
fn commands_at_the_address_of_readers_say_which_one_to_give() {
    let place = Place::new("");
    let (_server, address) = Server::ready(place.serve());
    for command in [&["status"][..], &["status", "--hub"], &["rescan"]] {
        let (code, _, err) = run(program().args(command).args(["--admin", &address.to_string()]));
        assert_eq!(code, 1, "{err}");
        assert!(err.contains("an address for readers") && err.contains("`http.admin_listen`"), "{command:?}: {err}");
    }
}

#[test]
fn resources_take_their_own_methods_and_say_what_is_missing() {
    let place = Place::new("");
    let (_server, _) = Server::ready(place.serve_with_admin());
    for (method, target, status) in [
        ("GET", "/rescan", 405),
        ("POST", "/status", 405),
        ("POST", "/hub/drop", 400),
        ("POST", "/hub/drop?id=x", 400),
        ("POST", "/hub/drop?id=7", 404),
        ("GET", "/hub/drop?id=7", 405),
        ("POST", "/no", 404),
    ] {
        assert_eq!(ask(&place, method, target, "").0, status, "{method} {target}");
    }
}

#[test]
fn log_says_what_was_published_and_withdrawn() {
    let place = Place::new("[seeds]\nwithdraw_after_seconds = 0\n[log]\nlevel = \"debug\"\n");
    write_seed(&place.seeds().join("1.txt"), &seed(1));
    let (server, _) = Server::ready(place.serve());
    assert!(!server.log().contains("published"), "not of the first scan: {}", server.log());
    let told = |words: &[&str]| {
        eventually(&format!("{words:?}"), PATIENCE, || {
            let log = server.log();
            log.lines().any(|line| words.iter().all(|word| line.contains(word))).then_some(())
        });
    };
    let path = place.seeds().join("world/2.txt");
    write_seed(&path, &seed(2));
    let id = "item.id=https://news.example/20241101/a-good-day-1200000002.html";
    told(&["INFO", "published new=1 changed=0 withdrawn=0"]);
    told(&["DEBUG", "new seed.path=world/2.txt", id]);
    write_seed(&path, &seed(2).replace("It was quiet.", "It was loud."));
    told(&["INFO", "published new=0 changed=1 withdrawn=0"]);
    told(&["DEBUG", "changed seed.path=world/2.txt", id]);
    std::fs::remove_file(&path).unwrap();
    told(&["INFO", "withdrawn seed.path=world/2.txt", id]);
    told(&["INFO", "published new=0 changed=0 withdrawn=1"]);
    let published = |log: String| log.lines().filter(|line| line.contains("published new")).count();
    // A file that says nothing new publishes nothing.
    std::fs::File::options().append(true).open(place.seeds().join("1.txt")).unwrap();
    write_seed(&place.seeds().join("3.txt"), "3\n\n\0\n");
    told(&["WARN", "3.txt"]);
    assert_eq!(published(server.log()), 3, "{}", server.log());
}

#[test]
fn admin_address_that_is_none_is_wrong_usage() {
    for command in ["status", "rescan", "healthcheck"] {
        let (code, _, err) = run(program().args([command, "--admin", "nonsense"]));
        assert_eq!(code, 2, "{err}");
        assert!(err.contains("--admin") && err.contains("HOST:PORT") && err.contains("nonsense"), "{err}");
    }
}

#[test]
fn status_says_what_it_does_not_show() {
    let place = Place::new("");
    (1..=65).for_each(|number| write_seed(&place.seeds().join(format!("{number}.txt")), "a title\n\nand a \0\n"));
    let (_server, _) = Server::ready(place.serve_with_admin());
    let out = eventually("all are read", PATIENCE, || {
        let (_, out, _) = run(program().args(["status", "--admin", &place.admin()]));
        out.contains("65 known").then_some(out)
    });
    assert!(out.ends_with("\n… and 55 more: `seedcast check`\n"), "{out}");
    assert!(out.contains("0 waiting; no change yet; 0 overflows"), "{out}");
}

#[test]
fn operator_confirms_a_mass_removal() {
    let place = Place::new("[seeds]\nwithdraw_after_seconds = 1\n");
    for number in 0..40 {
        write_seed(&place.seeds().join(format!("{number}.txt")), &seed(number));
    }
    let (_server, address) = Server::ready(place.serve_with_admin());
    for number in 0..30 {
        std::fs::remove_file(place.seeds().join(format!("{number}.txt"))).unwrap();
    }
    let items = || get(address, "/feed.json", &[]).unwrap().json()["items"].as_array().unwrap().len();
    let reason = eventually("the brake holds", PATIENCE, || {
        let (code, out, _) = run(program().args(["healthcheck", "--admin", &place.admin()]));
        (code == 1 && out.contains("rescan --accept-removals")).then_some(out)
    });
    assert!(reason.contains("seeds disappeared at once"), "{reason}");
    let (code, out, _) = run(program().args(["status", "--admin", &place.admin()]));
    assert!(code == 1 && out.contains("DEGRADED") && out.contains("seeds disappeared at once"), "{out}");
    let (code, out, err) = run(program().args(["rescan", "--accept-removals", "--admin", &place.admin()]));
    assert_eq!(code, 0, "{out}{err}");
    eventually("thirty are withdrawn", PATIENCE, || (items() == 10).then_some(()));
    eventually("it is ready again", PATIENCE, || (get(address, "/readyz", &[]).unwrap().status == 200).then_some(()));
}

#[test]
fn a_rescan_without_a_directory_says_so() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &seed(1));
    let (_server, _) = Server::ready(place.serve_with_admin());
    std::fs::rename(place.seeds(), place.seeds().with_extension("away")).unwrap();
    let said = eventually("the directory is missed", PATIENCE, || {
        let (code, out, err) = run(program().args(["rescan", "--accept-removals", "--admin", &place.admin()]));
        (code == 1).then_some(out + &err)
    });
    assert!(said.contains("the seed directory is not there"), "{said}");
    std::fs::rename(place.seeds().with_extension("away"), place.seeds()).unwrap();
    eventually("it is listed again", PATIENCE, || {
        (run(program().args(["rescan", "--admin", &place.admin()])).0 == 0).then_some(())
    });
}

#[test]
fn web_pages_cannot_use_the_admin_listener() {
    let place = Place::new("");
    let (_server, address) = Server::ready(place.serve_with_admin());
    for field in ["Origin: https://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        assert_eq!(ask(&place, "POST", "/rescan?accept-removals", field).0, 403);
        assert_eq!(ask(&place, "GET", "/status", field).0, 403);
    }
    assert_eq!(ask(&place, "GET", "/rescan", "").0, 405);
    for path in ["/metrics", "/status", "/rescan"] {
        assert_eq!(get(address, path, &[]).unwrap().status, 404, "{path} on the public listener");
    }
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn access_log_is_written_rotated_changed_and_turned_off() {
    let place = Place::new("");
    let file = place.config().with_file_name("access.log");
    let base = std::fs::read_to_string(place.config()).unwrap();
    let configure = |access: &str| {
        let text = format!("{base}\n[log]\naccess = \"{access}\"\naccess_file = \"{}\"\n", file.display());
        std::fs::write(place.config(), text).unwrap();
    };
    configure("combined");
    let (server, address) = Server::ready(place.serve());
    let odd = "odd\" \\ agent";
    get(address, "/atom.xml?q=secret", &[("User-Agent", odd), ("Referer", "https://a.example/\"b\tc")]).unwrap();
    get(address, "/nothing", &[]).unwrap();
    let mut old = std::net::TcpStream::connect(address).unwrap();
    old.write_all(b"GET /opml.xml HTTP/1.0\r\n\r\n").unwrap();
    let line =
        eventually("it is written", PATIENCE, || lines(&file).into_iter().find(|line| line.contains("/atom.xml")));
    assert!(line.starts_with("127.0.0.1 - - ["), "{line}");
    assert!(line.contains("] \"GET /atom.xml?q=secret HTTP/1.1\" 200 "), "{line}");
    assert!(line.ends_with(r#" "https://a.example/\"b\x09c" "odd\" \\ agent""#), "{line}");
    for (path, part) in [("/nothing", " HTTP/1.1\" 404 10 \"-\" \"-\""), ("/opml.xml", " HTTP/1.0\" 200 ")] {
        let line = eventually(path, PATIENCE, || lines(&file).into_iter().find(|line| line.contains(path)));
        assert!(line.contains(part), "{line}");
    }
    for (sent, part) in [
        (&b"GET /news/../x?\"y HTTP/1.1\r\nHost: a\r\n\r\n"[..], r#"] "GET /news/../x?\"y HTTP/1.1" 400 12 "-" "-""#),
        (b"GET http://a/opml.xml?z HTTP/1.0\r\n\r\n", r#"] "GET http://a/opml.xml?z HTTP/1.0" 200 "#),
        (b"GET /\"\x1b[2J\xff HTTP/1.1\r\n\r\n", r#"] "GET /\"\x1B[2J\xFF HTTP/1.1" 400 12 "-" "-""#),
        (b"\r\n\r\n\0", r#"] "\x00" 400 12 "-" "-""#),
        (b"\x16\x03\x01\x02", r#"] "\x16\x03\x01\x02" 400 0 "-" "-""#),
    ] {
        std::net::TcpStream::connect(address).unwrap().write_all(sent).unwrap();
        eventually(part, PATIENCE, || lines(&file).into_iter().find(|line| line.contains(part)));
    }
    // Rotated away, as logrotate does it.
    std::fs::rename(&file, file.with_extension("log.1")).unwrap();
    configure("json");
    server.hang_up();
    let line = eventually("the new file is written", PATIENCE, || {
        get(address, "/rss.xml?q=1", &[]).unwrap();
        lines(&file).into_iter().find(|line| line.contains("/rss.xml"))
    });
    let object: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&object["path"], &object["status"], &object["client"], &object["protocol"], &object["referrer"]),
        (&"/rss.xml".into(), &200.into(), &"127.0.0.1".into(), &"HTTP/1.1".into(), &serde_json::Value::Null)
    );
    assert_eq!(object["target"], "/rss.xml?q=1");
    std::net::TcpStream::connect(address).unwrap().write_all(b"\"\x9b\r\n\r\n").unwrap();
    let line = eventually("it is refused", PATIENCE, || lines(&file).into_iter().find(|line| line.contains("refused")));
    let object: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&object["refused"], &object["status"]), (&r#"\"\x9B"#.into(), &400.into()));
    configure("off");
    server.hang_up();
    eventually("it is reloaded", PATIENCE, || {
        (server.log().matches("configuration reloaded").count() == 2).then_some(())
    });
    let before = lines(&file).len();
    get(address, "/feed.json", &[]).unwrap();
    assert_eq!(lines(&file).len(), before);
}

#[test]
fn log_level_and_format_change_while_it_runs_and_the_rest_is_named() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &seed(1));
    let base = std::fs::read_to_string(place.config()).unwrap();
    let (server, address) = Server::ready(place.serve());
    std::fs::write(place.config(), format!("{base}drain_seconds = 3\n[log]\nlevel = \"debug\"\nformat = \"json\"\n"))
        .unwrap();
    server.hang_up();
    eventually("debug lines in JSON", PATIENCE, || {
        server.log().lines().find(|line| {
            serde_json::from_str::<serde_json::Value>(line).is_ok_and(|object| object["level"] == "DEBUG")
        })?;
        Some(())
    });
    assert!(server.log().contains("`http.drain_seconds` has changed; it takes effect at the next start"));
    assert_eq!(get(address, "/readyz", &[]).unwrap().status, 200);
}

#[test]
fn bad_seed_is_warned_about_once_for_each_version() {
    let place = Place::new("[seeds]\nreconcile_seconds = 1\n");
    let bad = place.seeds().join("nul.txt");
    write_seed(&bad, "a title\n\nand a \0\n");
    let (server, _) = Server::ready(place.serve_with_admin());
    let warned = || server.log().lines().filter(|line| line.contains("WARN") && line.contains("nul.txt")).count();
    let listings = || {
        let (_, text) = ask(&place, "GET", "/metrics", "");
        metric(&text, "seedcast_listings_total").unwrap()
    };
    eventually("three more listings", PATIENCE, || (listings() >= 4.0).then_some(()));
    assert_eq!(warned(), 1, "{}", server.log());
    write_seed(&bad, "another title\n\nand a \0 still\n");
    eventually("the next version is warned about", PATIENCE, || (warned() == 2).then_some(()));
}

#[test]
fn manual_and_completions_name_every_command() {
    let (code, page, _) = run(program().arg("man"));
    assert_eq!(code, 0);
    let commands = ["serve", "check", "status", "rescan", "healthcheck", "default-config", "completions", "man"];
    for command in commands {
        let heading = format!(".SH \"SEEDCAST {}\"", command.to_uppercase());
        assert!(page.contains(&heading), "{heading}");
    }
    assert!(!page.contains("(1)\n"), "it names pages that do not exist");
    assert!(page.contains("\\fBseedcast serve\\fR") && page.contains(".SH \"EXIT STATUS\""), "{page}");
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, _) = run(program().args(["completions", shell]));
        assert_eq!(code, 0);
        assert!(commands.iter().all(|command| script.contains(command)), "{shell}");
    }
}

#[test]
fn commands_and_scrapes_by_address_reach_an_admin_listener_on_tcp() {
    let place = Place::new("");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = place.serve();
    command.env("SEEDCAST_HTTP_ADMIN_LISTEN", free.to_string());
    let (server, _) = Server::ready(command);
    for command in ["status", "healthcheck", "rescan"] {
        let (code, _, err) = run(program().args([command, "--admin", &free.to_string()]));
        assert_eq!(code, 0, "{command}: {err}{}", server.log());
    }
    let ask = |host: &str| {
        let mut stream = std::net::TcpStream::connect(free).unwrap();
        stream
            .write_all(format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask(&free.to_string()).contains("seedcast_panics_total"));
    let refused = ask("rebound.example:9180");
    assert!(refused.starts_with("HTTP/1.1 421 Misdirected Request\r\n"), "{refused}");
    assert!(refused.contains("`http.admin_listen`"), "{refused}");
}

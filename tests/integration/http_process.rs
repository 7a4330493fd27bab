//! The server as a process of its own in bad times: out of descriptors, with clients that do not read, told to stop.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};

use crate::http_tls;
use crate::running::{PATIENCE, Place, Server, eventually, get, seed_text, write_seed};

fn put(place: &Place, body: &str) {
    let text = seed_text("https://news.example/1", "A day", "2024-11-01T13:04+0300", "2024-11-01T13:04+0300", body);
    write_seed(&place.seeds().join("1.txt"), &text);
}

/// Processor time that a process has used so far.
fn processor_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // Fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms.
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

#[test]
fn without_descriptors_it_waits_and_then_serves_again() {
    let place = Place::new("");
    put(&place, "It was quiet.");
    let (server, address) = Server::ready(place.serve());
    // Taken away while it runs: it has counted on them.
    let process = Pid::from_raw(server.id().try_into().unwrap());
    let before = prlimit(process, Resource::Nofile, Rlimit { current: Some(64), maximum: Some(64) }).unwrap();
    assert!(before.current > Some(256), "{before:?}");
    let clients: Vec<TcpStream> = (0..120).map(|_| TcpStream::connect(address).unwrap()).collect();
    eventually("a word about it", PATIENCE, || server.log().contains("cannot accept connections").then_some(()));
    let (before, begun) = (processor_time(server.id()), Instant::now());
    std::thread::sleep(Duration::from_secs(3));
    let used = processor_time(server.id()).checked_sub(before).unwrap();
    assert!(used < begun.elapsed() / 4, "{used:?} in {:?}", begun.elapsed());
    let said = server.log().matches("cannot accept connections").count();
    assert!(said < 5, "said {said} times");
    drop(clients);
    let answer = eventually("it serves again", PATIENCE, || get(address, "/rss.xml", &[]).ok());
    assert_eq!(answer.status, 200);
}

#[test]
fn connections_leave_descriptors_for_seeds_and_store() {
    for most in [80, 300] {
        let place = Place::new("");
        put(&place, "It was quiet.");
        let (server, address) = Server::ready(place.serve_with_descriptors(most));
        eventually("a word about it", PATIENCE, || server.log().contains("fewer open files are allowed").then_some(()));
        let mut early = TcpStream::connect(address).unwrap();
        early.write_all(b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        early.read_exact(&mut [0]).unwrap();
        let clients: Vec<TcpStream> = (0..most).map(|_| TcpStream::connect(address).unwrap()).collect();
        // A seed is read, stored and shown, and a page made, while all places are taken.
        put(&place, "It was loud.");
        early.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        eventually("the change is shown to one who has a place", PATIENCE, || {
            early.write_all(b"GET /sources/news.example/feed.json HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
            let mut text = Vec::new();
            let _ = early.read_to_end(&mut text);
            String::from_utf8_lossy(&text).contains("loud").then_some(())
        });
        assert!(!server.log().contains("cannot accept connections"), "{}", server.log());
        drop(clients);
        eventually("others come in again", PATIENCE, || get(address, "/rss.xml", &[]).ok());
    }
}

#[test]
fn the_list_of_sources_follows_every_article() {
    let place = Place::new("");
    let write = |number: u32, host: &str, day: u32| {
        let time = format!("2024-11-{day:02}T13:04+0300");
        let text = seed_text(&format!("https://{host}/{number}"), "A day", &time, &time, "It was quiet.");
        write_seed(&place.seeds().join(format!("{number}.txt")), &text);
    };
    write(1, "one.example", 1);
    write(2, "one.example", 2);
    write(3, "two.example", 3);
    let (_server, address) = Server::ready(place.serve());
    let list = || {
        let text = String::from_utf8(get(address, "/sources/", &[]).unwrap().body).unwrap();
        (text.find("/sources/one.example/").unwrap(), text.find("/sources/two.example/").unwrap())
    };
    assert!(list().0 < list().1, "the larger one first");
    write(4, "two.example", 4);
    write(5, "two.example", 5);
    eventually("the other one is the larger one now", PATIENCE, || (list().0 > list().1).then_some(()));
}

/// A client that has asked for more than sockets hold and never reads.
fn stuck(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = "GET /rss.xml HTTP/1.1\r\nHost: feeds.example\r\n\r\n";
    stream.write_all(request.repeat(20).as_bytes()).unwrap();
    // The first byte of the answer is there, so the rest is under way.
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read_exact(&mut [0]).unwrap();
    stream
}

fn big_site(drain_seconds: u32) -> (Place, Server, SocketAddr) {
    let place = Place::new(&format!("drain_seconds = {drain_seconds}\n[feeds]\nmax_bytes = 100000000\n"));
    put(&place, &"It was quiet for a while. ".repeat(100_000));
    let (server, address) = Server::ready(place.serve());
    (place, server, address)
}

#[test]
fn a_client_that_never_reads_does_not_hold_the_stop() {
    let (_place, mut server, address) = big_site(2);
    let _stuck = stuck(address);
    let begun = Instant::now();
    server.terminate();
    assert_eq!(server.end().code(), Some(0), "{}", server.log());
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(1500), "it was given its time: {took:?}");
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(server.log().contains("requests were cut at the end of the drain time"), "{}", server.log());
}

#[test]
fn a_second_signal_ends_at_once() {
    let (_place, mut server, address) = big_site(300);
    let _stuck = stuck(address);
    server.terminate();
    eventually("it drains", PATIENCE, || server.log().contains("stopping").then_some(()));
    server.hang_up();
    eventually("it reloads nothing", PATIENCE, || server.log().contains("nothing is reloaded").then_some(()));
    assert!(server.is_running());
    let begun = Instant::now();
    server.signal(Signal::INT);
    assert_eq!(server.end().code(), Some(0), "{}", server.log());
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert!(server.log().contains("ending at once"), "{}", server.log());
}

#[test]
fn a_unix_socket_goes_with_its_process_and_one_left_behind_is_replaced() {
    let place = Place::new("");
    put(&place, "It was quiet.");
    let path = place.config().with_file_name("http.sock");
    let serve = || {
        let mut command = place.serve();
        command.args(["--listen", "127.0.0.1:0", "--listen", &format!("unix:{}", path.display())]);
        Server::ready(command)
    };
    let ask = || {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(b"GET /rss.xml HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&answer));
    };
    let (mut server, _) = serve();
    ask();
    server.kill();
    assert!(path.exists(), "nobody was left to remove it");
    let (mut server, _) = serve();
    ask();
    server.terminate();
    assert_eq!(server.end().code(), Some(0));
    assert!(!path.exists());

    let (mut server, _) = serve();
    // Another program has taken the place over meanwhile.
    std::fs::remove_file(&path).unwrap();
    let _other = std::os::unix::net::UnixListener::bind(&path).unwrap();
    server.terminate();
    assert_eq!(server.end().code(), Some(0));
    assert!(path.exists(), "it was not ours any more");
}

#[test]
fn a_unix_socket_is_open_to_the_proxy_of_another_user_and_that_of_the_operator_is_not() {
    let place = Place::new("");
    put(&place, "It was quiet.");
    let path = place.config().with_file_name("http.sock");
    let public = format!("unix:{}", path.display());
    let (_server, _) = Server::ready({
        let serve = place.serve_with_admin();
        let mut command = std::process::Command::new("sh");
        // As under the unit.
        command.args(["-c", "umask 0027 && exec \"$0\" \"$@\""]).arg(serve.get_program()).args(serve.get_args());
        command.args(["--listen", "127.0.0.1:0", "--listen", &public]);
        command.env_clear().env("SEEDCAST_HTTP_ADMIN_LISTEN", place.admin());
        command
    });
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o666);
    assert_eq!(mode(place.admin().trim_start_matches("unix:").as_ref()), 0o750);
}

#[test]
fn a_reload_takes_a_new_certificate_and_keeps_the_old_one_beside_a_wrong_one() {
    let place = Place::new("tls_certificate = \"cert.pem\"\ntls_key = \"key.pem\"\n");
    put(&place, "It was quiet.");
    let folder = place.config().parent().unwrap().to_owned();
    let install = |certificate: &str, key: &str| {
        std::fs::copy(http_tls::data(&format!("{certificate}.pem")), folder.join("cert.pem")).unwrap();
        std::fs::copy(http_tls::data(&format!("{key}.key.pem")), folder.join("key.pem")).unwrap();
    };
    let trusts = |address, name: &str| http_tls::ask(&mut http_tls::connect(address, name, &[])).is_ok();
    install("first", "first");
    let server = Server::spawn(place.serve());
    let address = server.address();
    eventually("the first certificate", PATIENCE, || trusts(address, "first.pem").then_some(()));
    let mut open = http_tls::connect(address, "first.pem", &[]);
    open.write_all(b"GET /livez HTTP/1.1\r\nHost: feeds.test\r\n\r\n").unwrap();
    open.read_exact(&mut [0; 17]).unwrap();

    install("second", "second");
    server.hang_up();
    eventually("the second certificate", PATIENCE, || trusts(address, "second.pem").then_some(()));
    assert!(!trusts(address, "first.pem"));
    let rest = http_tls::ask(&mut open).expect("connections of before stay");
    assert!(rest.ends_with("\r\n\r\nok\n"), "{rest}");

    install("second", "first");
    server.hang_up();
    eventually("a word about it", PATIENCE, || server.log().contains("reload refused").then_some(()));
    assert!(server.log().contains("cannot be used together"), "{}", server.log());
    assert!(trusts(address, "second.pem"));
}

/// A request that must get a refusal or a close, soon, without a word about our insides.
fn refuses(address: SocketAddr, input: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // What the server has refused already, it need not take.
    let _ = stream.write_all(input.as_bytes());
    let mut answer = Vec::new();
    let begun = Instant::now();
    let _ = stream.read_to_end(&mut answer);
    assert!(begun.elapsed() < Duration::from_secs(15), "{input:?}");
    let answer = String::from_utf8_lossy(&answer);
    let is_refused = ["HTTP/1.1 4", "HTTP/1.1 5"].iter().any(|start| answer.starts_with(start));
    assert!(is_refused || !answer.starts_with("HTTP/1.1"), "{input:?}: {answer}");
    assert!(!answer.starts_with("HTTP/1.1 500") && !answer.starts_with("HTTP/1.1 503"), "{input:?}: {answer}");
    for secret in ["/tmp/", "src/", "panicked", "sqlite", "root:"] {
        assert!(!answer.contains(secret), "{input:?}: {answer}");
    }
}

#[test]
fn bad_input_is_no_error_of_ours_and_leaves_nothing_behind() {
    let place = Place::new("");
    put(&place, "It was quiet.");
    let (server, address) = Server::ready(place.serve());
    let open = || std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count();
    let host = "Host: feeds.example\r\n";
    let inputs = [
        format!("POST /hub HTTP/1.1\r\n{host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("GET / HTTP/1.1\n{host}\n"),
        format!("GET /../../../etc/passwd HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
        format!("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
        format!("GET /items/%00/ HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
        format!("GET /items/{}/ HTTP/1.1\r\n{host}Connection: close\r\n\r\n", "%FF".repeat(500)),
        format!("GET /sources/'%20OR%201=1--/rss.xml HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
        format!("GET /archive/18446744073709551616/rss.xml HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
        format!("GET {place} HTTP/1.1\r\n{host}Connection: close\r\n\r\n", place = place.seeds().display()),
        format!("BREW / HTTP/1.1\r\n{host}Connection: close\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}X: {}\r\n\r\n", "a".repeat(100_000)),
        format!(
            "POST /hub HTTP/1.1\r\n{host}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhub.mode=\u{7f}"
        ),
        "GET /\r\n".to_owned(),
        "\x16\x03\x01\x02\x00\x01\x00".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nand then no frame of any kind".to_owned(),
        "\0\0\0\0\r\n\r\n".to_owned(),
    ];
    let all = || inputs.iter().for_each(|input| refuses(address, input));
    all();
    assert_eq!(get(address, "/rss.xml", &[]).unwrap().status, 200);
    // What it opened for good, for the store and for large documents, it has now.
    let before = open();
    (0..3).for_each(|_| all());
    assert_eq!(get(address, "/rss.xml", &[]).unwrap().status, 200);
    // A second connection to the store may have been needed; one descriptor for each of these inputs never is.
    eventually("every connection is closed", PATIENCE, || (open() <= before + 4).then_some(()));
    let log = server.log();
    assert!(!log.contains("ERROR") && !log.contains("WARN") && !log.contains("panicked"), "{log}");
}

#[test]
fn a_withdrawal_moves_last_modified_forward_and_never_past_now() {
    let place = Place::new("[seeds]\nreconcile_seconds = 2\nwithdraw_after_seconds = 1\n");
    put(&place, "It was quiet.");
    let second =
        seed_text("https://news.example/2", "Night", "2024-11-02T13:04+0300", "2024-11-02T13:04+0300", "Dark.");
    write_seed(&place.seeds().join("2.txt"), &second);
    let (_server, address) = Server::ready(place.serve());
    let dates = |has_night: bool| {
        eventually("the document", PATIENCE, || {
            let answer = get(address, "/rss.xml", &[]).ok()?;
            let date = |name| httpdate::parse_http_date(answer.header(name).unwrap()).unwrap();
            let is_right = String::from_utf8_lossy(&answer.body).contains("Night") == has_night;
            is_right.then(|| (date("last-modified"), date("date")))
        })
    };
    let (before, _) = dates(true);
    std::fs::remove_file(place.seeds().join("2.txt")).unwrap();
    let (after, now) = dates(false);
    assert!(before <= after && after <= now, "{before:?} {after:?} {now:?}");
}

#[test]
fn what_comes_behind_the_last_request_cuts_no_answer() {
    let place = Place::new("");
    write_seed(&place.seeds().join("1.txt"), &format!("A headline\n\n{}", "So it goes on. ".repeat(20_000)));
    let (_server, address) = Server::ready(place.serve());
    for round in 0..30 {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"GET /rss.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        // Into the kernel's buffer, while the answer is on its way.
        client.write_all(b"\r\n").unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap_or_else(|error| panic!("{round}: {error} after {}", answer.len()));
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let fields = String::from_utf8_lossy(&answer[..head]).to_lowercase();
        let length = fields.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        assert_eq!(length, Some(answer.len() - head - 4), "{round}: {fields}");
    }
}

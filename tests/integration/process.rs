//! The program as a person and a service manager meet it: exit codes, messages, signals, files that come in odd ways.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::running::{PATIENCE, Place, Server, eventually, get, program, run, seed_text, write_seed};

const WHOLE: &str = "[seeds]\nreconcile_seconds = 2\nwithdraw_after_seconds = 1\n\
    [feeds]\nitems = 10000\nmax_items = 10000\nmax_bytes = 100000000\n";

fn good_seed(number: u32) -> String {
    let url = format!("https://news.example/20241101/a-good-day-{}.html", 1_200_000_000 + number);
    seed_text(
        &url,
        &format!("A good day, number {number}"),
        "2024-11-01T13:04+0300",
        "2024-11-01T13:17+0300",
        "It was quiet.",
    )
}

fn titles(address: std::net::SocketAddr) -> Vec<String> {
    let answer = get(address, "/feed.json", &[]).unwrap();
    let feed = answer.json();
    let items = feed["items"].as_array().expect("a list of items");
    items.iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
}

#[test]
fn check_of_a_good_seed_says_its_times_and_gives_0() {
    let place = Place::new("");
    let seed = place.seeds().join("good.txt");
    write_seed(&seed, &good_seed(1));
    let (code, out, err) = run(program().arg("check").arg("--config").arg(place.config()).arg(&seed));
    assert_eq!(code, 0, "{out}{err}");
    for part in
        ["good.txt", "A good day, number 1", "2024-11-01T13:04:00+03:00", "2024-11-01T13:17:00+03:00", "declared"]
    {
        assert!(out.contains(part), "no {part:?} in\n{out}");
    }
}

#[test]
fn check_of_a_bad_seed_says_where_and_why_and_gives_1() {
    let place = Place::new("");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    write_seed(&place.seeds().join("nul.txt"), "a title\n\nand a \0 in the body\n");
    write_seed(&place.seeds().join("empty.txt"), "");
    let (code, out, err) = run(program().arg("check").arg("--config").arg(place.config()).arg(place.seeds()));
    assert_eq!(code, 1, "{out}{err}");
    let said = format!("{out}{err}");
    assert!(said.contains("nul.txt:3:"), "line and path in\n{said}");
    assert!(said.contains("empty.txt"), "{said}");
}

#[test]
fn check_speaks_json_to_programs() {
    let place = Place::new("");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    write_seed(&place.seeds().join("nul.txt"), "a title\n\nand a \0 in the body\n");
    let command = &mut program();
    let (code, out, err) =
        run(command.arg("check").arg("--config").arg(place.config()).args(["--format", "json"]).arg(place.seeds()));
    assert_eq!(code, 1, "{err}");
    let values: Vec<serde_json::Value> =
        serde_json::Deserializer::from_str(&out).into_iter().collect::<Result<_, _>>().expect("JSON and nothing else");
    assert!(!values.is_empty());
    for part in ["good.txt", "2024-11-01T13:04:00+03:00", "declared", "nul.txt", "rejected"] {
        assert!(out.contains(part), "no {part:?} in\n{out}");
    }
}

#[test]
fn check_tells_what_is_held_back_and_that_an_id_is_one_for_a_new_article() {
    let place = Place::new("");
    let seed = place.seeds().join("later.txt");
    write_seed(&seed, &good_seed(1).replace("2024-11-01T13", "9000-11-01T13"));
    let check = |format: &str| {
        let command = &mut program();
        run(command.arg("check").arg("--config").arg(place.config()).args(["--format", format]).arg(&seed))
    };
    let (code, out, err) = check("text");
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("held back until 9000-11-01T13:04:00+03:00\n"), "{out}");
    assert!(out.contains("  id (if new) https://news.example/"), "{out}");
    assert!(out.ends_with("\n1 item, 0 seeds rejected, 0 repairs\n"), "{out}");
    let line: serde_json::Value = serde_json::from_str(&check("json").1).unwrap();
    assert_eq!(line["item"]["held_back_until"], "9000-11-01T13:04:00+03:00");
    write_seed(&seed, &good_seed(1));
    assert!(!check("text").1.contains("held back"));
    let line: serde_json::Value = serde_json::from_str(&check("json").1).unwrap();
    assert_eq!(line["item"].get("held_back_until"), None);
}

#[test]
fn log_in_json_tells_the_address_as_an_event_too() {
    let place = Place::new("");
    let (server, address) = Server::ready({
        let mut command = place.serve();
        command.args(["--log-format", "json"]);
        command
    });
    let log = server.log();
    assert!(log.lines().any(|line| line == format!("listening on http://{address}")), "{log}");
    let events = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let told = events.filter(|event| event["fields"]["message"] == "listening").collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "{log}");
    assert_eq!(told[0]["fields"]["address"], format!("http://{address}"));
}

#[test]
fn wrong_usage_gives_2() {
    for arguments in [&["serve", "--no-such-flag"][..], &["no-such-command"], &["check", "--format", "yaml"]] {
        let (code, _, err) = run(program().args(arguments));
        assert_eq!(code, 2, "{arguments:?}: {err}");
        assert!(!err.is_empty());
    }
}

#[test]
fn misspelt_key_is_pointed_at_and_gives_2() {
    let place = Place::new("[feeds]\nitmes = 3\n");
    let (code, _, err) = run(&mut place.serve());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("itmes") && err.contains('^') && err.contains("seedcast.toml"), "{err}");
    assert!(err.contains("line 7") || err.contains(":7:"), "{err}");
}

#[test]
fn value_out_of_range_names_key_and_value_and_gives_2() {
    let place = Place::new("[feeds]\nitems = 0\n");
    let (code, _, err) = run(&mut place.serve());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("feeds.items") && err.contains(" 0"), "{err}");
}

#[test]
fn missing_configuration_file_is_named_and_gives_2() {
    let (code, _, err) = run(program().args(["serve", "--config", "/nowhere/seedcast.toml"]));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("/nowhere/seedcast.toml"), "{err}");
}

#[test]
fn seed_directory_whose_name_is_no_text_is_served() {
    let place = Place::new("");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    let odd = place.seeds().with_file_name(OsStr::from_bytes(b"caf\xe9"));
    std::fs::rename(place.seeds(), &odd).unwrap();
    let mut check = program();
    let (code, out, err) = run(check.arg("check").arg("--config").arg(place.config()).arg("--seeds").arg(&odd));
    assert!(code == 0 && out.contains("A good day, number 1"), "{code}: {out}{err}");
    let mut serve = place.serve_as_configured();
    let (_server, address) = Server::ready({
        serve.arg("--seeds").arg(&odd);
        serve
    });
    assert_eq!(titles(address), ["A good day, number 1"]);
    write_seed(&odd.join("2.txt"), &good_seed(2));
    eventually("the second seed", PATIENCE, || (titles(address).len() == 2).then_some(()));
}

#[test]
fn missing_seed_directory_is_named() {
    let place = Place::new("");
    std::fs::remove_dir(place.seeds()).unwrap();
    let (code, _, err) = run(&mut place.serve());
    // A mount that comes late may mend it.
    assert_eq!(code, 1, "{err}");
    assert!(err.contains(&place.seeds().display().to_string()), "{err}");
}

#[test]
fn port_in_use_is_named_and_gives_1() {
    let place = Place::new("");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, _, err) = run(place.serve().args(["--listen", &address]));
    assert_eq!(code, 1, "{err}");
    assert!(
        err.contains(&address) && err.contains("in use") && err.contains("choose another: set `http.listen`"),
        "{err}"
    );
}

#[test]
fn default_configuration_is_accepted_as_it_is() {
    let (code, out, _) = run(program().arg("default-config"));
    assert_eq!(code, 0);
    let place = Place::new("");
    std::fs::write(place.config(), out).unwrap();
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    let (code, out, err) = run(program().arg("check").arg("--config").arg(place.config()).arg(place.seeds()));
    assert_eq!(code, 0, "{out}{err}");
}

#[test]
fn environment_stands_between_file_and_flag() {
    let place = Place::new("[feeds]\nitems = 2\n");
    for number in 0..5 {
        write_seed(&place.seeds().join(format!("{number}.txt")), &good_seed(number));
    }
    let mut command = place.serve();
    command.env("SEEDCAST_FEEDS_ITEMS", "3");
    let (_server, address) = Server::ready(command);
    // Files as young as these are looked at twice before they are taken, so the last may come after readiness.
    eventually("three of five items", PATIENCE, || (titles(address).len() == 3).then_some(()));
}

#[test]
fn sigterm_ends_it_soon_with_0_even_when_a_client_is_idle() {
    let place = Place::new("");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    let (mut server, address) = Server::ready(place.serve());
    let _idle = std::net::TcpStream::connect(address).unwrap();
    let start = Instant::now();
    server.terminate();
    assert_eq!(server.end().code(), Some(0), "{}", server.log());
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert!(get(address, "/", &[]).is_err());
}

#[test]
fn bad_seeds_are_counted_in_the_log_and_do_no_harm() {
    let place = Place::new("");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    write_seed(&place.seeds().join("nul.txt"), "a title\n\nand a \0 in the body\n");
    let (server, address) = Server::ready(place.serve());
    assert_eq!(titles(address), ["A good day, number 1"]);
    eventually("the log names the bad seed", PATIENCE, || server.log().contains("nul.txt:3:").then_some(()));
    eventually("and counts it", PATIENCE, || server.log().contains("seeds=2 items=1 rejected=1").then_some(()));
}

#[test]
fn half_written_seed_is_never_seen() {
    let place = Place::new(WHOLE);
    let (_server, address) = Server::ready(place.serve());
    let text = good_seed(7).replace("It was quiet.", "First piece.\n\nSecond piece.\n\nThe end.");
    let mut file = File::create(place.seeds().join("slow.txt")).unwrap();
    // Pieces end inside the header line, inside a time, and between two blocks; four seconds outlast two reconciles.
    for piece in text.as_bytes().chunks(text.len() / 8) {
        file.write_all(piece).unwrap();
        file.sync_all().unwrap();
        let until = Instant::now() + Duration::from_millis(500);
        while Instant::now() < until {
            let seen = titles(address);
            assert!(seen.is_empty(), "seen before it was closed: {seen:?}");
            // The time that passes is what is tried.
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    drop(file);
    eventually("the closed file is seen", PATIENCE, || (titles(address) == ["A good day, number 7"]).then_some(()));
    let mut file = File::options().append(true).open(place.seeds().join("slow.txt")).unwrap();
    file.write_all(b"\nAnd a word after the end.\n").unwrap();
    drop(file);
    eventually("the longer file is seen", PATIENCE, || {
        let body = get(address, "/feed.json", &[]).unwrap().json();
        let content = body["items"][0]["content_html"].as_str()?.to_owned();
        (content.contains("First piece.") && content.contains("And a word after the end.")).then_some(())
    });
}

#[test]
fn ten_thousand_files_made_at_once_by_another_process_are_all_there() {
    let place = Place::new(WHOLE);
    let (_server, address) = Server::ready(place.serve());
    let script = r#"
        for a in 0 1 2 3 4 5 6 7 8 9; do for b in 0 1 2 3 4 5 6 7 8 9; do
            mkdir -p "$1/new/$a/below/$b"
            for c in 0 1 2 3 4 5 6 7 8 9; do for d in 0 1 2 3 4 5 6 7 8 9; do
                n=$a$b$c$d
                printf ' date 2024-11 https://burst.example/20241101/one-of-many-130000%s.html\n\nNumber %s\n\n2024-11-01\n\n2024-11-01T13:04+0300\n\nBody.\n' $n $n > "$1/new/$a/below/$b/$n.txt"
            done; done
        done; done"#;
    let status = Command::new("sh").arg("-c").arg(script).arg("sh").arg(place.seeds()).status().unwrap();
    assert!(status.success());
    let mut found = eventually("all 10,000 are served", PATIENCE * 2, || {
        let all = titles(address);
        (all.len() == 10_000).then_some(all)
    });
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 10_000);
}

#[test]
fn seed_without_offset_means_the_same_instant_whatever_zone_the_server_has() {
    let place = Place::new("[seeds]\n[[seeds.rule]]\npaths = [\"rio/**\"]\ntime_zone = \"America/Sao_Paulo\"\n");
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), config.replace("[site]", "[site]\ntime_zone = \"Europe/Istanbul\"")).unwrap();
    let text = "A day\n\nOf which much is told.\n\n2024-07-01T13:04\n\nIt was quiet.\n";
    write_seed(&place.seeds().join("a.txt"), text);
    std::fs::create_dir(place.seeds().join("rio")).unwrap();
    write_seed(&place.seeds().join("rio/b.txt"), text);
    let check = |zone: &str| {
        let mut command = program();
        command.args(["check", "--format", "json", "--config"]).arg(place.config()).arg("--seeds").arg(place.seeds());
        run(command.env("TZ", zone))
    };
    let (code, out, err) = check("Asia/Tokyo");
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("2024-07-01T13:04:00+03:00") && out.contains("2024-07-01T13:04:00-03:00"), "{out}");
    for zone in ["America/New_York", "UTC", ":/no/such/zone"] {
        assert_eq!(check(zone).1, out, "TZ={zone}");
    }
}

#[test]
fn restart_with_nothing_changed_keeps_every_validator() {
    let place = Place::new("");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    let answers = |address| {
        ["/rss.xml", "/atom.xml", "/feed.json", "/", "/opml.xml"].map(|path| {
            let answer = get(address, path, &[]).unwrap();
            assert_eq!(answer.status, 200, "{path}");
            ["etag", "last-modified", "date"].map(|name| answer.header(name).expect("it is sent").to_owned())
        })
    };
    let validators = |address| answers(address).map(|[etag, last_modified, _]| (etag, last_modified));
    let (mut server, address) = Server::ready(place.serve());
    // Until the second in which a document was made is over, it is as new as "now".
    let time = |text: &str| chrono::DateTime::parse_from_rfc2822(text).expect("a date of HTTP");
    let first = eventually("the second of the last change is over", PATIENCE, || {
        let is_over = answers(address).iter().all(|[_, last_modified, date]| time(last_modified) < time(date));
        is_over.then(|| validators(address))
    });
    server.terminate();
    server.end();
    let (_server, address) = Server::ready(place.serve());
    assert_eq!(validators(address), first);
}

#[test]
fn damaged_store_is_set_aside_and_filled_again_with_the_same_ids() {
    let place = Place::new("");
    for number in 0..30 {
        write_seed(&place.seeds().join(format!("{number}.txt")), &good_seed(number));
    }
    let ids = |address| {
        let feed = get(address, "/feed.json", &[]).unwrap().json();
        feed["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()).collect::<Vec<_>>()
    };
    let (mut server, address) = Server::ready(place.serve());
    let before = ids(address);
    server.terminate();
    server.end();
    let folder = place.config().parent().unwrap().to_owned();
    std::fs::write(folder.join("store.sqlite"), "this is no database ".repeat(500)).unwrap();
    let (server, address) = Server::ready(place.serve());
    assert_eq!(ids(address), before);
    let log = server.log();
    assert!(log.contains("damaged") && log.contains("store.sqlite.corrupt-"), "{log}");
    let is_aside = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().file_name().to_string_lossy().starts_with("store.sqlite.corrupt-")
    };
    assert!(std::fs::read_dir(folder).unwrap().any(is_aside));
}

#[test]
fn store_of_a_newer_version_or_another_program_is_refused_and_left_alone() {
    let place = Place::new("");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    let (mut server, _) = Server::ready(place.serve());
    server.terminate();
    server.end();
    let path = place.config().parent().unwrap().join("store.sqlite");
    let sql = |text: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(text).unwrap();
    sql("PRAGMA user_version = 999");
    let (code, _, err) = run(&mut place.serve());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("999") && err.contains("newer") && err.contains("store.sqlite"), "{err}");
    sql("PRAGMA user_version = 1; PRAGMA application_id = 7");
    let (code, _, err) = run(&mut place.serve());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("another program"), "{err}");
}

#[test]
fn second_process_on_one_store_is_refused() {
    let place = Place::new("");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    let (_server, _) = Server::ready(place.serve());
    let (code, _, err) = run(&mut place.serve());
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("in use"), "{err}");
}

#[test]
fn directory_without_events_is_polled() {
    let place = Place::new("[seeds]\nwatch = \"poll\"\npoll_seconds = 1\n");
    write_seed(&place.seeds().join("1.txt"), &good_seed(1));
    let (_server, address) = Server::ready(place.serve());
    assert_eq!(titles(address).len(), 1);
    write_seed(&place.seeds().join("2.txt"), &good_seed(2));
    eventually("the second seed", PATIENCE, || (titles(address).len() == 2).then_some(()));
}

#[test]
fn reload_takes_up_new_feeds_and_refuses_a_wrong_file() {
    let place = Place::new("");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    let (server, address) = Server::ready(place.serve());
    assert_eq!(get(address, "/feeds/quiet/rss.xml", &[]).unwrap().status, 404);
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), format!("{config}[[feed]]\nname = \"quiet\"\nwords = [\"day\"]\n")).unwrap();
    server.signal(rustix::process::Signal::HUP);
    eventually("the new feed", PATIENCE, || {
        let answer = get(address, "/feeds/quiet/feed.json", &[]).ok()?;
        (answer.status == 200).then(|| assert_eq!(answer.json()["items"].as_array().unwrap().len(), 1))
    });
    std::fs::write(place.config(), format!("{config}[[feed]]\nname = \"Not a name\"\n")).unwrap();
    server.signal(rustix::process::Signal::HUP);
    eventually("a word about it", PATIENCE, || server.log().contains("reload refused").then_some(()));
    assert_eq!(get(address, "/feeds/quiet/rss.xml", &[]).unwrap().status, 200);
}

/// A place whose service is held up in its start by an access log that nobody reads, and that log.
fn held_up() -> (Place, std::path::PathBuf, Server) {
    let place = Place::new("[log]\naccess = \"combined\"\naccess_file = \"access.fifo\"\n");
    write_seed(&place.seeds().join("good.txt"), &good_seed(1));
    let fifo = place.config().with_file_name("access.fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let server = Server::spawn(place.serve());
    eventually("it has begun", PATIENCE, || server.log().contains("new store").then_some(()));
    (place, fifo, server)
}

#[test]
fn sighup_before_it_serves_does_no_harm() {
    let (_place, fifo, mut server) = held_up();
    server.hang_up();
    // A signal that ends a process does so before the next system call of another one sees it alive for long.
    std::thread::sleep(Duration::from_millis(100));
    assert!(server.is_running(), "{}", server.log());
    let _reader = File::open(fifo).unwrap();
    let address = server.address_again();
    crate::running::wait_until_ready(address);
    assert_eq!(titles(address), ["A good day, number 1"]);
    eventually("it is reloaded", PATIENCE, || server.log().contains("configuration reloaded").then_some(()));
}

#[test]
fn sigterm_before_it_serves_ends_it_with_0() {
    let (_place, fifo, mut server) = held_up();
    server.terminate();
    let _reader = File::open(fifo).unwrap();
    assert_eq!(server.end().code(), Some(0), "{}", server.log());
}

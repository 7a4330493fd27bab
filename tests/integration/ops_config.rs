//! Mistakes in the configuration, each with what the operator is told.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::running::{Place, program, run};

/// What the file says, and words that the message must have.
const FILE: &[(&str, &[&str])] = &[
    // Not TOML.
    ("[site\ntitle = \"x\"\n", &["line 1", "^"]),
    ("[site]\ntitle = x\n", &["line 2", "^"]),
    ("[site]\ntitle = \"x\n", &["line 2", "^"]),
    ("[site]\ntitle = \"a\"\ntitle = \"b\"\n", &["line 3", "duplicate key"]),
    ("[site]\n[site]\n", &["duplicate", "site"]),
    // Names that do not exist.
    // The place is told whatever else the file has or leaves out.
    ("[http]\nidle_seconds = 30\n[site]\ntitle = \"x\"\ntitel = \"y\"\n", &["line 5", "titel", "`title`", "^"]),
    ("[sites]\ntitle = \"x\"\n", &["line 1", "sites", "expected one of", "`site`"]),
    ("[site]\ntitel = \"x\"\n", &["line 2", "titel", "`title`", "^"]),
    ("title = \"x\"\n", &["line 1", "title"]),
    ("[[feed]]\nname = \"a\"\nsorces = []\n", &["line 3", "sorces", "`sources`"]),
    ("[[seeds.rule]]\npath = [\"a/**\"]\n", &["line 2", "`paths`"]),
    // Values of the wrong type.
    ("[feeds]\nitems = \"50\"\n", &["line 2", "this must be a whole number, not the text \"50\"", "^"]),
    ("[feeds]\nitems = 50.5\n", &["line 2", "this must be a whole number, not 50.5"]),
    ("[seeds]\ninclude = \"*.txt\"\n", &["line 2", "this must be a list such as [\"x\"], not the text \"*.txt\""]),
    ("[seeds]\ndirectory_categories = \"yes\"\n", &["line 2", "this must be true or false, not the text \"yes\""]),
    ("[http]\nlisten = \"127.0.0.1:8080\"\n", &["line 2", "this must be a list such as"]),
    ("[feeds]\nitems = 99999999999999999999\n", &["line 2", "this number is larger than any", "^"]),
    ("[site]\ntitle = 5\n", &["line 2", "this must be text in quotes, not 5", "^"]),
    ("[hub]\nretry_seconds = [true]\n", &["line 2", "this must be a list of whole numbers"]),
    ("site = 3\n", &["line 1", "this must be a section such as [site], not 3"]),
    ("[feed]\nname = \"a\"\n", &["line 1", "write [[feed]]", "^"]),
    ("[seeds.rule]\npaths = [\"a\"]\n", &["line 1", "write [[seeds.rule]]", "^"]),
    ("[[feed]]\ntitle = \"no name\"\n", &["name"]),
    // Values out of range.
    ("[feeds]\nitems = 0\n", &["seedcast.toml`, line 2: `feeds.items` must be between 1 and 1000000: 0"]),
    ("[feeds]\nitems = -1\n", &["`feeds.items` must be between 1 and 1000000: -1"]),
    ("[feeds]\nitems = 500\nmax_items = 300\n", &["`feeds.items` must be at most max_items (300): 500"]),
    ("[feeds]\nwindow_hours = 1000\n", &["`feeds.window_hours` must be between 0 and 168: 1000"]),
    ("[feeds]\nmax_age_seconds = 100000\n", &["`feeds.max_age_seconds` must be between 0 and 86400: 100000"]),
    ("[seeds]\nreconcile_seconds = 0\n", &["`seeds.reconcile_seconds` must be between 1 and 86400: 0"]),
    ("[seeds]\nmax_bytes = 0\n", &["`seeds.max_bytes` must be between 1 and 33554432: 0"]),
    ("[http]\ndrain_seconds = 301\n", &["`http.drain_seconds` must be between 0 and 300: 301"]),
    ("[http]\nmax_connections = 1\n", &["`http.max_connections` must be between 16 and 1000000: 1"]),
    ("[http]\nunconditional_per_hour = -1\n", &["`http.unconditional_per_hour` must be between 0 and 1000000: -1"]),
    ("[http]\nrequest_burst = 0\n", &["`http.request_burst` must be between 1 and 1000000: 0"]),
    // Words that mean nothing.
    ("[seeds]\nwatch = \"inotify\"\n", &["`seeds.watch` must be \"events\" or \"poll\": \"inotify\""]),
    ("[seeds]\nsilent_edit = \"no\"\n", &["`seeds.silent_edit` must be \"keep\" or \"bump\": \"no\""]),
    ("[feeds]\ncontent = \"all\"\n", &["`feeds.content` must be \"full\" or \"summary\": \"all\""]),
    ("[log]\nformat = \"xml\"\n", &["`log.format` must be \"text\" or \"json\": \"xml\""]),
    ("[log]\naccess = \"on\"\n", &["`log.access` must be \"off\" or \"combined\" or \"json\": \"on\""]),
    ("[log]\nlevel = \"seedcast=loud\"\n", &["`log.level` must be error, warn, info", "\"seedcast=loud\""]),
    // A word that is no level would be an area, and everything else silent.
    ("[log]\nlevel = \"warning\"\n", &["`log.level` must be error, warn, info", "\"warning\""]),
    ("[log]\nlevel = \"loud\"\n", &["`log.level` must be", "\"loud\""]),
    ("[log]\nlevel = \"info;debug\"\n", &["`log.level` must be", "\"info;debug\""]),
    ("[log]\nlevel = \"seedcast::http=debug,inof\"\n", &["`log.level` must be"]),
    // Conditions that nothing can meet.
    (
        "[[feed]]\nname = \"a\"\nsources = [\"https://example.org\"]\n",
        &["line 3: `feed a: sources` must be host names", "\"https://example.org\""],
    ),
    ("[[feed]]\nname = \"a\"\nsources = [\"example.org/news\"]\n", &["`feed a: sources` must be host names"]),
    ("[[feed]]\nname = \"a\"\nsources = [\"example.org.\"]\n", &["`feed a: sources` must be host names"]),
    ("[[feed]]\nname = \"a\"\nsources = [\"*.example.org\"]\n", &["`feed a: sources` must be host names"]),
    ("[[seeds.rule]]\nsources = [\"\"]\n", &["line 2: `seeds.rule.sources` must be host names", "\"\""]),
    ("[[seeds.rule]]\npaths = [\"/tr/**\"]\n", &["`seeds.rule.paths` must be globs over the path below", "\"/tr/**\""]),
    ("[seeds]\ninclude = [\"/*.txt\"]\n", &["`seeds.include` must be globs over the path below"]),
    ("[seeds]\nexclude = [\"./old/**\"]\n", &["`seeds.exclude` must be globs over the path below"]),
    ("[[feed]]\nname = \"a\"\npaths = [\"\"]\n", &["`feed a: paths` must be globs"]),
    ("[[feed]]\nname = \"a\"\nwords = [\"x\", \" \"]\n", &["line 3: `feed a: words` must be some text"]),
    ("[[feed]]\nname = \"a\"\ncategories = [\"\"]\n", &["`feed a: categories` must be some text"]),
    // Names, zones, languages, addresses.
    ("[site]\ntitle = \"\"\n", &["`site.title` must be some text"]),
    (
        "[site]\nbase_url = \"feeds.example\"\n",
        &["`site.base_url` must be an absolute http or https URL", "\"feeds.example\""],
    ),
    ("[site]\nbase_url = \"https://a.example/?x=1\"\n", &["`site.base_url`", "without query"]),
    ("[site]\nicon = \"icon.png\"\n", &["line 2: `site.icon` must be an absolute http or https URL", "\"icon.png\""]),
    ("[site]\nicon = \"data:image/png;base64,AA\"\n", &["`site.icon`"]),
    ("[site]\ntime_zone = \"Istanbul\"\n", &["`site.time_zone`", "\"Europe/Istanbul\"", "\"Istanbul\""]),
    ("[site]\nlanguage = \"english please\"\n", &["`site.language`", "\"pt-BR\""]),
    ("[site]\ntag_authority = \"example.org\"\n", &["`site.tag_authority`", "\"example.org,2026\""]),
    ("[seeds]\ninclude = [\"[a\"]\n", &["`seeds.include` must be a glob", "\"[a\""]),
    ("[store]\nurl = \"/var/lib/x.db\"\n", &["`store.url` must be of the form sqlite:PATH: /var/lib/x.db"]),
    ("[http]\nlisten = []\n", &["line 2: `http.listen` must be one address or more"]),
    ("[site]\ntitle = \"x\"\n\n[[seeds.rule]]\nlanguage = \"de\"\n", &["line 4: `seeds.rule.paths` must be given"]),
    ("[[seeds.rule]]\npaths = [\"a\"]\ntime_zone = \"x\"\n", &["line 3: `seeds.rule.time_zone` must be the IANA"]),
    ("[[feed]]\nname = \"a\"\nmax_items = 3\n", &["line 1: `feed a: items` must be at most max_items (3): 50"]),
    ("[http]\nlisten = [\"127.0.0.1:0\", \"foo\"]\n", &["`http.listen` must be HOST:PORT", "unix:/path: \"foo\""]),
    ("[http]\nlisten = [\"a.example:1\", \"a.example:1\"]\n", &["`http.listen` must be a list of different addresses"]),
    ("[http]\nadmin_listen = \"127.0.0.1:8080\"\n", &["line 2: `http.admin_listen` must be another address than"]),
    ("[site]\nlanguage = \"english\"\n", &["line 2: `site.language` must be a language tag", "\"english\""]),
    ("[[feed]]\nname = \"a\"\nlanguages = [\"german\"]\n", &["`feed a: languages` must be a language tag"]),
    ("[seeds]\ninclude = [\"a/**\"]\nexclude = [\"a/**\"]\n", &["line 3: `seeds.exclude` must be other globs"]),
    ("[[seeds.rule]]\npaths = [\"a\"]\n", &["line 1: `seeds.rule.language` must be given, or `time_zone`"]),
    ("[site]\ntitle = \"a\\nb\"\n", &["line 2: `site.title` must be text in one line", "\"a\\nb\""]),
    ("[http]\nlisten = [\"[::1:80\"]\n", &["`http.listen` must be HOST:PORT", "\"[::1:80\""]),
    ("[http]\nadmin_listen = \"bar\"\n", &["`http.admin_listen` must be HOST:PORT", "unix:/path: \"bar\""]),
    (
        "[http]\nforwarded = \"x-real-ip\"\n",
        &["`http.forwarded`", "\"x-forwarded-for\" or \"forwarded\"", "\"x-real-ip\""],
    ),
    ("[http]\ntrusted_proxies = [\"proxy.local\"]\n", &["`http.trusted_proxies`", "\"10.0.0.0/8\"", "\"proxy.local\""]),
    ("[http]\ntls_key = \"key.pem\"\n", &["`http.tls_certificate` must be given with http.tls_key"]),
    ("[[feed]]\nname = \"World News\"\n", &["`feed.name` must be 1 to 64 of a-z, 0-9 and -: \"World News\""]),
    (
        "[[feed]]\nname = \"a\"\n[[feed]]\nname = \"a\"\n",
        &["`feed.name` must be different for every feed: \"a\" twice"],
    ),
    ("[[feed]]\nname = \"a\"\ntitle = \"\"\n", &["`feed a: title` must be some text: \"\""]),
    ("[[feed]]\nname = \"a\"\ntitle = \" \\u0001\"\n", &["`feed a: title` must be some text"]),
    ("[site]\ntitle = \"\\u0001\\uFFFE \"\n", &["`site.title` must be some text: \"\\u{1}"]),
    (
        "[[feed]]\nname = \"b\"\n\n[[feed]]\nname = \"a\"\nitems = 0\n",
        &["line 6: `feed a: items` must be between 1 and 1000000: 0"],
    ),
];

#[test]
fn every_mistake_in_the_file_is_named_with_its_place() {
    for &(text, words) in FILE {
        let place = Place::new("");
        std::fs::write(place.config(), text).unwrap();
        let (code, out, err) = run(program().arg("check").arg("--config").arg(place.config()).arg(place.seeds()));
        assert_eq!(code, 2, "{text}\n{out}{err}");
        for word in words {
            assert!(err.contains(word), "no {word:?} for\n{text}\nbut\n{err}");
        }
        assert!(err.contains("seedcast.toml"), "the file is not named for\n{text}\nbut\n{err}");
        assert!(!err.contains("panicked") && !err.contains("ConfigError"), "{err}");
    }
}

/// Name and value of a variable, and words that the message must have.
const ENVIRONMENT: [(&str, &str, &[&str]); 6] = [
    ("SEEDCAST_FEEDS_ITEMS", "99999999999999999999", &["`feeds.items` must be between 1 and 1000000"]),
    ("SEEDCAST_FEEDS_ITEMS", "many", &["`SEEDCAST_FEEDS_ITEMS` must be a whole number: many"]),
    ("SEEDCAST_SEEDS_DIRECTORY_CATEGORIES", "yes", &["must be true or false: yes"]),
    ("SEEDCAST_FEEDS_ITEMS", "0", &["environment variable SEEDCAST_FEEDS_ITEMS: `feeds.items` must be between 1 and"]),
    ("SEEDCAST_STORE_URL", "credential:store", &["`store.url`: cannot read credential `store`", "LoadCredential"]),
    ("SEEDCAST_STORE_URL", "credential:../x", &["`store.url`", "one file name"]),
];

#[test]
fn levels_in_every_form_are_taken() {
    for level in ["warn", "OFF", "info,seedcast::http=debug", "seedcast=trace, error"] {
        let place = Place::new("");
        let check = &mut program();
        check.arg("check").arg("--config").arg(place.config()).args(["--log-level", level]).arg(place.seeds());
        let (code, out, err) = run(check);
        assert_eq!(code, 0, "{level}: {out}{err}");
    }
}

#[test]
fn every_mistake_in_the_environment_is_named() {
    for (name, value, words) in ENVIRONMENT {
        let place = Place::new("");
        let (code, _, err) = run(place.serve_as_configured().env(name, value));
        assert_eq!(code, 2, "{name}={value}\n{err}");
        for word in words {
            assert!(err.contains(word), "no {word:?} for {name}={value} but\n{err}");
        }
    }
}

/// Arguments after `serve`, exit code, and words that the message must have.
const STARTS: [(&[&str], i32, &[&str]); 8] = [
    (&["--listen", "8080"], 2, &["option --listen: `http.listen`", "HOST:PORT"]),
    (&["--listen", "unix:relative"], 2, &["`http.listen`", "unix:/path"]),
    (&["--listen", "203.0.113.7:8080"], 1, &["203.0.113.7:8080", "does not belong to this machine"]),
    (&["--listen", "unix:/nowhere/http.sock"], 1, &["/nowhere/http.sock", "directory must exist"]),
    // What may be there a little later, such as a file system at boot, is worth another start.
    (&["--seeds", "/nowhere"], 1, &["/nowhere", "--seeds DIR"]),
    (&["--seeds", "/etc/hostname"], 2, &["/etc/hostname"]),
    (&["--store", "mysql:x"], 2, &["sqlite:PATH"]),
    (&["--store", "sqlite:/proc/nowhere/x.db"], 1, &["/proc/nowhere/x.db"]),
];

#[test]
fn every_mistake_at_the_start_says_what_to_do() {
    for (arguments, expected, words) in STARTS {
        let place = Place::new("");
        let (code, _, err) = run(place.serve_as_configured().args(arguments));
        assert_eq!(code, expected, "{arguments:?}\n{err}");
        for word in words {
            assert!(err.contains(word), "no {word:?} for {arguments:?} but\n{err}");
        }
    }
}

#[test]
fn a_variable_that_names_no_setting_is_told_and_links_of_containers_are_not() {
    let place = Place::new("[log]\naccess_file = \"x.log\"\n");
    let mut check = program();
    check.args(["check", "--config-only", "--config"]).arg(place.config()).arg("--seeds").arg(place.seeds());
    for (name, value) in [
        ("SEEDCAST_FEEDS_ITMES", "3"),
        ("SEEDCAST_LISTEN", "127.0.0.1:80"),
        ("SEEDCAST_BASE_URL", "https://a.example"),
        ("SEEDCAST_FEED_NAME", "a"),
        ("SEEDCAST_HTTP_PORT", "tcp://10.0.0.1:80"),
        ("SEEDCAST_HTTP_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("SEEDCAST_HTTP_SERVICE_HOST", "10.0.0.1"),
        ("SEEDCAST_SERVICE_PORT_WEB", "80"),
    ] {
        check.env(name, value);
    }
    let (code, _, err) = run(&mut check);
    assert_eq!(code, 0, "{err}");
    for told in [
        "SEEDCAST_FEEDS_ITMES names no setting; SEEDCAST_FEEDS_ITEMS does",
        "SEEDCAST_LISTEN names no setting; SEEDCAST_HTTP_LISTEN does",
        "SEEDCAST_BASE_URL names no setting; SEEDCAST_SITE_BASE_URL does",
        "SEEDCAST_FEED_NAME names no setting\n",
        "no access log is written",
    ] {
        assert!(err.contains(told), "no {told:?} in\n{err}");
    }
    assert_eq!(err.matches("WARN").count(), 5, "{err}");
}

#[test]
fn store_among_the_articles_is_refused() {
    let place = Place::new("");
    let store = format!("sqlite:{}", place.seeds().join("var/store.db").display());
    let (code, _, err) = run(place.serve_as_configured().args(["--store", &store]));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("store.db` lies in the seed directory") && err.contains("--store"), "{err}");
    assert!(!place.seeds().join("var").exists());
}

#[test]
fn certificate_that_cannot_be_used_is_named_with_the_reason() {
    let place = Place::new("");
    let serve = |certificate: &str| {
        let mut command = place.serve();
        command.env("SEEDCAST_HTTP_TLS_CERTIFICATE", certificate).env("SEEDCAST_HTTP_TLS_KEY", certificate);
        run(&mut command)
    };
    let (code, _, err) = serve("/nowhere/cert.pem");
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("`http.tls_certificate`") && err.contains("/nowhere/cert.pem"), "{err}");
    let (code, _, err) = serve(&place.config().display().to_string());
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("no certificate in"), "{err}");
}

#[test]
fn check_of_a_certificate_that_cannot_be_used_names_it() {
    let place = Place::new("tls_certificate = \"/nowhere/cert.pem\"\ntls_key = \"/nowhere/key.pem\"\n");
    let (code, out, err) = run(program().arg("check").arg("--config").arg(place.config()).arg(place.seeds()));
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("`http.tls_certificate`") && err.contains("/nowhere/cert.pem"), "{err}");
}

#[test]
fn access_log_that_cannot_be_opened_is_named_by_start_and_check() {
    let place = Place::new("[log]\naccess = \"combined\"\naccess_file = \"/nowhere/access.log\"\n");
    let mut check = program();
    check.arg("check").arg("--config").arg(place.config()).arg(place.seeds());
    for command in [&mut place.serve(), &mut check] {
        let (code, out, err) = run(command);
        assert_eq!(code, 1, "{out}{err}");
        assert!(err.contains("`log.access_file`: cannot open `/nowhere/access.log`: No such file"), "{err}");
    }
}

#[test]
fn check_of_the_configuration_alone_finds_what_a_start_would_and_reads_no_seed() {
    let place = Place::new("[log]\naccess = \"combined\"\naccess_file = \"access.log\"\n");
    std::fs::write(place.seeds().join("bad.txt"), "").unwrap();
    let check = |seeds: &std::path::Path| {
        let mut check = program();
        check.args(["check", "--config-only", "--config"]).arg(place.config()).arg("--seeds").arg(seeds);
        run(check.current_dir(place.seeds().parent().unwrap()))
    };
    let (code, out, err) = check(&place.seeds());
    assert_eq!((code, out.as_str(), err.as_str()), (0, "the configuration is right\n", ""));
    assert!(!place.seeds().with_file_name("access.log").exists(), "a check makes nothing");
    let (code, _, err) = check(&place.seeds().join("nowhere"));
    assert!(code == 1 && err.contains("nowhere` does not exist"), "{code} {err}");
    let (code, _, err) = check(&place.config());
    assert!(code == 2 && err.contains("is not a directory"), "{code} {err}");
    std::fs::write(place.config(), "[feeds]\nitems = 0\n").unwrap();
    let (code, _, err) = check(&place.seeds());
    assert!(code == 2 && err.contains("line 2: `feeds.items`"), "{code} {err}");
}

#[test]
fn value_of_a_variable_that_is_no_text_is_named() {
    let place = Place::new("");
    let value = OsStr::from_bytes(b"caf\xe9");
    let (code, _, err) = run(place.serve_as_configured().env("SEEDCAST_SITE_TITLE", value));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("environment: `SEEDCAST_SITE_TITLE` must be UTF-8"), "{err}");
    // Others may be what they like.
    let mut check = program();
    check.arg("check").arg("--config").arg(place.config()).arg(place.seeds());
    let (code, _, err) = run(check.env("SEEDCAST_PORT_80_TCP", value).env("OTHER", value));
    assert_eq!(code, 0, "{err}");
}

#[test]
fn credential_that_is_not_used_need_not_be_there() {
    let place = Place::new("[store]\nurl = \"credential:store-url\"\n");
    let with = |arguments: &[&str]| run(program().args(arguments).arg("--config").arg(place.config()));
    let (code, out, err) = with(&["check", "--seeds", &place.seeds().display().to_string()]);
    assert_eq!(code, 0, "{out}{err}");
    let configuration = std::fs::read_to_string(place.config()).unwrap();
    let admin = format!("admin_listen = \"{}\"", place.admin());
    std::fs::write(place.config(), configuration.replace("admin_listen = \"\"", &admin)).unwrap();
    for command in ["status", "healthcheck", "rescan"] {
        let (code, _, err) = with(&[command]);
        assert!(code == 1 && err.contains("no answer from the admin address"), "{command}: {code} {err}");
    }
    let (code, _, err) = run(&mut place.serve_as_configured());
    assert!(code == 2 && err.contains("cannot read credential `store-url`"), "{code} {err}");
}

#[test]
fn secret_is_read_from_its_credential() {
    let place = Place::new("");
    let credentials = tempfile::tempdir().unwrap();
    std::fs::write(credentials.path().join("store-url"), "postgres-is-not-here-yet:secret\n").unwrap();
    std::fs::write(place.config(), "[store]\nurl = \"credential:store-url\"\n").unwrap();
    let (code, _, err) = run(place.serve_as_configured().env("CREDENTIALS_DIRECTORY", credentials.path()));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("`store.url` must be of the form sqlite:PATH: postgres-is-not-here-yet:secret"), "{err}");
}

#[test]
fn store_of_another_program_is_left_alone() {
    let place = Place::new("");
    let other = place.config().with_file_name("other.db");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(connection);
    let store = format!("sqlite:{}", other.display());
    let (code, _, err) = run(place.serve_as_configured().args(["--store", &store]));
    assert_eq!(code, 2, "{err}");
    assert!(err.contains("other.db"), "{err}");
}

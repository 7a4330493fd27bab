//! Methods, targets and what every answer carries, RFC 9110 §9 and RFC 9112 §3.

use seedcast::http::{Settings, TrustedProxies};

use crate::http_site::{CHANGED, NOW, Server, encoding, feed, parts};

#[test]
fn a_feed_comes_with_all_that_caches_and_readers_need() {
    let answer = Server::plain().get("/rss.xml", "");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, feed("headline").identity().bytes);
    for (name, value) in [
        ("date", NOW),
        ("last-modified", CHANGED),
        ("content-type", "application/rss+xml; charset=utf-8"),
        ("cache-control", "max-age=300, stale-while-revalidate=60, stale-if-error=86400"),
        ("vary", "Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "ETag, Last-Modified, Link, Retry-After, X-Content-Type-Options"),
        ("link", "<https://feeds.example/rss.xml>; rel=\"self\""),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(answer.field(name), Some(value), "{name}");
    }
    for name in ["expires", "age", "content-location", "access-control-allow-credentials", "server", "connection"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
    assert_eq!(answer.field("content-security-policy"), None, "feeds are no pages");
}

#[test]
fn a_page_comes_with_a_content_security_policy() {
    let answer = Server::plain().get("/feeds/world/", "");
    assert_eq!(answer.status, 200);
    let policy = answer.field("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("script"), "{policy}");
}

#[test]
fn head_has_the_fields_of_get_and_no_body() {
    let server = Server::plain();
    for (path, lines) in [
        ("/rss.xml", ""),
        ("/rss.xml", "Accept-Encoding: gzip\r\n"),
        ("/rss.xml", "If-None-Match: *\r\n"),
        ("/nothing", ""),
        ("/feed?x=1", ""),
        ("/robots.txt", ""),
        ("/favicon.ico", ""),
    ] {
        let get = server.get(path, lines);
        // On one connection with a GET behind it, so that a body would be taken for the next answer.
        let mut client = server.connect();
        let head = client.ask("HEAD", path, lines);
        assert_eq!((head.status, &head.fields), (get.status, &get.fields), "{path} {lines}");
        assert_eq!(client.ask("GET", "/livez", "").text(), "ok\n");
    }
}

#[test]
fn options_says_what_is_allowed() {
    let server = Server::plain();
    for path in ["/rss.xml", "*", "/"] {
        let answer = server.connect().ask("OPTIONS", path, "");
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.field("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(answer.field("content-length"), None);
    }
}

#[test]
fn a_preflight_allows_the_fields_of_polls() {
    let lines = "Origin: https://reader.example\r\nAccess-Control-Request-Method: GET\r\n\
                 Access-Control-Request-Headers: if-none-match, a-im\r\n";
    let answer = Server::plain().connect().ask("OPTIONS", "/rss.xml", lines);
    assert_eq!(answer.status, 204);
    assert_eq!(answer.field("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.field("access-control-allow-methods"), Some("GET, HEAD"));
    assert_eq!(answer.field("access-control-max-age"), Some("86400"));
    let allowed = answer.field("access-control-allow-headers").unwrap().to_lowercase();
    for name in ["if-none-match", "if-modified-since", "a-im"] {
        assert!(allowed.contains(name), "{name}");
    }
    assert_eq!(answer.field("access-control-allow-credentials"), None);
}

#[test]
fn scripts_may_read_errors_and_304s() {
    let server = Server::plain();
    let tag = server.get("/rss.xml", "").etag().to_owned();
    for (path, lines, status) in
        [("/nothing", String::new(), 404), ("/rss.xml", format!("If-None-Match: {tag}\r\n"), 304)]
    {
        let answer = server.get(path, &lines);
        assert_eq!(answer.status, status);
        assert_eq!(answer.field("access-control-allow-origin"), Some("*"));
    }
}

#[test]
fn known_methods_are_not_allowed_and_others_not_implemented() {
    let server = Server::plain();
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        let answer = server.connect().ask(method, "/rss.xml", "");
        assert_eq!(answer.status, 405, "{method}");
        assert_eq!(answer.field("allow"), Some("GET, HEAD, OPTIONS"));
    }
    let connect = server.connect().ask("CONNECT", "feeds.example:443", "");
    assert_eq!(connect.status, 405);
    for method in ["BREW", "get", "PROPFIND"] {
        assert_eq!(server.connect().ask(method, "/rss.xml", "").status, 501, "{method}");
    }
}

#[test]
fn errors_are_short_texts_that_nobody_keeps() {
    let server = Server::plain();
    for path in ["/nothing", "/RSS.XML", "//rss.xml", "/rss.xml/x", "/feeds//world/", "/soon.xml"] {
        let answer = server.get(path, "");
        let expected = if path == "/soon.xml" { 503 } else { 404 };
        assert_eq!(answer.status, expected, "{path}");
        assert_eq!(answer.field("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        assert!(answer.body.len() < 60);
    }
    assert_eq!(server.get("/soon.xml", "").field("retry-after"), Some("2"));
}

#[test]
fn paths_that_mean_harm_are_refused() {
    let server = Server::plain();
    for path in [
        "/%00",
        "/rss.xml%00",
        "/../etc/passwd",
        "/%2e%2e/etc/passwd",
        "/.%2E/x",
        "/./rss.xml",
        "/a/%2e/b",
        "/%zz",
        "/%",
        "/a%0d%0aX-Y:z",
        "/back\\slash",
        "/<script>",
    ] {
        assert_eq!(server.get(path, "").status, 400, "{path}");
    }
}

#[test]
fn a_query_changes_nothing() {
    let server = Server::plain();
    let plain = server.get("/rss.xml", "");
    for query in ["?", "?utm_source=x", "?a=1&b=%00%zz", "?/../.."] {
        let answer = server.get(&format!("/rss.xml{query}"), "");
        assert_eq!((answer.status, answer.etag()), (200, plain.etag()), "{query}");
    }
}

#[test]
fn absolute_form_is_understood() {
    let server = Server::plain();
    for target in ["http://feeds.example/rss.xml", "HTTP://other.example:80/rss.xml?x", "https://feeds.example/rss.xml"]
    {
        assert_eq!(server.get(target, "").status, 200, "{target}");
    }
    assert_eq!(server.get("http://feeds.example", "").status, 404);
    assert_eq!(server.get("ftp://feeds.example/rss.xml", "").status, 400);
    assert_eq!(server.get("feeds.example/rss.xml", "").status, 400);
    assert_eq!(server.get("*", "").status, 400);
}

#[test]
fn old_addresses_move_for_good_and_keep_the_query() {
    let server = Server::plain();
    for (from, to) in [
        ("/feed", "/rss.xml"),
        ("/feed/", "/rss.xml"),
        ("/rss", "/rss.xml"),
        ("/atom", "/atom.xml"),
        ("/index.xml", "/rss.xml"),
        ("/feed.xml", "/rss.xml"),
        ("/feed?a=1&b", "/rss.xml?a=1&b"),
        ("/feeds/world", "/feeds/world/"),
        ("/rss.xml/", "/rss.xml"),
    ] {
        let answer = server.get(from, "");
        assert_eq!(answer.status, 308, "{from}");
        assert_eq!(answer.field("location"), Some(to), "{from}");
        assert!(answer.body.len() < 60);
    }
}

#[test]
fn a_base_path_may_be_there_or_stripped_by_the_proxy() {
    let server = Server::start(parts(), Settings { base_path: "/news".to_owned(), ..Settings::default() });
    for path in ["/news/rss.xml", "/rss.xml", "/news/livez", "/livez"] {
        assert_eq!(server.get(path, "").status, 200, "{path}");
    }
    assert_eq!(server.get("/newsrss.xml", "").status, 404);
    for path in ["/news/feed?x=1", "/feed?x=1"] {
        assert_eq!(server.get(path, "").field("location"), Some("/news/rss.xml?x=1"), "{path}");
    }
}

#[test]
fn robots_may_read_all_and_the_icon_is_an_empty_answer() {
    let server = Server::plain();
    assert_eq!(server.get("/robots.txt", "").text(), "User-agent: *\nDisallow:\n");
    assert_eq!(server.get("/favicon.ico", "").status, 204);
}

#[test]
fn an_offer_of_another_protocol_is_passed_over() {
    let server = Server::plain();
    let mut client = server.connect();
    for upgrade in ["h2c", "websocket"] {
        let lines =
            format!("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {upgrade}\r\nHTTP2-Settings: AAMAAABk\r\n");
        let answer = client.ask("GET", "/rss.xml", &lines);
        assert_eq!((answer.status, answer.field("upgrade")), (200, None), "{upgrade}");
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::plain();
    let mut client = server.connect();
    let mut all = String::new();
    for path in ["/rss.xml", "/livez", "/nothing", "/rss.xml"] {
        all += &format!("GET {path} HTTP/1.1\r\nHost: h\r\n{}\r\n", encoding("gzip"));
    }
    client.send(all);
    let statuses: Vec<u16> = (0..4).map(|_| client.answer(false).status).collect();
    assert_eq!(statuses, [200, 200, 404, 200]);
}

#[test]
fn connections_last_as_the_version_says() {
    let server = Server::plain();
    let mut old = server.connect();
    old.send("GET /rss.xml HTTP/1.0\r\n\r\n");
    assert_eq!(old.answer(false).field("connection"), Some("close"));
    assert!(old.rest().is_empty());

    let mut kept = server.connect();
    kept.send("GET /rss.xml HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    assert_eq!(kept.answer(false).field("connection"), Some("keep-alive"));
    assert_eq!(kept.ask("GET", "/livez", "").status, 200);

    let mut both = server.connect();
    both.send("GET /rss.xml HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n");
    assert_eq!(both.answer(false).field("connection"), Some("close"));
    assert!(both.rest().is_empty());

    let mut closed = server.connect();
    assert_eq!(closed.ask("GET", "/rss.xml", "Connection: foo, CLOSE\r\n").field("connection"), Some("close"));
    assert!(closed.rest().is_empty());
}

#[test]
fn a_later_minor_version_is_read_as_the_one_that_we_know() {
    let server = Server::plain();
    for version in ["HTTP/1.2", "HTTP/1.9"] {
        let mut client = server.connect();
        client.stream.set_nodelay(true).unwrap();
        // The line first, and empty lines before it.
        for part in [format!("\r\n\r\nGET /livez {version}\r\n"), "Host: h\r\n".to_owned(), "\r\n".to_owned()] {
            client.send(part);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert_eq!(client.answer(false).text(), "ok\n", "{version}");
        client.send(format!("GET /rss.xml {version}\r\nHost: h\r\n\r\nGET /livez HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(client.answer(false).body, feed("headline").identity().bytes, "{version}");
        assert_eq!(client.answer(false).text(), "ok\n", "{version}: what follows is whole");
        client.send(format!("GET /livez {version}\r\n\r\n"));
        assert_eq!(client.answer(false).status, 400, "{version} without Host");
    }
}

#[test]
fn trusted_proxies_are_addresses_networks_or_unix() {
    assert!(TrustedProxies::new(["127.0.0.1", "10.0.0.0/8", "fd00::/8", "unix", "0.0.0.0/0"]).is_ok());
    for wrong in ["10.0.0.0/33", "10.0.0.5/8", "proxy.example", "10.0.0.0/", ""] {
        let error = TrustedProxies::new([wrong]).unwrap_err();
        assert!(error.to_string().contains(&format!("`{wrong}`")), "{error}");
    }
}

#[test]
fn the_query_of_a_new_address_is_that_of_a_uri() {
    let server = Server::plain();
    for (query, written) in [
        ("ü", "%C3%BC"),
        ("a=%C3%BC&b=1/2?", "a=%C3%BC&b=1/2?"),
        ("a=[1]|{2}^`\\\"<>", "a=%5B1%5D%7C%7B2%7D%5E%60%5C%22%3C%3E"),
        ("100%&%zz&%4", "100%25&%25zz&%254"),
        ("a#b", "a%23b"),
        ("", ""),
    ] {
        let answer = server.get(&format!("/feed?{query}"), "");
        assert_eq!((answer.status, answer.field("location")), (308, Some(format!("/rss.xml?{written}").as_str())));
    }
}

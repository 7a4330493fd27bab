//! Binding, stopping, and HTTP/2.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};

use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use seedcast::feed::Document;
use seedcast::http::{BindError, Limits, Listener, Observer, OnDemand, Parts, Rendered, Settings, State, serve};
use seedcast::ops::{Answered, RequestLine};

use crate::http_site::{FRESH, Server, changed, parts};

#[test]
fn listeners_say_where_they_are() {
    let listener = Listener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_address().unwrap().port();
    assert_eq!(listener.to_string(), format!("http://127.0.0.1:{port}"));
    assert_ne!(port, 0);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("http.sock");
    assert_eq!(
        Listener::bind(&format!("unix:{}", path.display())).unwrap().to_string(),
        format!("unix:{}", path.display())
    );
}

#[test]
fn errors_of_binding_say_what_to_do() {
    let taken = Listener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_address().unwrap().to_string();
    let error = Listener::bind(&address).unwrap_err();
    assert!(matches!(error, BindError::InUse(_)), "{error:?}");
    assert!(error.to_string().contains(&address) && error.to_string().contains("choose another"), "{error}");

    for address in
        ["", "8080", "127.0.0.1", ":8080", "127.0.0.1:99999", "unix:relative", "[::1:80", "http://127.0.0.1:80"]
    {
        let error = Listener::bind(address).unwrap_err();
        assert!(matches!(error, BindError::Syntax(_) | BindError::Resolve { .. }), "{address}: {error:?}");
        assert!(error.to_string().contains(&format!("`{address}`")), "{error}");
    }
    let error = Listener::bind("192.0.2.1:8080").unwrap_err();
    assert!(matches!(error, BindError::NotOurs(_)), "{error:?}");

    let directory = tempfile::tempdir().unwrap();
    let missing = format!("unix:{}/none/http.sock", directory.path().display());
    assert!(matches!(Listener::bind(&missing).unwrap_err(), BindError::Directory { .. }));
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Listener::bind(&format!("unix:{}", file.display())).unwrap_err();
    assert!(matches!(error, BindError::NotASocket(_)), "{error:?}");
    assert!(file.exists());
}

#[test]
fn a_unix_socket_left_behind_is_replaced_and_a_living_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("http.sock");
    let address = format!("unix:{}", path.display());
    let first = Listener::bind(&address).unwrap();
    assert!(matches!(Listener::bind(&address).unwrap_err(), BindError::InUse(_)));
    drop(first);
    assert!(!path.exists(), "it goes with its listener");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "left behind by a process that was killed");
    let listener = Listener::bind(&address).unwrap();

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shutdown = async {
            let _ = stopped.await;
        };
        let state = State::new(parts(), Settings::default());
        runtime.block_on(serve(vec![listener], state, shutdown, std::time::Duration::from_secs(5))).unwrap();
    });
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    drop(stop);
    thread.join().unwrap();
}

#[test]
fn stopping_closes_idle_connections_at_once() {
    let mut server = Server::plain();
    let mut idle = server.connect();
    assert_eq!(idle.ask("GET", "/rss.xml", "").status, 200);
    let mut silent = server.connect();
    server.begin_stop();
    server.wait();
    assert!(idle.rest().is_empty());
    assert!(silent.rest().is_empty());
}

/// Holds its page back until released.
#[derive(Default)]
struct Held {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl OnDemand for Held {
    fn render(&self, _: &str) -> Rendered {
        let mut state = self.state.lock().unwrap();
        state.0 = true;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |state| !state.1).unwrap());
        Rendered::Found(Document::new("text/html; charset=utf-8", b"late".to_vec(), changed(), FRESH, None))
    }
}

#[test]
fn a_request_under_way_is_answered_while_the_server_stops() {
    let held = Arc::new(Held::default());
    let on_demand = Arc::clone(&held);
    let mut server = Server::start(Parts { on_demand, ..parts() }, Settings::default());
    let mut client = server.connect();
    client.send("GET /items/1/ HTTP/1.1\r\nHost: h\r\n\r\n");
    drop(held.changed.wait_while(held.state.lock().unwrap(), |state| !state.0).unwrap());
    // One that was answered has been accepted: it ends when the server stops, not when it stops listening.
    let mut idle = server.connect();
    assert_eq!(idle.ask("GET", "/rss.xml", "").status, 200);
    server.begin_stop();
    assert!(idle.rest().is_empty(), "the stop has begun");
    held.state.lock().unwrap().1 = true;
    held.changed.notify_all();
    let answer = client.answer(false);
    assert_eq!((answer.status, answer.text()), (200, "late"));
    assert_eq!(answer.field("connection"), Some("close"));
    server.wait();
}

#[test]
fn http_2_is_spoken_by_prior_knowledge() {
    struct Sees;
    impl Observer for Sees {
        fn answered(&self, answer: &Answered<'_>) {
            assert!(matches!(answer.line, RequestLine::Read { protocol: "HTTP/2.0", .. }), "{answer:?}");
        }
    }
    let server = Server::start(Parts { observer: Arc::new(Sees), ..parts() }, Settings::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let url = |path: &str| format!("http://feeds.example{path}");
        let request =
            Request::get(url("/rss.xml")).header("accept-encoding", "gzip").body(Empty::<Bytes>::new()).unwrap();
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let tag = answer.headers()["etag"].clone();
        for (name, value) in
            [("content-encoding", "gzip"), ("vary", "Accept-Encoding"), ("x-content-type-options", "nosniff")]
        {
            assert_eq!(answer.headers()[name], value);
        }
        for name in ["connection", "transfer-encoding", "keep-alive"] {
            assert!(!answer.headers().contains_key(name), "{name}");
        }
        let len: usize = answer.headers()["content-length"].to_str().unwrap().parse().unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), len);

        let request = Request::get(url("/rss.xml?x"))
            .header("accept-encoding", "gzip")
            .header("if-none-match", tag)
            .body(Empty::new())
            .unwrap();
        assert_eq!(client.send_request(request).await.unwrap().status(), StatusCode::NOT_MODIFIED);
        let request = Request::head(url("/rss.xml")).body(Empty::new()).unwrap();
        let head = client.send_request(request).await.unwrap();
        assert_ne!(head.headers()["content-length"], "0");
        assert!(head.into_body().collect().await.unwrap().to_bytes().is_empty());
        for (method, path, status) in
            [("GET", "/none", 404), ("PUT", "/rss.xml", 405), ("BREW", "/rss.xml", 501), ("GET", "/%00", 400)]
        {
            let request = Request::builder().method(method).uri(url(path)).body(Empty::new()).unwrap();
            assert_eq!(client.send_request(request).await.unwrap().status(), status, "{method} {path}");
        }
        connection.abort();
    });
}

#[test]
fn http_2_names_one_server_and_no_user() {
    let server = Server::plain();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        for (authority, hosts, status) in [
            ("x", &[][..], 200),
            ("x", &["x"], 200),
            ("x:80", &["X"], 200),
            ("[::1]:8080", &["[::1]:8080"], 200),
            ("x", &["y"], 400),
            ("x:81", &["x"], 400),
            ("x", &["x", "y"], 400),
            ("x", &[""], 400),
            ("u@h", &[], 400),
            ("u:p@h", &["u:p@h"], 400),
        ] {
            let mut request = Request::get(format!("http://{authority}/livez"));
            for host in hosts {
                request = request.header("host", *host);
            }
            let answer = client.send_request(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), status, "{authority} {hosts:?}");
        }
        connection.abort();
    });
}

#[test]
fn http_2_bodies_are_bounded_and_idle_connections_go_away() {
    let limits = Limits { idle: std::time::Duration::from_millis(100), uri_bytes: 100, ..Limits::default() };
    let server = Server::start(parts(), Settings { limits, ..Settings::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let long = format!("http://feeds.example/{}", "a".repeat(200));
        let request = Request::post(long).body(Full::new(Bytes::from_static(b"body"))).unwrap();
        assert_eq!(client.send_request(request).await.unwrap().status(), StatusCode::URI_TOO_LONG);
        connection.await.unwrap().unwrap();
    });
}

//! A hub in a world that is made up: hosts, addresses and subscribers are scripted, and time passes only when everybody
//! waits for it.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use seedcast::feed::{CachePolicy, Document, Format, link_header};
use seedcast::http::{Accepted, Endpoint, Published, Submission};
use seedcast::hub::address::Policy;
use seedcast::hub::{Algorithm, Boxed, Hub, Made, Maker, Network, Settings, Stream, Unavailable};
use seedcast::store::{Store, StoreUrl};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

pub(crate) const SITE: &str = "https://feeds.example/news";
pub(crate) const TOPIC: &str = "https://feeds.example/news/atom.xml";
/// Longer than anything that is waited for.
const NEVER: Duration = Duration::from_secs(3 * 24 * 3600);

/// A request as a subscriber got it.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) at: Instant,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice");
        value
    }

    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub(crate) fn is_verification(&self) -> bool {
        self.method == "GET" && self.query("hub.challenge").is_some()
    }
}

/// What a subscriber does.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// 200 with the challenge, or with nothing to a delivery.
    Consent,
    /// This status and body.
    Answer(u16, String),
    /// A redirect.
    Redirect(String),
    /// The same as `Consent`, but only after this time.
    Late(Duration),
    /// 200 with a challenge and no end.
    Endless,
    /// Closes the connection.
    Close,
}

type Script = Arc<Mutex<dyn FnMut(&Request) -> Reply + Send>>;

/// The made-up network.
#[derive(Clone, Default)]
pub(crate) struct World(Arc<Mutex<WorldState>>);

#[derive(Default)]
struct WorldState {
    /// Answers of the resolver, one after the other; the last one stays.
    names: HashMap<String, VecDeque<Vec<IpAddr>>>,
    servers: HashMap<SocketAddr, (Script, mpsc::UnboundedSender<Request>)>,
    connections: Vec<SocketAddr>,
    lookups: usize,
}

impl World {
    pub(crate) fn name(&self, host: &str, answers: &[&[&str]]) {
        let answers = answers.iter().map(|one| one.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        self.0.lock().unwrap().names.insert(host.to_owned(), answers);
    }

    /// A subscriber at an address; what it gets comes out of the receiver.
    pub(crate) fn server(&self, address: &str, script: impl FnMut(&Request) -> Reply + Send + 'static) -> Inbox {
        let (sender, receiver) = mpsc::unbounded_channel();
        let script: Script = Arc::new(Mutex::new(script));
        self.0.lock().unwrap().servers.insert(address.parse().unwrap(), (script, sender));
        Inbox(receiver)
    }

    /// All connections that were asked for.
    pub(crate) fn connections(&self) -> Vec<SocketAddr> {
        self.0.lock().unwrap().connections.clone()
    }

    pub(crate) fn lookups(&self) -> usize {
        self.0.lock().unwrap().lookups
    }
}

impl Network for World {
    fn resolve<'a>(&'a self, host: &'a str) -> Boxed<'a, io::Result<Vec<IpAddr>>> {
        let mut state = self.0.lock().unwrap();
        state.lookups += 1;
        let found = state
            .names
            .get_mut(host)
            .map(|answers| if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0].clone() });
        Box::pin(std::future::ready(found.ok_or_else(|| io::ErrorKind::NotFound.into())))
    }

    fn connect(&self, address: SocketAddr) -> Boxed<'_, io::Result<Box<dyn Stream>>> {
        let mut state = self.0.lock().unwrap();
        state.connections.push(address);
        let Some((script, sender)) = state.servers.get(&address).cloned() else {
            return Box::pin(std::future::ready(Err(io::ErrorKind::ConnectionRefused.into())));
        };
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        tokio::spawn(converse(theirs, script, sender));
        Box::pin(std::future::ready(Ok(Box::new(ours) as Box<dyn Stream>)))
    }
}

async fn converse(mut stream: DuplexStream, script: Script, sender: mpsc::UnboundedSender<Request>) {
    let Some(request) = read_request(&mut stream).await else { return };
    let reply = script.lock().unwrap()(&request);
    let challenge = request.query("hub.challenge").unwrap_or_default();
    let _ = sender.send(request);
    let (status, extra, body) = match reply {
        Reply::Consent => (200, String::new(), challenge),
        Reply::Answer(status, body) => (status, String::new(), body),
        Reply::Redirect(to) => (302, format!("Location: {to}\r\n"), challenge),
        Reply::Late(time) => {
            sleep(time).await;
            (200, String::new(), challenge)
        }
        Reply::Endless => {
            let mut bytes = format!("HTTP/1.1 200 x\r\nContent-Length: 999999999999\r\n\r\n{challenge}").into_bytes();
            while stream.write_all(&bytes).await.is_ok() {
                bytes = vec![b'x'; 16 * 1024];
            }
            return;
        }
        Reply::Close => return,
    };
    let length = body.len();
    let text = format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n{extra}\r\n{body}");
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut DuplexStream) -> Option<Request> {
    let mut raw = Vec::new();
    let end = loop {
        if let Some(end) = raw.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut raw).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(raw[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let headers: Vec<(String, String)> =
        lines.map(|line| line.split_once(": ").unwrap()).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while raw.len() < end + 4 + length {
        if stream.read_buf(&mut raw).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request {
        at: Instant::now(),
        method: first.next()?.to_owned(),
        target: first.next()?.to_owned(),
        headers,
        body: raw[end + 4..].to_vec(),
    })
}

/// What a subscriber got.
pub(crate) struct Inbox(mpsc::UnboundedReceiver<Request>);

impl Inbox {
    /// The next request, however long it takes.
    pub(crate) async fn next(&mut self) -> Request {
        timeout(NEVER, self.0.recv()).await.expect("a request comes").unwrap()
    }

    /// The next request that is a delivery.
    pub(crate) async fn delivery(&mut self) -> Request {
        loop {
            let request = self.next().await;
            if request.method == "POST" {
                return request;
            }
        }
    }

    /// Nothing comes within the time.
    pub(crate) async fn silent(&mut self, time: Duration) {
        if let Ok(request) = timeout(time, self.0.recv()).await {
            panic!("nothing should come, but this did: {request:?}");
        }
    }
}

pub(crate) fn settings() -> Settings {
    let seconds = Duration::from_secs;
    Settings {
        is_enabled: true,
        takes_rsscloud: false,
        external: Vec::new(),
        callbacks: Policy { allowed: Vec::new(), ports: vec![80..=80, 443..=443, 1024..=65535] },
        min_lease: seconds(60),
        max_lease: seconds(30 * 86_400),
        default_lease: seconds(10 * 86_400),
        algorithm: Algorithm::Sha256,
        timeout: seconds(10),
        retries: vec![seconds(5), seconds(30), seconds(120)],
        concurrency: 64,
        concurrency_per_host: 8,
        max_subscriptions: 1000,
        max_subscriptions_per_host: 100,
    }
}

/// Documents that are made on demand, by path; `None` fails.
#[derive(Default)]
pub(crate) struct Shelf {
    texts: Mutex<HashMap<String, Option<String>>>,
    made: Mutex<Vec<String>>,
    /// How long each takes.
    pub(crate) takes: Mutex<Duration>,
}

impl Shelf {
    pub(crate) fn put(&self, path: &str, text: Option<&str>) {
        self.texts.lock().unwrap().insert(path.to_owned(), text.map(str::to_owned));
    }

    /// Paths of what was made so far.
    pub(crate) fn made(&self) -> Vec<String> {
        self.made.lock().unwrap().clone()
    }
}

impl Maker for Shelf {
    fn document<'a>(&'a self, path: &'a str) -> Boxed<'a, Made> {
        self.made.lock().unwrap().push(path.to_owned());
        let found = self.texts.lock().unwrap().get(path).cloned();
        let time = *self.takes.lock().unwrap();
        Box::pin(async move {
            sleep(time).await;
            match found {
                Some(Some(text)) => Ok(Some(Arc::new(document(path, Format::Atom, &text).into()))),
                Some(None) => Err(Unavailable),
                None => Ok(None),
            }
        })
    }
}

/// A hub at work with one feed in three formats.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) hub: Arc<Hub>,
    pub(crate) published: Arc<Published>,
    pub(crate) shelf: Arc<Shelf>,
    settings: Settings,
    start: (Instant, DateTime<Utc>),
    folder: Arc<tempfile::TempDir>,
    stop: Option<oneshot::Sender<()>>,
    work: JoinHandle<()>,
    _store: Store,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let published = Arc::new(Published::default());
        published.retain_paths(Format::ALL.map(|format| format!("/{}", format.file_name())));
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let start = (Instant::now(), "2026-01-01T00:00:00Z".parse().unwrap());
        for format in Format::ALL {
            show(&published, format, "the first edition");
        }
        Self::begin(World::default(), published, Arc::default(), settings, start, folder)
    }

    fn begin(
        world: World,
        published: Arc<Published>,
        shelf: Arc<Shelf>,
        settings: Settings,
        start: (Instant, DateTime<Utc>),
        folder: Arc<tempfile::TempDir>,
    ) -> Self {
        let path: PathBuf = folder.path().join("store.sqlite");
        let store = Store::open(&StoreUrl::sqlite(path), start.1).unwrap().store;
        let hub = Hub::new(
            settings.clone(),
            SITE,
            Arc::clone(&published),
            store.subscriptions().unwrap(),
            Arc::new(world.clone()),
            Arc::new(move || start.1 + start.0.elapsed()),
        );
        let lent: Arc<dyn Maker> = Arc::clone(&shelf) as _;
        hub.set_maker(Arc::downgrade(&lent));
        let (stop, stopped) = oneshot::channel::<()>();
        let work = tokio::spawn(Arc::clone(&hub).run(async move {
            let _ = stopped.await;
        }));
        Self { world, hub, published, shelf, settings, start, folder, stop: Some(stop), work, _store: store }
    }

    /// Ends the hub, in order or as a crash would, and starts another one on the same store.
    pub(crate) async fn restart(mut self, in_order: bool) -> Self {
        if in_order {
            let _ = self.stop.take().unwrap().send(());
            (&mut self.work).await.unwrap();
        } else {
            self.work.abort();
            let _ = (&mut self.work).await;
        }
        let Self { world, hub, published, shelf, settings, start, folder, stop: _, work: _, _store } = self;
        drop((hub, _store));
        Self::begin(world, published, shelf, settings, start, folder)
    }

    /// Another edition of the Atom document.
    pub(crate) fn publish(&self, text: &str) {
        self.publish_as(Format::Atom, text);
    }

    /// Another edition of the document in one format.
    pub(crate) fn publish_as(&self, format: Format, text: &str) {
        show(&self.published, format, text);
        self.hub.changed(&[format!("/{}", format.file_name())]);
    }

    pub(crate) async fn post(&self, form: &[(&str, &str)]) -> Accepted {
        self.post_to("/hub", Some("198.51.100.7"), form).await
    }

    /// A form from a client to one of the hub's paths.
    pub(crate) async fn post_to(&self, path: &str, client: Option<&str>, form: &[(&str, &str)]) -> Accepted {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish().into_bytes();
        let content_type = Some("application/x-www-form-urlencoded".to_owned());
        let client = client.map(|client| client.parse().unwrap());
        self.hub.submit(Submission { path: path.to_owned(), content_type, body, client }).await
    }

    pub(crate) async fn subscribe(&self, callback: &str, more: &[(&str, &str)]) -> u16 {
        let mut form = vec![("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", callback)];
        form.extend(more);
        self.post(&form).await.status.as_u16()
    }

    pub(crate) async fn unsubscribe(&self, callback: &str) -> u16 {
        let form = [("hub.mode", "unsubscribe"), ("hub.topic", TOPIC), ("hub.callback", callback)];
        self.post(&form).await.status.as_u16()
    }

    /// Lets everything settle that needs no time to pass beyond this.
    pub(crate) async fn pass(&self, time: Duration) {
        sleep(time).await;
    }

    /// The number of subscriptions.
    pub(crate) fn subscriptions(&self) -> usize {
        self.hub.status().unwrap().subscriptions
    }
}

fn show(published: &Published, format: Format, text: &str) {
    let path = format!("/{}", format.file_name());
    published.slot(&path).unwrap().publish(document(&path, format, text).compress());
}

fn document(path: &str, format: Format, text: &str) -> Document {
    let site = seedcast::feed::Site {
        title: "News".into(),
        base_url: SITE.into(),
        icon: None,
        is_unconfigured: false,
        id_base: SITE.into(),
        language: None,
        author: None,
        hubs: vec![format!("{SITE}/hub")],
        cloud: None,
    };
    let link = link_header(&site, path);
    let cache = CachePolicy { max_age: Duration::from_secs(300), is_stable: false };
    let at = "2026-01-01T00:00:00Z".parse().unwrap();
    Document::new(format.content_type(), text.as_bytes().to_vec(), at, cache, link)
}

//! One request to a host that somebody else named. SECURITY: the host is looked up once, every address that comes back
//! is checked, and the connection is made to one of those: an answer that changes afterwards changes nothing. No
//! redirect is followed, no connection is kept, no proxy is asked, and what comes back is bounded.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::address::{Policy, Refused};
use super::callback::Callback;
use super::network::{Network, Stream};

/// Largest head of an answer, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// Largest number of fields in it.
const MAX_FIELDS: usize = 64;
/// Addresses of one host that are tried.
const MAX_ADDRESSES: usize = 4;
/// Without a connection after this time, the next address is tried.
const CONNECT: Duration = Duration::from_secs(3);

/// Sends requests.
pub(super) struct Client {
    network: Arc<dyn Network>,
    tls: TlsConnector,
}

/// A request to be sent.
pub(super) struct Outgoing {
    /// GET or POST.
    pub method: Method,
    /// Where to.
    pub to: Callback,
    /// Fields besides Host and User-Agent.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Bytes of the answer's body that are wanted; 0: none is read.
    pub wanted: usize,
}

/// What came back.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body; `None` where it is longer than wanted.
    pub body: Option<Vec<u8>>,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// It may not be sent there.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Its path and query are none that a request can have.
    #[error("no request can be made for it: {0}")]
    Target(#[from] hyper::http::uri::InvalidUri),
    /// The host is not known.
    #[error("host not found: {0}")]
    Resolve(io::Error),
    /// No connection.
    #[error("no connection: {0}")]
    Connect(io::Error),
    /// TLS did not come about.
    #[error("TLS handshake failed: {0}")]
    Tls(io::Error),
    /// What came back is not HTTP, or broke off.
    #[error("no answer: {0}")]
    Http(#[from] hyper::Error),
    /// It took too long.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
}

impl Client {
    /// Trusts the certificates that the system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` are heeded).
    #[must_use]
    pub(super) fn new(network: Arc<dyn Network>) -> Self {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            tracing::warn!(errors = ?found.errors, "the system trusts no certificates: https callbacks will fail");
        }
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { network, tls: TlsConnector::from(Arc::new(config)) }
    }

    /// Sends one request within the time. `policy` says where it may go; `None`: anywhere, for hosts that the operator
    /// named.
    ///
    /// # Errors
    /// When nothing was sent, or nothing right came back.
    pub(super) async fn send(
        &self,
        outgoing: Outgoing,
        policy: Option<&Policy>,
        within: Duration,
    ) -> Result<Answer, SendError> {
        timeout(within, self.exchange(outgoing, policy)).await.unwrap_or(Err(SendError::Timeout(within)))
    }

    async fn exchange(&self, outgoing: Outgoing, policy: Option<&Policy>) -> Result<Answer, SendError> {
        let Outgoing { method, to, headers, body, wanted } = outgoing;
        let target = to.target().parse()?;
        let stream = self.connect(&to, policy).await?;
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .max_headers(MAX_FIELDS)
            .handshake(TokioIo::new(stream))
            .await?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = target;
        *request.headers_mut() = headers;
        let host = HeaderValue::try_from(to.authority()).expect("host and port of a URL are visible ASCII");
        request.headers_mut().insert(HOST, host);
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
        let exchange = async {
            let mut response = sender.send_request(request).await?;
            let status = response.status();
            let mut body = Vec::new();
            if wanted == 0 {
                return Ok(Answer { status, body: None });
            }
            while let Some(frame) = response.body_mut().frame().await {
                let Ok(data) = frame?.into_data() else { continue };
                if body.len() + data.len() > wanted {
                    return Ok(Answer { status, body: None });
                }
                body.extend_from_slice(&data);
            }
            Ok(Answer { status, body: Some(body) })
        };
        tokio::pin!(exchange, connection);
        tokio::select! {
            biased;
            answer = &mut exchange => answer,
            // The connection may end before its last bytes are looked at.
            ended = &mut connection => match exchange.await {
                Ok(answer) => Ok(answer),
                Err(error) => Err(ended.err().unwrap_or(error)),
            },
        }
        .map_err(SendError::Http)
    }

    async fn connect(&self, to: &Callback, policy: Option<&Policy>) -> Result<Box<dyn Stream>, SendError> {
        if let Some(policy) = policy {
            policy.check_port(to.port())?;
        }
        let addresses = match to.literal() {
            Some(address) => vec![address],
            None => self.network.resolve(to.host()).await.map_err(SendError::Resolve)?,
        };
        // One closed address among open ones is a trap, not a choice.
        if let Some(policy) = policy {
            addresses.iter().try_for_each(|address| policy.check(*address))?;
        }
        let stream = self.connect_one(&addresses, to.port()).await.map_err(SendError::Connect)?;
        if !to.is_secure() {
            return Ok(stream);
        }
        let name = match to.literal() {
            Some(address) => ServerName::IpAddress(address.into()),
            None => ServerName::try_from(to.host().to_owned())
                .map_err(|error| SendError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error)))?,
        };
        Ok(Box::new(self.tls.connect(name, stream).await.map_err(SendError::Tls)?))
    }

    async fn connect_one(&self, addresses: &[IpAddr], port: u16) -> io::Result<Box<dyn Stream>> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in addresses.iter().take(MAX_ADDRESSES) {
            // In its canonical form a mapped address is connected to as what it was checked as.
            let address = SocketAddr::new(address.to_canonical(), port);
            match timeout(CONNECT, self.network.connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }
}

const AGENT: &str = concat!("seedcast/", env!("CARGO_PKG_VERSION"), " (WebSub hub)");

//! TLS with ALPN and certificates that are replaced while serving.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use seedcast::http::{Listener, Settings, State, Tls, TlsError, serve};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::http_site::parts;

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name)
}

/// Client that trusts one certificate only.
pub(crate) fn connect(address: SocketAddr, trusted: &str, alpn: &[&[u8]]) -> StreamOwned<ClientConnection, TcpStream> {
    over(TcpStream::connect(address).unwrap(), trusted, alpn)
}

/// The same over a connection that is there.
pub(crate) fn over(stream: TcpStream, trusted: &str, alpn: &[&[u8]]) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(data(trusted)).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    let client = ClientConnection::new(Arc::new(config), "feeds.test".try_into().unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    StreamOwned::new(client, stream)
}

pub(crate) fn ask(stream: &mut impl ReadWrite) -> std::io::Result<String> {
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: feeds.test\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

pub(crate) trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

#[test]
fn tls_serves_with_alpn_and_takes_a_new_certificate_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
    let install = |name: &str| {
        std::fs::copy(data(&format!("{name}.pem")), &certificate).unwrap();
        std::fs::copy(data(&format!("{name}.key.pem")), &key).unwrap();
    };
    install("first");
    let tls = Tls::load(&certificate, &key).unwrap();
    let listener = Listener::bind("127.0.0.1:0").unwrap().with_tls(Arc::clone(&tls));
    let address = listener.local_address().unwrap();
    assert_eq!(listener.to_string(), format!("https://{address}"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let shutdown = async {
            let _ = stopped.await;
        };
        let state = State::new(parts(), Settings::default());
        runtime.block_on(serve(vec![listener], state, shutdown, Duration::from_secs(5))).unwrap();
    });

    let answer = ask(&mut connect(address, "first.pem", &[])).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    let mut both = connect(address, "first.pem", &[b"h2", b"http/1.1"]);
    while both.conn.is_handshaking() {
        both.conn.complete_io(&mut both.sock).unwrap();
    }
    assert_eq!(both.conn.alpn_protocol(), Some(&b"h2"[..]));
    let mut plain = TcpStream::connect(address).unwrap();
    let answer = ask(&mut plain).unwrap_or_default();
    assert!(!answer.contains("HTTP/1.1 200"), "no clear text on a TLS port: {answer}");

    install("second");
    tls.reload().unwrap();
    assert!(ask(&mut connect(address, "second.pem", &[b"http/1.1"])).unwrap().ends_with("ok\n"));
    assert!(ask(&mut connect(address, "first.pem", &[])).is_err());

    std::fs::copy(data("first.key.pem"), &key).unwrap();
    let error = tls.reload().unwrap_err();
    assert!(matches!(error, TlsError::Unusable { .. }), "{error:?}");
    assert!(ask(&mut connect(address, "second.pem", &[])).unwrap().ends_with("ok\n"), "the old pair stays");
    drop(stop);
    drop(both);
    thread.join().unwrap();
}

#[test]
fn certificates_that_cannot_be_used_say_why() {
    let certificate = data("first.pem");
    let missing = Tls::load(Path::new("/nowhere/cert.pem"), &data("first.key.pem")).unwrap_err();
    assert!(missing.to_string().contains("/nowhere/cert.pem"), "{missing}");
    let swapped = Tls::load(&data("first.key.pem"), &certificate).unwrap_err();
    assert!(matches!(swapped, TlsError::NoCertificate(_)), "{swapped:?}");
    let keyless = Tls::load(&certificate, &certificate).unwrap_err();
    assert!(matches!(keyless, TlsError::Read { .. }), "{keyless:?}");
}

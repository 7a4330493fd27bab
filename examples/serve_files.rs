//! Serves the files of a directory as documents, compressed when it starts: the server without the rest, for
//! `benches/http_vs_nginx.sh`.
//!
//! `serve_files DIRECTORY ADDRESS`

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use seedcast::feed::{CachePolicy, Document};
use seedcast::http::{Limits, Listener, Parts, Published, Settings, State, serve};

#[expect(clippy::disallowed_methods, reason = "a program of its own: this is where its clock is read")]
fn clock() -> DateTime<Utc> {
    Utc::now()
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(directory), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: serve_files DIRECTORY ADDRESS".into());
    };
    let published = Arc::new(Published::default());
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(&directory)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".xml") {
            documents.push((format!("/{name}"), std::fs::read(entry.path())?));
        }
    }
    published.retain_paths(documents.iter().map(|(path, _)| path.clone()));
    let cache = CachePolicy { max_age: Duration::from_secs(300), is_stable: false };
    for (path, bytes) in documents {
        if let Some(slot) = published.slot(&path) {
            slot.publish(Document::new("application/rss+xml; charset=utf-8", bytes, clock(), cache, None).compress());
        }
    }
    let parts = Parts {
        published,
        on_demand: Arc::new(()),
        readiness: Arc::new(()),
        observer: Arc::new(()),
        hub: None,
        admin: Arc::new(()),
        clock,
    };
    let limits = Limits {
        requests_per_second: 0.0,
        connections_per_address: 100_000,
        connections: 100_000,
        ..Limits::default()
    };
    let state = State::new(parts, Settings { limits, spool: Some(directory.into()), ..Settings::default() });
    let listener = Listener::bind(&address)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(vec![listener], state, std::future::pending(), Duration::from_secs(1)))?;
    Ok(())
}

//! Serves the published documents over HTTP.
//!
//! A request is read (`h1`, `h2`), answered (`answer`) from the table of live documents, from pages rendered on
//! demand, or by the hub, and written. Nothing is rendered or compressed for a document in the table: a request picks
//! one of its variants. No SQL, no feed formats, no clock of its own.

mod admin_names;
mod answer;
mod authority;
mod bucket;
mod cidr;
mod conditional;
mod deadline;
mod descriptors;
mod files;
mod gate;
mod h1;
mod h2;
mod head;
mod linger;
mod listener;
mod negotiate;
mod parts;
mod proxies;
mod published;
mod range;
mod rate;
mod rendered;
mod reply;
mod serve;
mod served;
mod settings;
mod state;
mod stop;
mod stream;
mod target;
mod tls;

pub use admin_names::AdminNames;
pub(crate) use bucket::{Buckets, Rate};
pub use cidr::{Cidr, NotACidr};
pub use listener::{BindError, Listener};
pub use parts::{Accepted, Admin, AdminAnswer, Endpoint, Observer, OnDemand, Parts, Readiness, Rendered, Submission};
pub use proxies::{ForwardedField, Peer, TrustedProxies};
pub use published::{Published, Slot};
pub(crate) use rendered::Outcome;
pub use serve::{ServeError, serve};
pub use served::Served;
pub use settings::{AbsencePages, Limits, Settings};
pub use state::{Counters, State};
pub use tls::{Tls, TlsError};

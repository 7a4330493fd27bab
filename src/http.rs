//! Serves the published documents over HTTP.

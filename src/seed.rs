//! The seed directory: what lies there, what changed, and the bytes of one file.

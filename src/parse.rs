//! Bytes of a seed → item or diagnostic. Pure: no files, network, clock or environment.

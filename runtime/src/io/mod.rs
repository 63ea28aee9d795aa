//! I/O traits and utilities.

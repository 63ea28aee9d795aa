//! Procedural macros of `minato-runtime`; use them through that crate.

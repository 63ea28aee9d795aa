//! Buffer lists and pools for network code.

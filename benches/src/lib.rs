//! Benchmarks of the Minato stack beside its peers.

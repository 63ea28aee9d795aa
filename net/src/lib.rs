//! Sockets of the Minato stack: TCP, UDP, Unix, name lookup.

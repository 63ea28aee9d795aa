//! HTTP/1 and HTTP/2 server and client of the Minato stack.

//! Bounds on what a peer can make this crate keep.

/// LIMIT: members of a `tracestate`, the number W3C Trace Context §3.3.1 sets. A list with more is dropped whole.
pub(crate) const TRACESTATE_MEMBERS: usize = 32;

/// LIMIT: characters of a `tracestate` that are passed on (W3C Trace Context §3.3.1.5). Every request made on behalf
/// of this one carries them, so a peer must not choose how many.
pub(crate) const TRACESTATE_CHARS: usize = 512;

/// Members longer than this are the first to go when a `tracestate` is too long (W3C Trace Context §3.3.1.5).
pub(crate) const TRACESTATE_LONG_MEMBER_CHARS: usize = 128;

/// LIMIT: characters of a `traceparent` that are looked at. Version 00 has 55; what a future version appends is not
/// kept, and a field far longer is no traceparent at all.
pub(crate) const TRACEPARENT_CHARS: usize = 256;

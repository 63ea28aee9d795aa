//! The two identifiers of W3C Trace Context.

use std::fmt;
use std::num::{NonZeroU64, NonZeroU128};

use super::random;

/// Names a trace: all that happens anywhere on behalf of one first request.
///
/// Displayed as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(NonZeroU128);

/// Names one span of a trace.
///
/// Displayed as 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

impl TraceId {
    /// The identifier with these bits; none for zero, which W3C Trace Context forbids.
    #[must_use]
    pub const fn from_u128(bits: u128) -> Option<Self> {
        match NonZeroU128::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// The bits of the identifier.
    #[must_use]
    pub const fn to_u128(self) -> u128 {
        self.0.get()
    }

    pub(super) fn random() -> Self {
        let bits = u128::from(random::next()) << 64 | u128::from(random::next());
        Self(NonZeroU128::new(bits).unwrap_or(NonZeroU128::MIN))
    }
}

impl SpanId {
    /// The identifier with these bits; none for zero, which W3C Trace Context forbids.
    #[must_use]
    pub const fn from_u64(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// The bits of the identifier.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0.get()
    }

    pub(super) fn random() -> Self {
        Self(NonZeroU64::new(random::next()).unwrap_or(NonZeroU64::MIN))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

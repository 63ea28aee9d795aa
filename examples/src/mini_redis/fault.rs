//! Why a command has no other answer than an error.

use std::borrow::Cow;

/// An error answer, its code word first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault(pub(super) Cow<'static, str>);

impl Fault {
    pub(super) const WRONG_TYPE: Self =
        Self::new("WRONGTYPE Operation against a key holding the wrong kind of value");
    pub(super) const NOT_INTEGER: Self = Self::new("ERR value is not an integer or out of range");
    pub(super) const NOT_FLOAT: Self = Self::new("ERR value is not a valid float");
    pub(super) const HASH_NOT_INTEGER: Self = Self::new("ERR hash value is not an integer");
    pub(super) const OVERFLOW: Self = Self::new("ERR increment or decrement would overflow");
    pub(super) const SYNTAX: Self = Self::new("ERR syntax error");
    pub(super) const NO_SUCH_KEY: Self = Self::new("ERR no such key");
    pub(super) const NOT_POSITIVE: Self = Self::new("ERR value is out of range, must be positive");
    pub(super) const TOO_LONG: Self = Self::new("ERR string exceeds maximum allowed size");
    pub(super) const TOO_MANY: Self = Self::new("ERR too much for one connection");

    pub(super) const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    pub(super) fn text(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    pub(super) fn arity(name: &str) -> Self {
        Self::text(format!("ERR wrong number of arguments for '{name}' command"))
    }

    pub(super) fn expire(name: &str) -> Self {
        Self::text(format!("ERR invalid expire time in '{name}' command"))
    }

    pub(super) fn unknown(name: &[u8], args: &[&[u8]]) -> Self {
        let quoted = |bytes: &[u8]| format!("'{}'", bytes[..bytes.len().min(128)].escape_ascii());
        let args: String = args.iter().take(8).map(|arg| quoted(arg) + " ").collect();
        Self::text(format!("ERR unknown command {}, with args beginning with: {args}", quoted(name)))
    }
}

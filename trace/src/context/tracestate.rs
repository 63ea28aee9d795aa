//! The `tracestate` field: what vendors say about a trace, passed on as it came.

use std::fmt;
use std::sync::Arc;

use crate::limits::{TRACESTATE_CHARS, TRACESTATE_LONG_MEMBER_CHARS, TRACESTATE_MEMBERS};

/// The members of a `tracestate`, at most 32 and 512 characters together.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct TraceState {
    /// The members, each well formed, joined by commas; none if there are none.
    members: Option<Arc<str>>,
}

impl TraceState {
    /// Reads the fields of a request, in their order.
    ///
    /// A list that is malformed or too long is dropped whole, as W3C Trace Context §3.3.1 asks for. Of a list with too
    /// many characters whole members are left out: long ones first, then the last.
    #[must_use]
    pub fn parse<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self { members: members(fields).unwrap_or_default() }
    }

    /// The value of a member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.as_str()
            .split(',')
            .filter_map(|member| member.split_once('='))
            .find_map(|(name, value)| (name == key).then_some(value))
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_none()
    }

    /// The field as it is sent; empty where there are no members.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.members.as_deref().unwrap_or_default()
    }
}

impl fmt::Debug for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceState").field(&self.as_str()).finish()
    }
}

/// The joined members; `None` where a member is malformed.
fn members<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Option<Option<Arc<str>>> {
    let mut found: Vec<&str> = Vec::new();
    for member in fields.into_iter().flat_map(|field| field.split(|byte| *byte == b',')) {
        let member = member.trim_ascii();
        if member.is_empty() {
            continue;
        }
        if found.len() == TRACESTATE_MEMBERS || !is_member(member) {
            return None;
        }
        let member = str::from_utf8(member).ok()?;
        if found.iter().any(|earlier| key(earlier) == key(member)) {
            return None;
        }
        found.push(member);
    }
    shorten(&mut found);
    Some((!found.is_empty()).then(|| found.join(",").into()))
}

fn key(member: &str) -> Option<&str> {
    member.split_once('=').map(|(key, _)| key)
}

fn shorten(members: &mut Vec<&str>) {
    let mut chars = members.iter().map(|member| member.len() + 1).sum::<usize>().saturating_sub(1);
    while chars > TRACESTATE_CHARS {
        let last = members.len() - 1;
        let index =
            members.iter().rposition(|member| member.len() > TRACESTATE_LONG_MEMBER_CHARS).unwrap_or(last);
        chars = chars.saturating_sub(members.remove(index).len() + 1);
    }
}

fn is_member(member: &[u8]) -> bool {
    let Some(equals) = member.iter().position(|byte| *byte == b'=') else { return false };
    is_key(&member[..equals]) && is_value(&member[equals + 1..])
}

/// W3C Trace Context §3.3.1.3.1: a simple key, or `tenant@system`.
fn is_key(key: &[u8]) -> bool {
    let rest_is_valid = |text: &[u8]| {
        text.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/'))
    };
    match key.iter().position(|byte| *byte == b'@') {
        None => (1..=256).contains(&key.len()) && key[0].is_ascii_lowercase() && rest_is_valid(key),
        Some(at) => {
            let (tenant, system) = (&key[..at], &key[at + 1..]);
            (1..=241).contains(&tenant.len())
                && (1..=14).contains(&system.len())
                && (tenant[0].is_ascii_lowercase() || tenant[0].is_ascii_digit())
                && system[0].is_ascii_lowercase()
                && rest_is_valid(tenant)
                && rest_is_valid(system)
        }
    }
}

/// W3C Trace Context §3.3.1.3.2: printable ASCII without comma and equals sign, not ending in a space.
fn is_value(value: &[u8]) -> bool {
    (1..=256).contains(&value.len())
        && value.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'='))
        && value.last() != Some(&b' ')
}

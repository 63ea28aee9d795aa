//! Field names, without an allocation for each name that no standard lists.
//!
//! `http` knows the standard names; any other costs it an allocation per field. A small table per thread remembers
//! the ones seen last, so that the custom names every client of a service sends cost a look-up.

use std::cell::RefCell;

use http::HeaderName;

use super::Fault;

/// LIMIT: slots of the table, so that a peer inventing names evicts old ones and never grows it.
const SLOTS: usize = 256;

/// LIMIT: the longest name remembered.
const NAME_BYTES: usize = 64;

thread_local! {
    static SEEN: RefCell<Vec<Option<HeaderName>>> = const { RefCell::new(Vec::new()) };
}

/// The field name with this spelling.
pub(crate) fn name(bytes: &[u8]) -> Result<HeaderName, Fault> {
    // Every name that `http` lists and that a client sends often starts otherwise than `x-` or is short; what a
    // wrong guess costs is one comparison.
    if bytes.len() > NAME_BYTES || !is_likely_custom(bytes) {
        return HeaderName::from_bytes(bytes).map_err(|_| Fault::FieldName);
    }
    let made = || HeaderName::from_bytes(bytes).map_err(|_| Fault::FieldName);
    let seen = SEEN.try_with(|slots| {
        let slots = &mut *slots.borrow_mut();
        if slots.is_empty() {
            slots.resize(SLOTS, None);
        }
        let slot = &mut slots[hash(bytes) % SLOTS];
        match slot {
            Some(known) if known.as_str().as_bytes().eq_ignore_ascii_case(bytes) => Ok(known.clone()),
            _ => Ok(slot.insert(made()?).clone()),
        }
    });
    // A thread that ends remembers nothing any more.
    seen.unwrap_or_else(|_| made())
}

fn is_likely_custom(name: &[u8]) -> bool {
    matches!(name, [b'x' | b'X', b'-', ..] | [b'g' | b'G', b'r' | b'R', ..]) || name.len() > 12
}

// FNV-1a over the lower-cased bytes: a peer that finds collisions only evicts its own names.
fn hash(name: &[u8]) -> usize {
    let mut hash: u32 = 0x811c_9dc5;
    for byte in name {
        hash = (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193);
    }
    hash as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_name() {
        for spelling in ["x-request-id", "X-Request-ID", "grpc-timeout", "Host", "sec-websocket-key"] {
            let expected = HeaderName::from_bytes(spelling.as_bytes()).unwrap();
            assert_eq!(name(spelling.as_bytes()), Ok(expected.clone()));
            assert_eq!(name(spelling.to_uppercase().as_bytes()), Ok(expected));
        }
    }

    #[test]
    fn the_table_does_not_grow() {
        for i in 0..10 * SLOTS {
            let spelling = format!("x-custom-{i}");
            assert_eq!(name(spelling.as_bytes()).unwrap().as_str(), spelling);
        }
        SEEN.with_borrow(|slots| assert_eq!(slots.len(), SLOTS));
    }
}

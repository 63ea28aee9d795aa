//! In which order addresses are tried.

use std::net::SocketAddr;

/// Alternates between the families, beginning with that of the first address, and keeps the order within each.
///
/// RFC 8305 §4: the resolver has sorted the addresses (RFC 6724); families are interleaved, so that one that does not
/// work costs one attempt delay and not one for each of its addresses.
pub(super) fn interleaved(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut addresses = addresses.peekable();
    let Some(first) = addresses.peek().copied() else { return Vec::new() };
    let (mut same, mut other) = (Vec::new(), Vec::new());
    for address in addresses {
        if address.is_ipv6() == first.is_ipv6() { &mut same } else { &mut other }.push(address);
    }
    let mut ordered = Vec::with_capacity(same.len() + other.len());
    let (mut same, mut other) = (same.into_iter(), other.into_iter());
    loop {
        let before = ordered.len();
        ordered.extend(same.next());
        ordered.extend(other.next());
        if ordered.len() == before {
            return ordered;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(addresses: &[&str]) -> Vec<String> {
        let addresses = addresses.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 1));
        interleaved(addresses).iter().map(|address| address.ip().to_string()).collect()
    }

    #[test]
    fn families_alternate_and_keep_their_own_order() {
        assert_eq!(
            ordered(&["::1", "::2", "::3", "1.1.1.1", "2.2.2.2"]),
            ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"]
        );
        assert_eq!(ordered(&["1.1.1.1", "2.2.2.2", "::1"]), ["1.1.1.1", "::1", "2.2.2.2"]);
        assert_eq!(ordered(&[]), [""; 0]);
    }
}

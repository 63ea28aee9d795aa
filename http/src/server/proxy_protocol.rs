//! The PROXY protocol, versions 1 and 2: what a load balancer says of the client before anything else.
//!
//! Source: "The PROXY protocol", Willy Tarreau, HAProxy Technologies (`proxy-protocol.txt`, revision of 2020/03/05).
//! Its §2 forbids to guess whether a header is there. So one is required from peers that are trusted to send it,
//! and never looked for with others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::{self, FromStr};

use crate::error::{Error, Kind};
use crate::limits::PROXY_HEADER_BYTES;

/// The peers whose connections begin with a PROXY protocol header.
///
/// ```
/// use minato_http::Trust;
///
/// let trust = Trust::cidr("10.0.0.0/8")?.and("fd00::/8")?;
/// assert!(trust.covers("10.1.2.3".parse().unwrap()));
/// assert!(!trust.covers("192.0.2.1".parse().unwrap()));
/// # Ok::<(), minato_http::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    networks: Vec<(IpAddr, u8)>,
}

impl Trust {
    /// Trusts the peers of one network, given as an address and the length of its prefix.
    ///
    /// # Errors
    ///
    /// When this is no network.
    pub fn cidr(network: &str) -> Result<Self, Error> {
        Self { networks: Vec::new() }.and(network)
    }

    /// Trusts the peers of another network as well.
    ///
    /// # Errors
    ///
    /// When this is no network.
    pub fn and(mut self, network: &str) -> Result<Self, Error> {
        let fault =
            || Error::new(Kind::User("a network is an address, a slash and the length of its prefix"));
        let (address, prefix) = network.split_once('/').ok_or_else(fault)?;
        let address = IpAddr::from_str(address).map_err(|_| fault())?;
        let prefix = u8::from_str(prefix).ok().filter(|prefix| *prefix <= bits(address)).ok_or_else(fault)?;
        self.networks.push((address, prefix));
        Ok(self)
    }

    /// Trusts every peer: for a server that nobody but its load balancer can reach.
    #[must_use]
    pub fn everybody() -> Self {
        Self { networks: vec![(Ipv4Addr::UNSPECIFIED.into(), 0), (Ipv6Addr::UNSPECIFIED.into(), 0)] }
    }

    /// Whether a peer with this address is trusted.
    #[must_use]
    pub fn covers(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|&(network, prefix)| {
            let differs = number(network) ^ number(address);
            bits(network) == bits(address)
                && differs.checked_shr(u32::from(bits(network) - prefix)).unwrap_or(0) == 0
        })
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// The proxy speaks for itself, or does not know for whom.
    Itself,
    /// It speaks for a client, from the first address to the second.
    For(SocketAddr, SocketAddr),
}

/// The connection does not begin with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoHeader;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const V1: &[u8] = b"PROXY ";
/// §2.1: the longest line of version 1, its CRLF included.
const V1_BYTES: usize = 107;

/// The shortest header: `PROXY UNKNOWN` and the end of the line.
const SHORTEST: usize = 15;

/// Reads the header at the beginning of `bytes`, and tells its length; `None` asks for more bytes.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(Spoken, usize)>, NoHeader> {
    if bytes.starts_with(SIGNATURE) {
        return version_2(bytes);
    }
    if bytes.starts_with(V1) {
        return version_1(bytes);
    }
    let may_become = |whole: &[u8]| whole.starts_with(bytes);
    if may_become(SIGNATURE) || may_become(V1) { Ok(None) } else { Err(NoHeader) }
}

/// How many bytes may be read, behind those that are here, without reading beyond the header.
pub(crate) fn wanted(bytes: &[u8]) -> usize {
    match bytes.get(14..16).and_then(|length| length.first_chunk()) {
        Some(length) if bytes.starts_with(SIGNATURE) => {
            (16 + usize::from(u16::from_be_bytes(*length))).saturating_sub(bytes.len()).max(1)
        }
        // The end of a line is known only when it is here.
        _ => SHORTEST.saturating_sub(bytes.len()).max(1),
    }
}

// §2.1: "PROXY", the family, source, destination, source port, destination port, with single spaces; or "UNKNOWN" and
// anything.
fn version_1(bytes: &[u8]) -> Result<Option<(Spoken, usize)>, NoHeader> {
    let head = &bytes[..bytes.len().min(V1_BYTES)];
    let Some(end) = head.windows(2).position(|pair| pair == b"\r\n") else {
        return if head.len() < V1_BYTES { Ok(None) } else { Err(NoHeader) };
    };
    let len = end + 2;
    let line = str::from_utf8(&head[V1.len()..end]).map_err(|_| NoHeader)?;
    let mut words = line.split(' ');
    let family = words.next().ok_or(NoHeader)?;
    if family == "UNKNOWN" {
        return Ok(Some((Spoken::Itself, len)));
    }
    let mut word = || words.next().ok_or(NoHeader);
    let (source, target) = (address(family, word()?)?, address(family, word()?)?);
    let (source_port, target_port) = (port(word()?)?, port(word()?)?);
    if words.next().is_some() {
        return Err(NoHeader);
    }
    let spoken = Spoken::For(SocketAddr::new(source, source_port), SocketAddr::new(target, target_port));
    Ok(Some((spoken, len)))
}

fn address(family: &str, word: &str) -> Result<IpAddr, NoHeader> {
    match family {
        "TCP4" => word.parse().map(IpAddr::V4).map_err(|_| NoHeader),
        "TCP6" => word.parse().map(IpAddr::V6).map_err(|_| NoHeader),
        _ => Err(NoHeader),
    }
}

fn port(word: &str) -> Result<u16, NoHeader> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    if is_plain { word.parse().map_err(|_| NoHeader) } else { Err(NoHeader) }
}

// §2.2: the signature, version and command, family and protocol, the length of what follows, addresses, extensions.
fn version_2(bytes: &[u8]) -> Result<Option<(Spoken, usize)>, NoHeader> {
    let Some(&[command, family, high, low]) = bytes.get(12..16).and_then(|head| head.first_chunk()) else {
        return Ok(None);
    };
    let len = 16 + usize::from(u16::from_be_bytes([high, low]));
    if !matches!(command, 0x20 | 0x21) || len > PROXY_HEADER_BYTES {
        return Err(NoHeader);
    }
    let Some(body) = bytes.get(16..len) else { return Ok(None) };
    let spoken = match (command, family) {
        (0x21, 0x11) => {
            let [a, b, c, d, e, f, g, h, ports @ ..] = *body.first_chunk::<12>().ok_or(NoHeader)?;
            between(Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h), ports)
        }
        (0x21, 0x21) => {
            let (source, rest) = body.split_first_chunk::<16>().ok_or(NoHeader)?;
            let (target, rest) = rest.split_first_chunk::<16>().ok_or(NoHeader)?;
            let ports = *rest.first_chunk().ok_or(NoHeader)?;
            between(Ipv6Addr::from(*source), Ipv6Addr::from(*target), ports)
        }
        // LOCAL, and families without addresses that mean something here.
        _ => Spoken::Itself,
    };
    Ok(Some((spoken, len)))
}

fn between(source: impl Into<IpAddr>, target: impl Into<IpAddr>, [a, b, c, d]: [u8; 4]) -> Spoken {
    let source = SocketAddr::new(source.into(), u16::from_be_bytes([a, b]));
    Spoken::For(source, SocketAddr::new(target.into(), u16::from_be_bytes([c, d])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend([command, family]);
        bytes.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn spoken_for(source: &str, target: &str) -> Spoken {
        Spoken::For(source.parse().unwrap(), target.parse().unwrap())
    }

    /// Headers, and what they say.
    fn headers() -> Vec<(Vec<u8>, Spoken)> {
        let v4 = [192, 0, 2, 1, 198, 51, 100, 2, 0x30, 0x39, 0x01, 0xbb];
        let mut v6 = [0; 36];
        (v6[15], v6[31], v6[33], v6[35]) = (1, 2, 7, 8);
        let with_extension = [&v4[..], &[0x04, 0, 2, 0xff, 0xff]].concat();
        let line = |line: &str| format!("{line}\r\n").into_bytes();
        let for_v4 = spoken_for("192.0.2.1:12345", "198.51.100.2:443");
        vec![
            (line("PROXY TCP4 192.0.2.1 198.51.100.2 12345 443"), for_v4),
            (line("PROXY TCP6 ::1 ::2 7 8"), spoken_for("[::1]:7", "[::2]:8")),
            (line("PROXY UNKNOWN"), Spoken::Itself),
            (line("PROXY UNKNOWN ffff:f...f:ffff 65535 65535"), Spoken::Itself),
            (v2(0x21, 0x11, &v4), for_v4),
            (v2(0x21, 0x11, &with_extension), for_v4),
            (v2(0x21, 0x21, &v6), spoken_for("[::1]:7", "[::2]:8")),
            (v2(0x20, 0x00, &[]), Spoken::Itself),
            (v2(0x20, 0x11, &v4), Spoken::Itself),
            (v2(0x21, 0x00, &[]), Spoken::Itself),
            (v2(0x21, 0x31, &[b'x'; 216]), Spoken::Itself),
        ]
    }

    #[test]
    fn headers_of_both_versions_are_read_however_they_arrive() {
        for (header, spoken) in headers() {
            let mut bytes = header.clone();
            bytes.extend_from_slice(b"GET / HTTP/1.1\r\n");
            assert_eq!(
                parse(&bytes),
                Ok(Some((spoken, header.len()))),
                "{:?}",
                String::from_utf8_lossy(&header)
            );
            let mut read = 0;
            while read < header.len() {
                read += wanted(&bytes[..read]);
            }
            assert_eq!(read, header.len(), "{spoken:?} is read beyond its end");
            for cut in 0..header.len() {
                assert_eq!(parse(&bytes[..cut]), Ok(None), "{spoken:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn what_is_no_header_is_refused_as_soon_as_it_is_seen() {
        let long = format!("PROXY UNKNOWN {}", "x".repeat(V1_BYTES));
        for bytes in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"PROXYTCP4",
            b"PROXY TCP4 192.0.2.1 198.51.100.2 12345\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.2 12345 443 1\r\n",
            b"PROXY TCP4 192.0.2.1  198.51.100.2 12345 443\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.2 012 443\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.2 +12 443\r\n",
            b"PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n",
            b"PROXY TCP4 ::1 ::2 1 2\r\n",
            b"PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n",
            b"PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n",
            b"PROXY \xff\r\n",
            long.as_bytes(),
            &v2(0x11, 0x11, &[0; 12]),
            &v2(0x22, 0x11, &[0; 12]),
            &v2(0x21, 0x11, &[0; 11]),
            &v2(0x21, 0x21, &[0; 35]),
            &v2(0x21, 0x11, &vec![0; PROXY_HEADER_BYTES]),
        ] {
            assert_eq!(parse(bytes), Err(NoHeader), "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn noise_never_panics() {
        let headers = headers();
        let mut noise: u64 = 0x5eed_0003;
        let mut below = |bound: usize| {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            (noise >> 16) as usize % bound
        };
        let mut read = 0;
        for _ in 0..50_000 {
            let mut bytes = headers[below(headers.len())].0.clone();
            for _ in 0..below(3) {
                let at = below(bytes.len());
                bytes[at] = below(256) as u8;
            }
            bytes.truncate(1 + below(bytes.len()) + below(20));
            if let Ok(Some((_, len))) = parse(&bytes) {
                assert!(len <= bytes.len());
                read += 1;
            }
        }
        assert!(read > 1_000, "{read}");
    }

    #[test]
    fn networks_cover_their_addresses() {
        let trust = Trust::cidr("10.0.0.0/8").unwrap().and("192.0.2.7/32").unwrap().and("fd00::/9").unwrap();
        for address in ["10.0.0.0", "10.255.255.255", "192.0.2.7", "::ffff:10.1.1.1", "fd7f::1"] {
            assert!(trust.covers(address.parse().unwrap()), "{address}");
        }
        for address in ["11.0.0.0", "192.0.2.6", "fd80::1", "::1", "::a00:1"] {
            assert!(!trust.covers(address.parse().unwrap()), "{address}");
        }
        for network in ["10.0.0.0", "10.0.0.0/33", "::/129", "x/8", "10.0.0.0/", "10.0.0.0/-1"] {
            assert!(Trust::cidr(network).is_err(), "{network}");
        }
        assert!(Trust::everybody().covers("192.0.2.1".parse().unwrap()));
        assert!(Trust::everybody().covers("2001:db8::1".parse().unwrap()));
    }
}

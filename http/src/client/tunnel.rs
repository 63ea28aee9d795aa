//! The words exchanged with a proxy before the connection is the server's.

use std::io;
use std::net::IpAddr;

use bytes::{BufMut, Bytes};
use http::Method;
use minato_runtime::io::{AsyncReadExt, AsyncWriteExt};

use super::connect::BoxIo;
use super::key::Key;
use super::net::Dialing;
use super::proxy::{Proxy, ProxyKind};
use crate::h1::lenient::LenientResponses;
use crate::h1::{HeadLimits, Scan, Section, response};
use crate::limits::{HEAD_BYTES, HEAD_FIELDS};

const LIMITS: HeadLimits =
    HeadLimits { bytes_max: HEAD_BYTES, fields_max: HEAD_FIELDS, target_bytes_max: HEAD_BYTES };

/// Makes a connection to a proxy one to the place behind it.
pub(super) async fn open(proxy: &Proxy, key: &Key, names: &Dialing, io: BoxIo) -> io::Result<BoxIo> {
    match proxy.kind {
        ProxyKind::Http => connect(proxy, key, io).await,
        ProxyKind::Socks4 => socks4(proxy, key, Some(names), io).await,
        ProxyKind::Socks4a => socks4(proxy, key, None, io).await,
        ProxyKind::Socks5 => socks5(proxy, key, io).await,
    }
}

// RFC 9110 §9.3.6.
async fn connect(proxy: &Proxy, key: &Key, mut io: BoxIo) -> io::Result<BoxIo> {
    let place = key.place();
    let mut ask = format!("CONNECT {place} HTTP/1.1\r\nhost: {place}\r\n").into_bytes();
    if let Some(authorization) = proxy.authorization() {
        ask.extend_from_slice(b"proxy-authorization: ");
        ask.extend_from_slice(authorization.as_bytes());
        ask.extend_from_slice(b"\r\n");
    }
    ask.extend_from_slice(b"\r\n");
    io.write_all(&ask).await?;

    let mut arrived = Vec::new();
    let mut scan = Scan::new(Section::Head);
    loop {
        // What follows the head would be the server's, which speaks only when spoken to: so nothing does.
        if io.read_buf(&mut arrived).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let fault = |_| refused("the proxy does not speak HTTP");
        let Some(span) = scan.advance(&arrived, &LIMITS).map_err(fault)? else { continue };
        let head = Bytes::copy_from_slice(&arrived[span.skip..span.skip + span.len]);
        let head = response::parse(head, &Method::CONNECT, &LenientResponses::default()).map_err(fault)?;
        return match head.status.is_success() {
            true if arrived.len() == span.skip + span.len => Ok(io),
            true => Err(refused("the proxy says more than it was asked")),
            false => Err(refused(&format!("the proxy answers {}", head.status))),
        };
    }
}

// "SOCKS: A protocol for TCP proxy across firewalls", and "SOCKS 4A".
async fn socks4(proxy: &Proxy, key: &Key, names: Option<&Dialing>, mut io: BoxIo) -> io::Result<BoxIo> {
    const VERSION: u8 = 4;
    const CONNECT: u8 = 1;
    /// What stands for an address where the name follows.
    const NAMED: [u8; 4] = [0, 0, 0, 1];
    let no_address = || refused("the host has no IPv4 address, and SOCKS 4 knows no other");
    let v4 = |address: &IpAddr| match address {
        IpAddr::V4(address) => Some(address.octets()),
        IpAddr::V6(_) => None,
    };
    let (address, name) = match (key.host().parse::<IpAddr>(), names) {
        (Ok(address), _) => (v4(&address).ok_or_else(no_address)?, None),
        (Err(_), Some(names)) => {
            let found = names.look_up(key.host()).await?.0;
            (found.iter().find_map(v4).ok_or_else(no_address)?, None)
        }
        (Err(_), None) => (NAMED, Some(key.host())),
    };
    let mut ask = vec![VERSION, CONNECT];
    ask.put_u16(key.port());
    ask.extend_from_slice(&address);
    ask.extend_from_slice(proxy.user.as_ref().map_or("", |(name, _)| name).as_bytes());
    ask.put_u8(0);
    if let Some(name) = name {
        ask.extend_from_slice(name.as_bytes());
        ask.put_u8(0);
    }
    io.write_all(&ask).await?;
    // The address behind the reply has no meaning for a connection that was asked for.
    let [version, reply, ..]: [u8; 8] = read(&mut io).await?;
    match (version, reply) {
        (0, 90) => Ok(io),
        (0, 91) => Err(refused("the proxy cannot make the connection, or does not allow it")),
        (0, 92 | 93) => Err(refused("the proxy does not know this user")),
        _ => Err(refused("the proxy does not speak SOCKS 4")),
    }
}

// RFC 1928, RFC 1929.
async fn socks5(proxy: &Proxy, key: &Key, mut io: BoxIo) -> io::Result<BoxIo> {
    const VERSION: u8 = 5;
    const NO_AUTHENTICATION: u8 = 0;
    const USERNAME_PASSWORD: u8 = 2;
    let offered = if proxy.user.is_some() { USERNAME_PASSWORD } else { NO_AUTHENTICATION };
    io.write_all(&[VERSION, 1, offered]).await?;
    let [version, chosen] = read(&mut io).await?;
    if version != VERSION {
        return Err(refused("the proxy does not speak SOCKS 5"));
    }
    if chosen != offered {
        return Err(refused("the proxy does not let us in the way we can"));
    }
    if let Some((name, password)) = &proxy.user {
        let mut login = vec![1];
        for word in [name, password] {
            login.put_u8(
                u8::try_from(word.len()).map_err(|_| refused("a name or password is too long for SOCKS"))?,
            );
            login.extend_from_slice(word.as_bytes());
        }
        io.write_all(&login).await?;
        let [_, status] = read(&mut io).await?;
        if status != 0 {
            return Err(refused("the proxy does not know this user and password"));
        }
    }

    let mut ask = vec![VERSION, 1, 0];
    match key.host().parse() {
        Ok(IpAddr::V4(address)) => {
            ask.put_u8(1);
            ask.extend_from_slice(&address.octets());
        }
        Ok(IpAddr::V6(address)) => {
            ask.put_u8(4);
            ask.extend_from_slice(&address.octets());
        }
        Err(_) => {
            ask.put_u8(3);
            ask.put_u8(
                u8::try_from(key.host().len()).map_err(|_| refused("a host name is too long for SOCKS"))?,
            );
            ask.extend_from_slice(key.host().as_bytes());
        }
    }
    ask.put_u16(key.port());
    io.write_all(&ask).await?;
    let [version, reply, _, kind] = read(&mut io).await?;
    if version != VERSION {
        return Err(refused("the proxy does not speak SOCKS 5"));
    }
    if reply != 0 {
        return Err(refused(match reply {
            2 => "the proxy does not allow this connection",
            3 => "the proxy finds the network unreachable",
            4 => "the proxy finds the host unreachable",
            5 => "the proxy finds the connection refused",
            6 => "the proxy finds the host too far",
            _ => "the proxy cannot make the connection",
        }));
    }
    // The address the proxy connects from, of which we make no use.
    let len = match kind {
        1 => 4,
        4 => 16,
        3 => usize::from(read::<1>(&mut io).await?[0]),
        _ => return Err(refused("the proxy does not speak SOCKS 5")),
    };
    let mut rest = vec![0; len + 2];
    io.read_exact(&mut rest).await?;
    Ok(io)
}

async fn read<const N: usize>(io: &mut BoxIo) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    io.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn refused(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}

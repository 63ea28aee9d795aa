//! Which proxy a connection goes through, if any.

use std::fmt;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};

use super::key::{Key, Transport, has_port, host};
use crate::error::{Error, Kind};
use crate::server::proxy_protocol::Trust;

/// A proxy, and what is told to it to be let in.
///
/// ```
/// use minato_http::Proxy;
///
/// let proxy = Proxy::new("http://user:secret@proxy.example:3128")?;
/// assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy.example:3128)");
/// assert!(Proxy::new("socks5://[::1]:1080").is_ok());
/// assert!(Proxy::new("gopher://proxy.example").is_err());
/// # Ok::<(), minato_http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub(super) kind: ProxyKind,
    /// Where it is: scheme and authority, without user information.
    pub(super) uri: Uri,
    pub(super) user: Option<(String, String)>,
}

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyKind {
    /// HTTP in the clear (RFC 9110 §7.6): requests for `http` are given to it, connections for `https` go through it.
    Http,
    /// SOCKS version 4; names are looked up by this side.
    Socks4,
    /// SOCKS version 4 with its extension for names, which are looked up by the proxy.
    Socks4a,
    /// SOCKS version 5 (RFC 1928); names are looked up by the proxy.
    Socks5,
}

impl Proxy {
    /// The proxy at this URI: `http://host:port`, `socks5://host:port` (or `socks5h`), `socks4a://host:port` or
    /// `socks4://host:port`, with `user:password@` before the host where it asks for them. SOCKS 4 knows users and no
    /// passwords, and IPv4 only.
    ///
    /// Names are looked up by the proxy, but for `socks4`, whose protocol has no room for them: there this side does it,
    /// as it would without a proxy.
    ///
    /// # Errors
    ///
    /// When this is no such URI.
    pub fn new(uri: &str) -> Result<Self, Error> {
        let fault =
            || Error::new(Kind::User("a proxy is given as http://host:port, socks4a:// or socks5://"));
        let uri: Uri = uri.parse().map_err(|_| fault())?;
        let (kind, usual_port) = match uri.scheme_str() {
            Some("http") => (ProxyKind::Http, 80),
            Some("socks4") => (ProxyKind::Socks4, 1080),
            Some("socks4a") => (ProxyKind::Socks4a, 1080),
            Some("socks5" | "socks5h") => (ProxyKind::Socks5, 1080),
            _ => return Err(fault()),
        };
        let authority = uri.authority().ok_or_else(fault)?;
        let (user, place) = match authority.as_str().rsplit_once('@') {
            Some((user, place)) => {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                let decode =
                    |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
                (Some((decode(name), decode(password))), place)
            }
            None => (None, authority.as_str()),
        };
        if authority.host().is_empty() || !has_port(authority) {
            return Err(fault());
        }
        let is_version_4 = matches!(kind, ProxyKind::Socks4 | ProxyKind::Socks4a);
        if is_version_4
            && user.as_ref().is_some_and(|(name, password)| name.contains('\0') || !password.is_empty())
        {
            return Err(Error::new(Kind::User("SOCKS 4 knows users, and no passwords")));
        }
        let place = match authority.port_u16() {
            Some(_) => place.to_owned(),
            None => format!("{place}:{usual_port}"),
        };
        let uri = Uri::builder().scheme("http").authority(place).path_and_query("/");
        Ok(Self { kind, uri: uri.build().map_err(|_| fault())?, user })
    }

    /// The value of `proxy-authorization` (RFC 7617).
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let (name, password) = self.user.as_ref()?;
        let credentials = STANDARD.encode(format!("{name}:{password}"));
        let mut value = HeaderValue::try_from(format!("Basic {credentials}")).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            ProxyKind::Http => "http",
            ProxyKind::Socks4 => "socks4",
            ProxyKind::Socks4a => "socks4a",
            ProxyKind::Socks5 => "socks5",
        };
        let place = self.uri.authority().map_or("", |authority| authority.as_str());
        write!(f, "Proxy({scheme}://{place})")
    }
}

/// The proxies of a client: which requests go through which.
///
/// ```
/// use minato_http::{Client, Proxies, Proxy};
///
/// let proxies = Proxies::new()
///     .https(Proxy::new("http://proxy.example:3128")?)
///     .except("localhost, .internal.example, 10.0.0.0/8");
/// let client = Client::builder().proxies(proxies).build();
/// # drop(client);
/// # Ok::<(), minato_http::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exceptions: Vec<Exception>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Exception {
    Everything,
    /// This host and those below it.
    Domain(String),
    Network(Trust),
}

impl Proxies {
    /// No proxy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of the environment: `http_proxy`, `HTTPS_PROXY` or `https_proxy`, `ALL_PROXY` or `all_proxy` for what has
    /// none of its own, and the exceptions of `NO_PROXY` or `no_proxy`. What cannot be understood is left out.
    ///
    /// `HTTP_PROXY` in capitals is not read: in a CGI program it is what a client sends as a `Proxy` field
    /// (CVE-2016-5385).
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first =
            |names: &[&str]| names.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let proxy = |names: &[&str]| {
            first(names).and_then(|uri| {
                let uri = if uri.contains("://") { uri } else { format!("http://{uri}") };
                Proxy::new(&uri).ok()
            })
        };
        let all = proxy(&["ALL_PROXY", "all_proxy"]);
        let proxies = Self {
            http: proxy(&["http_proxy"]).or_else(|| all.clone()),
            https: proxy(&["HTTPS_PROXY", "https_proxy"]).or(all),
            exceptions: Vec::new(),
        };
        proxies.except(&first(&["NO_PROXY", "no_proxy"]).unwrap_or_default())
    }

    /// Sends all requests through this proxy.
    #[must_use]
    pub fn all(self, proxy: Proxy) -> Self {
        self.http(proxy.clone()).https(proxy)
    }

    /// Sends requests for `http` through this proxy.
    #[must_use]
    pub fn http(mut self, proxy: Proxy) -> Self {
        self.http = Some(proxy);
        self
    }

    /// Sends requests for `https` through this proxy.
    #[must_use]
    pub fn https(mut self, proxy: Proxy) -> Self {
        self.https = Some(proxy);
        self
    }

    /// Reaches these hosts directly: a list, separated by commas, of host names that stand for themselves and all below
    /// them, addresses, networks such as `10.0.0.0/8`, or `*` for everything.
    #[must_use]
    pub fn except(mut self, list: &str) -> Self {
        for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            self.exceptions.push(match (item, host(item).parse::<IpAddr>(), Trust::cidr(item)) {
                ("*", ..) => Exception::Everything,
                (_, _, Ok(network)) => Exception::Network(network),
                (_, Ok(address), _) => Exception::Domain(address.to_string()),
                _ => Exception::Domain(item.trim_start_matches('.').to_ascii_lowercase()),
            });
        }
        self
    }

    /// The proxy for a place.
    pub(super) fn find(&self, key: &Key) -> Option<&Proxy> {
        let proxy = match key.transport {
            Transport::Clear => self.http.as_ref()?,
            Transport::Tls => self.https.as_ref()?,
        };
        let host = key.host();
        (!self.exceptions.iter().any(|exception| exception.covers(host))).then_some(proxy)
    }
}

impl Exception {
    fn covers(&self, host: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Network(network) => host.parse().is_ok_and(|address| network.covers(address)),
            Self::Domain(domain) => {
                let above = host.len().checked_sub(domain.len()).and_then(|at| host.split_at_checked(at));
                above.is_some_and(|(below, rest)| {
                    rest.eq_ignore_ascii_case(domain) && (below.is_empty() || below.ends_with('.'))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(uri: &str) -> Key {
        Key::of(&uri.parse().unwrap()).unwrap()
    }

    #[test]
    fn exceptions_cover_hosts_what_is_below_them_and_networks() {
        let proxy = Proxy::new("http://proxy:3128").unwrap();
        let proxies =
            Proxies::new().all(proxy).except("localhost,.a.example, B.example ,10.0.0.0/8,192.0.2.1,[::1],");
        for direct in [
            "http://localhost/",
            "http://a.example/",
            "https://x.a.example/",
            "http://b.EXAMPLE:80/",
            "http://10.1.2.3/",
            "http://192.0.2.1:8080/",
            "http://[::1]:80/",
        ] {
            assert!(proxies.find(&key(direct)).is_none(), "{direct}");
        }
        for proxied in
            ["http://xa.example/", "http://localhost.example/", "http://11.0.0.1/", "http://example/"]
        {
            assert!(proxies.find(&key(proxied)).is_some(), "{proxied}");
        }
        assert!(proxies.except("*").find(&key("http://c.example/")).is_none());
    }

    #[test]
    fn the_environment_is_read_as_others_read_it_and_not_as_a_client_of_cgi_could_set_it() {
        let variables = |name: &str| {
            let value = match name {
                "HTTP_PROXY" => "http://evil:1",
                "ALL_PROXY" => "socks5://all:2",
                "HTTPS_PROXY" => "secure:3",
                "no_proxy" => "direct.example",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let proxies = Proxies::from_variables(variables);
        let found = |uri: &str| format!("{:?}", proxies.find(&key(uri)));
        assert_eq!(found("http://a/"), "Some(Proxy(socks5://all:2))");
        assert_eq!(found("https://a/"), "Some(Proxy(http://secure:3))");
        assert_eq!(found("https://direct.example/"), "None");
    }

    #[test]
    fn what_lets_one_in_is_decoded_and_not_shown() {
        let proxy = Proxy::new("http://a%40b:c%3Ad@proxy").unwrap();
        assert_eq!(proxy.user, Some(("a@b".to_owned(), "c:d".to_owned())));
        assert_eq!(proxy.authorization().unwrap(), "Basic YUBiOmM6ZA==");
        assert_eq!(
            format!("{proxy:?} {:?}", proxy.authorization().unwrap()),
            "Proxy(http://proxy:80) Sensitive"
        );
        for broken in [
            "",
            "proxy:80",
            "ftp://proxy",
            "http://",
            "http://:80",
            "https://proxy:443",
            "http://proxy:99999",
        ] {
            assert!(Proxy::new(broken).is_err(), "{broken:?}");
        }
    }
}

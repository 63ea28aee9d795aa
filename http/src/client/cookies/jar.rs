//! Which cookies are kept, and which are sent where.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use http::uri::Scheme;
use http::{HeaderValue, Uri};

use super::set_cookie::{self, SetCookie};
use crate::client::key::host as bare;
use crate::clock::Instant;
use crate::limits::{COOKIE_FIELD_BYTES, COOKIES, COOKIES_PER_DOMAIN};

/// Keeps the cookies of servers, by the rules of RFC 6265bis.
///
/// A clone is another handle to the same cookies. A cookie is at most 4 kB and lives at most 400 days; 50 of a domain and
/// 3,000 in all are kept, those used last. `Secure`, the name prefixes `__Secure-` and `__Host-`, and the rule that the
/// clear cannot write over what is secure, are kept to. `SameSite` and `HttpOnly` are about browsers and have no effect.
///
/// A cookie for a whole public suffix is refused. Which domains those are is known with the feature `public-suffix`;
/// without it, only that domains of one label, such as `com`, are.
///
/// ```
/// use minato_http::CookieJar;
///
/// let jar = CookieJar::new();
/// let place = "https://www.example.com/account/".parse().unwrap();
/// jar.store(&place, b"id=7; Domain=example.com; Path=/; Secure");
/// assert_eq!(jar.cookies(&"https://api.example.com/".parse().unwrap()).unwrap(), "id=7");
/// assert_eq!(jar.cookies(&"http://api.example.com/".parse().unwrap()), None);
/// ```
#[derive(Clone, Default)]
pub struct CookieJar {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    by_domain: HashMap<String, Vec<Cookie>>,
    len: usize,
    /// Counts cookies stored and uses, so that both have an order.
    count: u64,
}

struct Cookie {
    name: String,
    value: String,
    path: String,
    /// For the host of its domain only, and not those below.
    is_host_only: bool,
    is_secure: bool,
    expires: Option<Instant>,
    created: u64,
    used: u64,
}

/// What a URI is to cookies.
struct Place {
    host: String,
    path: String,
    is_secure: bool,
}

impl Place {
    fn of(uri: &Uri) -> Option<Self> {
        let host = bare(uri.host()?).to_ascii_lowercase();
        Some(Self {
            host: host.strip_suffix('.').map_or_else(|| host.clone(), str::to_owned),
            path: if uri.path().starts_with('/') { uri.path().to_owned() } else { "/".to_owned() },
            is_secure: uri.scheme() == Some(&Scheme::HTTPS),
        })
    }

    /// RFC 6265bis §5.1.4: up to the last slash.
    fn default_path(&self) -> &str {
        match self.path.rfind('/') {
            None | Some(0) => "/",
            Some(at) => &self.path[..at],
        }
    }
}

impl CookieJar {
    /// An empty jar.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Keeps what a `set-cookie` field of a response from this place says, if the place may say so.
    pub fn store(&self, place: &Uri, set_cookie: &[u8]) {
        if let (Some(place), Some(cookie)) = (Place::of(place), set_cookie::parse(set_cookie)) {
            self.kept().store(&place, cookie, Instant::now());
        }
    }

    /// The value of the `cookie` field for a request to this place.
    #[must_use]
    pub fn cookies(&self, place: &Uri) -> Option<HeaderValue> {
        let field = self.kept().cookies(&Place::of(place)?, Instant::now())?;
        let mut value = HeaderValue::try_from(field).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// How many cookies are kept, among them perhaps some whose time is over.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept().len
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all.
    pub fn clear(&self) {
        *self.kept() = Kept::default();
    }
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CookieJar").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Kept {
    // RFC 6265bis §5.7.
    fn store(&mut self, place: &Place, cookie: SetCookie, now: Instant) {
        let SetCookie { name, value, life, domain, path, is_secure } = cookie;
        let domain = match domain {
            // Whoever is a public suffix itself may keep cookies for itself.
            Some(domain) if domain == place.host && is_public_suffix(&domain) => None,
            Some(domain) if is_public_suffix(&domain) || !domain_matches(&place.host, &domain) => return,
            domain => domain,
        };
        if is_secure && !place.is_secure {
            return;
        }
        let asked_path = path.as_deref();
        let begins = |prefix: &str| {
            let text = if name.is_empty() { &value } else { &name };
            text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let (says_secure, says_host) = (begins("__Secure-"), begins("__Host-"));
        let is_host = is_secure && domain.is_none() && asked_path == Some("/");
        if ((says_secure || says_host) && name.is_empty())
            || (says_secure && !is_secure)
            || (says_host && !is_host)
        {
            return;
        }
        let path = path.unwrap_or_else(|| place.default_path().to_owned());
        let is_host_only = domain.is_none();
        let domain = domain.unwrap_or_else(|| place.host.clone());
        if !is_secure && !place.is_secure && self.hides_secure(&name, &domain, &path) {
            return;
        }

        self.count += 1;
        let cookies = self.by_domain.entry(domain.clone()).or_default();
        let is_same =
            |kept: &Cookie| kept.name == name && kept.path == path && kept.is_host_only == is_host_only;
        let before = cookies.iter().position(is_same).map(|at| cookies.swap_remove(at));
        let expires = life.and_then(|life| now.checked_add(life));
        let is_over = life.is_some_and(|life| life.is_zero());
        if !is_over {
            let created = before.as_ref().map_or(self.count, |before| before.created);
            let used = self.count;
            cookies.push(Cookie { name, value, path, is_host_only, is_secure, expires, created, used });
        }
        self.len = self.len + usize::from(!is_over) - usize::from(before.is_some());
        self.evict(&domain, now);
    }

    /// Whether a secure cookie of this name would be hidden by one with this domain and path.
    fn hides_secure(&self, name: &str, domain: &str, path: &str) -> bool {
        self.by_domain.iter().any(|(of, cookies)| {
            (domain_matches(of, domain) || domain_matches(domain, of))
                && cookies
                    .iter()
                    .any(|kept| kept.is_secure && kept.name == name && path_matches(path, &kept.path))
        })
    }

    /// LIMIT: a domain, and all together, keep only so many; those whose time is over go first, then those not used for
    /// the longest time.
    fn evict(&mut self, domain: &str, now: Instant) {
        let is_over = |cookie: &Cookie| cookie.expires.is_some_and(|at| at <= now);
        if let Some(cookies) = self.by_domain.get_mut(domain) {
            if cookies.len() > COOKIES_PER_DOMAIN {
                let before = cookies.len();
                cookies.retain(|cookie| !is_over(cookie));
                self.len -= before - cookies.len();
            }
            while cookies.len() > COOKIES_PER_DOMAIN {
                // Those that are not secure go before those that are.
                let key = |(_, cookie): &(usize, &Cookie)| (cookie.is_secure, cookie.used);
                let Some((oldest, _)) = cookies.iter().enumerate().min_by_key(key) else { break };
                cookies.swap_remove(oldest);
                self.len -= 1;
            }
        }
        if self.len > COOKIES {
            let mut used: Vec<u64> = self.by_domain.values().flatten().map(|cookie| cookie.used).collect();
            // A tenth at a time, so that a flood does not sort at each cookie.
            let (_, bound, _) = used.select_nth_unstable(COOKIES / 10);
            let bound = *bound;
            self.by_domain.retain(|_, cookies| {
                cookies.retain(|cookie| cookie.used >= bound && !is_over(cookie));
                !cookies.is_empty()
            });
            self.len = self.by_domain.values().map(Vec::len).sum();
        }
        if self.by_domain.get(domain).is_some_and(Vec::is_empty) {
            self.by_domain.remove(domain);
        }
    }

    // RFC 6265bis §5.8.3.
    fn cookies(&mut self, place: &Place, now: Instant) -> Option<String> {
        self.count += 1;
        let used = self.count;
        let mut found: Vec<&mut Cookie> = Vec::new();
        let is_name = place.host.parse::<IpAddr>().is_err();
        for (domain, cookies) in &mut self.by_domain {
            if *domain != place.host && !(is_name && is_below(&place.host, domain)) {
                continue;
            }
            found.extend(cookies.iter_mut().filter(|cookie| {
                (!cookie.is_host_only || *domain == place.host)
                    && (!cookie.is_secure || place.is_secure)
                    && path_matches(&place.path, &cookie.path)
                    && cookie.expires.is_none_or(|at| at > now)
            }));
        }
        found.sort_by_key(|cookie| (std::cmp::Reverse(cookie.path.len()), cookie.created));
        let mut field = String::new();
        for cookie in found {
            // LIMIT: a server cannot make requests to itself so long that they fail everywhere on the way.
            if field.len() + cookie.name.len() + cookie.value.len() + 3 > COOKIE_FIELD_BYTES {
                break;
            }
            cookie.used = used;
            if !field.is_empty() {
                field.push_str("; ");
            }
            if !cookie.name.is_empty() {
                field.push_str(&cookie.name);
                field.push('=');
            }
            field.push_str(&cookie.value);
        }
        (!field.is_empty()).then_some(field)
    }
}

/// RFC 6265bis §5.1.3.
fn domain_matches(host: &str, domain: &str) -> bool {
    host == domain || (host.parse::<IpAddr>().is_err() && is_below(host, domain))
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|above| above.ends_with('.'))
}

/// RFC 6265bis §5.1.4.
fn path_matches(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

/// Whether anybody can have a name right below this one, so that a cookie for all below it is for strangers.
fn is_public_suffix(domain: &str) -> bool {
    #[cfg(feature = "public-suffix")]
    if let Some(suffix) = psl::suffix(domain.as_bytes()) {
        return suffix.as_bytes() == domain.as_bytes();
    }
    !domain.contains('.') && domain.parse::<IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// What a jar that was told this by these places sends to those.
    fn sent(told: &[(&str, &str)], to: &str) -> Option<String> {
        let jar = CookieJar::new();
        for (place, field) in told {
            jar.store(&place.parse().unwrap(), field.as_bytes());
        }
        jar.cookies(&to.parse().unwrap()).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_cookie_goes_to_its_host_and_with_a_domain_to_those_below() {
        let at_host = [("http://a.example.com/", "k=v")];
        assert_eq!(sent(&at_host, "http://a.example.com:81/x").as_deref(), Some("k=v"));
        assert_eq!(sent(&at_host, "https://A.example.com./x").as_deref(), Some("k=v"));
        for other in ["http://example.com/", "http://b.a.example.com/", "http://xa.example.com/"] {
            assert_eq!(sent(&at_host, other), None, "{other}");
        }
        let at_domain = [("http://a.example.com/", "k=v; domain=example.com")];
        for there in ["http://example.com/", "http://a.example.com/", "http://x.y.example.com/"] {
            assert_eq!(sent(&at_domain, there).as_deref(), Some("k=v"), "{there}");
        }
        assert_eq!(sent(&at_domain, "http://notexample.com/"), None);
    }

    #[test]
    fn nobody_sets_cookies_for_others() {
        for (place, field) in [
            ("http://a.example.com/", "k=v; domain=b.example.com"),
            ("http://a.example.com/", "k=v; domain=x.a.example.com"),
            ("http://a.example.com/", "k=v; domain=com"),
            ("http://a.example.com/", "k=v; domain=ample.com"),
            ("http://10.0.0.1/", "k=v; domain=0.0.1"),
            ("http://a.example.com/", "k=v; secure"),
            ("http://a.example.com/", "__Secure-k=v"),
            ("https://a.example.com/", "__secure-k=v"),
            ("https://a.example.com/", "__Host-k=v; path=/; domain=a.example.com; secure"),
            ("https://a.example.com/", "__Host-k=v; secure"),
            ("https://a.example.com/", "__HOST-k=v; path=/x; secure"),
            ("https://a.example.com/", "=__Host-k=v; path=/; secure"),
        ] {
            for to in [
                "https://a.example.com/x",
                "https://b.example.com/",
                "https://example.com/",
                "https://10.0.0.1/",
            ] {
                assert_eq!(sent(&[(place, field)], to), None, "{place} {field} {to}");
            }
        }
        assert!(sent(&[("http://localhost/", "k=v; domain=localhost")], "http://localhost/").is_some());
        assert!(sent(&[("http://localhost/", "k=v; domain=localhost")], "http://x.localhost/").is_none());
        assert!(sent(&[("http://[::1]/", "k=v")], "http://[::1]/").is_some());
        assert!(sent(&[("https://a/", "__Host-k=v; path=/; secure")], "https://a/").is_some());
        assert!(sent(&[("https://a/", "__Secure-k=v; secure")], "https://a/").is_some());
    }

    #[cfg(feature = "public-suffix")]
    #[test]
    fn a_public_suffix_of_two_labels_is_known() {
        let field = "k=v; domain=co.uk";
        assert_eq!(sent(&[("http://a.co.uk/", field)], "http://b.co.uk/"), None);
        assert_eq!(
            sent(&[("http://x.a.co.uk/", "k=v; domain=a.co.uk")], "http://a.co.uk/").as_deref(),
            Some("k=v")
        );
    }

    #[test]
    fn a_path_is_one_of_segments_and_defaults_to_that_of_the_place() {
        let told = [("http://a/x/y?q", "k=v")];
        for there in ["http://a/x", "http://a/x/", "http://a/x/z/w"] {
            assert_eq!(sent(&told, there).as_deref(), Some("k=v"), "{there}");
        }
        for other in ["http://a/", "http://a/xy", "http://a/X"] {
            assert_eq!(sent(&told, other), None, "{other}");
        }
        assert_eq!(sent(&[("http://a/x/y", "k=v; path=/")], "http://a/").as_deref(), Some("k=v"));
    }

    #[test]
    fn longer_paths_come_first_then_older_cookies_and_the_last_word_counts() {
        let told = [
            ("http://a/x/", "one=1; path=/"),
            ("http://a/x/", "two=2; path=/"),
            ("http://a/x/", "three=3; path=/x"),
            ("http://a/x/", "one=4; path=/"),
        ];
        assert_eq!(sent(&told, "http://a/x").as_deref(), Some("three=3; one=4; two=2"));
    }

    #[test]
    fn what_is_secure_is_not_written_over_in_the_clear() {
        let told = [
            ("https://a.example.com/", "k=secret; secure; path=/login; domain=example.com"),
            ("http://a.example.com/", "k=evil; path=/login/x"),
            ("http://a.example.com/", "k=evil; path=/login; domain=example.com"),
            ("http://a.example.com/", "k=other; path=/"),
        ];
        assert_eq!(sent(&told, "https://a.example.com/login/x").as_deref(), Some("k=secret; k=other"));
    }

    #[test]
    fn a_cookie_that_ends_is_forgotten() {
        let told = [("http://a/", "k=v; path=/"), ("http://a/", "k=; path=/; max-age=0")];
        assert_eq!(sent(&told, "http://a/"), None);
        minato_runtime::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(async {
                let (jar, place) = (CookieJar::new(), "http://a/".parse().unwrap());
                jar.store(&place, b"k=v; max-age=10");
                minato_runtime::time::sleep(Duration::from_secs(9)).await;
                assert!(jar.cookies(&place).is_some());
                minato_runtime::time::sleep(Duration::from_secs(2)).await;
                assert!(jar.cookies(&place).is_none());
            });
    }

    #[test]
    fn a_jar_is_bounded_per_domain_in_all_and_in_what_it_sends() {
        let jar = CookieJar::new();
        let place: Uri = "http://a.example.com/".parse().unwrap();
        for i in 0..3 * COOKIES_PER_DOMAIN {
            jar.store(&place, format!("k{i}={}", "v".repeat(4000)).as_bytes());
            assert!(jar.len() <= COOKIES_PER_DOMAIN);
        }
        assert!(jar.cookies(&place).unwrap().len() <= COOKIE_FIELD_BYTES);
        for i in 0..2 * COOKIES {
            jar.store(&format!("http://h{i}.example/").parse().unwrap(), b"k=v");
            assert!(jar.len() <= COOKIES);
        }
        let last = format!("http://h{}.example/", 2 * COOKIES - 1).parse().unwrap();
        assert!(jar.cookies(&last).is_some());
        jar.clear();
        assert!(jar.is_empty());
    }
}

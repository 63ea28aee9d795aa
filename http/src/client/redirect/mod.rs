//! Redirects followed, without telling one place what was meant for another.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | what is followed: [`Redirects`], and what was: [`Redirected`] |
//! | `location.rs` | where a `location` leads (RFC 3986 §5) |
//! | `hop.rs` | the request that follows a response (RFC 9110 §15.4) |
//! | `layer.rs` | the layer and its service |

mod hop;
mod layer;
mod location;

use std::fmt;
use std::sync::Arc;

use http::header::HeaderName;
use http::{StatusCode, Uri};
use minato_service::BoxError;

pub use self::layer::{Following, RedirectLayer, Redirecting};
use crate::limits::REDIRECTS;

/// Which redirects a client follows, and with what.
///
/// What does not depend on the policy:
///
/// - 301 and 302 make a GET of a POST, 303 of everything but HEAD; the body and the fields about it are left out. 307 and
///   308 repeat method and body. A body that is not known beforehand cannot be repeated: such a response is returned as it
///   is.
/// - On the way to another origin (scheme, host or port) `authorization`, `cookie`, `proxy-authorization`, `referer` and
///   every field whose value is marked [sensitive](http::HeaderValue::is_sensitive) are left out, and do not come back when a
///   later hop leads home again (CVE-2024-45336, CVE-2025-4673). `host` is that of each place.
/// - From `https` to `http` nothing is followed, unless [told otherwise](Self::allow_downgrade).
///
/// ```
/// use minato_http::{Client, Redirects};
///
/// let client = Client::builder().redirects(Redirects::limited(10)).build();
/// # drop(client);
/// ```
#[derive(Clone)]
pub struct Redirects {
    policy: Policy,
    allows_downgrade: bool,
    sensitive: Vec<HeaderName>,
}

type Decide = Arc<dyn Fn(&Attempt<'_>) -> Action + Send + Sync>;

#[derive(Clone)]
enum Policy {
    None,
    Limited(usize),
    Custom(Decide),
}

/// A redirect that could be followed; seen by [`Redirects::custom`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The status of the response.
    pub status: StatusCode,
    /// Where it leads.
    pub to: &'a Uri,
    /// The places so far, the first being that of the request.
    pub from: &'a [Uri],
}

/// What is done about a redirect.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// It is followed.
    Follow,
    /// Its response is returned as it is.
    Stop,
    /// The request fails with this.
    Fail(BoxError),
}

/// The places a response was come by at; among its extensions if there was more than one.
#[derive(Debug, Clone)]
pub struct Redirected {
    places: Arc<[Uri]>,
}

impl Redirected {
    /// The place the response is from.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        // INVARIANT: made with at least one place.
        &self.places[self.places.len() - 1]
    }

    /// All places in order, the first being that of the request.
    #[must_use]
    pub fn places(&self) -> &[Uri] {
        &self.places
    }
}

impl Redirects {
    /// Follows none: every 3xx is a response like others.
    #[must_use]
    pub fn none() -> Self {
        Self::of(Policy::None)
    }

    /// Follows so many in a row; a further one is an [error](crate::Error::is_redirect).
    #[must_use]
    pub fn limited(most: usize) -> Self {
        Self::of(Policy::Limited(most))
    }

    /// Asks `decide` about each. Loops are for it to see; a hundred in a row are an error all the same.
    ///
    /// ```
    /// use minato_http::Redirects;
    /// use minato_http::redirect::Action;
    ///
    /// let within_the_house = Redirects::custom(|attempt| match attempt.to.host() {
    ///     Some(host) if host.ends_with(".example") => Action::Follow,
    ///     _ => Action::Stop,
    /// });
    /// # drop(within_the_house);
    /// ```
    pub fn custom(decide: impl Fn(&Attempt<'_>) -> Action + Send + Sync + 'static) -> Self {
        Self::of(Policy::Custom(Arc::new(decide)))
    }

    fn of(policy: Policy) -> Self {
        Self { policy, allows_downgrade: false, sensitive: Vec::new() }
    }

    /// Follows from `https` to `http` too, where everybody on the way can read and change what is sent.
    #[must_use]
    pub fn allow_downgrade(mut self) -> Self {
        self.allows_downgrade = true;
        self
    }

    /// Leaves this field out, too, on the way to another origin.
    #[must_use]
    pub fn sensitive(mut self, name: HeaderName) -> Self {
        self.sensitive.push(name);
        self
    }

    /// What is done about a redirect.
    fn decide(&self, attempt: &Attempt<'_>) -> Action {
        let followed = attempt.from.len() - 1;
        let too_many = |most| Action::Fail(format!("more than {most} redirects in a row").into());
        match &self.policy {
            Policy::None => Action::Stop,
            Policy::Limited(most) if followed >= *most => too_many(*most),
            Policy::Limited(_) => Action::Follow,
            Policy::Custom(_) if followed >= REDIRECTS => too_many(REDIRECTS),
            Policy::Custom(decide) => decide(attempt),
        }
    }
}

/// Follows ten.
impl Default for Redirects {
    fn default() -> Self {
        Self::limited(10)
    }
}

impl fmt::Debug for Redirects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = match &self.policy {
            Policy::None => "none".to_owned(),
            Policy::Limited(most) => format!("at most {most}"),
            Policy::Custom(_) => "custom".to_owned(),
        };
        f.debug_struct("Redirects")
            .field("policy", &policy)
            .field("allows_downgrade", &self.allows_downgrade)
            .field("sensitive", &self.sensitive)
            .finish()
    }
}

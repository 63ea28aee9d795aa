//! What is said before the final response.

use std::fmt;
use std::sync::Arc;

use http::Response;

use super::request::RequestBuilder;

/// Told of every informational response (1xx) to a request; among the request's extensions.
///
/// That is 103 with what can be fetched meanwhile, 102, 100 where the server was asked, and whatever else comes before the
/// final response; not 101 where it was asked for, which is final. A server may send
/// sixteen; a further one is an error, as without this. What is told is called by the task that waits for the response, so it
/// should be short; if it panics, the exchange is given up.
///
/// ```
/// # async fn example() -> Result<(), minato_http::Error> {
/// use minato_http::Client;
///
/// let client = Client::new();
/// let request = client.get("http://127.0.0.1:3000/").on_informational(|early| {
///     for link in early.headers().get_all("link") {
///         println!("{} {link:?}", early.status());
///     }
/// });
/// println!("{}", request.await?.status());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct OnInformational {
    tell: Arc<dyn Fn(Response<()>) + Send + Sync>,
}

impl OnInformational {
    /// Tells this.
    pub fn new(tell: impl Fn(Response<()>) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell) }
    }

    pub(super) fn tell(&self, early: Response<()>) {
        (self.tell)(early);
    }
}

impl fmt::Debug for OnInformational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnInformational").finish_non_exhaustive()
    }
}

impl RequestBuilder {
    /// Has `tell` called with every informational response; see [`OnInformational`].
    pub fn on_informational(self, tell: impl Fn(Response<()>) + Send + Sync + 'static) -> Self {
        self.extension(OnInformational::new(tell))
    }
}

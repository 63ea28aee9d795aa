//! Short ways to what a response holds.

use std::future::Future;

use bytes::Bytes;
use http::Response;
use http_body::Body as _;

use crate::body::Body;
use crate::error::{Error, Kind};

/// Methods for the responses of a [`Client`](crate::Client).
///
/// ```no_run
/// use minato_http::{Client, ResponseExt};
///
/// # async fn example() -> Result<(), minato_http::Error> {
/// let client = Client::new();
/// let text = client.get("http://127.0.0.1:3000/").await?.error_for_status()?.text().await?;
/// # let _ = text;
/// # Ok(())
/// # }
/// ```
pub trait ResponseExt: sealed::Sealed + Sized {
    /// The whole body as text; see [`Body::text`].
    ///
    /// # Errors
    ///
    /// As [`Body::text`].
    fn text(self) -> impl Future<Output = Result<String, Error>> + Send;

    /// The whole body, if it is not longer than `limit` bytes; see [`Body::bytes`].
    ///
    /// # Errors
    ///
    /// As [`Body::bytes`].
    fn bytes(self, limit: usize) -> impl Future<Output = Result<Bytes, Error>> + Send;

    /// The value that the whole body is as JSON; see [`Body::json`].
    ///
    /// # Errors
    ///
    /// As [`Body::json`].
    #[cfg(feature = "json")]
    fn json<T: serde::de::DeserializeOwned>(self) -> impl Future<Output = Result<T, Error>> + Send;

    /// The next piece of the body; none when it has ended. See [`Body::data`].
    ///
    /// # Errors
    ///
    /// As [`Body::data`].
    fn chunk(&mut self) -> impl Future<Output = Result<Option<Bytes>, Error>> + Send;

    /// How long the body is, or what is left of it, where that is known.
    fn content_length(&self) -> Option<u64>;

    /// The response, if its status does not tell of a failure.
    ///
    /// # Errors
    ///
    /// For a status of 400 and above; [`Error::status`] tells it.
    fn error_for_status(self) -> Result<Self, Error>;
}

impl ResponseExt for Response<Body> {
    fn text(self) -> impl Future<Output = Result<String, Error>> + Send {
        self.into_body().text()
    }

    fn bytes(self, limit: usize) -> impl Future<Output = Result<Bytes, Error>> + Send {
        self.into_body().bytes(limit)
    }

    #[cfg(feature = "json")]
    fn json<T: serde::de::DeserializeOwned>(self) -> impl Future<Output = Result<T, Error>> + Send {
        self.into_body().json()
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.body_mut().data().await.transpose()
    }

    fn content_length(&self) -> Option<u64> {
        self.body().size_hint().exact()
    }

    fn error_for_status(self) -> Result<Self, Error> {
        match self.status() {
            status if status.is_client_error() || status.is_server_error() => {
                Err(Error::new(Kind::Status(status)))
            }
            _ => Ok(self),
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for http::Response<crate::Body> {}
}

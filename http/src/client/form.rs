//! Queries and forms: `application/x-www-form-urlencoded`, feature `form`.

use http::Uri;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::request::RequestBuilder;
use crate::body::Body;
use crate::error::{Error, Kind};
use crate::limits::TEXT_BYTES;

impl RequestBuilder {
    /// Adds pairs to the query of the URI: a struct, a map, or a list of pairs.
    ///
    /// ```
    /// use minato_http::Client;
    ///
    /// let request = Client::new().get("http://a/search?page=2").query(&[("q", "salt & sugar")]).build()?;
    /// assert_eq!(request.uri(), "http://a/search?page=2&q=salt+%26+sugar");
    /// # Ok::<(), minato_http::Error>(())
    /// ```
    pub fn query<T: Serialize + ?Sized>(self, pairs: &T) -> Self {
        self.change(|request| {
            let added = encoded(pairs)?;
            if added.is_empty() {
                return Ok(());
            }
            let uri = request.uri();
            let query = match uri.query() {
                Some(query) if !query.is_empty() => format!("{query}&{added}"),
                _ => added,
            };
            let mut parts = uri.clone().into_parts();
            let path_and_query = format!("{}?{query}", uri.path());
            let fault = |error: http::Error| Error::with_source(Kind::User("the URI is malformed"), error);
            parts.path_and_query =
                Some(path_and_query.try_into().map_err(|error: http::uri::InvalidUri| fault(error.into()))?);
            *request.uri_mut() = Uri::from_parts(parts).map_err(|error| fault(error.into()))?;
            Ok(())
        })
    }

    /// Sends this as a form: a struct, a map, or a list of pairs.
    pub fn form<T: Serialize + ?Sized>(self, fields: &T) -> Self {
        self.change(|request| {
            *request.body_mut() = Body::from_form(fields)?;
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            request.headers_mut().insert(CONTENT_TYPE, form);
            Ok(())
        })
    }
}

impl Body {
    /// A body that is this value as a form. The `content-type` of the message is for the caller to set.
    ///
    /// # Errors
    ///
    /// When the value is nothing a form can say, such as a list within a list.
    pub fn from_form<T: Serialize + ?Sized>(fields: &T) -> Result<Self, Error> {
        Ok(encoded(fields)?.into())
    }

    /// The value that the whole body is as a form, if it is not longer than 2 MB.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), and for a body that is not such a value.
    ///
    /// # Cancel safety
    ///
    /// As [`bytes`](Self::bytes).
    pub async fn form<T: DeserializeOwned>(self) -> Result<T, Error> {
        serde_urlencoded::from_bytes(&self.bytes(TEXT_BYTES).await?).map_err(Error::foreign)
    }
}

fn encoded<T: Serialize + ?Sized>(pairs: &T) -> Result<String, Error> {
    serde_urlencoded::to_string(pairs)
        .map_err(|error| Error::with_source(Kind::User("this cannot be said in a query or form"), error))
}

//! Reading a body: frame by frame, or whole under a limit.

use std::future::poll_fn;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame};

use super::Body;
use crate::error::{Error, Kind};
use crate::limits::{COLLECT_RESERVE_BYTES, TEXT_BYTES};

impl Body {
    /// The next frame: data, or the trailers.
    ///
    /// # Errors
    ///
    /// When the peer broke the framing, the connection ended, or the body was aborted.
    ///
    /// # Cancel safety
    ///
    /// Safe: a frame is taken only by a call that returns it.
    pub async fn frame(&mut self) -> Option<Result<Frame<Bytes>, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_frame(cx)).await
    }

    /// The next data, skipping trailers; `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`frame`](Self::frame).
    ///
    /// # Cancel safety
    ///
    /// Safe: data are taken only by a call that returns them.
    pub async fn data(&mut self) -> Option<Result<Bytes, Error>> {
        loop {
            match self.frame().await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The whole body, if it is not longer than `limit` bytes; trailers are thrown away.
    ///
    /// ```
    /// # async fn example() -> Result<(), minato_http::Error> {
    /// use minato_http::Body;
    ///
    /// assert_eq!(Body::from("four").bytes(4).await?, "four");
    /// assert!(Body::from("five!").bytes(4).await.unwrap_err().is_body_limit());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`is_body_limit`](Error::is_body_limit) for a longer body, as soon as that is known; else as
    /// [`frame`](Self::frame).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the body, and what has come of it is lost.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        let too_long = || Error::new(Kind::BodyLimit(limit as u64));
        let hint = self.size_hint();
        if hint.lower() > limit as u64 {
            return Err(too_long());
        }
        let Some(first) = self.data().await.transpose()? else { return Ok(Bytes::new()) };
        if first.len() > limit {
            return Err(too_long());
        }
        let Some(second) = self.data().await.transpose()? else { return Ok(first) };
        // Reserved by what has arrived and a bounded part of what was announced, never by announcement alone.
        let announced = usize::try_from(hint.lower()).unwrap_or(usize::MAX).min(COLLECT_RESERVE_BYTES);
        let mut whole = BytesMut::with_capacity(announced.max(first.len() + second.len()));
        whole.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(data) = next {
            if data.len() > limit - whole.len() {
                return Err(too_long());
            }
            whole.extend_from_slice(&data);
            next = self.data().await.transpose()?;
        }
        Ok(whole.freeze())
    }

    /// The whole body as text, if it is UTF-8 and not longer than 2 MB.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), and for a body that is not UTF-8.
    ///
    /// # Cancel safety
    ///
    /// As [`bytes`](Self::bytes).
    pub async fn text(self) -> Result<String, Error> {
        let bytes = self.bytes(TEXT_BYTES).await?;
        String::from_utf8(Vec::from(bytes)).map_err(Error::foreign)
    }
}

//! The messages of a client as an HTTP body.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;
use minato_http::{Error, Reason};

use crate::call::{Ending, Outlet};

/// Ends as its producer ends: well, or with RST_STREAM CANCEL.
pub(super) struct RequestBody {
    outlet: Arc<Outlet>,
}

impl RequestBody {
    pub(super) fn new(outlet: Arc<Outlet>) -> Self {
        Self { outlet }
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Poll::Ready(match ready!(self.outlet.poll_take(cx)) {
            Ok(bytes) => Some(Ok(Frame::data(bytes))),
            Err(Ending::Finished) => None,
            Err(Ending::Open | Ending::Aborted) => Some(Err(Error::reset(Reason::CANCEL))),
        })
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.outlet.close();
    }
}

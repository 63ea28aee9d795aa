//! The timeout and metadata of a call.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use crate::clock::{Deadline, Instant};
use crate::{InvalidMetadata, Metadata, Result, timeout};

#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) timeout: Option<Duration>,
    pub(super) deadline: Option<Instant>,
    pub(super) metadata: Metadata,
    /// The first mistake made while building; the call fails with it.
    pub(super) mistake: Option<InvalidMetadata>,
}

impl Options {
    pub(super) fn note(&mut self, result: Result<(), InvalidMetadata>) {
        if let Err(mistake) = result {
            self.mistake.get_or_insert(mistake);
        }
    }

    /// The earliest of the timeout, counted from now, the deadline, and the deadline of the call this code runs for.
    /// Where neither of the first two was given `otherwise` from now is in their place.
    pub(super) fn deadline(&self, otherwise: Option<Duration>) -> Option<Instant> {
        let otherwise = if self.deadline.is_some() { None } else { otherwise };
        let after = self.timeout.or(otherwise).map(Deadline::after);
        let inherited = minato_service::Deadline::current().map(minato_service::Deadline::instant);
        [after, self.deadline, inherited].into_iter().flatten().min()
    }

    /// The fields of the request, in the order gRPC over HTTP/2 asks for: the call definition, then the metadata.
    pub(super) fn fields(&self, deadline: Option<Instant>) -> HeaderMap {
        // With four fields of our own, two more cost no second allocation.
        let mut fields = HeaderMap::with_capacity(6);
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            fields.insert(timeout::TIMEOUT, timeout::format(left));
        }
        fields.insert(header::TE, HeaderValue::from_static("trailers"));
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        fields.insert(header::USER_AGENT, USER_AGENT);
        for (name, value) in self.metadata.iter() {
            fields.append(name, value.clone());
        }
        fields
    }
}

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("grpc-rust-minato/", env!("CARGO_PKG_VERSION")));

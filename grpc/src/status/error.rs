//! The error of a call.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use bytes::Bytes;

use super::Code;
use crate::Metadata;

/// Why a call failed: a [`Code`], a message for people, and whatever the application adds.
///
/// It is one pointer wide, so that results that carry it stay small.
///
/// ```
/// use minato_grpc::{Code, Status};
///
/// fn find(id: u64) -> Result<(), Status> {
///     Err(Status::not_found(format!("no order {id}")))
/// }
/// let status = find(7).unwrap_err();
/// assert_eq!(status.code(), Code::NotFound);
/// assert_eq!(status.to_string(), "NOT_FOUND: no order 7");
/// ```
pub struct Status(Box<Inner>);

struct Inner {
    code: Code,
    message: Cow<'static, str>,
    details: Bytes,
    metadata: Metadata,
    source: Option<Box<dyn Error + Send + Sync>>,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $code:ident;)*) => {
        impl Status {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                    Self::new(Code::$code, message)
                }
            )*
        }
    };
}

constructors! {
    /// The caller gave the call up.
    cancelled => Cancelled;
    /// Nobody knows what happened.
    unknown => Unknown;
    /// The request makes no sense in any state of the system.
    invalid_argument => InvalidArgument;
    /// The deadline passed before the call ended.
    deadline_exceeded => DeadlineExceeded;
    /// What was asked for does not exist.
    not_found => NotFound;
    /// What was to be created exists.
    already_exists => AlreadyExists;
    /// The caller may not do this, whoever it is.
    permission_denied => PermissionDenied;
    /// A quota, a limit or a disk is full.
    resource_exhausted => ResourceExhausted;
    /// The system is not in the state the call needs.
    failed_precondition => FailedPrecondition;
    /// The call lost a race.
    aborted => Aborted;
    /// The request went past the end of something.
    out_of_range => OutOfRange;
    /// The method does not exist here.
    unimplemented => Unimplemented;
    /// An invariant of the system broke.
    internal => Internal;
    /// The service cannot be reached now.
    unavailable => Unavailable;
    /// Data are lost or corrupt.
    data_loss => DataLoss;
    /// The caller did not say who it is.
    unauthenticated => Unauthenticated;
}

impl Status {
    /// A status with a message for people.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            details: Bytes::new(),
            metadata: Metadata::new(),
            source: None,
        }))
    }

    /// Adds the bytes of an encoded `google.rpc.Status`, sent as `grpc-status-details-bin`.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<Bytes>) -> Self {
        self.0.details = details.into();
        self
    }

    /// Adds metadata, sent as trailers.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.0.metadata = metadata;
        self
    }

    /// Adds the cause on this side; it is not sent.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The bytes of an encoded `google.rpc.Status`; empty where there is none.
    #[must_use]
    pub fn details(&self) -> &Bytes {
        &self.0.details
    }

    /// The metadata that came, or goes, with the status.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// The metadata, to change.
    pub fn metadata_mut(&mut self) -> &mut Metadata {
        &mut self.0.metadata
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Status")
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("details", &self.0.details)
            .field("metadata", &self.0.metadata)
            .field("source", &self.0.source)
            .finish()
    }
}

impl Error for Status {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_one_pointer_wide() {
        assert_eq!(size_of::<Result<(), Status>>(), size_of::<usize>());
    }
}

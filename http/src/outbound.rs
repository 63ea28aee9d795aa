//! A body of HTTP/1, framed.

use bytes::Buf;
use http::HeaderMap;

use crate::h1::{Framing, encode};
use crate::output::Output;

/// The sending half of an exchange, behind its head.
#[derive(Debug)]
pub(crate) struct Outbound {
    framing: Framing,
    /// The peer looks at trailers.
    sends_trailers: bool,
}

/// The body does not keep to the length it announced.
#[derive(Debug)]
pub(crate) struct WrongLength;

impl Outbound {
    pub(crate) fn new(framing: Framing, sends_trailers: bool) -> Self {
        Self { framing, sends_trailers }
    }

    /// Frames data.
    pub(crate) fn data(&mut self, output: &mut Output, data: impl Buf) -> Result<(), WrongLength> {
        let len = data.remaining();
        match &mut self.framing {
            _ if len == 0 => {}
            Framing::Length(left) => {
                *left = left.checked_sub(len as u64).ok_or(WrongLength)?;
                output.push(data);
            }
            Framing::Chunked => {
                encode::chunk_head(output.tail(), len);
                output.push(data);
                output.tail().extend_from_slice(encode::CHUNK_END);
            }
            Framing::UntilClose => output.push(data),
        }
        Ok(())
    }

    /// Whether the peer knows already that the body is complete.
    pub(crate) fn is_complete(&self) -> bool {
        self.framing == Framing::Length(0)
    }

    /// Frames the end.
    pub(crate) fn end(
        &mut self,
        output: &mut Output,
        trailers: Option<&HeaderMap>,
    ) -> Result<(), WrongLength> {
        match self.framing {
            Framing::Length(0) | Framing::UntilClose => Ok(()),
            Framing::Length(_) => Err(WrongLength),
            Framing::Chunked => {
                encode::last_chunk(output.tail(), trailers.filter(|_| self.sends_trailers));
                Ok(())
            }
        }
    }
}

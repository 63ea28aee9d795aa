//! A body of any framing, read.

use http::HeaderMap;

use super::Fault;
use super::chunk::ChunkDecoder;
use super::framing::Framing;

/// What the next bytes of a body are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// This many bytes are framing: consume them and ask again.
    Skip(usize),
    /// This many bytes are payload: consume them and ask again.
    Data(usize),
    /// Nothing can be said without more bytes.
    More,
    /// The body has ended; what follows belongs to the next message.
    End,
}

/// Reads one body.
#[derive(Debug)]
pub(crate) enum Decoder {
    Length(u64),
    Chunked(Box<ChunkDecoder>),
    UntilClose,
    /// A close-delimited body whose connection has closed.
    Closed,
}

impl Decoder {
    pub(crate) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked => Self::Chunked(Box::new(ChunkDecoder::new())),
            Framing::UntilClose => Self::UntilClose,
        }
    }

    /// The same, where whitespace may stand behind the size of a chunk.
    pub(crate) fn taking_whitespace(self, takes: bool) -> Self {
        match self {
            Self::Chunked(chunks) if takes => Self::Chunked(Box::new(chunks.taking_whitespace(takes))),
            as_it_is => as_it_is,
        }
    }

    /// Looks at `input`, which starts at the first byte not yet consumed.
    pub(crate) fn decode(&mut self, input: &[u8]) -> Result<Step, Fault> {
        match self {
            Self::Length(0) | Self::Closed => Ok(Step::End),
            Self::Length(_) | Self::UntilClose if input.is_empty() => Ok(Step::More),
            Self::Length(left) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                *left -= len as u64;
                Ok(Step::Data(len))
            }
            Self::Chunked(chunks) => chunks.decode(input),
            Self::UntilClose => Ok(Step::Data(input.len())),
        }
    }

    /// Takes note that no more bytes will come: the end of some bodies, a fault in all others.
    pub(crate) fn handle_eof(&mut self) -> Result<(), Fault> {
        match self {
            Self::UntilClose | Self::Closed | Self::Length(0) => {
                *self = Self::Closed;
                Ok(())
            }
            Self::Length(_) | Self::Chunked(_) => Err(Fault::Truncated),
        }
    }

    /// Bytes still to come, where that is known.
    pub(crate) fn remaining(&self) -> Option<u64> {
        match self {
            Self::Length(left) => Some(*left),
            Self::Closed => Some(0),
            Self::Chunked(_) | Self::UntilClose => None,
        }
    }

    /// The trailers, once the end has been reached.
    pub(crate) fn take_trailers(&mut self) -> Option<HeaderMap> {
        match self {
            Self::Chunked(chunks) => chunks.take_trailers(),
            Self::Length(_) | Self::UntilClose | Self::Closed => None,
        }
    }
}

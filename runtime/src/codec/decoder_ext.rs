//! Codecs to transports.

use super::{Decoder, Framed};

/// What a codec can do with a transport.
pub trait DecoderExt: Decoder + Sized {
    /// This codec over `io`.
    fn framed<T>(self, io: T) -> Framed<T, Self> {
        Framed::new(io, self)
    }
}

impl<D: Decoder> DecoderExt for D {}

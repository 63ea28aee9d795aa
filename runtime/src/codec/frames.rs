//! Frames that are parts of the read buffer.

use std::fmt;

use super::SliceDecoder;
use super::inbound::Phase;

/// The frames in what was read, lent one after another; made by [`FramedRead::frames`](super::FramedRead::frames).
///
/// What was not iterated over stays in the buffer. An error is the last that it gives, and the next
/// [`fill`](super::FramedRead::fill) answers false; one behind that goes on, where the decoder can.
#[must_use = "frames are decoded when they are asked for"]
pub struct Frames<'a, D> {
    rest: &'a [u8],
    used: &'a mut usize,
    phase: &'a mut Phase,
    decoder: &'a mut D,
}

impl<'a, D> Frames<'a, D> {
    pub(super) fn new(buf: &'a [u8], used: &'a mut usize, phase: &'a mut Phase, decoder: &'a mut D) -> Self {
        Self { rest: &buf[*used..], used, phase, decoder }
    }
}

impl<'a, D: SliceDecoder> Iterator for Frames<'a, D> {
    type Item = Result<D::Item<'a>, D::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let before = self.rest.len();
        let (decoded, phase_without) = match *self.phase {
            Phase::Ending | Phase::Ended => (self.decoder.decode_slice_eof(&mut self.rest), Phase::Ended),
            Phase::Decoding | Phase::Reading => (self.decoder.decode_slice(&mut self.rest), Phase::Reading),
            // A decoder that takes nothing of what it refuses would refuse it for ever.
            Phase::Failed => return None,
        };
        *self.used += before - self.rest.len();
        match decoded {
            Ok(Some(_)) => {}
            Ok(None) => *self.phase = phase_without,
            Err(_) => *self.phase = Phase::Failed,
        }
        decoded.transpose()
    }
}

impl<D> fmt::Debug for Frames<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames").field("bytes", &self.rest.len()).finish_non_exhaustive()
    }
}

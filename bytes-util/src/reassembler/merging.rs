//! Taking ranges in.
//!
//! A range is first compared with what is held and its effect on the number of gaps counted, and only then its holes,
//! the parts that are new, are filled. A hole costs a look-up and a copy of at most `COALESCE_LEN_MAX` bytes besides its
//! own, in whatever order a peer sends.

use core::ops::Range;

use bytes::Bytes;

use super::{Reassembler, ReassemblyError, ReassemblyErrorKind};
use crate::BufList;
use crate::limits::COALESCE_LEN_MAX;

/// What a hole touches on its sides.
struct Sides {
    left: Left,
    is_right_held: bool,
}

enum Left {
    /// The bytes that can be read.
    Ready,
    /// The run that begins here.
    Run(u64),
    /// A gap.
    Gap,
}

impl Reassembler {
    /// Takes the range of the stream that begins at `offset`, and returns how many of its bytes are new.
    ///
    /// # Errors
    ///
    /// If the range ends behind the window, would leave too many gaps, or contradicts bytes that are held. Nothing of
    /// it is taken then.
    pub fn insert(&mut self, offset: u64, data: Bytes) -> Result<usize, ReassemblyError> {
        let range = self.unread(offset, data.len())?;
        if range.is_empty() {
            return Ok(0);
        }
        // Lies within the data, since the range begins at `offset` or behind it.
        let within = |part: Range<u64>| (part.start - offset) as usize..(part.end - offset) as usize;
        let mut filled = 0;
        if range.start == self.ready_end() && self.runs.is_empty() {
            filled = data.len() - (range.start - offset) as usize;
            self.ready.push(data.slice(within(range)));
            self.held += filled;
            return Ok(filled);
        }
        self.compare(&range, &data[within(range.clone())])?;
        let gaps = self.gaps_after(&range)?;
        let mut at = range.start;
        while let Some(hole) = self.hole(at..range.end) {
            at = hole.end;
            filled += within(hole.clone()).len();
            self.fill(hole.start, data.slice(within(hole)));
        }
        self.gaps = gaps;
        self.held += filled;
        self.extend_ready();
        Ok(filled)
    }

    /// The part of a range that was not read yet, where the range lies within the window.
    fn unread(&self, offset: u64, len: usize) -> Result<Range<u64>, ReassemblyError> {
        let window_end = self.offset.saturating_add(self.window as u64);
        let end = offset.saturating_add(len as u64);
        if end > window_end || end - offset < len as u64 {
            let kind = ReassemblyErrorKind::BehindWindow { window_end };
            return Err(ReassemblyError { offset: end, kind });
        }
        Ok(offset.max(self.offset).min(end)..end)
    }

    /// Whether the bytes of `range` are those that are held already.
    fn compare(&self, range: &Range<u64>, data: &[u8]) -> Result<(), ReassemblyError> {
        let first = self.run_at_or_before(range.start).map_or(range.start, |(start, _)| start);
        let runs = self.runs.range(first..range.end).map(|(&start, run)| (start, run));
        for (start, held) in core::iter::once((self.offset, &self.ready)).chain(runs) {
            let from = range.start.max(start);
            let to = range.end.min(start + held.len() as u64);
            if from < to {
                let part = &data[(from - range.start) as usize..(to - range.start) as usize];
                if let Some(at) = first_difference(held, from - start, part) {
                    let kind = ReassemblyErrorKind::Conflict;
                    return Err(ReassemblyError { offset: from + at as u64, kind });
                }
            }
        }
        Ok(())
    }

    /// The number of gaps once `range` is taken, where it is allowed.
    fn gaps_after(&self, range: &Range<u64>) -> Result<usize, ReassemblyError> {
        let mut gaps = self.gaps;
        let mut at = range.start;
        while let Some(hole) = self.hole(at..range.end) {
            at = hole.end;
            match self.sides(&hole) {
                Sides { left: Left::Gap, is_right_held: false } => gaps += 1,
                Sides { left: Left::Gap, is_right_held: true } => {}
                Sides { left: _, is_right_held: true } => gaps -= 1,
                Sides { left: _, is_right_held: false } => {}
            }
        }
        if gaps > self.gaps && gaps > self.gaps_max {
            let kind = ReassemblyErrorKind::TooManyGaps { gaps_max: self.gaps_max };
            return Err(ReassemblyError { offset: range.start, kind });
        }
        Ok(gaps)
    }

    /// The first part of `range` that is not held.
    fn hole(&self, range: Range<u64>) -> Option<Range<u64>> {
        let mut start = range.start.max(self.ready_end());
        if let Some((_, end)) = self.run_at_or_before(start) {
            start = start.max(end);
        }
        for (&next, run) in self.runs.range(start..) {
            if next > start {
                return (start < range.end).then(|| start..range.end.min(next));
            }
            start = next + run.len() as u64;
        }
        (start < range.end).then_some(start..range.end)
    }

    fn sides(&self, hole: &Range<u64>) -> Sides {
        let left = match self.run_at_or_before(hole.start) {
            _ if hole.start == self.ready_end() => Left::Ready,
            Some((start, end)) if end == hole.start => Left::Run(start),
            _ => Left::Gap,
        };
        Sides { left, is_right_held: self.runs.contains_key(&hole.end) }
    }

    /// Where the run begins and ends that begins at `at`, or else the last one before it.
    fn run_at_or_before(&self, at: u64) -> Option<(u64, u64)> {
        self.runs.range(..=at).next_back().map(|(&start, run)| (start, start + run.len() as u64))
    }

    /// Puts `data` into the hole at `start`, and keeps invariant 2.
    fn fill(&mut self, start: u64, data: Bytes) {
        let end = start + data.len() as u64;
        let sides = self.sides(&(start..end));
        let short = match self.runs.get(&end) {
            Some(run) if run.len() <= COALESCE_LEN_MAX => self.runs.remove(&end),
            _ => None,
        };
        let run = match sides.left {
            Left::Ready => &mut self.ready,
            Left::Run(start) => self.runs.entry(start).or_default(),
            Left::Gap => self.runs.entry(start).or_default(),
        };
        if data.len() <= COALESCE_LEN_MAX {
            run.push_slice(&data);
        } else {
            run.push(data);
        }
        if let Some(short) = short {
            run.append(short);
        }
    }

    /// Makes readable what no gap is before any more.
    fn extend_ready(&mut self) {
        while let Some(entry) = self.runs.first_entry()
            && *entry.key() == self.offset + self.ready.len() as u64
        {
            self.ready.append(entry.remove());
        }
    }
}

/// Where `data` differs from the bytes of `held` that begin at `at`.
fn first_difference(held: &BufList, at: u64, data: &[u8]) -> Option<usize> {
    let mut cursor = held.cursor();
    let mut compared = 0;
    while compared < data.len() {
        cursor.set_position(at + compared as u64);
        let piece = cursor.rest_of_piece();
        let rest = &data[compared..];
        let len = piece.len().min(rest.len());
        if piece[..len] != rest[..len] {
            let same = piece.iter().zip(rest).take_while(|(ours, theirs)| ours == theirs).count();
            return Some(compared + same);
        }
        compared += len;
    }
    None
}

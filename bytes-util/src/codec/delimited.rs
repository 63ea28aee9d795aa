//! Pieces that end with a delimiter, without a frame's meaning: what lines and chunks have in common.
//!
//! Sans-io: the caller shows the bytes it has, does what the [`Step`] says, and asks again.

/// Where the search stands between two calls.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Delimited {
    /// Bytes at the front in which there is no delimiter.
    searched: usize,
    /// The longest piece, without its delimiter.
    len_max: usize,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    /// A piece is gathered.
    Gathering,
    /// A piece was too long, and the rest of it is thrown away.
    Discarding,
}

/// What to do with the front of the input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Read more behind it.
    More,
    /// Throw so many bytes away, and ask again.
    Discard(usize),
    /// Take a piece of so many bytes, and throw the byte behind it away.
    Piece(usize),
    /// Report it; the rest of the piece will be thrown away.
    TooLong,
}

impl Delimited {
    pub(super) const fn new(len_max: usize) -> Self {
        Self { searched: 0, len_max, phase: Phase::Gathering }
    }

    pub(super) const fn len_max(&self) -> usize {
        self.len_max
    }

    /// The next step, where `find` gives the position of the first delimiter.
    #[inline]
    pub(super) fn step(&mut self, src: &[u8], find: impl FnOnce(&[u8]) -> Option<usize>) -> Step {
        match self.phase {
            Phase::Discarding if src.is_empty() => Step::More,
            Phase::Discarding => match find(src) {
                Some(at) => {
                    self.phase = Phase::Gathering;
                    Step::Discard(at + 1)
                }
                None => Step::Discard(src.len()),
            },
            Phase::Gathering => {
                let within = &src[..src.len().min(self.len_max.saturating_add(1))];
                // A caller may show less than before, if it has taken something away itself.
                let searched = self.searched.min(within.len());
                if let Some(at) = find(&within[searched..]) {
                    self.searched = 0;
                    return Step::Piece(searched + at);
                }
                if src.len() > self.len_max {
                    self.searched = 0;
                    self.phase = Phase::Discarding;
                    return Step::TooLong;
                }
                self.searched = src.len();
                Step::More
            }
        }
    }

    /// How many bytes at the end of the stream, behind which no delimiter will come, are a piece.
    pub(super) fn last_piece(&mut self, src: &[u8]) -> Option<usize> {
        self.searched = 0;
        self.phase = Phase::Gathering;
        (!src.is_empty()).then_some(src.len())
    }
}

/// Takes `len` bytes from the front of `src`.
pub(super) fn take<'a>(src: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (front, rest) = src.split_at(len);
    *src = rest;
    front
}

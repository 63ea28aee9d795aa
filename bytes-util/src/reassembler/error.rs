//! Ranges that are not taken.

use core::fmt;

/// A range that was not taken; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReassemblyError {
    /// The position in the stream that is at fault.
    pub offset: u64,
    /// What was wrong.
    pub kind: ReassemblyErrorKind,
}

/// What was wrong with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReassemblyErrorKind {
    /// It ends too far behind the reading position. Later, when more was read, it may be taken.
    BehindWindow {
        /// Where the window ends now.
        window_end: u64,
    },
    /// It would leave too many gaps. Later, when gaps were filled, it may be taken.
    TooManyGaps {
        /// Gaps that are allowed.
        gaps_max: usize,
    },
    /// At `offset` it contradicts a byte that has arrived before. The sender is at fault.
    Conflict,
}

impl fmt::Display for ReassemblyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.offset;
        match self.kind {
            ReassemblyErrorKind::BehindWindow { window_end } => {
                write!(f, "a range to {offset}, behind the window to {window_end}")
            }
            ReassemblyErrorKind::TooManyGaps { gaps_max } => {
                write!(f, "a range at {offset} would leave more than {gaps_max} gaps")
            }
            ReassemblyErrorKind::Conflict => write!(f, "the byte at {offset} came before and was another"),
        }
    }
}

impl core::error::Error for ReassemblyError {}

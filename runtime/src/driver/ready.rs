//! Interests and readiness, as bits.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Sub};

/// What an operation waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interest(u8);

impl Interest {
    /// Bytes, a connection or an end of stream to read.
    pub const READABLE: Self = Self(1);
    /// Room to write, or an error to be told.
    pub const WRITABLE: Self = Self(1 << 1);
    /// Something out of turn: urgent bytes of a TCP peer, a changed `sysfs` attribute. Reported on Linux, for an
    /// [`AsyncFd`](crate::io::AsyncFd) that asked for it.
    pub const PRIORITY: Self = Self(1 << 2);
    /// An error to be told. Every other interest includes it.
    pub const ERROR: Self = Self(1 << 3);

    /// Both.
    #[must_use]
    pub const fn add(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this one and not in `other`; nothing if no interest is left.
    #[must_use]
    pub const fn remove(self, other: Self) -> Option<Self> {
        match self.0 & !other.0 {
            0 => None,
            left => Some(Self(left)),
        }
    }

    /// Whether reading is of interest.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & Self::READABLE.0 != 0
    }

    /// Whether writing is of interest.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & Self::WRITABLE.0 != 0
    }

    /// Whether something out of turn is of interest.
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.0 & Self::PRIORITY.0 != 0
    }

    /// Whether errors were asked for by name.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & Self::ERROR.0 != 0
    }

    /// What the kernel is asked for. Errors are always told, but something has to be asked for.
    pub(super) fn to_mio(self) -> mio::Interest {
        let mut asked = None;
        let mut ask = |is_asked: bool, interest: mio::Interest| {
            if is_asked {
                asked = Some(asked.map_or(interest, |asked: mio::Interest| asked | interest));
            }
        };
        ask(self.is_readable(), mio::Interest::READABLE);
        ask(self.is_writable(), mio::Interest::WRITABLE);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        ask(self.is_priority(), mio::Interest::PRIORITY);
        asked.unwrap_or(mio::Interest::READABLE)
    }

    /// The readiness that satisfies this interest.
    pub(crate) const fn mask(self) -> Ready {
        let mut bits = 0;
        if self.is_readable() {
            bits |= Ready::READABLE.0 | Ready::READ_CLOSED.0;
        }
        if self.is_writable() {
            bits |= Ready::WRITABLE.0 | Ready::WRITE_CLOSED.0;
        }
        if self.is_priority() {
            bits |= Ready::PRIORITY.0 | Ready::READ_CLOSED.0;
        }
        Ready(bits | Ready::ERROR.0)
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.add(other)
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interest")
            .field("readable", &self.is_readable())
            .field("writable", &self.is_writable())
            .field("priority", &self.is_priority())
            .field("error", &self.is_error())
            .finish()
    }
}

/// What the kernel last said of a descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ready(u8);

impl Ready {
    /// Nothing.
    pub const EMPTY: Self = Self(0);
    /// A read would not block.
    pub const READABLE: Self = Self(1);
    /// A write would not block.
    pub const WRITABLE: Self = Self(1 << 1);
    /// The peer will send nothing more.
    pub const READ_CLOSED: Self = Self(1 << 2);
    /// Writing is over.
    pub const WRITE_CLOSED: Self = Self(1 << 3);
    /// An error waits to be taken.
    pub const ERROR: Self = Self(1 << 4);
    /// Something out of turn waits.
    pub const PRIORITY: Self = Self(1 << 5);
    /// All of the above.
    pub const ALL: Self = Self(0b11_1111);

    /// Whether a read would not block.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.0 & (Self::READABLE.0 | Self::READ_CLOSED.0) != 0
    }

    /// Whether a write would not block.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.0 & (Self::WRITABLE.0 | Self::WRITE_CLOSED.0) != 0
    }

    /// Whether the peer will send nothing more.
    #[must_use]
    pub const fn is_read_closed(self) -> bool {
        self.0 & Self::READ_CLOSED.0 != 0
    }

    /// Whether writing is over.
    #[must_use]
    pub const fn is_write_closed(self) -> bool {
        self.0 & Self::WRITE_CLOSED.0 != 0
    }

    /// Whether an error waits to be taken.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.0 & Self::ERROR.0 != 0
    }

    /// Whether something out of turn waits.
    #[must_use]
    pub const fn is_priority(self) -> bool {
        self.0 & Self::PRIORITY.0 != 0
    }

    /// Whether all of `other` is ready.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What satisfies `interest`.
    #[must_use]
    pub const fn from_interest(interest: Interest) -> Self {
        interest.mask()
    }

    /// Whether nothing is ready.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Without the bits that never turn off again.
    pub(crate) const fn without_final(self) -> Self {
        Self(self.0 & !(Self::READ_CLOSED.0 | Self::WRITE_CLOSED.0))
    }

    pub(crate) fn of(event: &mio::event::Event) -> Self {
        let mut ready = Self::EMPTY;
        let mut set = |is_set: bool, bit: Self| {
            if is_set {
                ready |= bit;
            }
        };
        set(event.is_readable(), Self::READABLE);
        set(event.is_writable(), Self::WRITABLE);
        set(event.is_read_closed(), Self::READ_CLOSED);
        set(event.is_write_closed(), Self::WRITE_CLOSED);
        set(event.is_error(), Self::ERROR);
        set(event.is_priority(), Self::PRIORITY);
        ready
    }
}

impl BitOr for Ready {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitAnd for Ready {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.intersection(other)
    }
}

impl Sub for Ready {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl BitOrAssign for Ready {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("is_readable", &self.is_readable())
            .field("is_writable", &self.is_writable())
            .field("is_read_closed", &self.is_read_closed())
            .field("is_write_closed", &self.is_write_closed())
            .field("is_error", &self.is_error())
            .field("is_priority", &self.is_priority())
            .finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn interests_and_readiness_answer_each_other() {
        let both = Interest::READABLE | Interest::PRIORITY;
        assert_eq!(both.remove(Interest::READABLE), Some(Interest::PRIORITY));
        assert_eq!(both.remove(both), None);
        assert!(Ready::from_interest(Interest::PRIORITY).contains(Ready::PRIORITY | Ready::ERROR));
        assert!(!Ready::from_interest(Interest::WRITABLE).is_readable());
        assert_eq!((Ready::ALL - Ready::ERROR) & Ready::ERROR, Ready::EMPTY);
        assert_eq!(Ready::from_interest(Interest::ERROR), Ready::ERROR);
    }

    #[test]
    fn something_is_always_asked_of_the_kernel() {
        assert!(Interest::ERROR.to_mio().is_readable());
        assert!(Interest::WRITABLE.to_mio().is_writable());
        assert!(!Interest::WRITABLE.to_mio().is_readable());
    }
}

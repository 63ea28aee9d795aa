//! The states of a stream (RFC 9113 §5.1), without those of push, which we refuse.
//!
//! | state | peer: HEADERS | peer: DATA | peer: RST_STREAM | we: head | we: data |
//! |---|---|---|---|---|---|
//! | open | head or trailers | body | closed | head | body |
//! | half-closed (local) | head or trailers | body | closed | - | - |
//! | half-closed (remote) | STREAM_CLOSED | STREAM_CLOSED | closed | head | body |
//! | closed | STREAM_CLOSED | STREAM_CLOSED | ignored | - | - |
//!
//! Idle streams are those that the store does not know and whose identifiers were not used.

use super::Ended;

/// What one direction of a message has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its head is still to come.
    Head,
    /// Its data or trailers are.
    Body,
}

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Open {
        send: Phase,
        recv: Phase,
    },
    HalfClosedLocal {
        recv: Phase,
    },
    HalfClosedRemote {
        send: Phase,
    },
    Closed {
        /// Why, unless both sides have said all they had to say.
        cause: Option<Ended>,
        /// The peer had said all before.
        is_received: bool,
    },
}

/// What happens to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    RecvHead { is_end: bool },
    RecvData,
    RecvEnd,
    SendHead { is_end: bool },
    SendData,
    SendEnd,
    End(Ended),
}

/// Why an event cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Illegal {
    /// That direction has ended: STREAM_CLOSED.
    Ended,
    /// Out of order: PROTOCOL_ERROR.
    Order,
}

impl State {
    /// The state after an event.
    pub(crate) fn after(self, event: Event) -> Result<Self, Illegal> {
        use Event::{End, RecvData, RecvEnd, RecvHead, SendData, SendEnd, SendHead};
        use Phase::{Body, Head};
        use State::{Closed, HalfClosedLocal, HalfClosedRemote, Open};
        const DONE: State = Closed { cause: None, is_received: true };
        Ok(match (self, event) {
            (Closed { .. }, End(_)) => self,
            (_, End(cause)) => Closed { cause: Some(cause), is_received: self.is_received() },
            (Closed { .. }, _) => return Err(Illegal::Ended),

            (Open { send, recv: Head }, RecvHead { is_end: false }) => Open { send, recv: Body },
            (Open { send, recv: Head }, RecvHead { is_end: true }) => HalfClosedRemote { send },
            (HalfClosedLocal { recv: Head }, RecvHead { is_end: false }) => HalfClosedLocal { recv: Body },
            (HalfClosedLocal { recv: Head }, RecvHead { is_end: true }) => DONE,
            (Open { recv: Body, .. } | HalfClosedLocal { recv: Body }, RecvData) => self,
            (Open { send, recv: Body }, RecvEnd) => HalfClosedRemote { send },
            (HalfClosedLocal { recv: Body }, RecvEnd) => DONE,
            (HalfClosedRemote { .. }, RecvHead { .. } | RecvData | RecvEnd) => return Err(Illegal::Ended),

            (Open { send: Head, recv }, SendHead { is_end: false }) => Open { send: Body, recv },
            (Open { send: Head, recv }, SendHead { is_end: true }) => HalfClosedLocal { recv },
            (HalfClosedRemote { send: Head }, SendHead { is_end: false }) => HalfClosedRemote { send: Body },
            (HalfClosedRemote { send: Head }, SendHead { is_end: true }) => DONE,
            (Open { send: Body, .. } | HalfClosedRemote { send: Body }, SendData) => self,
            (Open { send: Body, recv }, SendEnd) => HalfClosedLocal { recv },
            (HalfClosedRemote { send: Body }, SendEnd) => DONE,
            (HalfClosedLocal { .. }, SendHead { .. } | SendData | SendEnd) => return Err(Illegal::Ended),

            (Open { .. } | HalfClosedLocal { .. }, RecvHead { .. } | RecvData | RecvEnd)
            | (Open { .. } | HalfClosedRemote { .. }, SendHead { .. } | SendData | SendEnd) => {
                return Err(Illegal::Order);
            }
        })
    }

    #[inline]
    pub(crate) fn is_closed(self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// Whether the peer has said all it had to say.
    #[inline]
    pub(crate) fn is_received(self) -> bool {
        matches!(self, Self::HalfClosedRemote { .. } | Self::Closed { is_received: true, .. })
    }

    /// Whether we have said all, or may say no more.
    #[inline]
    pub(crate) fn is_sent(self) -> bool {
        matches!(self, Self::HalfClosedLocal { .. } | Self::Closed { .. })
    }

    /// Whether what comes next from the peer is a head.
    pub(crate) fn awaits_head(self) -> bool {
        matches!(self, Self::Open { recv: Phase::Head, .. } | Self::HalfClosedLocal { recv: Phase::Head })
    }

    /// Why it was closed early.
    #[inline]
    pub(crate) fn cause(self) -> Option<Ended> {
        match self {
            Self::Closed { cause, .. } => cause,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Ended;
    use super::*;
    use crate::error::Initiator;
    use crate::reason::Reason;

    /// The same rules said in another way: two directions that go from head to body to end, each for itself.
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Model {
        send: u8,
        recv: u8,
        reset: bool,
        is_received: bool,
    }

    impl Model {
        fn after(mut self, event: Event) -> Result<Self, Illegal> {
            let way = |at: &mut u8, needs: u8, to: u8| match *at {
                2 => Err(Illegal::Ended),
                now if now == needs => {
                    *at = to;
                    Ok(())
                }
                _ => Err(Illegal::Order),
            };
            if self.reset && !matches!(event, Event::End(_)) {
                return Err(Illegal::Ended);
            }
            match event {
                Event::RecvHead { is_end } => way(&mut self.recv, 0, 1 + u8::from(is_end))?,
                Event::RecvData => way(&mut self.recv, 1, 1)?,
                Event::RecvEnd => way(&mut self.recv, 1, 2)?,
                Event::SendHead { is_end } => way(&mut self.send, 0, 1 + u8::from(is_end))?,
                Event::SendData => way(&mut self.send, 1, 1)?,
                Event::SendEnd => way(&mut self.send, 1, 2)?,
                Event::End(_) => self.reset = self.reset || self.send != 2 || self.recv != 2,
            }
            if !self.reset {
                self.is_received = self.recv == 2;
            }
            Ok(self)
        }
    }

    #[test]
    fn every_sequence_of_events_does_what_two_independent_directions_would() {
        let reset = Ended::Stream { reason: Reason::CANCEL, initiator: Initiator::Remote };
        let events = [
            Event::RecvHead { is_end: false },
            Event::RecvHead { is_end: true },
            Event::RecvData,
            Event::RecvEnd,
            Event::SendHead { is_end: false },
            Event::SendHead { is_end: true },
            Event::SendData,
            Event::SendEnd,
            Event::End(reset),
        ];
        let start = (
            State::Open { send: Phase::Head, recv: Phase::Head },
            Model { send: 0, recv: 0, reset: false, is_received: false },
        );
        let mut seen = vec![start];
        let mut at = 0;
        while at < seen.len() {
            let (state, model) = seen[at];
            at += 1;
            for event in events {
                match (state.after(event), model.after(event)) {
                    (Ok(state), Ok(model)) => {
                        assert_eq!(state.is_received(), model.is_received, "{state:?} {event:?}");
                        assert_eq!(state.is_sent(), model.send == 2 || model.reset, "{state:?} {event:?}");
                        assert_eq!(state.cause().is_some(), model.reset, "{state:?} {event:?}");
                        let is_closed = model.reset || (model.send == 2 && model.recv == 2);
                        assert_eq!(state.is_closed(), is_closed, "{state:?} {event:?}");
                        if !seen.contains(&(state, model)) {
                            seen.push((state, model));
                        }
                    }
                    // Where both directions have ended, that is what is said of either.
                    (Err(ours), Err(theirs)) => {
                        assert!(ours == theirs || state.is_closed(), "{state:?} {event:?}");
                    }
                    (ours, theirs) => panic!("{state:?} {event:?}: {ours:?} but {theirs:?}"),
                }
            }
        }
        assert!(seen.len() >= 12, "only {} states were reached", seen.len());
    }
}

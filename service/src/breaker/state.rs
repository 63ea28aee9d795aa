//! The state of a breaker in one word, and what moves it.
//!
//! Pure functions of the word: the one who applies them does it by compare-exchange, and the tests one by one.
//!
//! | state | the other 61 bits |
//! |---|---|
//! | closed, forced open, disabled | nothing |
//! | open | the nanosecond from which probes are let through |
//! | half open | generation (29 bits), probes reserved (16), probes that went well (16) |

use std::time::Duration;

use super::CircuitOpen;
use super::cell::Gathering;
use crate::clock::nanos;

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Calls pass and are counted.
    Closed,
    /// Calls are refused.
    Open,
    /// Some calls pass, to see whether the callee has recovered.
    HalfOpen,
    /// Calls are refused until an operator says otherwise.
    ForcedOpen,
    /// Calls pass and are not counted.
    Disabled,
}

/// The word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State(pub(super) u64);

const KIND: u64 = 0b111;
const CLOSED: u64 = 0;
const OPEN: u64 = 1;
const HALF_OPEN: u64 = 2;
const FORCED_OPEN: u64 = 3;
const DISABLED: u64 = 4;

const SIXTEEN: u64 = (1 << 16) - 1;
const GENERATION: u64 = (1 << 29) - 1;

/// Which probe a call is: of this half-open time and of no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Probe {
    generation: u64,
}

/// What a breaker says to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// Pass, and be counted.
    Counted,
    /// Pass.
    Uncounted,
    /// Pass once the word is this.
    Probe(State, Probe),
    /// Be refused; after so many nanoseconds another try makes sense.
    Refused(Option<u64>),
}

/// How a call takes part, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part(u64);

const PART_KIND: u64 = 0b11;
const PART_PROBE: u64 = 2;
const PART_REFUSED: u64 = 3;
/// In the place of the nanoseconds until another try makes sense.
const NOT_KNOWN: u64 = u64::MAX >> 2;

impl Part {
    pub(super) const COUNTED: Self = Self(0);
    pub(super) const UNCOUNTED: Self = Self(1);

    /// In the place of the part of a call that is gathered with others.
    pub(super) const fn gathered(gathering: Gathering) -> Self {
        Self(gathering.0)
    }

    /// What a call that is gathered with others was made with.
    pub(super) const fn gathering(self) -> Gathering {
        Gathering(self.0)
    }

    pub(super) const fn of_probe(probe: Probe) -> Self {
        Self(probe.generation << 2 | PART_PROBE)
    }

    pub(super) fn refused(refusal: CircuitOpen) -> Self {
        Self(refusal.retry_after.map_or(NOT_KNOWN, |wait| nanos(wait).min(NOT_KNOWN - 1)) << 2 | PART_REFUSED)
    }

    #[inline]
    pub(super) const fn probe(self) -> Option<Probe> {
        if self.0 & PART_KIND == PART_PROBE { Some(Probe { generation: self.0 >> 2 }) } else { None }
    }

    #[inline]
    pub(super) fn refusal(self) -> Option<CircuitOpen> {
        if self.0 & PART_KIND != PART_REFUSED {
            return None;
        }
        let wait = self.0 >> 2;
        Some(CircuitOpen { retry_after: (wait != NOT_KNOWN).then(|| Duration::from_nanos(wait)) })
    }
}

/// How a probe ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProbeEnd {
    Good,
    Bad,
    /// Its future was dropped: nothing is known.
    Dropped,
}

impl State {
    pub(super) const CLOSED: Self = Self(CLOSED);
    pub(super) const FORCED_OPEN: Self = Self(FORCED_OPEN);
    pub(super) const DISABLED: Self = Self(DISABLED);

    pub(super) const fn open_until(nanos: u64) -> Self {
        let most = u64::MAX >> 3;
        Self((if nanos < most { nanos } else { most }) << 3 | OPEN)
    }

    const fn half_open(generation: u64, reserved: u64, good: u64) -> Self {
        Self((generation & GENERATION) << 35 | reserved << 19 | good << 3 | HALF_OPEN)
    }

    pub(super) const fn status(self) -> Status {
        match self.0 & KIND {
            CLOSED => Status::Closed,
            OPEN => Status::Open,
            HALF_OPEN => Status::HalfOpen,
            FORCED_OPEN => Status::ForcedOpen,
            _ => Status::Disabled,
        }
    }

    const fn generation(self) -> u64 {
        self.0 >> 35
    }

    const fn reserved(self) -> u64 {
        self.0 >> 19 & SIXTEEN
    }

    const fn good(self) -> u64 {
        self.0 >> 3 & SIXTEEN
    }

    /// What to say to a call at `now`, where half open means `probes` probes. `openings` tells one half-open time from
    /// another.
    pub(super) fn admit(self, now: impl FnOnce() -> u64, probes: u64, openings: u64) -> Admission {
        match self.status() {
            Status::Closed => Admission::Counted,
            Status::Disabled => Admission::Uncounted,
            Status::ForcedOpen => Admission::Refused(None),
            Status::Open => {
                let (now, until) = (now(), self.0 >> 3);
                if now < until {
                    return Admission::Refused(Some(until - now));
                }
                let half_open = Self::half_open(openings, 1, 0);
                Admission::Probe(half_open, Probe { generation: half_open.generation() })
            }
            // Where every probe has ended and nothing is settled, because their number was changed meanwhile, another one
            // is let through.
            Status::HalfOpen if self.reserved() < probes || self.reserved() == self.good() => {
                let reserved = Self::half_open(self.generation(), self.reserved() + 1, self.good());
                Admission::Probe(reserved, Probe { generation: self.generation() })
            }
            Status::HalfOpen => Admission::Refused(None),
        }
    }

    /// The state after a probe has ended, or nothing where it moves nothing. `until` is the end of a further opening.
    pub(super) fn settle(
        self,
        probe: Probe,
        end: ProbeEnd,
        probes: u64,
        until: impl FnOnce() -> u64,
    ) -> Option<Self> {
        if self.status() != Status::HalfOpen || self.generation() != probe.generation {
            return None;
        }
        let (reserved, good) = (self.reserved(), self.good());
        Some(match end {
            ProbeEnd::Bad => Self::open_until(until()),
            ProbeEnd::Good if good + 1 >= probes => Self::CLOSED,
            ProbeEnd::Good => Self::half_open(self.generation(), reserved, good + 1),
            ProbeEnd::Dropped => Self::half_open(self.generation(), reserved.saturating_sub(1), good),
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn probe(state: State, now: u64, probes: u64) -> (State, Probe) {
        match state.admit(|| now, probes, 7) {
            Admission::Probe(state, probe) => (state, probe),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_open_breaker_refuses_until_its_time_and_then_probes() {
        let open = State::open_until(100);
        assert_eq!(open.admit(|| 40, 2, 0), Admission::Refused(Some(60)));
        let (half_open, _) = probe(open, 100, 2);
        assert_eq!(half_open.status(), Status::HalfOpen);
    }

    #[test]
    fn no_more_probes_run_than_may_and_a_dropped_one_makes_room() {
        let (one, first) = probe(State::open_until(0), 0, 2);
        let (two, _) = probe(one, 0, 2);
        assert_eq!(two.admit(|| 0, 2, 0), Admission::Refused(None));
        let after = two.settle(first, ProbeEnd::Dropped, 2, || 0).unwrap();
        probe(after, 0, 2);
    }

    #[test]
    fn all_probes_must_go_well_and_one_bad_is_enough() {
        let (one, first) = probe(State::open_until(0), 0, 2);
        let (two, second) = probe(one, 0, 2);
        let good = two.settle(first, ProbeEnd::Good, 2, || 0).unwrap();
        assert_eq!(good.status(), Status::HalfOpen);
        assert_eq!(good.settle(second, ProbeEnd::Good, 2, || 0), Some(State::CLOSED));
        assert_eq!(good.settle(second, ProbeEnd::Bad, 2, || 500), Some(State::open_until(500)));
    }

    #[test]
    fn a_breaker_whose_probes_are_changed_while_they_run_closes_all_the_same() {
        let (mut state, mut probes) = (State::open_until(0), Vec::new());
        for _ in 0..3 {
            let (next, probe) = probe(state, 0, 5);
            probes.push(probe);
            state = next;
        }
        for probe in probes {
            state = state.settle(probe, ProbeEnd::Good, 5, || 0).unwrap();
        }
        // Three of five have gone well, and now two are enough: nobody would be let through to say so.
        let (state, last) = probe(state, 0, 2);
        assert_eq!(state.admit(|| 0, 2, 0), Admission::Refused(None), "one at a time");
        assert_eq!(state.settle(last, ProbeEnd::Good, 2, || 0), Some(State::CLOSED));
    }

    #[test]
    fn probes_of_another_time_and_calls_from_before_move_nothing() {
        let (old, probe_of_old) = probe(State::open_until(0), 0, 1);
        let Admission::Probe(new, _) = State::open_until(0).admit(|| 0, 1, 8) else { panic!() };
        assert_eq!(new.settle(probe_of_old, ProbeEnd::Bad, 1, || 9), None);
        assert_eq!(State::CLOSED.settle(probe_of_old, ProbeEnd::Bad, 1, || 9), None);
        assert!(old.settle(probe_of_old, ProbeEnd::Good, 1, || 9).is_some());
    }

    #[test]
    fn a_part_is_what_it_was_made_of() {
        let probe = Probe { generation: GENERATION };
        assert_eq!(Part::of_probe(probe).probe(), Some(probe));
        assert_eq!(Part::of_probe(probe).refusal(), None);
        for retry_after in [None, Some(Duration::ZERO), Some(Duration::from_secs(60))] {
            let refusal = CircuitOpen { retry_after };
            assert_eq!(Part::refused(refusal).refusal(), Some(refusal));
            assert_eq!(Part::refused(refusal).probe(), None);
        }
        assert_eq!((Part::COUNTED.refusal(), Part::UNCOUNTED.probe()), (None, None));
    }

    #[test]
    fn forced_states_hold() {
        assert_eq!(State::FORCED_OPEN.admit(|| u64::MAX, 5, 0), Admission::Refused(None));
        assert_eq!(State::DISABLED.admit(|| 0, 5, 0), Admission::Uncounted);
        assert_eq!(State::open_until(u64::MAX).status(), Status::Open);
    }
}

//! What happened in a simulated run.

use std::fmt;

use crate::task::Id;

/// What is noted of a run of a [simulated](crate::runtime::Builder::new_simulated) runtime; see
/// [`Handle::trace`](crate::runtime::Handle::trace).
///
/// Two traces are equal if as many things happened in both, and as far as their hashes tell the same things in the same
/// order: every choice of a task, every random number, at which time each.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: u64,
    events: u64,
    outside: Vec<OutsideInput>,
    log: Option<Vec<TraceEvent>>,
}

impl Trace {
    pub(crate) fn new(
        hash: u64,
        events: u64,
        outside: Vec<OutsideInput>,
        log: Option<Vec<TraceEvent>>,
    ) -> Self {
        Self { hash, events, outside, log }
    }

    /// The hash of everything that happened.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// How many things happened.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What had a part in the run that the seed does not decide, each kind once, in order of appearance.
    #[must_use]
    pub fn outside_inputs(&self) -> &[OutsideInput] {
        &self.outside
    }

    /// The first thing that is not the same in both: its number, and what it was here and there.
    pub(super) fn first_difference(&self, other: &Self) -> Option<Difference> {
        let (here, there) = (self.log.as_ref()?, other.log.as_ref()?);
        let number =
            (0..here.len().max(there.len())).find(|&number| here.get(number) != there.get(number))?;
        Some(Difference { number, here: here.get(number).copied(), there: there.get(number).copied() })
    }
}

impl PartialEq for Trace {
    fn eq(&self, other: &Self) -> bool {
        (self.hash, self.events) == (other.hash, other.events)
    }
}

impl Eq for Trace {}

/// What a simulated run may take from outside, which its seed does not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutsideInput {
    /// A socket, a pipe or another descriptor was waited for: the kernel says when it is ready.
    Descriptor,
    /// Another thread woke or spawned a task: the machine says when.
    Thread,
}

impl fmt::Display for OutsideInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Descriptor => "a descriptor was waited for",
            Self::Thread => "another thread woke or spawned a task",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceEvent {
    RunRoot { at_nanos: u64 },
    RunTask { id: Id, among: u32, at_nanos: u64 },
    Draw(u64),
}

impl TraceEvent {
    pub(crate) fn fold_into(self, hash: u64) -> u64 {
        match self {
            Self::RunRoot { at_nanos } => mix(mix(hash, 1), at_nanos),
            Self::RunTask { id, among, at_nanos } => {
                mix(mix(mix(mix(hash, 2), id.get()), u64::from(among)), at_nanos)
            }
            Self::Draw(drawn) => mix(mix(hash, 3), drawn),
        }
    }
}

fn mix(hash: u64, value: u64) -> u64 {
    // The finisher of SplitMix64 (Steele, Lea and Flood, 2014).
    let mut z = (hash ^ value).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl fmt::Display for TraceEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunRoot { at_nanos } => write!(f, "the future of block_on ran, at {at_nanos} ns"),
            Self::RunTask { id, among, at_nanos } => {
                write!(f, "task {id} ran, of {among} that were ready, at {at_nanos} ns")
            }
            Self::Draw(drawn) => write!(f, "{drawn} was drawn"),
        }
    }
}

/// Where two traces part.
#[derive(Debug)]
pub(super) struct Difference {
    number: usize,
    here: Option<TraceEvent>,
    there: Option<TraceEvent>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tell = |event: Option<TraceEvent>| {
            event.map_or_else(|| "the run was over".to_owned(), |e| e.to_string())
        };
        let (here, there) = (tell(self.here), tell(self.there));
        write!(f, "they part at event {}: in the first run {here}; in the second {there}", self.number)
    }
}

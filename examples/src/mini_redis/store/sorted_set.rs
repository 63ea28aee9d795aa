//! Members with scores, in their order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use bytes::Bytes;
use indexmap::IndexMap;

/// A score: any float but NaN.
#[derive(Clone, Copy, Debug)]
pub(in crate::mini_redis) struct Score(f64);

impl Score {
    pub(in crate::mini_redis) fn new(value: f64) -> Option<Self> {
        // Plus zero, so that there is one zero.
        (!value.is_nan()).then_some(Self(value + 0.0))
    }

    pub(in crate::mini_redis) fn value(self) -> f64 {
        self.0
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Score {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Score {}

/// Members with scores, in the order of score and then of bytes.
///
/// Both collections have the same members.
#[derive(Debug, Default)]
pub(in crate::mini_redis) struct SortedSet {
    scores: IndexMap<Bytes, Score>,
    order: BTreeSet<(Score, Bytes)>,
}

impl SortedSet {
    /// Adds a member or moves it; true if it was added.
    pub(in crate::mini_redis) fn insert(&mut self, member: Bytes, score: Score) -> bool {
        let before = self.scores.insert(member.clone(), score);
        if let Some(before) = before {
            self.order.remove(&(before, member.clone()));
        }
        self.order.insert((score, member));
        before.is_none()
    }

    pub(in crate::mini_redis) fn remove(&mut self, member: &[u8]) -> bool {
        match self.scores.swap_remove_entry(member) {
            Some((member, score)) => self.order.remove(&(score, member)),
            None => false,
        }
    }

    pub(in crate::mini_redis) fn score(&self, member: &[u8]) -> Option<Score> {
        self.scores.get(member).copied()
    }

    pub(in crate::mini_redis) fn rank(&self, member: &[u8]) -> Option<usize> {
        let (_, member, score) = self.scores.get_full(member)?;
        Some(self.order.range(..(*score, member.clone())).count())
    }

    pub(in crate::mini_redis) fn pop_first(&mut self) -> Option<(Bytes, Score)> {
        let (score, member) = self.order.pop_first()?;
        self.scores.swap_remove(&member);
        Some((member, score))
    }

    pub(in crate::mini_redis) fn pop_last(&mut self) -> Option<(Bytes, Score)> {
        let (score, member) = self.order.pop_last()?;
        self.scores.swap_remove(&member);
        Some((member, score))
    }

    /// Members in order.
    pub(in crate::mini_redis) fn iter(&self) -> impl DoubleEndedIterator<Item = (&Bytes, Score)> {
        self.order.iter().map(|(score, member)| (member, *score))
    }

    pub(in crate::mini_redis) fn len(&self) -> usize {
        self.scores.len()
    }

    pub(in crate::mini_redis) fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }
}

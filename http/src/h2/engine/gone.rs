//! Streams we have reset, for as long as their frames may still be under way.

use std::collections::VecDeque;

/// The identifiers of the last streams we reset.
///
/// RFC 9113 §5.1: what still arrives for them is ignored. LIMIT: they are bounded, since a peer decides how many
/// streams it makes us reset; a frame for one that was forgotten is answered STREAM_CLOSED.
#[derive(Debug)]
pub(super) struct Gone {
    ids: VecDeque<u32>,
    most: usize,
}

impl Gone {
    pub(super) fn new(most: usize) -> Self {
        Self { ids: VecDeque::new(), most }
    }

    pub(super) fn push(&mut self, id: u32) {
        if self.ids.len() >= self.most {
            self.ids.pop_front();
        }
        if self.most > 0 {
            self.ids.push_back(id);
        }
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        self.ids.contains(&id)
    }

    pub(super) fn remove(&mut self, id: u32) {
        self.ids.retain(|known| *known != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_resets_are_remembered() {
        let mut gone = Gone::new(2);
        (1..=3).for_each(|id| gone.push(id));
        assert_eq!([1, 2, 3].map(|id| gone.contains(id)), [false, true, true]);
        let mut none = Gone::new(0);
        none.push(1);
        assert!(!none.contains(1));
    }
}

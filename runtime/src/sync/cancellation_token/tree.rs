//! Which token comes from which.
//!
//! Tokens with a common ancestor share one tree under one lock. A token that was dropped leaves it; its children then
//! belong to its parent. Moving many children would hold up everybody, so one that has several stays as a bare joint
//! until all but one of them are gone.
//!
//! Invariants
//! 1. A joint has at least two children. So there are fewer joints than tokens, whatever comes and goes.
//! 2. `children` is the length of the list that begins at `first_child`, whose entries have this one as `parent`.
//! 3. The entry of a token is removed by the token, when it is dropped, or by a cancellation that has marked it.

use std::sync::{Arc, Weak};

use slab::Slab;

use crate::sync::short_list::ShortList;

/// Entries kept for reuse by a tree of one token; a rush of children does not hold its memory for ever.
const RETAINED: usize = 64;

/// Entries that a tree has room for from the beginning.
const FAMILY: usize = 8;

/// Stands for "no entry" in a link.
const NONE: u32 = u32::MAX;

/// Names the entry of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(u32);

/// The entries of tokens `N`.
#[derive(Debug)]
pub(super) struct Tree<N> {
    entries: Slab<Entry<N>>,
}

#[derive(Debug)]
struct Entry<N> {
    /// `None` in a joint.
    token: Option<Weak<N>>,
    parent: u32,
    first_child: u32,
    children: u32,
    /// Neighbours among the children of the parent.
    previous: u32,
    next: u32,
}

impl<N> Tree<N> {
    /// A tree of one token, which is about to have children.
    pub(super) fn rooted(token: Weak<N>) -> (Self, Key) {
        let mut tree = Self { entries: Slab::with_capacity(FAMILY) };
        let key = tree.next_key();
        tree.insert(token, None);
        (tree, key)
    }

    /// How many entries there are, joints included.
    #[cfg(all(test, not(loom)))]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Where the next entry will be.
    pub(super) fn next_key(&self) -> Key {
        let index = u32::try_from(self.entries.vacant_key()).unwrap_or(NONE);
        assert!(index != NONE, "more than four billion tokens");
        Key(index)
    }

    /// Enters a token at [`next_key`](Self::next_key), below `parent` if it has one.
    pub(super) fn insert(&mut self, token: Weak<N>, parent: Option<Key>) {
        let Key(index) = self.next_key();
        self.entries.insert(Entry {
            token: Some(token),
            parent: NONE,
            first_child: NONE,
            children: 0,
            previous: NONE,
            next: NONE,
        });
        if let Some(Key(parent)) = parent {
            self.attach(index, parent);
        }
    }

    /// Removes a token that nobody holds any more. Its children come below its parent.
    pub(super) fn remove(&mut self, Key(index): Key) {
        let Entry { parent, children, .. } = *self.entry(index);
        match children {
            0 => {
                self.detach(index);
                self.entries.remove(index as usize);
                // A joint that has one child left is none any more (invariant 1).
                if parent != NONE && self.entry(parent).token.is_none() && self.entry(parent).children == 1 {
                    self.splice(parent);
                }
            }
            1 => self.splice(index),
            _ => self.entry(index).token = None,
        }
        self.shrink();
    }

    /// Takes a token and all below it out, and hands out those that are alive, each parent before its children.
    ///
    /// One whose last handle is being dropped keeps its entry, bare of links, until it comes to remove it.
    pub(super) fn take_out(&mut self, Key(top): Key) -> ShortList<Arc<N>> {
        let Entry { parent, .. } = *self.entry(top);
        self.detach(top);
        let mut alive = ShortList::default();
        // Those that are left to be taken out are a list by their `next`: that of the children, with what is behind it.
        let mut left = top;
        while left != NONE {
            let index = left;
            let Entry { first_child, next, .. } = *self.entry(index);
            left = next;
            if first_child != NONE {
                left = first_child;
                let mut last = first_child;
                while self.entry(last).next != NONE {
                    last = self.entry(last).next;
                }
                self.entry(last).next = next;
            }
            let token = self.entry(index).token.as_ref().map(Weak::upgrade);
            if let Some(None) = token {
                let entry = self.entry(index);
                (entry.parent, entry.previous, entry.next) = (NONE, NONE, NONE);
                (entry.first_child, entry.children) = (NONE, 0);
                continue;
            }
            self.entries.remove(index as usize);
            if let Some(Some(token)) = token {
                alive.push(token);
            }
        }
        if parent != NONE && self.entry(parent).token.is_none() && self.entry(parent).children == 1 {
            self.splice(parent);
        }
        self.shrink();
        alive
    }

    /// Gives back the memory of a rush of tokens that is over.
    fn shrink(&mut self) {
        if self.entries.len() <= 1 && self.entries.capacity() > RETAINED {
            self.entries.shrink_to_fit();
        }
    }

    /// Removes an entry that has one child, which takes its place.
    fn splice(&mut self, index: u32) {
        let Entry { parent, first_child, .. } = *self.entry(index);
        self.detach(first_child);
        self.detach(index);
        self.entries.remove(index as usize);
        if parent != NONE {
            self.attach(first_child, parent);
        }
    }

    /// Makes an entry without a parent the first child of `parent`.
    fn attach(&mut self, index: u32, parent: u32) {
        let above = self.entry(parent);
        let next = std::mem::replace(&mut above.first_child, index);
        above.children += 1;
        let entry = self.entry(index);
        (entry.parent, entry.previous, entry.next) = (parent, NONE, next);
        if next != NONE {
            self.entry(next).previous = index;
        }
    }

    /// Takes an entry from its parent, if it has one.
    fn detach(&mut self, index: u32) {
        let Entry { parent, previous, next, .. } = *self.entry(index);
        if parent == NONE {
            return;
        }
        if next != NONE {
            self.entry(next).previous = previous;
        }
        if previous != NONE {
            self.entry(previous).next = next;
        } else {
            self.entry(parent).first_child = next;
        }
        self.entry(parent).children -= 1;
        let entry = self.entry(index);
        (entry.parent, entry.previous, entry.next) = (NONE, NONE, NONE);
    }

    fn entry(&mut self, index: u32) -> &mut Entry<N> {
        &mut self.entries[index as usize]
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// The parent of each token by its number, dropped ones included.
    #[derive(Default)]
    struct Oracle {
        parents: Vec<Option<usize>>,
        alive: BTreeMap<usize, (Arc<usize>, Key)>,
    }

    impl Oracle {
        fn comes_from(&self, mut token: usize, ancestor: usize) -> bool {
            while token != ancestor {
                let Some(parent) = self.parents[token] else { return false };
                token = parent;
            }
            true
        }
    }

    #[test]
    fn a_rush_of_children_that_are_cancelled_gives_its_memory_back() {
        let tokens: Vec<_> = (0..10 * RETAINED).map(Arc::new).collect();
        let (mut tree, root) = Tree::rooted(Arc::downgrade(&tokens[0]));
        let children = tokens[1..].iter().map(|token| {
            let key = tree.next_key();
            tree.insert(Arc::downgrade(token), Some(root));
            key
        });
        let children: Vec<_> = children.collect();
        assert!(tree.entries.capacity() > RETAINED);
        for child in children {
            assert_eq!(tree.take_out(child).len(), 1);
        }
        assert!(tree.entries.capacity() <= RETAINED);
    }

    #[test]
    fn behaves_like_a_table_of_parents() {
        for seed in 1..=40_u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut below = |bound: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % bound as u64) as usize
            };
            let mut tree = Tree { entries: Slab::new() };
            let mut oracle = Oracle::default();
            for _ in 0..1_500 {
                let chosen = (!oracle.alive.is_empty()).then(|| {
                    let place = below(oracle.alive.len());
                    *oracle.alive.keys().nth(place).unwrap()
                });
                match (below(20), chosen) {
                    (0..=10, parent) => {
                        let number = oracle.parents.len();
                        let token = Arc::new(number);
                        let key = tree.next_key();
                        tree.insert(Arc::downgrade(&token), parent.map(|parent| oracle.alive[&parent].1));
                        oracle.parents.push(parent);
                        oracle.alive.insert(number, (token, key));
                    }
                    (11..=18, Some(dropped)) => {
                        let (token, key) = oracle.alive.remove(&dropped).unwrap();
                        drop(token);
                        tree.remove(key);
                    }
                    (_, Some(cancelled)) => {
                        let mut taken: Vec<usize> =
                            tree.take_out(oracle.alive[&cancelled].1).iter().map(|token| **token).collect();
                        taken.sort_unstable();
                        let expected: Vec<usize> = oracle.alive.keys().copied().collect();
                        let expected: Vec<usize> = expected
                            .into_iter()
                            .filter(|&token| oracle.comes_from(token, cancelled))
                            .collect();
                        assert_eq!(taken, expected, "seed {seed}");
                        oracle.alive.retain(|token, _| !expected.contains(token));
                    }
                    _ => {}
                }
                assert!(
                    tree.len() <= (2 * oracle.alive.len()).saturating_sub(1),
                    "seed {seed}: too many joints"
                );
            }
        }
    }

    #[test]
    fn a_token_on_its_way_out_keeps_its_entry_through_a_cancellation() {
        let top = Arc::new(0);
        let (mut tree, top_key) = Tree::rooted(Arc::downgrade(&top));
        let going_key = tree.next_key();
        let going = Arc::new(1);
        tree.insert(Arc::downgrade(&going), Some(top_key));
        let below = Arc::new(2);
        tree.insert(Arc::downgrade(&below), Some(going_key));
        drop(going);
        assert!(tree.take_out(top_key).iter().eq([&top, &below]));
        assert_eq!(tree.len(), 1);
        tree.remove(going_key);
        assert_eq!(tree.len(), 0);
    }
}

//! A list whose first few elements cost no allocation.

/// Elements that cost no allocation.
const INLINE: usize = 8;

/// Things collected under a lock, to be used one by one after it has been let go.
#[derive(Debug)]
pub(crate) struct ShortList<T> {
    first: [Option<T>; INLINE],
    count: usize,
    more: Vec<Option<T>>,
}

impl<T> Default for ShortList<T> {
    #[inline]
    fn default() -> Self {
        Self { first: [const { None }; INLINE], count: 0, more: Vec::new() }
    }
}

impl<T> ShortList<T> {
    #[inline]
    pub(crate) fn push(&mut self, element: T) {
        match self.first.get_mut(self.count) {
            // There is none: said to the compiler, which would look what there is to drop.
            Some(place) => std::mem::forget(place.replace(element)),
            None => self.more.push(Some(element)),
        }
        self.count += 1;
    }

    /// How many were pushed, those that were taken out included.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Takes an element out; `None` if it was taken before.
    #[inline]
    pub(crate) fn take(&mut self, index: usize) -> Option<T> {
        match self.first.get_mut(index) {
            Some(place) => place.take(),
            None => self.more.get_mut(index - INLINE)?.take(),
        }
    }

    /// The elements that are left, in order.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first[..self.count.min(INLINE)].iter().chain(&self.more).flatten()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn elements_come_out_as_they_went_in_wherever_they_lie() {
        for count in [0, 1, INLINE, INLINE + 1, 3 * INLINE] {
            let mut list = ShortList::default();
            (0..count).for_each(|number| list.push(number));
            assert_eq!(list.len(), count);
            assert!(list.iter().copied().eq(0..count));
            assert!((0..count).all(|number| list.take(number) == Some(number)));
            assert!((0..=count).all(|number| list.take(number).is_none()));
            assert_eq!(list.iter().count(), 0);
        }
    }
}

//! Where a task came from: the call that spawned it, and its name if it was given one.
//!
//! One word, since every task has one: most tasks have no name.
//!
//! # Safety
//!
//! 1. The word is the address of a `Location<'static>`, or that of a `Named` from a box with the lowest bit set.
//! 2. The `Named` belongs to the origin until [`Origin::release`].

use std::panic::Location;
use std::ptr::NonNull;

/// The spawn site and the name of a task; freed by [`release`](Self::release) only.
#[derive(Debug)]
pub(crate) struct Origin(NonNull<()>);

struct Named {
    spawned_at: &'static Location<'static>,
    name: Box<str>,
}

const NAMED: usize = 1;
const _: () = assert!(align_of::<Location<'static>>() > NAMED && align_of::<Named>() > NAMED);

impl Origin {
    /// The origin of a task that has the name, if there is one.
    pub(crate) fn new(spawned_at: &'static Location<'static>, name: Option<&str>) -> Self {
        let Some(name) = name else { return Self::from(spawned_at) };
        let named = Box::into_raw(Box::new(Named { spawned_at, name: name.into() }));
        // SAFETY: the address of a box, with one more bit set, is not zero.
        Self(unsafe { NonNull::new_unchecked(named.cast::<()>().map_addr(|address| address | NAMED)) })
    }

    #[inline]
    fn named(&self) -> Option<NonNull<Named>> {
        if self.0.addr().get() & NAMED == 0 {
            return None;
        }
        NonNull::new(self.0.as_ptr().map_addr(|address| address & !NAMED).cast())
    }

    #[inline]
    pub(crate) fn spawned_at(&self) -> &'static Location<'static> {
        match self.named() {
            // SAFETY: (1), (2).
            Some(named) => unsafe { named.as_ref() }.spawned_at,
            // SAFETY: (1).
            None => unsafe { self.0.cast().as_ref() },
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        // SAFETY: (1), and it lives as long as the origin is not released (2).
        self.named().map(|named| unsafe { &*(*named.as_ptr()).name })
    }

    /// Frees the name.
    ///
    /// # Safety
    ///
    /// Called once, and nothing else is asked of the origin afterwards.
    #[inline]
    pub(super) unsafe fn release(&self) {
        if let Some(named) = self.named() {
            // SAFETY: (1), (2).
            drop(unsafe { Box::from_raw(named.as_ptr()) });
        }
    }
}

impl From<&'static Location<'static>> for Origin {
    #[inline]
    fn from(spawned_at: &'static Location<'static>) -> Self {
        Self(NonNull::from(spawned_at).cast())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_one_word_and_knows_site_and_name() {
        let here = Location::caller();
        assert_eq!(size_of::<Option<Origin>>(), size_of::<usize>());
        let nameless = Origin::new(here, None);
        assert_eq!((nameless.spawned_at(), nameless.name()), (here, None));
        let named = Origin::new(here, Some("pilot"));
        assert_eq!((named.spawned_at(), named.name()), (here, Some("pilot")));
        // SAFETY: not used again.
        unsafe { named.release() };
    }
}

//! A place for one pinned value after another, allocated once.

use std::pin::Pin;

/// Holds the handler future, and then the response body, of one exchange after another.
pub(crate) struct Slot<T> {
    place: Option<Pin<Box<Option<T>>>>,
}

impl<T> Slot<T> {
    pub(crate) const fn new() -> Self {
        Self { place: None }
    }

    /// Puts a value in, dropping the one that was there.
    pub(crate) fn set(&mut self, value: T) {
        match &mut self.place {
            Some(place) => place.set(Some(value)),
            empty => *empty = Some(Box::pin(Some(value))),
        }
    }

    /// The value, where there is one.
    pub(crate) fn get(&mut self) -> Option<Pin<&mut T>> {
        self.place.as_mut()?.as_mut().as_pin_mut()
    }

    /// Drops the value and keeps the place.
    pub(crate) fn clear(&mut self) {
        if let Some(place) = &mut self.place {
            place.set(None);
        }
    }
}

//! How many senders and weak senders there are: what [`Arc`](std::sync::Arc) would call strong and weak.
//!
//! The figures are of the moment: by the time a caller reads them, others may have come or gone.

use super::bounded::{Receiver, Sender, WeakSender};
use super::handle::Channel;
use super::unbounded::{UnboundedReceiver, UnboundedSender, WeakUnboundedSender};

macro_rules! counts {
    ($($owner:ident, $inner:ident, $strong:ident, $weak:ident $(, $path:ident)?;)*) => {$(
        impl<T> $owner<T> {
            /// How many senders there are at this moment, weak ones not counted.
            #[must_use]
            pub fn $strong(&self) -> usize {
                self.$($path.)?$inner.owners().senders()
            }

            /// How many weak senders there are at this moment.
            #[must_use]
            pub fn $weak(&self) -> usize {
                self.$($path.)?$inner.owners().weak()
            }
        }
    )*};
}

counts! {
    Sender, ring, strong_count, weak_count;
    WeakSender, ring, strong_count, weak_count;
    Receiver, ring, sender_strong_count, sender_weak_count, consumer;
    UnboundedSender, list, strong_count, weak_count;
    WeakUnboundedSender, list, strong_count, weak_count;
    UnboundedReceiver, list, sender_strong_count, sender_weak_count, consumer;
}

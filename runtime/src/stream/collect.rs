//! What a stream can be collected into.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::hash::{BuildHasher, Hash};

/// A collection that [`StreamExt::collect`](super::StreamExt::collect) can make.
///
/// The methods are for `collect` alone; the trait is sealed.
pub trait FromStream<T>: sealed::Sealed {
    #[doc(hidden)]
    type Collecting;

    #[doc(hidden)]
    fn begin(least: usize) -> Self::Collecting;

    /// Answers whether there is use for more.
    #[doc(hidden)]
    fn add(collecting: &mut Self::Collecting, item: T) -> bool;

    #[doc(hidden)]
    fn finish(collecting: Self::Collecting) -> Self;
}

mod sealed {
    #[expect(unnameable_types, reason = "that is how a trait is sealed")]
    pub trait Sealed {}
}

/// LIMIT: items for which room is made before the first has come, so that a stream which announces a huge number
/// costs no more than it sends.
const ROOM_MAX: usize = 1024;

macro_rules! extended {
    ($(<$($parameter:ident $(: $bound:ident $(+ $more:ident)*)?),*> $item:ty => $collection:ty = $new:expr;)+) => {$(
        impl<$($parameter $(: $bound $(+ $more)*)?),*> sealed::Sealed for $collection {}

        impl<$($parameter $(: $bound $(+ $more)*)?),*> FromStream<$item> for $collection {
            type Collecting = Self;

            fn begin(least: usize) -> Self {
                $new(least.min(ROOM_MAX))
            }

            fn add(collecting: &mut Self, item: $item) -> bool {
                collecting.extend([item]);
                true
            }

            fn finish(collecting: Self) -> Self {
                collecting
            }
        }
    )+};
}

extended! {
    <T> T => VecDeque<T> = VecDeque::with_capacity;
    <T> T => LinkedList<T> = |_| LinkedList::new();
    <T: Ord> T => BinaryHeap<T> = BinaryHeap::with_capacity;
    <T: Ord> T => BTreeSet<T> = |_| BTreeSet::new();
    <K: Ord, V> (K, V) => BTreeMap<K, V> = |_| BTreeMap::new();
    <T: Eq + Hash, S: BuildHasher + Default> T => HashSet<T, S> =
        |least| HashSet::with_capacity_and_hasher(least, S::default());
    <K: Eq + Hash, V, S: BuildHasher + Default> (K, V) => HashMap<K, V, S> =
        |least| HashMap::with_capacity_and_hasher(least, S::default());
}

impl<T> sealed::Sealed for Vec<T> {}

impl<T> FromStream<T> for Vec<T> {
    type Collecting = Self;

    fn begin(least: usize) -> Self {
        Vec::with_capacity(least.min(ROOM_MAX))
    }

    fn add(collecting: &mut Self, item: T) -> bool {
        collecting.push(item);
        true
    }

    fn finish(collecting: Self) -> Self {
        collecting
    }
}

impl<T> sealed::Sealed for Box<[T]> {}

impl<T> FromStream<T> for Box<[T]> {
    type Collecting = Vec<T>;

    fn begin(least: usize) -> Vec<T> {
        Vec::begin(least)
    }

    fn add(collecting: &mut Vec<T>, item: T) -> bool {
        Vec::add(collecting, item)
    }

    fn finish(collecting: Vec<T>) -> Self {
        collecting.into_boxed_slice()
    }
}

impl sealed::Sealed for String {}

/// The pieces one after the other.
impl<T: AsRef<str>> FromStream<T> for String {
    type Collecting = Self;

    fn begin(_: usize) -> Self {
        String::new()
    }

    fn add(collecting: &mut Self, item: T) -> bool {
        collecting.push_str(item.as_ref());
        true
    }

    fn finish(collecting: Self) -> Self {
        collecting
    }
}

impl sealed::Sealed for () {}

/// The end, without the items.
impl FromStream<()> for () {
    type Collecting = ();

    fn begin(_: usize) {}

    fn add((): &mut (), (): ()) -> bool {
        true
    }

    fn finish((): ()) {}
}

impl<C, E> sealed::Sealed for Result<C, E> {}

/// The values, or the first error, at which collecting stops.
impl<T, C: FromStream<T>, E> FromStream<Result<T, E>> for Result<C, E> {
    type Collecting = Result<C::Collecting, E>;

    fn begin(least: usize) -> Self::Collecting {
        Ok(C::begin(least))
    }

    fn add(collecting: &mut Self::Collecting, item: Result<T, E>) -> bool {
        let Ok(values) = collecting else { return false };
        match item {
            Ok(value) => C::add(values, value),
            Err(error) => {
                *collecting = Err(error);
                false
            }
        }
    }

    fn finish(collecting: Self::Collecting) -> Self {
        collecting.map(C::finish)
    }
}

impl<C> sealed::Sealed for Option<C> {}

/// The values, or `None` from the first `None` on, at which collecting stops.
impl<T, C: FromStream<T>> FromStream<Option<T>> for Option<C> {
    type Collecting = Option<C::Collecting>;

    fn begin(least: usize) -> Self::Collecting {
        Some(C::begin(least))
    }

    fn add(collecting: &mut Self::Collecting, item: Option<T>) -> bool {
        match (collecting.as_mut(), item) {
            (Some(values), Some(value)) => C::add(values, value),
            _ => {
                *collecting = None;
                false
            }
        }
    }

    fn finish(collecting: Self::Collecting) -> Self {
        collecting.map(C::finish)
    }
}

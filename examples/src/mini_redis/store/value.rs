//! What a key can hold.

use std::collections::VecDeque;

use bytes::Bytes;
use indexmap::{IndexMap, IndexSet};

use super::SortedSet;
use crate::mini_redis::fault::Fault;

pub(in crate::mini_redis) type List = VecDeque<Bytes>;
/// Ordered by index, so that a random member can be picked.
pub(in crate::mini_redis) type Set = IndexSet<Bytes>;
pub(in crate::mini_redis) type Hash = IndexMap<Bytes, Bytes>;

/// What a key can hold. Collections are never empty: a key whose last member goes is gone.
#[derive(Debug)]
pub(in crate::mini_redis) enum Value {
    String(Bytes),
    List(List),
    Hash(Hash),
    Set(Set),
    SortedSet(SortedSet),
}

impl Value {
    /// The name of the type.
    pub(in crate::mini_redis) fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::List(_) => "list",
            Self::Hash(_) => "hash",
            Self::Set(_) => "set",
            Self::SortedSet(_) => "zset",
        }
    }

    /// Whether it is a collection without members.
    pub(super) fn is_empty_collection(&self) -> bool {
        match self {
            Self::String(_) => false,
            Self::List(list) => list.is_empty(),
            Self::Hash(hash) => hash.is_empty(),
            Self::Set(set) => set.is_empty(),
            Self::SortedSet(set) => set.is_empty(),
        }
    }
}

/// A kind of value, so that commands can ask for theirs.
pub(in crate::mini_redis) trait Kind: Default {
    fn wrap(self) -> Value;
    fn of(value: &Value) -> Result<&Self, Fault>;
    fn of_mut(value: &mut Value) -> Result<&mut Self, Fault>;
}

macro_rules! kinds {
    ($($type:ty, $variant:ident;)*) => {$(
        impl Kind for $type {
            fn wrap(self) -> Value {
                Value::$variant(self)
            }

            fn of(value: &Value) -> Result<&Self, Fault> {
                match value {
                    Value::$variant(inner) => Ok(inner),
                    _ => Err(Fault::WRONG_TYPE),
                }
            }

            fn of_mut(value: &mut Value) -> Result<&mut Self, Fault> {
                match value {
                    Value::$variant(inner) => Ok(inner),
                    _ => Err(Fault::WRONG_TYPE),
                }
            }
        }
    )*};
}

kinds! {
    Bytes, String;
    List, List;
    Hash, Hash;
    Set, Set;
    SortedSet, SortedSet;
}

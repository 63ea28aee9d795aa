//! Longer texts: how to write middleware, and what to know coming from tower.

#[doc = include_str!("from_nothing.md")]
pub mod from_nothing {}

#[doc = include_str!("from_tower.md")]
pub mod from_tower {}

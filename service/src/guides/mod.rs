//! Longer texts: how to write middleware, what to know coming from tower, and what the layers do under overload.

#[doc = include_str!("from_nothing.md")]
pub mod from_nothing {}

#[doc = include_str!("from_tower.md")]
pub mod from_tower {}

#[doc = include_str!("overload/introduction.md")]
#[doc = include_str!("overload/shedding.md")]
#[doc = include_str!("overload/shedding.svg")]
#[doc = include_str!("overload/adaptive.md")]
#[doc = include_str!("overload/adaptive.svg")]
#[doc = include_str!("overload/queueing.md")]
#[doc = include_str!("overload/queueing.svg")]
#[doc = include_str!("overload/priorities.md")]
#[doc = include_str!("overload/priorities.svg")]
#[doc = include_str!("overload/deadlines.md")]
#[doc = include_str!("overload/deadlines.svg")]
#[doc = include_str!("overload/retries.md")]
#[doc = include_str!("overload/retries.svg")]
#[doc = include_str!("overload/breaking.md")]
#[doc = include_str!("overload/breaking.svg")]
#[doc = include_str!("overload/hedging.md")]
#[doc = include_str!("overload/hedging.svg")]
#[doc = include_str!("overload/balancing.md")]
#[doc = include_str!("overload/balancing.svg")]
#[doc = include_str!("overload/ejection.md")]
#[doc = include_str!("overload/ejection.svg")]
pub mod overload {}

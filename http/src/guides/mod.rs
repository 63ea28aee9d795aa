//! Longer texts: what to know coming from hyper, axum and reqwest, when a handler is dropped, and every limit with its default.

#[doc = include_str!("cancellation.md")]
pub mod cancellation {}

#[doc = include_str!("defaults.md")]
pub mod defaults {}

#[doc = include_str!("from_axum.md")]
pub mod from_axum {}

#[doc = include_str!("from_hyper.md")]
pub mod from_hyper {}

#[doc = include_str!("from_reqwest.md")]
pub mod from_reqwest {}

#[cfg(test)]
mod tests;

//! Longer texts: what to know coming from hyper, axum and reqwest, when a handler is dropped, and every limit with its default.

#[doc = include_str!("cancellation.md")]
pub mod cancellation {}

// Some of what is named there is of the feature `tls`; without it, its documentation is not there to link to.
#[cfg_attr(not(feature = "tls"), allow(rustdoc::broken_intra_doc_links))]
#[doc = include_str!("defaults.md")]
pub mod defaults {}

#[cfg_attr(not(feature = "tls"), allow(rustdoc::broken_intra_doc_links))]
#[doc = include_str!("from_axum.md")]
pub mod from_axum {}

#[doc = include_str!("from_hyper.md")]
pub mod from_hyper {}

#[doc = include_str!("from_reqwest.md")]
pub mod from_reqwest {}

#[cfg(test)]
mod tests;

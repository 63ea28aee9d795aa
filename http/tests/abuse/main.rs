//! Clients that mean harm: each costs a bounded number of bytes and turns, keeps nobody else waiting, and leaves nothing.

mod counting;
mod floods;
#[path = "../it/frame_kit.rs"]
#[allow(dead_code, reason = "shared with the tests of `it`, which use more of it")]
mod frame_kit;
#[path = "../it/kit.rs"]
#[allow(dead_code, reason = "shared with the tests of `it`, which use more of it")]
mod kit;
mod slow;
mod world;

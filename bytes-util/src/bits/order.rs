//! Which bit of a byte comes first.
//!
//! Both orders work on a window of 16 bytes as one number of 128 bits: 64 bits that begin anywhere in a byte span nine
//! bytes at most.

/// Which bit of a byte comes first: [`MsbFirst`] or [`LsbFirst`].
pub trait BitOrder: sealed::Window {}

/// The most significant bit comes first, of bytes and of numbers.
#[derive(Clone, Copy, Debug)]
pub struct MsbFirst;

/// The least significant bit comes first, of bytes and of numbers.
#[derive(Clone, Copy, Debug)]
pub struct LsbFirst;

impl BitOrder for MsbFirst {}
impl BitOrder for LsbFirst {}

pub(super) mod sealed {
    use super::{LsbFirst, MsbFirst};

    /// Numbers within a window.
    pub trait Window {
        /// The number of `width` bits, 1 to 64, behind the first `skipped` ones, 0 to 7.
        fn extract(window: [u8; 16], skipped: u32, width: u32) -> u64;

        /// A window that has `value` behind its first `skipped` bits, and is otherwise zero; bounds as above.
        fn place(value: u64, skipped: u32, width: u32) -> [u8; 16];
    }

    impl Window for MsbFirst {
        fn extract(window: [u8; 16], skipped: u32, width: u32) -> u64 {
            ((u128::from_be_bytes(window) << skipped) >> (128 - width)) as u64
        }

        fn place(value: u64, skipped: u32, width: u32) -> [u8; 16] {
            (u128::from(value) << (128 - skipped - width)).to_be_bytes()
        }
    }

    impl Window for LsbFirst {
        fn extract(window: [u8; 16], skipped: u32, width: u32) -> u64 {
            ((u128::from_le_bytes(window) >> skipped) << (128 - width) >> (128 - width)) as u64
        }

        fn place(value: u64, skipped: u32, _: u32) -> [u8; 16] {
            (u128::from(value) << skipped).to_le_bytes()
        }
    }
}

//! What watches or bounds the bytes that pass.
//!
//! - [`Counted`] counts them;
//! - [`Tee`] copies them to a second place;
//! - [`Checked`] takes their [`Crc32`];
//! - [`Limited`] fails where there are too many, while `take` of `bytes` and of `std` pretends that they end.
//!
//! The first three wrap a [`Buf`](bytes::Buf) and are one; with the feature `std` all of them wrap and are
//! `std::io::Read` and `std::io::Write` as well.
//!
//! ```
//! use bytes::Buf;
//! use minato_bytes_util::adapters::{Checked, Counted};
//!
//! let mut buf = Checked::new(Counted::new(&b"123456789"[..]));
//! buf.advance(9);
//! assert_eq!(buf.checksum(), 0xcbf4_3926);
//! assert_eq!(buf.get_ref().count(), 9);
//! ```

mod checked;
mod counted;
mod crc32;
#[cfg(feature = "std")]
mod limited;
mod tee;

pub use checked::Checked;
pub use counted::Counted;
pub use crc32::Crc32;
#[cfg(feature = "std")]
pub use limited::{LimitExceeded, Limited};
pub use tee::Tee;

//! Numbers of any number of bits.
//!
//! - [`BitReader`] reads them from a slice;
//! - [`BitWriter`] writes them to a [`BufMut`](bytes::BufMut);
//! - [`MsbFirst`] and [`LsbFirst`] say which bit of a byte comes first: the most significant one, as in most network
//!   headers, HPACK and media formats, or the least significant one, as in DEFLATE.
//!
//! Every count and value is checked: nothing panics, and what fails takes or writes nothing. A [`BitError`] says where.
//!
//! ```
//! use minato_bytes_util::bits::{BitReader, BitWriter, MsbFirst};
//!
//! let mut writer = BitWriter::<_, MsbFirst>::new(Vec::new());
//! writer.write(4, 4)?;
//! writer.write(5, 4)?;
//! writer.write(0b1010_1010_10, 10)?;
//! assert_eq!(writer.finish(), [0x45, 0b1010_1010, 0b1000_0000]);
//!
//! let mut reader = BitReader::<MsbFirst>::new(&[0x45, 0xaa, 0x80]);
//! assert_eq!((reader.read(4)?, reader.read(4)?), (4, 5));
//! assert_eq!(reader.read(10)?, 0b1010_1010_10);
//! let error = reader.read(7).unwrap_err();
//! assert_eq!(error.position, 18);
//! # Ok::<(), minato_bytes_util::bits::BitError>(())
//! ```

mod error;
mod order;
mod reader;
mod writer;

pub use error::{BitError, BitErrorKind};
pub use order::{BitOrder, LsbFirst, MsbFirst};
pub use reader::BitReader;
pub use writer::BitWriter;

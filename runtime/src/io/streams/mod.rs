//! Between streams of byte chunks and streams of bytes.
//!
//! - [`ReaderStream`]: a reader as a `Stream` of chunks
//! - [`StreamReader`]: a `Stream` of chunks as a reader
//! - [`SinkWriter`]: a `Sink` of chunks as a writer, with [`CopyToBytes`] for sinks that want owned ones

mod reader_stream;
mod sink_writer;
mod stream_reader;

pub use reader_stream::ReaderStream;
pub use sink_writer::{CopyToBytes, SinkWriter};
pub use stream_reader::StreamReader;

#[cfg(all(test, not(loom)))]
mod tests;

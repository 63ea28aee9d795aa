//! Making calls.
//!
//! | file | what it holds |
//! |---|---|
//! | `channel.rs` | [`Channel`]: where calls go |
//! | `connect.rs` | connections made before the first call |
//! | `builder.rs` | [`CallBuilder`]: a call before it is made, in four kinds |
//! | `options.rs` | the timeout and metadata of a call |
//! | `upload.rs` | [`Upload`]: a call that sends a stream |
//! | `response.rs` | [`Response`]: a message with the metadata around it |
//! | `incoming.rs` | the answer to a call, from its head to its status |
//! | `head.rs` | what HTTP must say for a response to be an answer |
//! | `request_body.rs` | the messages of a client as an HTTP body |

mod builder;
mod channel;
mod connect;
mod head;
mod incoming;
mod options;
mod request_body;
mod response;
mod upload;

pub use builder::{
    Bidi, BidiKind, CallBuilder, CallFuture, ClientStreaming, ClientStreamingKind, ServerStreaming,
    ServerStreamingKind, Unary, UnaryFuture, UnaryKind,
};
pub use channel::Channel;
pub(crate) use incoming::Incoming;
pub use response::Response;
pub use upload::Upload;

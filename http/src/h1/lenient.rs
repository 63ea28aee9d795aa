//! What may be taken from clients that cannot be mended.

/// Breaches of HTTP/1 that a server takes all the same, each by itself; by default none.
///
/// Every one of them is a way for two implementations to read the same bytes differently, which is how requests are
/// smuggled past a proxy. They are for clients that cannot be mended, on ports that no proxy stands in front of.
///
/// ```
/// use minato_http::ServerConfig;
///
/// let mut config = ServerConfig::default();
/// config.http1.lenient.bare_line_feeds = true;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Lenient {
    /// Lines of a head may end with LF alone. Lines of chunks and trailers may not.
    pub bare_line_feeds: bool,
    /// Spaces and tabs may stand behind a chunk size.
    pub chunk_size_whitespace: bool,
    /// `content-length` may be repeated, with the same value.
    pub equal_content_lengths: bool,
    /// Lines of a head that are no fields are passed over, with nothing said to the handler.
    pub invalid_fields: bool,
    /// Several spaces may stand between the parts of a request line.
    pub request_line_spaces: bool,
}

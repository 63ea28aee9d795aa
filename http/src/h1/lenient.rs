//! What may be taken from clients and servers that cannot be mended.

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

/// Breaches of HTTP/1 that a client takes from servers all the same, each by itself; by default none.
///
/// Every one of them lets somebody between client and server, or the server itself, have bytes read as something else than
/// they were meant to be. They are for servers that cannot be mended.
///
/// ```
/// use minato_http::Client;
///
/// let client = Client::builder().http1(|http1| http1.lenient.folded_lines = true).build();
/// # drop(client);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LenientResponses {
    /// Lines of a head may end with LF alone. Lines of chunks and trailers may not.
    pub bare_line_feeds: bool,
    /// Spaces and tabs may stand behind a chunk size.
    pub chunk_size_whitespace: bool,
    /// `content-length` may be repeated, with the same value.
    pub equal_content_lengths: bool,
    /// A field may go on in the next line, if that begins with a space or a tab; in between are spaces then (RFC 9112
    /// §5.2).
    pub folded_lines: bool,
    /// An answer may have no head at all, and be the body (HTTP/0.9). Its version is then
    /// [`HTTP_09`](http::Version::HTTP_09), its status 200.
    pub http09: bool,
    /// Lines of a head that are no fields are passed over, with nothing said to the caller.
    pub invalid_fields: bool,
    /// `content-length` may stand beside `transfer-encoding: chunked`, which counts alone. The connection is not used again.
    pub length_beside_chunks: bool,
    /// Spaces and tabs may stand between the name of a field and the colon.
    pub spaces_after_names: bool,
    /// Several spaces may stand between the parts of a status line.
    pub status_line_spaces: bool,
}

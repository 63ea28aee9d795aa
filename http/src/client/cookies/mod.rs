//! Cookies kept and sent back (RFC 6265bis).
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | what it is about |
//! | `set_cookie.rs` | a `set-cookie` field, read |
//! | `date.rs` | the dates in it, which come in every shape |
//! | `jar.rs` | [`CookieJar`]: which are kept, and which are sent where |
//! | `layer.rs` | the layer and its service |

mod date;
mod jar;
mod layer;
mod set_cookie;

pub use self::jar::CookieJar;
pub use self::layer::{Baking, CookieLayer, Cookies};

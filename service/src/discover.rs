//! What tower has in `tower::discover`, under the same path; it belongs to [`balance`](crate::balance).
//!
//! ```
//! use minato_service::discover::{Change, ServiceList};
//!
//! let fixed = ServiceList::new(["first", "second"]);
//! let change: Change<u16, &str> = Change::Insert(8001, "third");
//! # drop((fixed, change));
//! ```

pub use crate::balance::{Change, Discover, ServiceList};

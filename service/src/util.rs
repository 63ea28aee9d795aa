//! What tower has in `tower::util`, under the same path.
//!
//! Nothing lives here: code that comes from tower finds its names by changing the first word of a path.
//!
//! ```
//! use minato_service::util::{BoxCloneService, MapResponse, ServiceExt, option_layer};
//! # use minato_service::{timeout::TimeoutLayer, service_fn};
//! # let service = service_fn(|n: u32| async move { Ok::<_, std::io::Error>(n) });
//! let service: BoxCloneService<u32, u32, _> = MapResponse::new(service, |n: u32| n + 1).boxed_clone();
//! # let _ = (service, option_layer(None::<TimeoutLayer>));
//! ```

pub use crate::boxed::{
    ArcService, BoxCloneService, BoxCloneServiceLayer, BoxCloneSyncService, BoxCloneSyncServiceLayer,
    BoxLayer, BoxService, UnsyncBoxService,
};
pub use crate::call_all::{CallAll, CallAllUnordered};
pub use crate::combinator::{
    AndThen, AndThenLayer, MapErr, MapErrLayer, MapFuture, MapFutureLayer, MapRequest, MapRequestLayer,
    MapResponse, MapResponseLayer, MapResult, MapResultLayer, Then, ThenLayer,
};
pub use crate::either::{Either, option_layer};
pub use crate::ext::{Oneshot, Ready, ReadyOneshot, ServiceExt};
pub use crate::future_service::{FutureService, future_service};
pub use crate::service_fn::{ServiceFn, service_fn};

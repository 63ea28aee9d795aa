//! tokio.

pub(crate) use tokio::io::{AsyncReadExt, AsyncWriteExt};
pub(crate) use tokio::net::{TcpListener, TcpStream};
pub(crate) use tokio::runtime::{Builder, Runtime};
pub(crate) use tokio::spawn;
pub(crate) use tokio::sync::{Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
pub(crate) use tokio::task::yield_now;
pub(crate) use tokio::time::{Instant, sleep, sleep_until, timeout};

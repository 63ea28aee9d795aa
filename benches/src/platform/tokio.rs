//! tokio.

pub(crate) use tokio::fs;
pub(crate) use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
pub(crate) use tokio::net::{TcpListener, TcpStream, UnixStream};
pub(crate) use tokio::process::Command;
pub(crate) use tokio::runtime::{Builder, Runtime};
pub(crate) use tokio::spawn;
pub(crate) use tokio::sync::{Mutex, Notify, RwLock, Semaphore, broadcast, mpsc, oneshot, watch};
pub(crate) use tokio::task::{spawn_blocking, yield_now};
pub(crate) use tokio::time::{Instant, sleep, sleep_until, timeout};
pub(crate) use tokio_util::sync::CancellationToken;
